"""What ratings know of persons: for copies and erasures, and the decisions a person may ask about."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers import registries
from customers.models import Customer, Household
from customers.personal import PersonalTable
from customers.personal import register as register_table
from ratings import overview
from ratings.models import Contribution, CreditRating, CustomerTier, Panel, PanelVote

TABLES = (
    PersonalTable(Panel, household="household", day="held_on"),
    PersonalTable(
        PanelVote,
        household="panel__household",
        day="panel__held_on",
        figures=("*",),
        hides=("member", "staff"),
    ),
    PersonalTable(CreditRating, household="household", day="as_of", figures=("*",), hides=("job_id",)),
    PersonalTable(Contribution, owners=("customer",), figures=("*",), hides=("job_id",)),
    PersonalTable(CustomerTier, owners=("customer",), figures=("*",), hides=("job_id",)),
)


def register() -> None:
    """Let the tables take part in copies and erasures, and name the ratings that are to be explained."""
    for table in TABLES:
        register_table(table)
    registries.judgements.register("ratings.rating", rating_to_explain)


def rating_to_explain(
    staff: StaffMember, customer: Customer, household: Household | None
) -> list[tuple[str, str]]:
    """The rating in force: its sheet shows points, caps and codes."""
    rows = CreditRating.objects.visible_to(staff).filter(household=household)
    if household is None or not rows.exists():
        return []
    rating = overview.latest_of(household)
    words = _("Rating of %(day)s: %(grade)s") % {
        "day": rating.as_of,
        "grade": rating.grade or rating.get_status_display(),
    }
    return [(words, reverse("ratings:rating", args=[rating.pk]))]
