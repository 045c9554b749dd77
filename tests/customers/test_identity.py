"""Numbers, names and persons at their edges."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.identity import (
    check_admin_code,
    check_id,
    check_marriage_certificate,
    check_phone,
    check_resident_id,
    check_uscc,
    compare,
    edit_distance,
    name_near,
    normalize_name,
)
from customers.masking import mask_address, mask_bank_card, mask_id, mask_name, mask_phone

VALID = "629901198005120032"
AS_OF = "2025-06-30"
PERSON = {
    "id_no": "",
    "name": "张建国",
    "name_pinyin": "",
    "birth_date": None,
    "phone": "",
    "village_code": "",
}
BIRTHDAY = {"birth_date": "1980-05-12"}
PHONE = {"phone": "19900001234"}
VILLAGE = {"village_code": "629901100200"}


@given(place=st.integers(0, 17), character=st.sampled_from("0123456789X"))
def test_every_single_wrong_character_is_found(place, character):
    typed = VALID[:place] + character + VALID[place + 1 :]

    assert check_resident_id(typed, AS_OF).valid == (typed == VALID)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "LENGTH"), (None, "LENGTH"), ("4.1E+17", "LENGTH"), ("629901********0032", "CHARSET"),
        ("62990119800512003Y", "CHARSET"), ("6299O1800512003", "CHARSET"), ("629901198013120030", "DATE"),
        ("629901800230003", "DATE"), ("629901080101996", "CENTENARIAN"), ("629901198005120000", "CHECKSUM"),
        ("699901198005120032", "PROVINCE"),
    ],
)  # fmt: skip
def test_the_first_reason_is_given(typed, reason):
    assert check_resident_id(typed, AS_OF).reason == reason


def test_an_unknown_county_is_no_reason():
    assert check_id("629901 19800512-0032", AS_OF).normalized == VALID


def test_without_a_day_nobody_is_too_old_or_unborn():
    assert check_resident_id("629901190401010015").valid
    assert check_resident_id("629901202601010015").valid


def test_a_social_credit_code_with_a_wrong_inner_check_is_only_warned_of():
    assert check_uscc("93629901MA7QX0T83C").org_check is True
    assert check_uscc(None).reason == "LENGTH"


@pytest.mark.parametrize(
    ("typed", "status", "kind"),
    [
        ("L629901-2012-000123", "OK", "divorce"), ("BL 629901—2012—000123", "OK", "divorce_reissue"),
        ("J629901-1949-000123", "UNVERIFIED", None), ("J629901-2026-000123", "UNVERIFIED", None),
        ("J169901-2012-000123", "UNVERIFIED", None), ("", "UNVERIFIED", None),
    ],
)  # fmt: skip
def test_certificates_of_couples_have_a_known_form_or_are_looked_at(typed, status, kind):
    judged = check_marriage_certificate(typed, AS_OF)

    assert (judged.status, judged.type) == (status, kind)


@pytest.mark.parametrize(
    ("typed", "normalized"),
    [
        ("(0931) 0000123", "09310000123"), ("0086 19900001234", "19900001234"), ("１９９０００１２３４", None),
        ("１９９００００１２３４", "19900001234"), ("+86 0931 0000123", "09310000123"),
        ("00931000012", None), (None, None),
    ],
)  # fmt: skip
def test_phones_are_cleaned_before_they_are_judged(typed, normalized):
    assert check_phone(typed).normalized == normalized


@pytest.mark.parametrize(
    ("code", "reason", "level", "parent"),
    [
        ("620000000000", None, "province", None),
        ("629901000200", "VILLAGE", None, None),
        ("629901100600", "VILLAGE", None, None),
        ("629901599599", None, "village", "629901599000"),
        ("62990110020X", "CHARSET", None, None),
    ],
)
def test_area_codes_name_their_level_and_parent(code, reason, level, parent):
    judged = check_admin_code(code)

    assert (judged.reason, judged.level, judged.parent) == (reason, level, parent)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("·买买提•●艾力·", "买买提·艾力"),
        ("\u200b王\u3000芳", "王芳"),
        ("o'brien", "O'BRIEN"),
        (None, ""),
        ("𠮷田", "𠮷田"),
    ],
)
def test_names_are_cleaned_for_the_search_alone(typed, expected):
    assert normalize_name(typed) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("12", "21", 1), ("123", "13", 1), ("123", "1243", 1), ("ab", "ba", 1), ("12", "34", 2)],
)
def test_a_swap_of_neighbours_is_one_mistake(a, b, expected):
    assert edit_distance(a, b) == expected


@given(a=st.text("012", max_size=8), b=st.text("012", max_size=8))
def test_distance_is_the_same_both_ways_and_zero_only_for_equals(a, b):
    assert edit_distance(a, b, 9) == edit_distance(b, a, 9)
    assert (edit_distance(a, b, 9) == 0) == (a == b)


def plain_distance(a, b):
    """Inserts, deletes, replacements and swaps of neighbours, by the book."""
    rows = [[i + j if not i * j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, cost)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def test_short_cuts_of_the_edit_distance_count_as_the_book_does():
    rng = random.Random(7)
    for _ in range(3_000):
        a, b = ("".join(rng.choices("abc", k=rng.randrange(7))) for _ in range(2))
        for at_most in (1, 2, 3):
            assert min(edit_distance(a, b, at_most), at_most + 1) == min(plain_distance(a, b), at_most + 1)


def test_near_names_are_look_alike_surnames_or_homophones():
    assert name_near("闫丰业", "阎丰业")
    assert not name_near("闫丰业", "阎丰叶")
    assert name_near("张建果", "张建国", "zhang jian guo", "Zhang Jianguo")
    assert not name_near("张建国", "张建国", "zhang jian guo", "zhang jian guo")


@pytest.mark.parametrize(
    ("a", "b", "rule"),
    [
        ({"id_no": VALID, "name": "闫丰"}, {"id_no": "62990119800512003", "name": "阎丰"}, "R4N"),
        ({"id_no": "1234"}, {"id_no": "12 34"}, "R5"),
        ({"id_no": "1234"}, {"id_no": "1234", "name": "李田"}, "R8"),
        (BIRTHDAY | PHONE, BIRTHDAY | PHONE, "R6"),
        (BIRTHDAY, BIRTHDAY, "R8"),
        (BIRTHDAY | PHONE, PHONE, "R7"),
        (BIRTHDAY | PHONE, {"birth_date": "1980-05-13"} | PHONE, "R8"),
        ({"name": "付丽"} | BIRTHDAY | VILLAGE, {"name": "傅丽"} | BIRTHDAY | VILLAGE, "R7N"),
        ({"name": ""} | BIRTHDAY | PHONE, {"name": ""} | BIRTHDAY | PHONE, "R8"),
    ],
    ids=str,
)
def test_the_first_rule_that_fits_decides_whichever_record_comes_first(a, b, rule):
    first, second = PERSON | a, PERSON | b

    assert compare(first, second, AS_OF).rule == rule
    assert compare(second, first, AS_OF).rule == rule


def test_masks_hide_what_is_short():
    assert [mask_name(name) for name in ("李", "李田", "欧阳小田", None)] == ["*", "李*", "欧**田", ""]
    assert [mask_id(text, "detail") for text in ("12", "1234567890", VALID)] == [
        "**",
        "1********0",
        "629901********0032",
    ]
    assert [mask_phone(text) for text in ("1234", "09310000123", "7654321")] == [
        "****",
        "*******0123",
        "***4321",
    ]
    assert [mask_bank_card(text) for text in ("12345678901", "1234567890")] == ["123456*8901", "******7890"]
    assert [mask_address(text) for text in ("城关街道1号", "青石乡", "河湾")] == [
        "城关街道****",
        "青石乡****",
        "河湾****",
    ]


@given(st.text(max_size=30))
def test_no_mask_shows_a_whole_number(text):
    assert "*" in mask_bank_card(text) or not text
    assert "*" in mask_phone(text) or not text
    assert len(mask_id(text)) == len(text)
