"""One box understands names, pinyin, numbers, villages and households."""

import pytest

from branches.choices import PostCode
from customers.querysets import NoScope
from customers.search import search
from tests.factories import branch_of, make_branch, make_customer, make_household, make_staff, make_village

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

    assert [(hit.customer, hit.is_own) for hit in hits] == [(own, True), (other, False)]


def test_village_is_found_by_name_and_pinyin_and_its_own_branch_first(cashier):
    foreign = make_village("孙家岗", unit=make_branch())
    own = make_village("孙家村", unit=branch_of(cashier))

    assert search(cashier, "孙家").villages == [own, foreign]
    assert search(cashier, "sunjia").villages == [own, foreign]
    assert search(cashier, "sjc").villages == [own]


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
    make_customer()
    with django_assert_num_queries(3):
        search(cashier, "zhang")
    for _ in range(5):
        make_customer(branch=branch_of(cashier), village=make_village())

    with django_assert_num_queries(3):
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


@pytest.mark.parametrize("typed", ["", "   ", "%", "_", "'", "''; --", "\x00", "・", "1", "+", "#"])
def test_nonsense_finds_nothing_and_breaks_nothing(cashier, typed):
    make_customer()

    assert search(cashier, typed).hits == []
