"""Somebody is responsible for every household on every day, and three people hand a portfolio over."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from branches.choices import PostCode
from branches.models import Post, StaffMember, in_force
from coopcrm.shared.errors import DomainError, PermissionRefused
from customers.choices import CustomerKind
from customers.models import Handover, Household, ManagerAssignment
from customers.portfolios import organisations, selectors, services
from tests.book import make_class, make_loan
from tests.factories import branch_of, make_branch, make_customer, make_household, make_staff

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def check_now() -> None:
    """What the end of a transaction checks."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def director():
    return make_staff(PostCode.DIRECTOR)


@pytest.fixture
def branch(director):
    return branch_of(director)


@pytest.fixture
def officer(branch):
    return make_staff(PostCode.LOAN_OFFICER, branch)


@pytest.fixture
def colleague(branch):
    return make_staff(PostCode.CUSTOMER_MANAGER, branch)


@pytest.fixture
def accountant(branch):
    return make_staff(PostCode.ACCOUNTANT, branch)


def homes(branch, number: int) -> list[Household]:
    return [make_household(make_customer(branch=branch)) for _ in range(number)]


def give(branch, officer, director, number=3) -> list[Household]:
    found = homes(branch, number)
    services.name_manager(branch=branch, village=None, manager=officer, from_day=TODAY, by=director)
    return found


def draw_up(branch, officer, colleague, accountant, director, **fields) -> Handover:
    fields = {"reason": "transfer", "effective_on": TODAY, "by": director, "as_of": TODAY, **fields}
    return services.open_handover(
        branch=branch, giver=officer, taker=colleague, supervisor=accountant, **fields
    )


def test_a_new_household_is_managed_by_the_directors_post(branch):
    [household] = homes(branch, 1)

    assert selectors.responsible_on(household, TODAY).staff is None
    assert selectors.responsible_on(household, household.valid_from - timedelta(1)) is None
    check_now()


def test_a_household_without_a_manager_cannot_be_saved(branch):
    def write():
        with transaction.atomic():
            Household.objects.create(branch=branch, valid_from=date(2024, 1, 1))
            check_now()

    with pytest.raises(IntegrityError, match="has no manager"):
        write()


def test_a_gap_between_two_managers_cannot_be_saved(branch, officer, director):
    [household] = give(branch, officer, director, 1)

    def write():
        with transaction.atomic():
            household.assignments.filter(staff=officer).update(valid_from=TODAY + timedelta(1))
            check_now()

    with pytest.raises(IntegrityError, match="has no manager"):
        write()


def test_two_managers_at_once_cannot_be_saved(branch, officer):
    [household] = homes(branch, 1)

    with pytest.raises(IntegrityError, match="one_manager_at_a_time"), transaction.atomic():
        ManagerAssignment.objects.create(household=household, staff=officer, valid_from=TODAY)


def test_who_was_responsible_is_known_for_any_day(branch, officer, colleague, accountant, director):
    [household] = give(branch, officer, director, 1)
    handover = draw_up(branch, officer, colleague, accountant, director, effective_on=TODAY + timedelta(10))
    finish(handover, officer, colleague, accountant)

    managers = [
        selectors.responsible_on(household, TODAY + timedelta(days)).staff for days in (-1, 0, 9, 10, 400)
    ]
    assert managers == [None, officer, officer, colleague, colleague]
    check_now()


def finish(handover: Handover, giver, taker, supervisor) -> int:
    for item in handover.items.filter(must_visit=True):
        services.note_visit(item, visited_on=TODAY, differs=False, difference="", by=taker, as_of=TODAY)
    services.sign_giving(handover, by=giver)
    services.sign_taking(handover, by=taker)
    return services.close_handover(handover, by=supervisor)


def test_problem_loans_and_a_tenth_of_the_rest_are_visited(branch, officer, colleague, accountant, director):
    households = give(branch, officer, director, 12)
    make_class(make_loan(households[0]), dpd=120)

    handover = draw_up(branch, officer, colleague, accountant, director)

    items = {item.household_id: item for item in handover.items.all()}
    assert len(items) == 12
    assert items[households[0].pk].has_problem_loan
    assert items[households[0].pk].must_visit
    assert sum(item.must_visit for item in items.values()) == 1 + 2  # a tenth of eleven, rounded up


def test_nobody_signs_before_the_joint_visits(branch, officer, colleague, accountant, director):
    give(branch, officer, director)
    handover = draw_up(branch, officer, colleague, accountant, director)

    with pytest.raises(DomainError, match="hands over signs first"):
        services.sign_taking(handover, by=colleague)
    services.sign_giving(handover, by=officer)
    with pytest.raises(DomainError, match="still await the joint visit"):
        services.sign_taking(handover, by=colleague)
    with pytest.raises(DomainError, match="Both officers sign"):
        services.close_handover(handover, by=accountant)


def test_each_signs_for_nobody_else(branch, officer, colleague, accountant, director):
    give(branch, officer, director)
    handover = draw_up(branch, officer, colleague, accountant, director)
    others = {
        services.sign_giving: (colleague, accountant, director),
        services.sign_taking: (officer, accountant, director),
        services.close_handover: (officer, colleague, director),
    }
    for deed, people in others.items():
        for person in people:
            with pytest.raises(PermissionRefused):
                deed(handover, by=person)


def test_a_director_signs_for_a_giver_who_has_left(branch, officer, colleague, accountant, director):
    give(branch, officer, director)
    handover = draw_up(branch, officer, colleague, accountant, director)
    Post.objects.filter(staff=officer).update(valid_from=TODAY - timedelta(9), valid_to=TODAY)

    assert services.sign_giving(handover, by=director).given_by == director


@pytest.mark.parametrize(
    "people",
    [
        ("officer", "officer", "accountant"),
        ("officer", "colleague", "officer"),
        ("officer", "colleague", "colleague"),
    ],
)
def test_three_people_hand_over_also_by_the_database(people, request, branch, officer, colleague, director):
    give(branch, officer, director)
    giver, taker, supervisor = (request.getfixturevalue(name) for name in people)
    with pytest.raises(DomainError):
        draw_up(branch, giver, taker, supervisor, director)
    with pytest.raises(IntegrityError, match="handover_three_people"), transaction.atomic():
        Handover.objects.create(
            branch=branch, giver=giver, taker=taker, supervisor=supervisor, reason="audit",
            effective_on=TODAY, created_by=director,
        )  # fmt: skip


def test_an_unsigned_handover_cannot_be_stored_as_closed(branch, officer, colleague, accountant, director):
    give(branch, officer, director)
    handover = draw_up(branch, officer, colleague, accountant, director)

    with pytest.raises(IntegrityError, match="closed_with_all_signatures"), transaction.atomic():
        Handover.objects.filter(pk=handover.pk).update(state="closed")


def test_what_came_after_the_list_passes_too(branch, officer, colleague, accountant, director):
    give(branch, officer, director, 2)
    handover = draw_up(branch, officer, colleague, accountant, director)
    give(branch, officer, director, 1)

    assert finish(handover, officer, colleague, accountant) == 3
    assert not ManagerAssignment.objects.filter(in_force(TODAY), staff=officer).exists()
    check_now()


def test_when_a_post_ends_its_households_go_to_the_directors_post(branch, officer, director):
    [household] = give(branch, officer, director, 1)
    Post.objects.filter(staff=officer).update(valid_from=TODAY - timedelta(9), valid_to=TODAY)
    assert selectors.orphans(on=TODAY).count() == 1

    assert services.adopt_orphans(on=TODAY) == 1

    assert selectors.orphans(on=TODAY).count() == 0
    assert selectors.responsible_on(household, TODAY).staff is None
    assert services.adopt_orphans(on=TODAY) == 0
    check_now()


def test_only_the_branch_s_director_arranges(branch, officer, colleague, accountant, director):
    stranger = make_staff(PostCode.DIRECTOR, make_branch())
    for person in (officer, accountant, stranger):
        with pytest.raises(PermissionRefused):
            services.name_manager(branch=branch, village=None, manager=officer, from_day=TODAY, by=person)
        with pytest.raises(PermissionRefused):
            draw_up(branch, officer, colleague, accountant, person)


def test_a_manager_works_at_the_branch(branch, director):
    stranger = make_staff(PostCode.LOAN_OFFICER, make_branch())
    homes(branch, 1)

    with pytest.raises(DomainError, match="holds no post at this branch"):
        services.name_manager(branch=branch, village=None, manager=stranger, from_day=TODAY, by=director)


def test_the_pages_walk_a_handover_from_list_to_last_signature(
    client, branch, officer, colleague, accountant, director
):
    give(branch, officer, director)
    client.force_login(director)
    assert "Director" not in client.get("/portfolios/").content.decode().split("<tbody>")[1].split("<td")[0]
    people = {"giver": officer.pk, "taker": colleague.pk, "supervisor": accountant.pk}
    firm = make_customer("光山县茶厂", branch=branch, kind=CustomerKind.ORGANISATION)
    organisations.name_manager(organisation=firm, manager=officer, from_day=TODAY, by=director)
    answer = client.post(
        f"/portfolios/{branch.pk}/hand-over/", {**people, "reason": "leave", "effective_on": TODAY}
    )
    handover = Handover.objects.get()
    assert "光山县茶厂" in client.get(answer.url).content.decode()
    assert answer.url == f"/handovers/{handover.pk}/"

    client.force_login(colleague)
    for item in handover.items.filter(must_visit=True):
        found = {"visited_on": TODAY, "differs": "yes", "difference": "The greenhouse is gone."}
        client.post(f"/handovers/{handover.pk}/items/{item.pk}/", found)
    for person, step in ((officer, "give"), (colleague, "take"), (accountant, "close")):
        client.force_login(person)
        assert (
            f"/handovers/{handover.pk}/{step}/" in client.get(f"/handovers/{handover.pk}/").content.decode()
        )
        client.post(f"/handovers/{handover.pk}/{step}/")

    handover.refresh_from_db()
    assert handover.state == "closed"
    assert "The greenhouse is gone." in client.get(f"/handovers/{handover.pk}/").content.decode()
    assert selectors.givers_at(branch, TODAY).get() == colleague
    assert list(selectors.passing_with(handover)) == [firm]
    portfolio = next(row for row in selectors.portfolios(director, on=TODAY) if row.manager == colleague)
    assert (portfolio.households, portfolio.organisations) == (3, 1)


def test_the_pages_cost_the_same_with_few_households_and_with_many(
    client, branch, officer, colleague, accountant, director, django_assert_max_num_queries
):
    give(branch, officer, director, 1)
    handover = draw_up(branch, officer, colleague, accountant, director)
    other = make_staff(PostCode.LOAN_OFFICER, branch)
    give(branch, other, director, 12)
    many = draw_up(branch, other, colleague, accountant, director)
    client.force_login(StaffMember.objects.get(pk=director.pk))
    for address in ("/portfolios/", f"/handovers/{handover.pk}/", f"/handovers/{many.pk}/", "/handovers/"):
        client.get(address)
        with django_assert_max_num_queries(18):
            client.get(address)


def test_the_household_page_says_who_was_responsible_on_a_day(client, branch, officer, director):
    [household] = give(branch, officer, director, 1)
    client.force_login(director)

    def answer(day) -> str:
        page = client.get(f"/households/{household.pk}/?on={day}").content.decode()
        return (
            page.split('role="status"><strong>')[1].split("</p>")[0]
            if 'role="status"><strong>' in page
            else ""
        )

    assert str(officer) in answer(TODAY)
    assert "Director" in answer(TODAY - timedelta(1))
    assert "not kept then" in answer("1999-01-01")
    assert answer("2020-13-01") == answer("never") == ""


@pytest.mark.parametrize(
    ("reason", "works_here", "is_active"),
    [("leave", True, True), ("audit", True, True), ("transfer", False, True), ("resignation", False, False)],
)
def test_who_hands_over_for_good_loses_the_posts_that_day(
    reason, works_here, is_active, branch, officer, colleague, accountant, director
):
    Post.objects.filter(staff=officer).update(valid_from=TODAY - timedelta(900))
    give(branch, officer, director, 1)

    finish(
        draw_up(branch, officer, colleague, accountant, director, reason=reason),
        officer, colleague, accountant,
    )  # fmt: skip

    giver = StaffMember.objects.get(pk=officer.pk)
    assert (bool(giver.scope.posts), giver.is_active) == (works_here, is_active)
