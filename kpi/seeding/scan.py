"""The first comparison of the registry with itself, so that its page and the household questions show something.

The demonstration imports no ledger, so what this comparison asks is also the first run on the page of the weights.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from customers.choices import ReviewState
from customers.matching import trials, versions
from customers.matching.nightly import scan_at_once
from customers.models import Customer, HouseholdQuestion, ReviewPair
from kpi.seeding.plan import Plan


def seed_scan(plan: Plan) -> int:
    """Compare everybody once; returns how many questions about households were put."""
    scan_at_once(as_of=plan.as_of)
    _note_run(plan.as_of)
    return HouseholdQuestion.objects.count()


def _note_run(day: date) -> None:
    """Keep the open questions that were weighed as a run of the engine, which joined nobody."""
    pairs = ReviewPair.objects.filter(state=ReviewState.OPEN, evidence__bits__has_key="base")
    asked = [(evidence["levels"], weight) for evidence, weight in pairs.values_list("evidence", "weight")]
    figures = {"weights": versions.weights_on(day).version, "mentions": Customer.objects.count()}
    versions.remember(figures | asdict(trials.run_of_questions(asked)), as_of=day)
