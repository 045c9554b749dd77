"""Every event in the life of a household, as a sentence (handbook §6.4)."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from branches.choices import PostCode
from coopcrm.shared.errors import DomainError
from customers.choices import Relation
from customers.homes import corrections, couples, marks, selectors, services, story, succession
from customers.homes.choices import EventKind
from customers.models import Absence, Customer, Household, HouseholdEvent, Marriage, Membership
from customers.registries import Window
from loans.choices import LineState
from tests.book import make_line, make_loan
from tests.factories import branch_of, join, make_customer, make_household, make_staff, make_village

DAY, LATER, TODAY = date(2026, 3, 1), date(2026, 3, 15), date(2026, 3, 31)

pytestmark = pytest.mark.django_db


class Family:
    """张桂兰 with husband, son, daughter-in-law and grandchild, and a line of 60,000 yuan."""

    def __init__(self) -> None:
        self.officer = make_staff(PostCode.LOAN_OFFICER)
        self.branch = branch_of(self.officer)
        self.director = make_staff(PostCode.DIRECTOR, self.branch)
        self.head = self.person("张桂兰", sex="F")
        self.home = make_household(self.head)
        self.husband = self.member("王大山", Relation.SPOUSE, sex="M")
        self.son = self.member("王小明", Relation.SON, sex="M")
        self.bride = self.member("李小红", Relation.DAUGHTER, sex="F")
        self.child = self.member("王乐乐", Relation.GRANDCHILD, sex="M")
        for one, other in ((self.head, self.husband), (self.son, self.bride)):
            Marriage(first=one, second=other, valid_from=date(2020, 1, 1)).save()

    def person(self, name: str, **fields) -> Customer:
        return make_customer(name, branch=self.branch, **fields)

    def member(self, name: str, relation: str, **fields) -> Customer:
        person = self.person(name, **fields)
        join(self.home, person, relation)
        return person

    def line(self):
        return make_line(self.home, limit=Decimal(60000))

    def do(self, service, **fields):
        return service(staff=self.officer, **{"on": DAY, "as_of": TODAY, **fields})


@pytest.fixture
def family() -> Family:
    return Family()


def relations(household: Household, day: date = TODAY) -> dict[str, str]:
    return {row.customer.name: row.relation for row in selectors.members_on(household, day)}


def last_event(household: Household) -> HouseholdEvent:
    return selectors.events_of(household).first()


def test_a_son_who_splits_off_takes_wife_and_child_and_starts_without_a_line(family):
    line, loan = family.line(), make_loan(family.home)

    new = family.do(
        services.split_household,
        household=family.home,
        head=family.son,
        members=[family.bride, family.child],
    )

    assert relations(new) == {"王小明": "head", "李小红": "spouse", "王乐乐": "other"}
    assert relations(family.home) == {"张桂兰": "head", "王大山": "spouse"}
    line.refresh_from_db()
    loan.refresh_from_db()
    assert (line.state, line.household) == (LineState.FROZEN, family.home)
    assert (loan.household, loan.borrower) == (family.home, family.head), "debts stay with the signers"
    assert not new.lines.exists()
    assert new.register_no == ""


def test_a_director_who_looks_at_the_household_again_releases_its_line(family):
    line = family.line()
    family.do(services.split_household, household=family.home, head=family.son)

    with pytest.raises(DomainError, match="director"):
        corrections.review_household(staff=family.officer, household=family.home, on=TODAY, finding="fine")
    corrections.review_household(staff=family.director, household=family.home, on=TODAY, finding="fine")

    line.refresh_from_db()
    assert (line.state, line.review_done_on) == (LineState.ACTIVE, TODAY)
    assert selectors.awaits_review(family.home) == []


def test_a_line_that_was_frozen_before_stays_frozen_after_the_review(family):
    line = family.line()
    type(line).objects.update(state=LineState.FROZEN)
    family.do(services.split_household, household=family.home, head=family.son)

    corrections.review_household(staff=family.director, household=family.home, on=TODAY, finding="fine")

    line.refresh_from_db()
    assert line.state == LineState.FROZEN


def test_when_everybody_moves_nothing_is_split(family):
    others = [family.husband, family.son, family.bride, family.child]

    with pytest.raises(DomainError, match="stays in the old household"):
        family.do(services.split_household, household=family.home, head=family.head, members=others)

    assert Household.objects.count() == 1


def test_the_head_who_dies_leaves_the_line_frozen_until_a_successor_is_chosen_and_reviewed(family):
    line = family.line()

    family.do(succession.record_death, customer=family.head)

    family.home.refresh_from_db()
    family.head.refresh_from_db()
    line.refresh_from_db()
    assert (family.head.state, family.head.deceased_on) == ("deceased", DAY)
    assert (family.home.head, line.state) == (None, LineState.FROZEN)
    assert selectors.lacks_head(family.home, TODAY)
    assert Marriage.objects.get(first=family.head).ended_by == "death"
    with pytest.raises(DomainError, match="no head"):
        corrections.review_household(staff=family.director, household=family.home, on=TODAY, finding="fine")

    family.do(succession.change_head, household=family.home, head=family.son, on=LATER)

    assert relations(family.home) == {
        "王小明": "head",
        "李小红": "spouse",
        "王大山": "parent",
        "王乐乐": "other",
    }
    corrections.review_household(staff=family.director, household=family.home, on=TODAY, finding="fine")
    line.refresh_from_db()
    assert line.state == LineState.ACTIVE


def test_a_successor_can_be_named_in_the_same_breath(family):
    family.do(succession.record_death, customer=family.head, successor=family.husband)

    assert relations(family.home) == {
        "王大山": "head",
        "王小明": "son",
        "李小红": "daughter",
        "王乐乐": "grandchild",
    }


def test_the_death_of_another_member_freezes_nothing(family):
    line = family.line()

    family.do(succession.record_death, customer=family.child)

    line.refresh_from_db()
    assert (line.state, "王乐乐" in relations(family.home)) == (LineState.ACTIVE, False)
    assert "王乐乐" in relations(family.home, DAY - timedelta(1))


def test_divorce_ends_the_marriage_and_who_moves_out_opens_a_household(family):
    line = family.line()

    family.do(
        couples.divorce,
        first=family.son,
        second=family.bride,
        leaver=family.bride,
        children=[family.child],
        certificate="L411522-2026-000007",
    )

    marriage = Marriage.objects.get(first=family.son)
    assert (marriage.valid_to, marriage.ended_by) == (DAY, "divorce")
    assert marriage.open("end_number") == "L411522-2026-000007"
    new = Membership.objects.get(customer=family.bride, valid_to=None).household
    assert relations(new) == {"李小红": "head", "王乐乐": "other"}
    line.refresh_from_db()
    assert line.state == LineState.FROZEN


def test_a_marriage_certificate_does_not_prove_a_divorce(family):
    with pytest.raises(DomainError, match="begins with L"):
        family.do(couples.divorce, first=family.son, second=family.bride, certificate="J411522-2026-000007")

    assert Marriage.objects.filter(valid_to=None).count() == 2


def test_after_a_divorce_either_may_marry_again(family):
    family.do(couples.divorce, first=family.son, second=family.bride)

    wedding = family.do(
        couples.marry, first=family.son, second=family.person("赵丽", sex="F"), household=family.home
    )

    assert wedding.household == family.home


def test_a_migrant_stays_a_member_and_comes_back(family):
    family.do(marks.move_away, customer=family.son, where_to="Wuhan")

    assert relations(family.home)["王小明"] == "son"
    assert selectors.absences_on(family.home, TODAY)[family.son.pk].where_to == "Wuhan"
    with pytest.raises(DomainError, match="away already"):
        family.do(marks.move_away, customer=family.son)

    family.do(marks.come_back, customer=family.son, on=LATER)
    assert selectors.absences_on(family.home, TODAY) == {}
    assert list(selectors.absences_on(family.home, LATER - timedelta(1))) == [family.son.pk]


def test_an_empty_registration_counts_until_a_director_decides(family):
    mark = family.do(marks.mark_empty, household=family.home, reason="House locked for two years.")

    assert mark.left_out_on is None
    with pytest.raises(DomainError, match="director"):
        marks.leave_out_of_coverage(
            staff=family.officer, household=family.home, on=TODAY, decision="as the village says"
        )
    marks.leave_out_of_coverage(
        staff=family.director, household=family.home, on=TODAY, decision="as the village says"
    )
    family.do(marks.mark_lived_in, household=family.home, on=LATER)

    assert selectors.empty_mark(family.home) is None


def test_a_household_that_moves_takes_along_who_lives_at_home(family):
    village = make_village("新村", unit=family.branch)
    family.do(marks.move_away, customer=family.son, where_to="Wuhan")

    family.do(marks.move_household, household=family.home, village=village, group_no="3", on=LATER)

    moved = Customer.objects.filter(village=village).values_list("name", flat=True)
    assert set(moved) == {"张桂兰", "王大山", "李小红", "王乐乐"}


def test_the_earlier_register_number_stays_in_the_events(family):
    Household.objects.filter(pk=family.home.pk).update(register_no="0071")

    family.do(marks.set_register_no, household=family.home, register_no="00 99")

    family.home.refresh_from_db()
    assert family.home.register_no == "0099"
    assert last_event(family.home).changes["register_no"] == ["0071", "0099"]


def undo(family, event, reason="Wrong household."):
    return corrections.undo_event(staff=family.officer, event=event, reason=reason, on=TODAY)


def test_a_wrong_split_is_taken_back_and_both_events_stay(family):
    line, before = family.line(), relations(family.home)
    new = family.do(services.split_household, household=family.home, head=family.son, members=[family.bride])

    undo(family, last_event(new))

    new.refresh_from_db()
    line.refresh_from_db()
    assert relations(family.home) == before
    assert (new.valid_to, line.state) == (new.valid_from, LineState.ACTIVE)
    assert [event.kind for event in selectors.events_of(family.home)] == [EventKind.UNDONE, EventKind.SPLIT]


def test_a_death_written_down_for_the_wrong_person_is_taken_back(family):
    before = relations(family.home)
    family.do(succession.record_death, customer=family.head, successor=family.son)

    undo(family, last_event(family.home))

    family.home.refresh_from_db()
    assert relations(family.home) == before
    assert family.home.head == family.head
    assert selectors.spouse_on(family.head, TODAY) == family.husband


def test_what_something_later_stands_on_is_not_taken_back_and_says_why(family):
    new = family.do(services.split_household, household=family.home, head=family.son)
    split = last_event(new)
    family.do(services.move_member, customer=family.bride, household=new, relation="spouse", on=LATER)

    with pytest.raises(DomainError, match=r"Somebody moved.*Take that back first"):
        undo(family, split)
    undo(family, last_event(new))
    make_loan(new, as_of=date(2026, 9, 30))
    HouseholdEvent.objects.filter(pk=split.pk).update(created_at="2026-03-20T00:00:00Z")
    with pytest.raises(DomainError, match="a loan was paid out"):
        undo(family, split)


def test_nothing_happens_before_the_household_is_there(family):
    with (
        pytest.raises(IntegrityError, match="before it is there"),
        transaction.atomic(),
    ):
        HouseholdEvent.objects.create(
            household=family.home, kind=EventKind.MIGRATION, happened_on=date(2023, 1, 1)
        )


def test_whatever_happens_everybody_has_one_home_and_every_home_one_head_or_an_open_succession(family):
    """Forty-five random events or more, valid or refused, until ten have happened."""
    chance = random.Random(20260331)
    people = [family.head, family.husband, family.son, family.bride, family.child]
    for name in ("赵丽", "钱伟", "孙强", "周敏"):
        people.append(family.person(name, sex=chance.choice("FM")))
        make_household(people[-1])
    day, done, asked = DAY, 0, 0
    while asked < 45 or done < 10:
        asked += 1
        assert asked < 400, "hardly anything happens"
        day += timedelta(chance.randrange(2))
        one, other = chance.sample(people, 2)
        stay = selectors.membership_on(one, day) if chance.random() < 0.7 else None
        home = (
            stay.household if stay else chance.choice(Household.objects.filter(valid_to=None).order_by("pk"))
        )
        for person in (one, other):
            person.refresh_from_db()
        deeds = [
            (couples.marry, {"first": one, "second": other, "household": chance.choice([home, None])}),
            (couples.divorce, {"first": one, "second": other, "leaver": chance.choice([one, None])}),
            (services.split_household, {"household": home, "head": one, "members": [other]}),
            (services.move_member, {"customer": one, "household": home, "relation": "other"}),
            (succession.change_head, {"household": home, "head": one}),
            (services.leave_household, {"customer": one}),
            (succession.record_death, {"customer": one}),
        ]
        service, fields = chance.choices(deeds, weights=[6, 3, 6, 4, 6, 2, 1])[0]
        try:
            family.do(service, on=day, as_of=date(2027, 1, 1), **fields)
            done += 1
        except DomainError:
            continue
        if chance.random() < 0.2:
            event = HouseholdEvent.objects.order_by("-pk").first()
            corrections.undo_event(staff=family.officer, event=event, reason="drill", on=day)
        _check(day)


def _check(day: date) -> None:
    homes = [row.customer_id for row in Membership.objects.filter(valid_to=None)]
    assert len(homes) == len(set(homes))
    for household in Household.objects.filter(valid_to=None):
        stays = list(selectors.members_on(household, day))
        assert stays, f"#{household.pk} stands open without a member"
        heads = [stay.customer_id for stay in stays if stay.relation == Relation.HEAD]
        assert len(heads) <= 1
        assert household.head_id == (heads[0] if heads else None)
        if not heads:
            assert selectors.awaits_review(household), "the succession is open and asks for a review"
    away = Absence.objects.filter(valid_to=None, customer__state="deceased")
    assert not away.exists()


def test_a_timeline_veils_who_is_kept_for_the_law_alone(family):
    family.do(succession.record_death, customer=family.husband, paper="death")
    Customer.objects.filter(pk=family.husband.pk).update(is_locked=True)

    told = story.timeline(family.officer, family.head, [family.home], Window(10))

    assert [event.title for event in told] == ["Death: 王*山"]
