"""Complaints and requests on the customer's page."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers.cases import policies, selectors
from customers.models import Case, Customer, Household
from customers.policies import may_read_fully
from customers.registries import PageAction, TimelineEvent, Window

EXCERPT = 160


def case_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """What the customer has complained of or asked for and still waits for; nothing where nothing waits."""
    if customer is None or not policies.may_see_cases(staff) or not may_read_fully(staff, customer):
        return None
    cases = list(selectors.open_about(staff, customer)[:10])
    today = timezone.localdate()
    lines = [(case, case.is_late(today)) for case in cases]
    return ("customers/cases/_card.html", {"lines": lines}) if lines else None


def case_events(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """What the customer complained of, asked for or praised, and what it was answered; never to whom it is about."""
    if not policies.may_see_cases(staff):
        return []
    rows = (
        Case.objects.visible_to(staff).filter(customer=customer).select_related("recorded_by", "answered_by")
    )
    taken = [
        TimelineEvent(
            case.received_on,
            f"{case.get_kind_display()}: {case.get_category_display()}",
            case.words[:EXCERPT],
            "message",
            reverse("customers:case", args=[case.pk]),
            who=str(case.recorded_by),
        )
        for case in window.latest(rows, "received_on")
    ]
    told = [
        TimelineEvent(
            case.told_on,
            _("Answered: %(outcome)s") % {"outcome": case.get_outcome_display()},
            case.answer[:EXCERPT],
            "message",
            reverse("customers:case", args=[case.pk]),
            who=str(case.answered_by or ""),
        )
        for case in window.latest(rows.exclude(told_on=None), "told_on")
    ]
    return window.cut([*taken, *told])


def take_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """Take in what the customer complains of, asks for or praises."""
    if customer is None or not policies.may_take(staff, customer.branch):
        return None
    url = f"{reverse('customers:new-case')}?customer={customer.pk}"
    return PageAction(_("Take in a complaint"), url, "message")
