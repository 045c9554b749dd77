"""Who is one person: walls that no weight climbs, and evidence that adds up."""

from datetime import date

import pytest

from customers.matching.clusters import link
from customers.matching.comparing import has_proof
from customers.matching.mentions import Mention
from customers.names import name_keys

NUMBER, ANOTHER = "110105194912310038", "110105194912310054"


def mentions(*given):
    return [
        Mention(key=i, sound=name_keys(fields["name"]).pinyin, **fields) for i, fields in enumerate(given)
    ]


def persons(*given):
    return sorted(sorted(m.key for m in group) for group in link(mentions(*given)).groups)


def rules(*given):
    return [question.rule for question in link(mentions(*given)).questions]


@pytest.mark.parametrize(
    "damage",
    [
        {"cleaned": "110105194912310", "prefix": "110105194912310"},  # a spreadsheet kept fifteen digits
        {"cleaned": "11010519491231003", "prefix": "11010519491231003"},  # last digit lost
        {"cleaned": "10105194912310038", "suffix": "10105194912310038"},  # first digit lost
        {"cleaned": "110105194912130038"},  # neighbours swapped
        {"cleaned": "l10105194912310038", "guess": NUMBER},  # letter for a digit
        {"phones": frozenset({"13866086809"})},
        {"village": "990001101201", "group": 3},
        {"birth": date(1949, 12, 31), "birth_precision": "day"},
    ],
)
def test_name_and_one_good_proof_are_one_person(damage):
    known = {
        "name": "王大明",
        "number": NUMBER,
        "cleaned": NUMBER,
        "phones": frozenset({"13866086809"}),
        "village": "990001101201",
        "group": 3,
        "birth": date(1949, 12, 31),
        "birth_precision": "day",
    }

    assert persons(known, {"name": "王大明", **damage}) == [[0, 1]]


def test_a_name_alone_is_nobody():
    assert persons({"name": "王大明"}, {"name": "王大明"}) == [[0], [1]]


def test_a_row_without_number_is_filed_under_its_own_name_where_one_number_stands_under_two():
    """R2 keeps the bearers apart until people saw the paper; the row that sounds like one of them is that one's."""
    at_home = {"phones": frozenset({"13866086809"}), "village": "990001101201", "group": 3}
    bearer = {"name": "李月梅", "number": NUMBER, "cleaned": NUMBER, "phones": at_home["phones"]}
    misread = {"name": "李月海", "number": NUMBER, "cleaned": NUMBER, **at_home}
    cut = {"name": "李月梅", "cleaned": NUMBER[:-1], "prefix": NUMBER[:-1], "phones": at_home["phones"]}

    assert persons(bearer, cut, misread, {"name": "李月梅", **at_home}) == [[0, 1, 3], [2]]


def test_home_in_the_township_of_the_other_branch_is_proof_for_a_rare_name_and_the_same_branch_is_not():
    """Among 600 people of two townships; in the account list of branch 1 stands no place."""
    others = [
        {"name": f"{chr(0x4E00 + i)}大", "branch": branch, "village": f"{town}201", "township": town}
        for i, (branch, town) in enumerate([("1", "990001101"), ("2", "990001102")] * 300)
    ]
    listed = {"name": "欧阳大明", "branch": "1"}
    home = {"village": "990001101201", "township": "990001101"}

    def joined(branch):
        people = link(mentions(*others, listed, {"name": "欧阳大明", "branch": branch, **home})).groups
        return [600, 601] in [sorted(m.key for m in group) for group in people]

    assert joined("2")
    assert not joined("1")


@pytest.mark.parametrize("name", ["equal", "same sound"])
def test_branch_and_sex_prove_nothing_however_rare_the_name(name):
    beside = {"branch": "same branch", "sex": "equal", "line": "next line"}

    assert not has_proof({"name": name} | beside)
    assert has_proof({"name": name, "place": "village"} | beside)
    assert has_proof({"name": name, "branch": "branch at home"}) == (name == "equal")


def test_two_valid_numbers_are_two_persons():
    same = {"name": "王大明", "phones": frozenset({"13866086809"}), "village": "990001101201", "group": 3}

    assert persons({**same, "number": NUMBER}, {**same, "number": ANOTHER}) == [[0], [1]]
    assert rules({**same, "number": NUMBER}, {**same, "number": ANOTHER}) == ["R3"]


def test_third_row_does_not_bridge_two_valid_numbers():
    same = {"name": "王大明", "phones": frozenset({"13866086809"})}

    groups = persons({**same, "number": NUMBER}, {**same, "number": ANOTHER}, same)

    assert groups == [[0], [1], [2]]


def test_one_number_under_two_names_is_a_conflict():
    claims = [
        {"name": name, "number": NUMBER, "phones": frozenset({"13866086809"})}
        for name in ("王大明", "赵铁柱")
    ]

    assert persons(*claims) == [[0], [1]]
    assert rules(*claims) == ["R2"]


def test_same_sound_under_one_number_is_one_person():
    assert persons({"name": "张晓红", "number": NUMBER}, {"name": "张小红", "number": NUMBER}) == [[0, 1]]


def test_twins_keep_apart():
    twin = {"birth": date(1949, 12, 31), "birth_precision": "day", "village": "990001101201"}

    assert persons({"name": "王大明", "number": NUMBER, **twin}, {"name": "王大亮", **twin}) == [[0], [1]]


def test_namesakes_of_one_village_are_asked_about_and_not_joined():
    home = {"name": "王大明", "village": "990001101201"}

    found = link(mentions({**home, "number": NUMBER}, {**home, "number": ANOTHER}, home))

    assert len(found.groups) == 3
    assert {"NAME"} == {question.rule for question in found.questions}


def test_two_registry_records_are_never_joined_by_an_import():
    record = {"name": "王大明", "number": NUMBER}

    assert persons({**record, "customer": 1}, {**record, "customer": 2}) == [[0], [1]]


def test_an_import_asks_nothing_about_two_registry_records():
    claims = [{"name": name, "number": NUMBER, "customer": i} for i, name in enumerate(("王大明", "赵铁柱"))]

    assert rules(*claims) == []
