"""Rules as versions: a new one is proposed by head office and put into force by a second person of head office.

Families of rules (scorecard, contribution, tiers; the app above adds its indicators) register here. What is in force
never changes: the new version begins on a later day, and the one before ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import proposals
from branches.choices import ProposalState
from branches.models import Proposal, StaffMember
from coopcrm.shared.errors import Refused, require
from customers.matching import versions as matching
from customers.models import MatchingRule, SourceRule
from customers.provenance import bulk, survivorship
from ratings import policies, selectors
from ratings.models import RuleSet
from ratings.scorecard import card_from_json

MOST_LINES = 200


@dataclass(frozen=True)
class Family:
    """Versions of one rule: the model and which of its rows, and what a version's data must stand.

    ``effect`` counts what a proposed version would change, as lines of its proposal; ``in_words`` tells how its data
    differ from those before, where names of the data say nothing to those who sign.
    """

    code: str
    title: Any
    model: type[models.Model]
    narrow: dict[str, str]
    check: Callable[[dict], Any]
    effect: Callable[[dict], list[proposals.Line]] | None = None
    in_words: Callable[[dict, dict], list[proposals.Line]] | None = None

    @property
    def kind(self) -> str:
        """The kind of proposal that puts a version into force."""
        return f"rules.{self.code}"

    def versions(self) -> models.QuerySet:
        """Every version, the latest first."""
        return self.model.objects.filter(**self.narrow).order_by("-valid_from", "-pk")

    def last(self) -> models.Model | None:
        """The version without an end: in force, or to come."""
        return self.versions().filter(valid_to=None).first()


FAMILIES: dict[str, Family] = {}


def register(family: Family) -> None:
    """Add a family and its kind of proposal."""
    FAMILIES[family.code] = family
    proposals.kind(
        family.kind,
        title=family.title,
        may_propose=_may_sign,
        may_confirm=_may_sign,
        apply=put_into_force,
        describe=lambda staff, proposal: proposal.change["version"],
        lines=lambda staff, proposal: _lines(family, proposal),
        url=lambda proposal: reverse("ratings:rules", args=[family.code]),
        confirmers=policies.RULE_POSTS,
    )


def _lines(family: Family, proposal: Proposal) -> list[proposals.Line]:
    """From when, what it would change, and how its data differ."""
    day = proposals.Line(_("From"), proposal.before.get("valid_from"), proposal.change["valid_from"])
    if family.in_words is None:
        return [day, *changes_of(proposal), *_effect(family, proposal)]
    told = family.in_words(proposal.before.get("data") or {}, proposal.change["data"])
    return [day, *_effect(family, proposal), *told]


def _effect(family: Family, proposal: Proposal) -> list[proposals.Line]:
    """What the version would change, while somebody has to decide about it."""
    is_open = proposal.state == ProposalState.OPEN
    return family.effect(proposal.change["data"]) if family.effect and is_open else []


def _may_sign(staff: StaffMember, proposal: Proposal) -> bool:
    return policies.may_change_rules(staff)


def propose_version(
    *,
    staff: StaffMember,
    family: Family,
    version: str,
    data: dict,
    valid_from: date,
    reason: str,
    today: date,
) -> Proposal:
    """Propose a version for a day to come. Raises ``Refused`` when its data do not stand or its day has come."""
    require(policies.may_change_rules(staff), _("Head office changes the rules."))
    require(reason.strip(), _("Say why the rule changes."), code="reason_missing")
    _check(family, version, data, valid_from, today)
    change = {"version": version, "data": data, "valid_from": valid_from}
    return proposals.propose(
        family.kind, subject=family.last(), change=change, reason=reason, key=family.code, by=staff
    )


def _check(family: Family, version: str, data: dict, valid_from: date, today: date) -> None:
    if valid_from <= today:
        raise Refused(_("A rule comes into force on a later day."), code="day_has_come")
    last = family.last()
    if last is not None and valid_from <= last.valid_from:
        raise Refused(_("A later version is there already."), code="later_version")
    if family.versions().filter(version=version).exists() or data.get("code", version) != version:
        raise Refused(_("Give the version a name of its own, the same inside its data."), code="version_name")
    try:
        family.check(data)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        text = _("The data do not stand: %(error)s") % {"error": f"{type(error).__name__} {error}"[:200]}
        raise Refused(text, code="bad_data") from error


def put_into_force(proposal: Proposal, by: StaffMember) -> models.Model:
    """End the version before on the day the new one begins, and write the new one with both signatures."""
    family = FAMILIES[proposal.kind.removeprefix("rules.")]
    change, valid_from = proposal.change, date.fromisoformat(proposal.change["valid_from"])
    _check(family, change["version"], change["data"], valid_from, timezone.localdate())
    family.versions().select_for_update().filter(valid_to=None).update(valid_to=valid_from)
    return family.model.objects.create(
        **family.narrow,
        version=change["version"],
        data=change["data"],
        valid_from=valid_from,
        proposed_by=proposal.proposed_by,
        confirmed_by=by,
    )


def changes_of(proposal: Proposal) -> list[proposals.Line]:
    """What differs from the version before, value by value."""
    before = dict(_flat(proposal.before.get("data") or {}))
    after = dict(_flat(proposal.change["data"]))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [proposals.Line(name, before.get(name), after.get(name)) for name in names[:MOST_LINES]]


def _flat(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _flat(value, f"{path}.{name}" if path else str(name))
    elif isinstance(data, list):
        for number, value in enumerate(data, start=1):
            yield from _flat(value, f"{path}[{number}]")
    else:
        yield path, data


def tomorrow(today: date) -> date:
    """The first day a new version may begin."""
    return today + timedelta(days=1)


def register_own() -> None:
    """The families of this app, and that of the registry below it."""
    checks = {
        RuleSet.Kind.SCORECARD: (gettext_lazy("Scorecard"), card_from_json),
        RuleSet.Kind.CONTRIBUTION: (gettext_lazy("Contribution"), selectors.contribution_rule_of),
        RuleSet.Kind.TIERS: (gettext_lazy("Tiers"), selectors.tier_rule_of),
    }
    for kind, (title, check) in checks.items():
        register(Family(str(kind), title, RuleSet, {"kind": str(kind)}, check))
    register(
        Family(
            "sources",
            gettext_lazy("Sources of values"),
            SourceRule,
            {},
            survivorship.rule_from_json,
            bulk.effect_lines,
        )
    )
    register(
        Family(
            matching.FAMILY,
            gettext_lazy("Weights of matching"),
            MatchingRule,
            {},
            matching.check,
            matching.effect_lines,
            matching.lines_in_words,
        )
    )
