"""Which of several statements about one attribute is shown, and whether they contradict each other (handbook §6.8).

The rule knows neither who recorded a statement nor in which order they arrived: the same statements in any order give
the same value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from coopcrm.shared.plain import Result

SOURCES = ("document", "core", "seen", "ledger", "said")
DISPUTE, NEWEST = "dispute", "newest"
_IDENTITY = {
    "order": [["document"], ["core"], ["seen"], ["ledger"], ["said"]],
    "equals": DISPUTE,
    "holds_days": None,
    "dispute_days": 365,
}
_CONTACT = {
    "order": [["document", "core", "seen"], ["said"], ["ledger"]],
    "equals": NEWEST,
    "holds_days": 1095,
    "dispute_days": 365,
}
STANDARD: dict[str, Any] = {
    "code": "sources-2026",
    "attributes": {
        **dict.fromkeys(("name", "sex", "birth_date"), _IDENTITY),
        **dict.fromkeys(("village", "group_no", "address", "occupation"), _CONTACT),
    },
    "other": _CONTACT,
}
"""What a union begins with: papers decide who somebody is, the newest trusted word where and how somebody lives."""


@dataclass(frozen=True)
class Said:
    """A statement as the rule sees it; two agree when ``compared`` is the same."""

    pk: int
    value: str
    compared: str
    source: str
    observed_on: date
    corrects: int | None = None
    settles: bool = False


@dataclass(frozen=True)
class AttributeRule:
    """How statements about one attribute are weighed.

    ``tiers`` gives each source its place in trust, 0 the strongest. A statement that the newest one is more than
    ``holds_days`` younger than has lost its trust and stands behind all others; None: trust never ends. Of two equals
    the newest is shown; with ``equals_dispute`` they are in dispute, and what was observed first stays on show until
    a person decides. A dispute it is too when a weaker statement contradicts that is more than ``dispute_days``
    younger than the last word for the shown value.
    """

    tiers: Mapping[str, int]
    equals_dispute: bool
    holds_days: int | None
    dispute_days: int | None


@dataclass(frozen=True)
class Decision(Result):
    """The statement that is shown, its value, whether others contradict it, and by which values."""

    pk: int
    value: str
    is_disputed: bool
    against: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A version of the rule: attributes by their codes, and what holds for those it does not name."""

    version: str
    attributes: Mapping[str, AttributeRule]
    other: AttributeRule

    def of(self, attribute: str) -> AttributeRule:
        """The part of the rule that weighs statements about this attribute."""
        return self.attributes.get(attribute, self.other)


def rule_from_json(data: Mapping[str, Any]) -> Rule:
    """Read a version's data. Raises ``KeyError``, ``TypeError`` or ``ValueError`` where it does not stand."""
    attributes = {str(name): _attribute_rule(part) for name, part in data["attributes"].items()}
    return Rule(str(data["code"]), attributes, _attribute_rule(data["other"]))


def _attribute_rule(part: Mapping[str, Any]) -> AttributeRule:
    tiers = {source: place for place, tier in enumerate(part["order"]) for source in tier}
    named = [source for tier in part["order"] for source in tier]
    if sorted(named) != sorted(SOURCES):
        raise ValueError("the order names every source once: " + ", ".join(SOURCES))
    if part["equals"] not in (DISPUTE, NEWEST):
        raise ValueError(f"equals is {DISPUTE} or {NEWEST}")
    days = {name: _days(part[name], name) for name in ("holds_days", "dispute_days")}
    return AttributeRule(tiers, part["equals"] == DISPUTE, **days)


def _days(value: Any, name: str) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise ValueError(f"{name} is a number of days or null")
    return value


def standing(statements: Iterable[Said]) -> list[Said]:
    """Statements that still compete: not corrected, and not from before the last settlement."""
    statements = list(statements)
    corrected = {said.corrects for said in statements}
    left = [said for said in statements if said.pk not in corrected]
    settled = max((said for said in left if said.settles), key=lambda s: (s.observed_on, s.pk), default=None)
    if settled is None:
        return left
    return [
        said
        for said in left
        if said is settled or (said.observed_on >= settled.observed_on and said.pk > settled.pk)
    ]


def decide(statements: Iterable[Said], rule: AttributeRule) -> Decision | None:
    """The shown statement of one attribute; None without any."""
    left = standing(statements)
    if not left:
        return None
    newest = max(said.observed_on for said in left)

    def standing_of(said: Said) -> tuple[bool, int]:
        is_spent = rule.holds_days is not None and (newest - said.observed_on).days > rule.holds_days
        return is_spent, 0 if said.settles else rule.tiers[said.source]

    def place(said: Said) -> tuple:
        day = said.observed_on.toordinal()
        return *standing_of(said), day if rule.equals_dispute else -day, said.compared, said.value, said.pk

    shown = min(left, key=place)
    others = [said for said in left if said.compared != shown.compared]
    confirmed_on = max(said.observed_on for said in left if said.compared == shown.compared)
    against = [
        said
        for said in others
        if _is_equal(said, shown, rule, standing_of) or _is_much_newer(said, confirmed_on, rule)
    ]
    return Decision(shown.pk, shown.value, bool(against), tuple(sorted({said.value for said in against})))


def _is_equal(said: Said, shown: Said, rule: AttributeRule, standing_of: Any) -> bool:
    if standing_of(said) != standing_of(shown):
        return False
    return rule.equals_dispute or said.observed_on == shown.observed_on


def _is_much_newer(said: Said, confirmed_on: date, rule: AttributeRule) -> bool:
    return rule.dispute_days is not None and (said.observed_on - confirmed_on).days > rule.dispute_days
