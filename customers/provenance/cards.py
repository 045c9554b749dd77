"""What the customer's page shows of provenance: quality with what to ask, the way to correct, a badge for disputes."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers.choices import CustomerKind
from customers.models import Customer, Household
from customers.provenance import asking, policies, quality
from customers.provenance.attributes import ATTRIBUTES
from customers.provenance.records import quality_of
from customers.registries import PageAction, PageBadge, page_actions, page_badges, page_cards


def quality_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """How good a person's record is, part by part, and what to ask at the next contact."""
    if customer.kind != CustomerKind.PERSON:
        return None
    found = quality_of(customer, timezone.localdate())
    context = {
        "person": customer,
        "quality": found,
        "parts": [
            {"label": label, "good": found.fractions[name][0], "cases": found.fractions[name][1]}
            for name, label in part_words().items()
            if found.fractions[name][1]
        ],
        "task": asking.open_task_of(customer),
        "may_ask": policies.may_state(staff, customer),
    }
    return "customers/provenance/_quality_card.html", context


def part_words() -> dict[str, str]:
    """The parts of the score in words."""
    words = (_("completeness"), _("validity"), _("freshness"), _("uniqueness"))
    return dict(zip(quality.WEIGHTS, words, strict=True))


def correct_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """The way to everything that was said of a person, and to correct it."""
    if customer is None or not policies.may_state(staff, customer):
        return None
    url = reverse("customers:statements", args=[customer.pk])
    return PageAction(_("Correct or add to what we know"), url, "edit")


def disputed_badge(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> list[PageBadge]:
    """Which values of the person contradict each other."""
    if customer is None or not customer.disputed:
        return []
    labels = ", ".join(ATTRIBUTES[code].label.lower() for code in customer.disputed if code in ATTRIBUTES)
    return [PageBadge(label=_("disputed: %(what)s") % {"what": labels}, tone="warn", icon="alert-triangle")]


def register() -> None:
    """Called once, when the apps are ready."""
    page_cards.register("customers.quality", quality_card, place="side", order=400)
    page_actions.register("customers.correct", correct_action, order=250)
    page_badges.register("customers.disputed", disputed_badge, order=910)
    asking.register()
