"""What this room puts on the pages of customer and household: deeds, what waits, who is away."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers.homes import farm, forms, policies, selectors, story
from customers.models import CropSeason, Customer, Household
from customers.policies import may_record_facts
from customers.registries import PageAction, PageBadge

SHOWN_EVENTS = 5


def action_of(deed: str):
    """The action that opens the form of one event."""
    form = forms.LIFE[deed]

    def action(staff: StaffMember, customer: Customer | None, household: Household | None):
        if household is None or not policies.may_keep(staff, household) or household.valid_to is not None:
            return None
        url = reverse("customers:life", args=[household.pk, deed])
        if customer is not None and customer.pk != household.head_id:
            url = f"{url}?member={customer.pk}"
        return PageAction(str(form.title), url, form.icon)

    action.__doc__ = f"Open the form of a {deed}."
    return action


def life_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """Everything that happened, and the rarer deeds."""
    if household is None or not policies.may_keep(staff, household):
        return None
    return PageAction(
        _("Life of the household"), reverse("customers:home-events", args=[household.pk]), "history"
    )


def life_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """What waits for a review or a head, what is marked, and the last events."""
    if household is None:
        return None
    rows = selectors.veiled_events(household, staff, SHOWN_EVENTS)
    waiting = selectors.awaits_review(household)
    mark = selectors.empty_mark(household)
    return "customers/homes/_life_card.html", {
        "household": household,
        "events": [(row, story.title_of(row)) for row in rows],
        "waiting": waiting,
        "lacks_head": household.head_id is None and household.valid_to is None,
        "empty": mark,
        "may_review": policies.may_review(staff, household),
        "may_keep": policies.may_keep(staff, household),
    }


def tree_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """The household as a small tree."""
    if household is None:
        return None
    return "customers/homes/_tree_card.html", {
        "household": household,
        "tree": selectors.tree(household, timezone.localdate(), staff),
        "person": customer,
    }


def family_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """The household's tree on the page of one of its people."""
    if (found := tree_card(staff, customer, household)) is None:
        return None
    template, context = found
    return template, context | {"links": True}


def farm_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """Land, crops of the last season, animals, machines and work, with the income of the seasons as a small line."""
    if household is None:
        return None
    found = farm.farm_of(household)
    last = found.seasons[-1] if found.seasons else None
    crops = [row for row in found.rows["crops"] if last and _is_of(row, last)]
    incomes = [row["actual_income"] for row in found.seasons if row["actual_income"] is not None]
    return "customers/homes/_farm_card.html", {
        "household": household,
        "farm": found,
        "last": last,
        "crops": crops,
        "incomes": [float(value) for value in incomes],
        "away": [row for row in found.rows["labour"] if row.months_away],
        "may_record": may_record_facts(staff, household),
    }


def _is_of(row: CropSeason, season: dict) -> bool:
    return f"{row.year} {row.get_season_display()}" == season["label"]


def badges(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> list[PageBadge] | None:
    """A household in which nobody lives, one that was closed, a person who is away."""
    if household is None:
        return None
    found = []
    if household.valid_to is not None:
        found.append(PageBadge(label=_("closed"), title=str(household.valid_to)))
    if (mark := selectors.empty_mark(household)) is not None:
        left_out = _("left out of coverage") if mark.left_out_on else _("counts in coverage")
        found.append(PageBadge(label=_("empty registration"), tone="warn", title=left_out))
    return found


def absence_badge(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> list[PageBadge] | None:
    """A migrant, and where to."""
    if customer is None or household is None:
        return None
    away = selectors.absences_on(household, timezone.localdate()).get(customer.pk)
    if away is None:
        return None
    return [PageBadge(label=_("migrant"), tone="info", icon="map", title=away.where_to)]
