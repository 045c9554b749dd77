"""What the pages of a customer and a household say about joining: from which records, and the way to join one more."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember
from customers import masking
from customers.merging import policies, selectors
from customers.merging.choices import MergeKind
from customers.models import Customer, Household, Merge
from customers.registries import PageAction, TimelineEvent, Window
from customers.selectors import name_for


def joined_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """The records that were joined to this one, each with the numbers that came with it."""
    merges = selectors.merges_about(customer)
    if not merges:
        return None
    numbers = selectors.numbers_of_others(merges)
    lines = [
        {
            "merge": row,
            "name": name_for(staff, row.other),
            "numbers": [
                (one.get_kind_display(), masking.mask_id(one.open("number"), "detail"))
                for one in numbers.get(row.pk, [])
            ],
        }
        for row in merges
    ]
    return "customers/merging/_joined_card.html", {"lines": lines, "may_see": policies.may_see_merges(staff)}


def joined_household_card(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> tuple | None:
    """The records of households that were joined to this one."""
    if household is None:
        return None
    merges = selectors.merges_of_household(household)
    if not merges:
        return None
    lines = [{"merge": row, "name": f"#{row.other_household_id}", "numbers": []} for row in merges]
    return "customers/merging/_joined_card.html", {"lines": lines, "may_see": policies.may_see_merges(staff)}


def join_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """The way from a household's page to the record that may be the same household."""
    if household is None or not policies.may_merge(staff, household, household):
        return None
    url = f"{reverse('customers:merges')}?household={household.pk}"
    return PageAction(_("Join with another record"), url, "git-merge")


SURVIVES = gettext_lazy("Another record was joined to this one")


def merges_told(
    staff: StaffMember, customer: Customer | None, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Joinings and their undoing in the timeline."""
    rows = Merge.objects.visible_to(staff).exclude(done_at=None)
    if customer is not None:
        rows = rows.filter(kind=MergeKind.CUSTOMER, survivor=customer)
    else:
        rows = rows.filter(kind=MergeKind.HOUSEHOLD, household__in=households)
    rows = window.latest(rows.select_related("asked_by"), "done_at", is_moment=True)
    return [
        TimelineEvent(
            row.done_at.date(),
            SURVIVES if row.is_done else _("Another record was joined to this one (taken back)"),
            row.reason,
            "git-merge",
            reverse("customers:merge", args=[row.pk]),
            who=str(row.asked_by),
        )
        for row in rows
    ]
