"""What the page of a customer and the page of a household show, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from branches.models import StaffMember, in_force
from coopcrm.shared.periods import completed_years
from customers import policies, registries
from customers.models import Customer, Household, ManagerAssignment, Membership, VisitNote
from customers.pages.timeline import Timeline, timeline
from customers.portfolios.selectors import responsible_on
from customers.selectors import fact_rows, missing_facts, veiled

Card = tuple[str, dict]
VISITS = 20


@dataclass
class Composed:
    """What registries put on a page: cards by place, the primary action, the others for the menu, badges."""

    head: list[Card] = field(default_factory=list)
    main: list[Card] = field(default_factory=list)
    side: list[Card] = field(default_factory=list)
    primary: registries.PageAction | None = None
    actions: list[registries.PageAction] = field(default_factory=list)
    badges: list[registries.PageBadge] = field(default_factory=list)


def composed(
    page: str, staff: StaffMember, customer: Customer | None, household: Household | None
) -> Composed:
    """Ask every registered card, action and badge of the page what it has to show of these two."""
    cards = defaultdict(list)
    for place, card in registries.page_cards.placed(page):
        if found := card(staff, customer, household):
            cards[place].append(found)
    offered = [each(staff, customer, household) for _place, each in registries.page_actions.placed(page)]
    actions = [action for action in offered if action]
    primary = next((action for action in actions if action.is_primary), None)
    badges = [
        badge
        for _place, each in registries.page_badges.placed(page)
        for badge in each(staff, customer, household) or []
    ]
    return Composed(
        **cards,
        primary=primary,
        actions=[action for action in actions if action is not primary],
        badges=badges,
    )


# -- The customer's page -----------------------------------------------------------------------------------------------


@dataclass
class CustomerPage:
    """Everything the page of an own customer shows."""

    customer: Customer
    household: Household | None
    manager: ManagerAssignment | None
    parts: Composed
    timeline: Timeline
    age: int | None = None


def customer_page(staff: StaffMember, customer: Customer, *, today: date) -> CustomerPage:
    """Read the whole page in a fixed number of queries."""
    household = household_of(customer, today)
    return CustomerPage(
        customer=customer,
        household=household,
        manager=responsible_on(household, today) if household else None,
        parts=composed("customer", staff, customer, household),
        timeline=timeline(staff, customer, [household] if household else []),
        age=completed_years(customer.birth_date, today) if customer.birth_date else None,
    )


def household_of(customer: Customer, day: date) -> Household | None:
    """The household that the person belongs to on a day."""
    rows = customer.memberships.filter(in_force(day)).select_related(
        "household__village", "household__branch"
    )
    membership = rows.first()
    return membership.household if membership else None


# -- The household's page ----------------------------------------------------------------------------------------------


@dataclass
class HouseholdPage:
    """Everything the page of a household shows."""

    household: Household
    members: list[Membership]
    former: list[Membership]
    managers: list[ManagerAssignment]
    manager: ManagerAssignment | None
    facts: list[dict]
    recorded_on: date | None
    missing: list[str]
    visits: list[VisitNote]
    parts: Composed = field(default_factory=Composed)
    timeline: Timeline | None = None


def household_page(staff: StaffMember, household: Household, *, today: date) -> HouseholdPage:
    """Read the whole page in a fixed number of queries; a branch it is shared with sees no money."""
    is_own = policies.may_read_fully(staff, household)
    everyone = veiled(household.memberships.select_related("customer").order_by("pk"), staff)
    present = [
        row for row in everyone if row.valid_from <= today and (row.valid_to is None or row.valid_to > today)
    ]
    present.sort(key=lambda row: (row.relation != "head", row.customer.birth_date or date.max, row.pk))
    managers = list(household.assignments.select_related("staff").order_by("-valid_from"))
    sheet = household.fact_sheets.order_by("-recorded_on", "-id").first()
    visits = household.visits.select_related("officer", "corrected_by").order_by("-visited_on", "-pk")
    head = next((row.customer for row in present if row.relation == "head"), household.head)
    return HouseholdPage(
        household=household,
        members=present,
        former=[row for row in everyone if row not in present],
        managers=managers,
        manager=next((row for row in managers if row.valid_to is None or row.valid_to > today), None),
        facts=fact_rows(sheet),
        recorded_on=sheet.recorded_on if sheet else None,
        missing=missing_facts(sheet),
        visits=[] if is_own else list(visits[:VISITS]),
        parts=composed("household", staff, head, household) if is_own else Composed(),
        timeline=timeline(staff, None, [household]) if is_own else None,
    )
