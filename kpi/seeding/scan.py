"""The first comparison of the registry with itself, so that its page and the household questions show something."""

from __future__ import annotations

from customers.matching.nightly import scan_at_once
from customers.models import HouseholdQuestion
from kpi.seeding.plan import Plan


def seed_scan(plan: Plan) -> int:
    """Compare everybody once; returns how many questions about households were put."""
    scan_at_once(as_of=plan.as_of)
    return HouseholdQuestion.objects.count()
