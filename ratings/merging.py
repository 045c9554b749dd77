"""What a merge does with ratings and tiers: nothing is added up, results of both stay and are superseded."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from customers.merging.relations import MOVE, STAY, register
from ratings.models import Contribution, CreditRating, CustomerTier, Panel

SUPERSEDED = _("Judged for the record as it was; the next rating takes its place.")


def register_relations() -> None:
    """Ratings, contributions and tiers stay with the record they were computed for; panels follow the household."""
    register(Panel, MOVE, "household")
    register(CreditRating, STAY, "household", why=SUPERSEDED)
    register(Contribution, STAY, "customer", why=SUPERSEDED)
    register(CustomerTier, STAY, "customer", why=SUPERSEDED)
