"""The weights in force, versions of them, and what a version would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import proposals
from branches.models import Proposal, StaffMember, in_force
from coopcrm.shared.errors import require
from customers.matching import policies, trials
from customers.matching.clusters import Links
from customers.matching.explain import FIELDS, NAME_WORDS, WORDS
from customers.matching.learning import gain
from customers.matching.mentions import Mention
from customers.matching.weights import DEFAULT, Weights
from customers.models import MatchingRule, MatchingRun
from customers.review.figures import decisions_as_truth

FAMILY = "matching"
"""The family of rules under which a version is proposed and put into force."""

MOST_BITS = 40.0
LIMITS = (
    ("link", gettext_lazy("linked by machine from here")),
    ("ask", gettext_lazy("asked from here")),
    ("margin", gettext_lazy("Lead over somebody who is surely another")),
    ("partners", gettext_lazy("Other rows of the same person, on average")),
)


def weights_on(day: date) -> Weights:
    """The weights in force on a day; those that travel with the product where the union has set none."""
    row = MatchingRule.objects.filter(in_force(day)).first()
    return Weights.from_payload(row.version, row.data) if row else DEFAULT


def check(data: Mapping[str, Any]) -> Weights:
    """Read the data of a version. Raises ``ValueError`` or ``KeyError`` where they do not stand."""
    weights = Weights.from_payload(data.get("code", ""), data)
    for kind, table in DEFAULT.tables.items():
        if missing := set(table) - set(data["tables"].get(kind, {})):
            raise ValueError(f"{kind}: {', '.join(sorted(missing))}")
        if any(not (0 < level.u <= 1 and 0 < level.m <= 1) for level in weights.tables[kind].values()):
            raise ValueError(f"{kind}: 0 < m, u <= 1")
    if not -MOST_BITS <= weights.ask <= weights.link <= MOST_BITS or weights.link <= 0:
        raise ValueError("ask <= link, link > 0")
    if weights.partners <= 0 or weights.margin < 0:
        raise ValueError("partners > 0, margin >= 0")
    return weights


def effect_lines(data: dict) -> list[proposals.Line]:
    """What a version would have made of the last run, for those who decide about it."""
    run = MatchingRun.objects.order_by("-pk").first()
    if run is None:
        return []
    today = timezone.localdate()
    found = trials.effect(run.patterns, weights_on(today), check(data))
    return [
        proposals.Line(_("Linked pairs of the last run"), found.linked_before, found.linked_after),
        proposals.Line(_("Questions of the last run"), found.asked_before, found.asked_after),
        proposals.Line(_("Linked that were asked about"), 0, found.newly_linked),
        proposals.Line(_("No longer linked"), 0, found.no_longer_linked),
        proposals.Line(
            _("Wrong links expected"), round(run.expected_wrong, 1), round(found.expected_wrong, 1)
        ),
    ]


def lines_in_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[proposals.Line]:
    """What moves from one version to another, in bits, most first; ``before`` is empty where none was set."""
    old, new = Weights.from_payload("", before) if before else DEFAULT, check(after)
    words, label = {"name": NAME_WORDS, **WORDS}, _("%(field)s: %(level)s (bits)")
    moved = sorted(
        ((abs(bits), kind, level) for kind, table in gain(old, new).items() for level, bits in table.items()),
        reverse=True,
    )
    found = [
        (
            label % {"field": FIELDS[kind], "level": words[kind].get(level, level)},
            f"{old.bits[kind].get(level, 0.0):+.1f}",
            f"{new.bits[kind][level]:+.1f}",
        )
        for _moved, kind, level in moved
    ]
    found += [(words, f"{getattr(old, name):+.1f}", f"{getattr(new, name):+.1f}") for name, words in LIMITS]
    return [proposals.Line(*line) for line in found if line[1] != line[2]]


def figures_of(links: Links, mentions: Sequence[Mention], weights: Weights) -> dict[str, Any]:
    """What a run joined and asked and the errors it expects: plain values, kept by a preview until it is written."""
    return {"weights": weights.version, "mentions": len(mentions), **asdict(trials.run_of(links, mentions))}


def remember(figures: Mapping[str, Any], *, as_of: date) -> MatchingRun:
    """Keep the figures of a run that was written."""
    return MatchingRun.objects.create(as_of=as_of, **figures)


def next_version(day: date) -> str:
    """A name for the next version, by year and number."""
    known = MatchingRule.objects.filter(version__startswith=f"{day.year}-L").count()
    return f"{day.year}-L{known + 1}"


def propose_learned(*, staff: StaffMember, today: date) -> Proposal:
    """Propose the weights that the last run and the decisions of people teach; a second person confirms them.

    Raises ``Refused`` where there was no run yet.
    """
    require(policies.may_propose_weights(staff), _("Head office changes the rules."))
    run = MatchingRun.objects.order_by("-pk").values("patterns", "strangers").first()
    require(run is not None, _("Nothing was matched yet from which weights could be learned."), code="no_run")
    version = next_version(today)
    weights = trials.learned_from(run, weights_on(today), decisions_as_truth(), version)
    return _propose(staff, weights, version, today, _("Learned from the last run and from decisions."))


def propose_again(*, staff: StaffMember, earlier: str, today: date) -> Proposal:
    """Propose the weights of an earlier version, or those that travel with the product, as a new version.

    What is in force never changes, so the way back is a version like the earlier one. Raises ``Refused`` where there
    is no such version.
    """
    require(policies.may_propose_weights(staff), _("Head office changes the rules."))
    row = MatchingRule.objects.filter(version=earlier).first()
    require(row is not None or earlier == DEFAULT.version, _("There is no such version."), code="no_version")
    weights = Weights.from_payload(row.version, row.data) if row else DEFAULT
    reason = _("Back to the weights of %(version)s.") % {"version": earlier}
    return _propose(staff, weights, next_version(today), today, reason)


def _propose(staff: StaffMember, weights: Weights, version: str, today: date, reason: str) -> Proposal:
    last = MatchingRule.objects.filter(valid_to=None).first()
    begins = max(today, last.valid_from if last else today) + timedelta(days=1)
    data = {**weights.as_payload(), "code": version}
    change = {"version": version, "data": data, "valid_from": begins}
    return proposals.propose(
        f"rules.{FAMILY}", subject=last, change=change, reason=reason, key=FAMILY, by=staff
    )
