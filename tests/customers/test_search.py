"""One box understands names, pinyin, numbers, villages and households."""

from datetime import date

import pytest

from branches.choices import PostCode
from customers.models import OtherName
from customers.names import name_keys
from customers.querysets import NoScope
from customers.search import search
from customers.search.ranking import opened_of_late
from customers.search.recent import note_opened
from tests.factories import (
    add_document,
    branch_of,
    make_branch,
    make_customer,
    make_household,
    make_staff,
    make_village,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier():
    return make_staff()


def names(found):
    return [(hit.customer.name, str(hit.reason)) for hit in found.hits]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("张桂兰", "name"),
        ("张桂", "name"),
        ("張桂蘭", "name"),
        (" 张 桂兰", "name"),
        ("桂兰", "given name"),
        ("桂蘭", "given name"),
        ("zhangguilan", "pinyin"),
        ("zhang gui", "pinyin"),
        ("Zhāng Guìlán", "pinyin"),
        ("zgl", "initials"),
        ("411522198005121231", "identity number"),
        ("411522 19800512 1231", "identity number"),
        ("121231", "last six of the identity number"),
        ("13912345678", "phone"),
        ("+86 139-1234-5678", "phone"),
        ("5678", "last four of the phone"),
    ],
)
def test_person_is_found_and_told_why(cashier, typed, reason):
    make_customer(branch=branch_of(cashier), number="411522198005121231", phone="13912345678")
    make_customer("王建国", branch=branch_of(cashier), number="411522197001011236", phone="13800000000")

    assert names(search(cashier, typed)) == [("张桂兰", reason)]


def test_old_number_finds_who_holds_the_new_one(cashier):
    make_customer(number="629901198005120032")

    assert names(search(cashier, "629901800512003")) == [("张桂兰", "identity number")]


def test_own_branch_comes_first_and_others_are_marked(cashier):
    other = make_customer("张桂兰")
    own = make_customer("张桂花", branch=branch_of(cashier))

    hits = search(cashier, "张桂").hits

    assert [(hit.customer.pk, hit.is_own) for hit in hits] == [(own.pk, True), (other.pk, False)]


def test_village_is_found_by_name_and_pinyin_and_its_own_branch_first(cashier):
    foreign = make_village("孙家岗", unit=make_branch())
    own = make_village("孙家村", unit=branch_of(cashier))

    def villages(typed):
        return [village.pk for village in search(cashier, typed).villages]

    assert villages("孙家") == villages("孫家") == villages("sunjia") == [own.pk, foreign.pk]
    assert villages("sjc") == [own.pk]


def test_village_alone_leads_to_the_people_of_the_own_branch_who_live_there_page_by_page(cashier):
    village = make_village("孙家村", unit=branch_of(cashier))
    people = [
        make_customer(name, branch=branch_of(cashier), village=village)
        for name in ("李秀英", "王建国", "张桂兰")
    ]
    make_customer("赵四", branch=make_branch(), village=village)

    first = search(cashier, "孙家", limit=2)
    second = search(cashier, "孙家", cursor=first.cursor, limit=2)

    assert names(first) + names(second) == [(person.name, "lives there") for person in people]
    assert [place.pk for place in first.villages] == [village.pk]
    assert (second.cursor, first.is_village, search(cashier, "张桂兰").is_village) == ("", True, False)


def test_household_is_found_by_its_number_in_own_branch_alone(cashier):
    own, foreign = make_household(branch=branch_of(cashier)), make_household()

    assert search(cashier, f"#{own.pk}").households == [own]
    assert search(cashier, f"户{own.pk}").households == [own]
    assert search(cashier, f"#{foreign.pk}").households == []


def test_every_person_is_listed_once_over_all_pages(cashier):
    branch = branch_of(cashier)
    people = [make_customer("张桂兰", branch=branch) for _ in range(5)]
    people += [make_customer("张桂兰") for _ in range(4)]
    people += [make_customer("王张桂", branch=branch)]

    pages, cursor = [], ""
    while True:
        found = search(cashier, "张桂", cursor=cursor, limit=3)
        pages.append([hit.customer for hit in found.hits])
        cursor = found.cursor
        if not cursor:
            break

    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert sorted(person.pk for page in pages for person in page) == sorted(person.pk for person in people)


def test_cursor_of_another_search_starts_from_the_beginning(cashier):
    for _ in range(3):
        make_customer("张桂兰")
    make_customer("李秀英")
    cursor = search(cashier, "张", limit=2).cursor

    assert names(search(cashier, "李", cursor=cursor)) == [("李秀英", "name")]


def test_head_office_finds_everybody_as_its_own():
    make_customer()

    assert [hit.is_own for hit in search(make_staff(PostCode.HEAD_OFFICE), "张").hits] == [True]


def test_merged_records_are_not_found(cashier):
    survivor = make_customer("王建国")
    make_customer(merged_into=survivor, state="merged")

    assert search(cashier, "张桂兰").is_empty


def test_words_cost_the_same_queries_for_one_and_for_many(cashier, django_assert_num_queries):
    cashier.scope  # noqa: B018 - read once per request
    for _ in range(3):
        make_customer()
    with django_assert_num_queries(4):
        search(cashier, "zhang")
    for _ in range(5):
        make_customer(branch=branch_of(cashier), village=make_village())

    with django_assert_num_queries(4):
        search(cashier, "zhang")


def test_numbers_cost_the_same_queries_for_one_and_for_many(cashier, django_assert_max_num_queries):
    cashier.scope  # noqa: B018 - read once per request
    for tail in range(4):
        make_customer(phone=f"1391000{tail}5678")

    with django_assert_max_num_queries(4):
        assert len(search(cashier, "5678").hits) == 4


def test_who_holds_no_post_finds_nothing_and_asks_nothing(cashier, django_assert_num_queries):
    cashier.posts.all().delete()
    cashier.scope  # noqa: B018 - read once per request

    with django_assert_num_queries(0), pytest.raises(NoScope):
        search(cashier, "张")


# -- However it is remembered ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("guilan", "given name in pinyin"),
        ("guilan zhang", "pinyin"),
        ("桂兰 张", "name"),
        ("zhang1 gui4 lan2", "pinyin"),
        ("zhang gl", "name and pinyin"),
        ("zhanggl", "name and pinyin"),
        ("zhgl", "initials"),
        ("z guilan", "name and pinyin"),
        ("张guilan", "name and pinyin"),
        ("zhang桂兰", "name and pinyin"),
        ("张gl", "name and pinyin"),
        ("桂lan", "name and pinyin"),
        ("guilan张", "name and pinyin"),
        ("zhang guilan sunjia", "name and village"),
        ("张桂兰 孙家", "name and village"),
        ("張桂蘭孫家", "name and village"),
        ("sunjiacun zgl", "name and village"),
        ("张桂兰 1980", "name and number"),
        ("zhang 5678", "name and number"),
        ("zgl 121231", "name and number"),
        ("桂兰 19800512", "name and number"),
        ("19800512", "born on"),
        ("800512", "born on"),
        ("1980-05-12", "born on"),
        ("1980年5月12日", "born on"),
        ("41152219800512", "beginning of the identity number"),
        ("4115221980051212", "beginning of the identity number"),
    ],
)
def test_person_is_found_by_whatever_is_remembered(zhang, cashier, typed, reason):
    assert names(search(cashier, typed)) == [("张桂兰", reason)]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("zhanguilan", "one letter differs"),
        ("zhangugilan", "one letter differs"),
        ("zanggui lan", "one letter differs"),
        ("guilam", "one letter differs"),
        ("章贵兰", "sounds the same"),
        ("张兰", "one character differs"),
        ("张木兰", "one character differs"),
        ("李桂兰", "same given name"),
        ("411522198005121321", "identity number, one digit differs"),
        ("411522198005121213", "identity number, one digit differs"),
        ("41152219800512123", "beginning of the identity number"),
        ("4115221980512 1231", "identity number, one digit differs"),
        ("411522800512132", "identity number, one digit differs"),
        ("13912345687", "phone, one digit differs"),
        ("1391234567", "phone, one digit differs"),
    ],
)
def test_one_slip_is_forgiven_where_nobody_fits(zhang, cashier, typed, reason):
    assert names(search(cashier, typed)) == [("张桂兰", reason)]


@pytest.fixture
def zhang(cashier):
    """She whom everybody looks for, with a neighbour who never is meant."""
    village = make_village("孙家村", unit=branch_of(cashier))
    keep = {"branch": branch_of(cashier), "village": village, "birth_date": date(1980, 5, 12)}
    person = make_customer(number="411522198005121231", phone="13912345678", **keep)
    make_customer("王建国", branch=branch_of(cashier), number="411522197001011236", phone="13800000000")
    return person


@pytest.mark.parametrize(
    ("written", "typed"), [("吕桂兰", "lu guilan"), ("吕桂兰", "lyu gui"), ("吕桂兰", "lü guilan")]
)
def test_u_with_dots_is_found_without_them(cashier, written, typed):
    make_customer(written)

    assert names(search(cashier, typed)) == [(written, "pinyin")]


@pytest.mark.parametrize(
    ("written", "typed"),
    [("肖红", "萧红"), ("蕭紅", "肖红"), ("闫伟", "阎伟"), ("付强", "傅强"), ("余华", "佘华")],
)
def test_surnames_that_are_written_for_each_other_are_found(cashier, written, typed):
    make_customer(written)

    assert names(search(cashier, typed)) == [(written, "surname in another form")]


@pytest.mark.parametrize("typed", ["王桂兰", "桂兰", "wangguilan", "wgl"])
def test_former_name_is_found_and_said_to_be_one(cashier, typed):
    person = make_customer("张小兰", branch=branch_of(cashier))
    keys = {name: key for name, key in name_keys("王桂兰")._asdict().items() if name != "given_pinyin"}
    OtherName.objects.create(
        customer=person, kind="former", name="王桂兰", recorded_on=date(2024, 1, 1), **keys
    )

    assert names(search(cashier, typed)) == [("张小兰", "former or other name")]


def test_cooperative_is_found_by_a_part_of_its_name_and_by_its_code(cashier):
    shop = make_customer("光山县白雀园合作社", branch=branch_of(cashier), kind="organisation")
    add_document(shop, "91411522MA3XGG9X0T", kind="uscc")

    assert names(search(cashier, "白雀园合作社")) == [(shop.name, "part of the name")]
    assert names(search(cashier, "baiqueyuan")) == [(shop.name, "part of the name")]
    assert names(search(cashier, "91411522ma3xgg9x0t")) == [(shop.name, "number of a document")]


def test_exact_hits_are_not_mixed_with_guesses(cashier):
    for name in ("张桂兰", "张桂兰", "张桂兰", "章贵兰"):
        make_customer(name, branch=branch_of(cashier))

    assert [hit.customer.name for hit in search(cashier, "张桂兰").hits] == ["张桂兰"] * 3


def test_birth_date_finds_people_of_other_branches_for_nobody(cashier):
    make_customer(number="411522198005121231", birth_date=date(1980, 5, 12))

    assert search(cashier, "19800512").hits == []
    assert search(cashier, "41152219800512").hits == []


def test_head_leads_to_the_household(cashier):
    head = make_customer(branch=branch_of(cashier))
    household = make_household(head)

    assert [hit.customer.household for hit in search(cashier, "zgl").hits] == [household.pk]


def test_who_was_opened_of_late_stands_first_and_in_the_empty_box(cashier):
    first, second, third = (make_customer(branch=branch_of(cashier)) for _ in range(3))
    for customer in (second, third):
        note_opened(cashier, customer.pk)

    found, late = search(cashier, "zhang"), opened_of_late(cashier)
    assert [hit.customer.pk for hit in found.hits] == [second.pk, third.pk, first.pk]
    assert [hit.customer.pk for hit in late.hits] == [third.pk, second.pk]


def test_pages_hold_everybody_once_also_after_others_were_opened(cashier):
    people = [make_customer(branch=branch_of(cashier)) for _ in range(4)]
    note_opened(cashier, people[3].pk)
    first = search(cashier, "zhang", limit=2)
    note_opened(cashier, people[0].pk)
    second = search(cashier, "zhang", cursor=first.cursor, limit=2)

    assert sorted(hit.customer.pk for hit in first.hits + second.hits) == [person.pk for person in people]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_whom_several_roads_lead_to_stands_once_at_the_surest_however_long_a_page(cashier, size):
    branch = branch_of(cashier)
    for name in ("安安", "安安安", "王安安", "王安", "阿娜", "安安", "李安"):
        make_customer(name, branch=branch)
        make_customer(name)
    whole = [hit.customer.pk for hit in search(cashier, "an", limit=40).hits]

    found, cursor = [], ""
    while True:
        page = search(cashier, "an", cursor=cursor, limit=size)
        found += [hit.customer.pk for hit in page.hits]
        if not (cursor := page.cursor):
            break

    assert len(set(whole)) == len(whole) == 14
    assert found == whole


@pytest.mark.parametrize("typed", ["", "   ", "%", "_", "'", "''; --", "\x00", "・", "1", "+", "#"])
def test_nonsense_finds_nothing_and_breaks_nothing(cashier, typed):
    make_customer()

    assert search(cashier, typed).hits == []
