"""Pages of the review: the queue, a pair, a group, figures; masks, keys and the way to the next pair."""

import pytest
from django.urls import reverse

from branches.choices import PostCode
from customers.choices import ReviewState
from customers.models import ReviewPair
from customers.review import comparing, figures, placing, services
from tests.factories import branch_of, make_customer, make_pair, make_staff, make_village, resident_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def accountant(client):
    staff = make_staff(PostCode.ACCOUNTANT)
    client.force_login(staff)
    return staff


def address(name, *args):
    return reverse(f"customers:{name}", args=args)


def shown(client, name, *args, **query):
    return client.get(address(name, *args), query).content.decode()


def test_foreign_side_is_masked_in_queue_and_pair(client, accountant):
    own = make_customer("张桂兰", branch=branch_of(accountant), phone="13912345678")
    pair = make_pair(own, make_customer("张桂蓝", phone="13912345678"))

    listed, text = shown(client, "review"), shown(client, "review-pair", pair.pk)

    assert "张*蓝" in listed
    assert ("张桂兰" in text, "张桂蓝" in text, "13912345678" in text) == (True, False, False)


def test_decision_leads_to_the_next_pair_and_undo_back(client, accountant):
    branch = branch_of(accountant)
    pairs = [
        make_pair(make_customer(branch=branch), make_customer("张桂蓝", branch=branch), weight=9 - n)
        for n in range(3)
    ]
    placing.place_pairs()

    def send(pair, decision):
        return client.post(address("review-pair", pair.pk) + "?whose=all", {"decision": decision}).url

    assert send(pairs[0], "different") == address("review-pair", pairs[1].pk) + "?whose=all"
    assert send(pairs[1], "later") == address("review-pair", pairs[2].pk) + "?whose=all"
    assert send(pairs[2], "different") == address("review") + "?whose=all"
    assert client.post(address("review-undo")).url == address("review-pair", pairs[2].pk)
    assert "2 of 3" in shown(client, "review")


def test_pair_of_two_other_branches_is_missing(client, accountant):
    pair = make_pair(make_customer(), make_customer("张桂蓝"))

    assert client.get(address("review-pair", pair.pk)).status_code == 404


def test_second_person_confirms_on_the_page_of_the_pair(client, accountant):
    branch = branch_of(accountant)
    pair = make_pair(
        make_customer(branch=branch), make_customer("张桂蓝", branch=branch), rule="R2", outcome="CONFLICT"
    )
    services.decide_pair(staff=make_staff(PostCode.CASHIER, branch), pair=pair, decision="different")

    assert "waits for a second person" in shown(client, "review-pair", pair.pk)
    client.post(address("review-pair", pair.pk), {"decision": "confirm"})

    pair.refresh_from_db()
    assert pair.state == ReviewState.DIFFERENT


def test_group_shows_everybody_and_decides_several(client, accountant):
    branch = branch_of(accountant)
    people = [make_customer(name, branch=branch) for name in ("张桂兰", "张桂蓝", "张贵兰")]
    make_pair(people[0], people[1])
    make_pair(people[1], people[2])
    placing.place_pairs()
    cluster = ReviewPair.objects.first().cluster

    text = shown(client, "review-group", cluster)
    client.post(address("review-group", cluster), {"decision": "different"})

    assert all(one.name in text for one in people)
    assert set(ReviewPair.objects.values_list("state", flat=True)) == {ReviewState.DIFFERENT}


def test_covered_characters_are_marked_for_those_alone_who_may_read_both():
    one = comparing.Number("411522198005121231", "411522********1231", "document", 1, "said")
    other = comparing.Number("411522198005221231", "411522********1231", "document", 2, "said")

    assert comparing.masked_runs(one, other, is_open=False) == [("411522********1231", False)]
    assert ("*", True) in comparing.masked_runs(one, other, is_open=True)


def test_queue_and_pair_cost_the_same_with_more_rows(client, accountant, django_assert_max_num_queries):
    branch = branch_of(accountant)

    def more(n):
        for _ in range(n):
            one = make_customer(branch=branch, number=resident_number(), phone="13912345678")
            last = make_pair(one, make_customer("张桂蓝", branch=branch, number=resident_number()))
        placing.place_pairs()
        return last

    counted = []
    for n in (1, 4):
        pair = more(n)
        for name, args in (("review", []), ("review-pair", [pair.pk]), ("review-figures", [])):
            if name == "review-figures":
                client.force_login(make_staff(PostCode.DIRECTOR, branch))
            with django_assert_max_num_queries(60) as queries:
                assert client.get(address(name, *args)).status_code == 200
            counted.append(len(queries))
        client.force_login(accountant)
    assert counted[:3] == counted[3:]


def test_figures_hold_decisions_against_the_weights(client):
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    client.force_login(director)
    for decision, weight in (("different", -1.0), ("same", 5.0), ("same", 5.5)):
        pair = make_pair(make_customer(branch=branch), make_customer("张桂蓝", branch=branch), weight=weight)
        services.decide_pair(staff=director, pair=pair, decision=decision, seconds=10)

    text = shown(client, "review-figures")

    assert all(band in text for band in ("4 … 6", "-2 … 0"))
    opened = client.get(address("review"), {"tab": "decided", "whose": "all", "band": "4"})
    assert len(opened.context["groups"]) == 2
    assert [(band.decided, band.same) for band in figures.bands(figures.truth())] == [(1, 0), (2, 2)]


def test_a_group_without_its_village_is_not_another_place(client, accountant):
    branch = branch_of(accountant)
    at_home = make_customer(branch=branch, village=make_village(), group_no="4")
    pair = make_pair(at_home, make_customer("张桂蓝", branch=branch, group_no="4"))

    lines = client.get(address("review-pair", pair.pk)).context["fields"]

    assert {str(line.label): line.verdict for line in lines}["Village"] == "unknown"
