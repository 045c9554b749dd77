"""The page of the weights: what each level is worth, what errors are expected, and how both moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from customers.matching import policies, versions
from customers.matching.explain import FIELDS, NAME_WORDS, WORDS
from customers.matching.learning import gain
from customers.matching.weights import DEFAULT, Weights, probability
from customers.models import MatchingRule, MatchingRun
from customers.views import allow, form_page

MOST_RUNS, MOST_VERSIONS = 30, 20
COUNTED_IN_PERCENT = 0.01


@dataclass(frozen=True)
class LevelLine:
    """A level as the page shows it: its chances in words, bits, and by how many bits it left the product's own."""

    words: Any
    m: str
    u: str
    bits: float
    moved: float


@form_page
@takes("again")
def weights(request: HttpRequest) -> HttpResponse:
    """The weights in force; head office has new ones learned, or earlier ones proposed again."""
    allow(policies.may_see_weights(request.user))
    may_propose = policies.may_propose_weights(request.user)
    if request.method == "POST":
        allow(may_propose)
        return _propose(request)
    now = versions.weights_on(timezone.localdate())
    runs = list(MatchingRun.objects.order_by("-pk").defer("patterns", "strangers")[:MOST_RUNS])[::-1]
    context = {
        "weights": now,
        "tables": _tables(now),
        "link_percent": 100 * probability(now.link),
        "ask_percent": 100 * probability(now.ask),
        "last": runs[-1] if runs else None,
        "rules": MatchingRule.objects.select_related("proposed_by", "confirmed_by").order_by("-valid_from")[
            :MOST_VERSIONS
        ],
        "may_propose": may_propose,
        "own": DEFAULT.version,
        **_chart(runs),
    }
    return render(request, "customers/matching/weights.html", context)


def _propose(request: HttpRequest) -> HttpResponse:
    given, earlier = {"staff": request.user, "today": timezone.localdate()}, request.POST.get("again", "")
    try:
        found = (
            versions.propose_again(earlier=earlier, **given) if earlier else versions.propose_learned(**given)
        )
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("customers:weights")
    messages.success(request, _("Proposed. Another person of head office confirms it."))
    return redirect("branches:proposal", found.pk)


def _tables(now: Weights) -> list[tuple[Any, list[LevelLine]]]:
    words, moved = {"name": NAME_WORDS, **WORDS}, gain(DEFAULT, now)
    return [
        (
            FIELDS[kind],
            [
                LevelLine(
                    words[kind].get(name, name),
                    chance(level.m),
                    chance(level.u),
                    level.bits,
                    moved.get(kind, {}).get(name, 0.0),
                )
                for name, level in table.items()
            ],
        )
        for kind, table in now.tables.items()
    ]


def chance(share: float) -> str:
    """Return a share of one in percent, and below one percent as one in so many, to two digits."""
    if share >= COUNTED_IN_PERCENT:
        return f"{float(f'{100 * share:.3g}'):g} %"
    return _("1 in %(n)s") % {"n": number_format(int(float(f"{1 / share:.2g}")), force_grouping=True)}


def _chart(runs: Sequence[MatchingRun]) -> dict[str, Any]:
    """Errors expected of each run: wrong links, and questions that are one person, of a hundred."""
    labels = [f"{run.as_of:%Y-%m-%d} {run.weights}" for run in runs]
    wrong = [_of_a_hundred(run.expected_wrong, run.links) for run in runs]
    missed = [_of_a_hundred(run.expected_missed, run.questions) for run in runs]
    series = [
        {"name": _("wrong of 100 links"), "values": wrong},
        {"name": _("one person of 100 questions"), "values": missed},
    ]
    return {
        "chart": {"kind": "line", "labels": labels, "series": series, "x": _("Run"), "y": "%"},
        "chart_columns": [
            {"label": _("Run")},
            {"label": _("Linked")},
            {"label": _("Wrong expected, %")},
            {"label": _("Questions")},
            {"label": _("One person expected, %")},
        ],
        "chart_rows": [
            [label, run.links, wrong[i], run.questions, missed[i]]
            for i, (label, run) in enumerate(zip(labels, runs, strict=True))
        ],
    }


def _of_a_hundred(part: float, whole: int) -> float | None:
    """A share of a hundred; nothing where nothing was linked or asked, so that the line has a gap."""
    return round(100 * part / whole, 1) if whole else None
