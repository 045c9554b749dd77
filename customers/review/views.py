"""Pages of the review: the queue, a pair side by side, a group at one look, and taking back."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from branches import proposals
from branches.choices import ProposalState
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import page_of
from customers import selectors
from customers.choices import DecisionGround, DecisionStep, PairDecision
from customers.matching import policies as matching_policies
from customers.merging import selectors as merging
from customers.models import Customer, ReviewDecision, ReviewPair
from customers.review import comparing, figures, forms, joining, policies, queue, reasons, services

KEYS = (
    ("s", gettext_lazy("same person, or confirm")),
    ("d", gettext_lazy("different persons, or decline")),
    ("l", gettext_lazy("ask at the next contact")),
    ("u", gettext_lazy("take the last decision back")),
    ("j", gettext_lazy("next pair")),
    ("k", gettext_lazy("previous pair")),
    ("g", gettext_lazy("all of the group")),
    ("m", gettext_lazy("what joining would move")),
)
form_page = require_http_methods(["GET", "POST"])


def allow(may: bool) -> None:
    """403 where the person's post does not work here."""
    if not may:
        raise PermissionDenied(_("Your post does not work with this page."))


# -- The queue ---------------------------------------------------------------------------------------------------------


@require_GET
def pairs(request: HttpRequest) -> HttpResponse:
    """Pairs the person's branches have a part in, what hangs together as one, the worthiest first."""
    allow(policies.may_review_somewhere(request.user))
    form = forms.QueueForm(request.GET)
    filters = form.filters()
    found = queue.counts(request.user, filters)
    rows = queue.with_sides(queue.queue(request.user, filters))
    page = page_of(request, rows, queue.KEYSET, size=queue.PAGE)
    groups = queue.grouped(page.rows)
    done = queue.done_today(request.user)
    context = {
        "form": forms.QueueForm(initial=vars(filters)),
        "filters": filters,
        "page": page,
        "groups": [_group_line(request.user, group, filters) for group in groups],
        "tabs": _tabs(filters, found),
        "rules": _rules(filters, found),
        "ages": _ages(filters, found),
        "progress": queue.Progress(done, found.tabs["open"]),
        "last": _last(request),
        "may_see_figures": policies.may_see_figures(request.user),
    }
    return render(request, "customers/review/queue.html", context)


def _group_line(staff, group: queue.Group, filters: queue.Filters) -> dict:
    heaviest = group.pairs[0]
    if group.is_single:
        url = reverse("customers:review-pair", args=[heaviest.pk])
    else:
        url = reverse("customers:review-group", args=[group.cluster])
    return {
        "group": group,
        "url": url + filters.query(),
        "names": " · ".join(selectors.name_for(staff, one) for one in group.people),
        "places": list(dict.fromkeys(_place(one) for one in group.people)),
        "size": len(group.people),
        "pair": heaviest,
        "why": reasons.rule_words(heaviest),
        "telling": reasons.telling(heaviest.levels),
        "chance": reasons.expected(heaviest),
        "has_credit": any(pair.worth > 0 for pair in group.pairs),
    }


def _place(person: Customer) -> str:
    return f"{person.village}, {person.branch}" if person.village else str(person.branch)


def _tabs(filters: queue.Filters, found: queue.Counts) -> list[dict]:
    return [
        {
            "label": label,
            "url": filters.query(tab=code, rule="", age="") or "?",
            "is_current": code == filters.tab,
            "count": found.tabs[code],
        }
        for code, label in queue.TABS.items()
    ]


def _rules(filters: queue.Filters, found: queue.Counts) -> list[dict]:
    words = {**reasons.duplicates.RULE_WORDS, "NAME": _("names and other evidence")}
    ranked = sorted(found.rules.items(), key=lambda one: -one[1])
    return [
        {"label": words.get(code, code), "count": n, "url": filters.query(rule=code)} for code, n in ranked
    ]


def _ages(filters: queue.Filters, found: queue.Counts) -> list[dict]:
    return [
        {"label": label, "count": found.ages[code], "url": filters.query(age=code)}
        for code, label in queue.AGES.items()
    ]


def _last(request: HttpRequest) -> dict | None:
    """The person's last decision while it can be taken back, in words."""
    decision = services.last_undoable(request.user)
    if decision is None:
        return None
    sides = (decision.pair.first, decision.pair.second)
    return {
        "decision": decision,
        "words": _decided_words(decision),
        "names": " · ".join(selectors.name_for(request.user, side) for side in sides),
    }


def _decided_words(decision: ReviewDecision) -> str:
    label = PairDecision(decision.decision).label
    if decision.step == DecisionStep.PROPOSED:
        return _("%(decision)s: proposed, a second person confirms") % {"decision": label}
    return str(label)


# -- One pair ----------------------------------------------------------------------------------------------------------


@form_page
def pair(request: HttpRequest, pk: int) -> HttpResponse:
    """Two customers side by side, and the decision whether they are one."""
    allow(policies.may_review_somewhere(request.user))
    rows = queue.with_sides(ReviewPair.objects.visible_to(request.user))
    rows = rows.select_related("first__registered_at", "second__registered_at", *rows.query.select_related)
    found = get_object_or_404(rows.prefetch_related(*_parts()), pk=pk)
    filters = forms.QueueForm(request.GET).filters()
    if request.method == "POST":
        return _decide(request, found, filters)
    return render(request, "customers/review/pair.html", _pair_context(request, found, filters))


def _pair_context(request: HttpRequest, found: ReviewPair, filters: queue.Filters) -> dict:
    staff = request.user
    first, second = comparing.sides_of(staff, found)
    before, after = queue.neighbours(staff, filters, found)
    waiting = services.waiting_for(found) if found.is_undecided else None
    may_decide = found.is_undecided and policies.may_decide_pair(staff, found)
    left = queue.queue(staff, filters).count()
    survivor = joining.proposed_survivor(found.first, found.second)
    return {
        "pair": found,
        "first": first,
        "second": second,
        "sides": (first, second),
        "keeps": [
            {"code": "first", "side": first, "letter": "A", "is_proposed": survivor.pk == found.first_id},
            {"code": "second", "side": second, "letter": "B", "is_proposed": survivor.pk == found.second_id},
        ],
        "fields": comparing.side_by_side(first, second),
        "reasons": reasons.reasons_of(found),
        "said": found.evidence.get("said", ""),
        "waiting": waiting,
        "waiting_words": PairDecision(waiting.change["decision"]).label if waiting else "",
        "may_confirm": waiting is not None and proposals.may_decide(staff, waiting),
        "may_withdraw": waiting is not None and proposals.may_withdraw(staff, waiting),
        "may_decide": may_decide and waiting is None,
        "why_two": joining.second_person(staff, found, PairDecision.SAME) if may_decide else [],
        "decisions": found.decisions.select_related("decided_by", "proposed_by").order_by("-pk")[:20],
        "group": _group_of(staff, found),
        "may_see_moves": found.is_undecided and policies.may_see_moves(staff, found),
        "previous_url": _pair_url(before, filters),
        "next_url": _pair_url(after, filters),
        "here": filters.query(),
        "progress": queue.Progress(queue.done_today(staff), left),
        "last": _last(request),
        "grounds": DecisionGround.choices,
        "may_see_weights": matching_policies.may_see_weights(staff),
        "page_keys": KEYS,
        "shown": forms.shown_now(),
    }


def _group_of(staff, found: ReviewPair) -> int | None:
    """The group's address, when other pairs hang together with this one."""
    if not found.cluster or not found.is_undecided:
        return None
    others = queue.visible_pairs(staff).undecided().filter(cluster=found.cluster).exclude(pk=found.pk)
    return found.cluster if others.exists() else None


def _pair_url(pk: int | None, filters: queue.Filters) -> str:
    return reverse("customers:review-pair", args=[pk]) + filters.query() if pk else ""


def _decide(request: HttpRequest, found: ReviewPair, filters: queue.Filters) -> HttpResponse:
    here = _pair_url(found.pk, filters)
    form = forms.DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose same, different or later."))
        return redirect(here)
    try:
        _do(request, found, form.cleaned_data)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect(here)
    following = queue.next_pair(request.user, filters, found)
    return redirect(_pair_url(following, filters) or reverse("customers:review") + filters.query())


def _do(request: HttpRequest, found: ReviewPair, given: dict) -> None:
    decision, staff = given["decision"], request.user
    if decision in (forms.CONFIRM, forms.DECLINE, forms.WITHDRAW):
        _answer(request, found, decision, given["note"])
        return
    survivor = {"first": found.first, "second": found.second}.get(given["survivor"])
    services.decide_pair(
        staff=staff,
        pair=found,
        decision=decision,
        survivor=survivor,
        ground=given["ground"] or DecisionGround.RECORDS,
        note=given["note"],
        seconds=given["shown"],
    )


def _answer(request: HttpRequest, found: ReviewPair, decision: str, note: str) -> None:
    waiting = services.waiting_for(found)
    if waiting is None:
        messages.info(request, _("Nothing waits for a second person here any more."))
    elif decision == forms.CONFIRM:
        done = proposals.confirm(waiting, by=request.user, note=note)
        if done.state == ProposalState.FAILED:
            messages.error(request, done.decision_note)
        else:
            messages.success(request, _("Confirmed."))
    elif decision == forms.DECLINE:
        proposals.decline(waiting, by=request.user, note=note)
        messages.success(request, _("Declined; the pair stands in the queue again."))
    else:
        proposals.withdraw(waiting, by=request.user)
        messages.success(request, _("Taken back; the pair stands in the queue again."))


@require_GET
def moves(request: HttpRequest, pk: int) -> HttpResponse:
    """What joining the two would move, a part of the pair's page that is fetched when somebody asks."""
    allow(policies.may_review_somewhere(request.user))
    rows = queue.with_sides(ReviewPair.objects.visible_to(request.user).undecided())
    found = get_object_or_404(rows.prefetch_related(*_parts()), pk=pk)
    allow(policies.may_see_moves(request.user, found))
    first, second = joining.root_of(found.first), joining.root_of(found.second)
    survivor = joining.proposed_survivor(first, second)
    other = second if survivor.pk == first.pk else first
    preview = merging.preview(survivor, other, staff=request.user)
    context = {
        "preview": preview,
        "lines": [line for line in preview.lines if line.moved or line.changed],
        "survivor": survivor,
        "other": other,
        "may_join": policies.may_join(request.user, found),
    }
    return render(request, "customers/review/_moves.html", context)


def _parts() -> list[str]:
    """What is compared of both sides, to be read at once."""
    names = ("documents", "phones", "memberships")
    return [f"{side}__{part}" for side in ("first", "second") for part in names]


# -- A group at one look -----------------------------------------------------------------------------------------------


@form_page
def group(request: HttpRequest, cluster: int) -> HttpResponse:
    """Customers whom several pairs join, beside each other; several pairs decided at once."""
    allow(policies.may_review_somewhere(request.user))
    rows = queue.with_sides(queue.visible_pairs(request.user).undecided().filter(cluster=cluster))
    found = list(rows.prefetch_related(*_parts()).order_by("-weight", "pk")[: services.MOST_TOGETHER])
    if not found:
        raise Http404
    together = queue.grouped(found)[0]
    filters = forms.QueueForm(request.GET).filters()
    if request.method == "POST":
        return _decide_group(request, together, filters)
    sides = [comparing.side_of(request.user, person) for person in together.people]
    place = {person.pk: number for number, person in enumerate(together.people, start=1)}
    context = {
        "group": together,
        "sides": sides,
        "fields": comparing.in_columns(sides),
        "pairs": [
            {
                "pair": one,
                "people": [
                    (place[side.pk], selectors.name_for(request.user, side))
                    for side in (one.first, one.second)
                ],
                "why": reasons.rule_words(one),
                "chance": reasons.expected(one),
                "url": _pair_url(one.pk, filters),
            }
            for one in together.pairs
        ],
        "page_keys": KEYS[:4],
        "linked": services.likely_one(together.pairs),
        "may_decide": any(policies.may_decide_pair(request.user, one) for one in together.pairs),
        "here": filters.query(),
        "last": _last(request),
        "shown": forms.shown_now(),
    }
    return render(request, "customers/review/group.html", context)


def _decide_group(request: HttpRequest, together: queue.Group, filters: queue.Filters) -> HttpResponse:
    here = reverse("customers:review-group", args=[together.cluster]) + filters.query()
    form = forms.GroupForm(together.people, request.POST)
    if not form.is_valid():
        messages.error(request, _("Mark at least two that are one person."))
        return redirect(here)
    try:
        done = services.decide_group(
            staff=request.user,
            pairs=together.pairs,
            decision=form.cleaned_data["decision"],
            people=set(form.cleaned_data["people"]),
        )
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect(here)
    text = ngettext("%(n)s pair decided.", "%(n)s pairs decided.", len(done)) % {"n": len(done)}
    messages.success(request, text)
    following = queue.next_pair(request.user, filters, together.pairs[-1])
    return redirect(_pair_url(following, filters) or reverse("customers:review") + filters.query())


# -- Taking back -------------------------------------------------------------------------------------------------------


@require_POST
@takes()
def undo(request: HttpRequest) -> HttpResponse:
    """Take the person's last decision back and show its pair again."""
    allow(policies.may_review_somewhere(request.user))
    filters = forms.QueueForm(request.GET).filters()
    try:
        undone = services.undo_last(staff=request.user)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect(reverse("customers:review") + filters.query())
    messages.success(request, _("Taken back; the pair stands in the queue again."))
    return redirect(_pair_url(undone.pair_id, filters))


# -- Figures -----------------------------------------------------------------------------------------------------------


@require_GET
def fares(request: HttpRequest) -> HttpResponse:
    """How the queue fares: what waits where, agreement with the machine by weight, time for a decision."""
    allow(policies.may_see_figures(request.user))
    decisions = figures.visible_truth(request.user)
    bands = figures.bands(decisions)
    decided = sum(band.decided for band in bands)
    context = {
        "lines": figures.by_branch(request.user),
        "bands": bands,
        "decided": decided,
        "same": sum(band.same for band in bands),
        "pace": figures.pace(decisions),
        "chart": _calibration(bands),
        "chart_columns": [{"label": _("Weight")}, {"label": _("Expected %")}, {"label": _("Decided %")}],
        "chart_rows": [
            [f"{band.low} … {band.high}", round(100 * band.expected), round(100 * band.share)]
            for band in bands
        ],
    }
    return render(request, "customers/review/figures.html", context)


def _calibration(bands: list[figures.Band]) -> dict:
    return {
        "kind": "line",
        "labels": [f"{band.low} … {band.high}" for band in bands],
        "series": [
            {"name": _("expected"), "values": [round(100 * band.expected, 1) for band in bands]},
            {"name": _("decided"), "values": [round(100 * band.share, 1) for band in bands]},
        ],
        "x": _("Weight in bits"),
        "y": _("One person, %"),
    }
