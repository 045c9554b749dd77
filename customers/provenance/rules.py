"""The version of the rule of sources that is in force."""

from __future__ import annotations

from datetime import date

from branches.models import in_force
from customers.models import SourceRule
from customers.provenance import survivorship


def rule_on(day: date) -> survivorship.Rule:
    """The rule in force on a day; the standard one where the union has set none."""
    data = SourceRule.objects.filter(in_force(day)).values_list("data", flat=True).first()
    return survivorship.rule_from_json(data or survivorship.STANDARD)
