"""What waits for a second signature: the queue, one proposal, and lists that are confirmed after a sample."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import proposals
from branches.choices import ProposalState
from branches.models import Proposal, ProposalBatch, StaffMember
from branches.views.common import allow_posted
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in

PAGE = 50
WAITING, MINE, DECIDED = "waiting", "mine", "decided"


def row_of(staff: StaffMember, proposal: Proposal) -> dict:
    """A line of a list: the proposal, its kind and its subject in words."""
    return {
        "proposal": proposal,
        "title": proposals.title_of(proposal),
        "subject": proposals.subject_in_words(staff, proposal),
    }


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What the person decides, what the person proposed, what was decided."""
    allow_posted(request)
    staff, tab, after = request.user, request.GET.get("tab", WAITING), ""
    waiting = proposals.waiting_for(staff)
    if tab in (MINE, DECIDED):
        rows = Proposal.objects.visible_to(staff)
        rows = (
            rows.filter(proposed_by=staff) if tab == MINE else rows.exclude(state=ProposalState.OPEN)
        ).select_related("branch", "asked_from", "proposed_by", "decided_by")
        if (last := id_in(request.GET.get("after", ""))) is not None:
            rows = rows.filter(pk__lt=last)
        found = list(rows.order_by("-pk")[: PAGE + 1])
        after = found[PAGE - 1].pk if len(found) > PAGE else ""
        found = found[:PAGE]
    else:
        tab, found = WAITING, waiting
    labels = ((WAITING, _("To decide")), (MINE, _("Proposed by me")), (DECIDED, _("Decided")))
    context = {
        "tab": tab,
        "rows": [row_of(staff, row) for row in proposals.with_subjects(found)],
        "after": after,
        "tabs": [
            {
                "label": label,
                "url": f"?tab={code}",
                "is_current": code == tab,
                "count": len(waiting) if code == WAITING else None,
            }
            for code, label in labels
        ],
        "lists": lists_of(waiting) if tab == WAITING else [],
    }
    return render(request, "branches/proposals.html", context)


def lists_of(waiting: list[Proposal]) -> list[dict]:
    """Like proposals that may be confirmed together."""
    lists = []
    for code, rows in groupby(sorted(waiting, key=lambda row: row.kind), key=lambda row: row.kind):
        number = len(list(rows))
        if proposals.KINDS[code].together and number > 1:
            sample = proposals.sample_size(number)
            lists.append(
                {"kind": code, "title": proposals.KINDS[code].title, "number": number, "sample": sample}
            )
    return lists


@require_http_methods(["GET", "HEAD", "POST"])
@takes("deed", "note")
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Before and after, who asks and why; the second person confirms or declines."""
    rows = Proposal.objects.visible_to(request.user).select_related(
        "branch", "asked_from", "proposed_by", "decided_by"
    )
    found = get_object_or_404(rows, pk=pk)
    if request.method == "POST":
        return _decide(request, found)
    context = {
        **row_of(request.user, found),
        "lines": proposals.lines_of(request.user, found),
        "url": proposals.url_of(found),
        "may_decide": proposals.may_decide(request.user, found),
        "may_withdraw": proposals.may_withdraw(request.user, found),
        "is_late": found.state == ProposalState.OPEN and found.expires_at <= timezone.now(),
    }
    return render(request, "branches/proposal.html", context)


def _decide(request: HttpRequest, found: Proposal) -> HttpResponse:
    deed, note = request.POST.get("deed", ""), request.POST.get("note", "").replace("\x00", "")
    try:
        if deed == "confirm":
            found = proposals.confirm(found, by=request.user, note=note)
        elif deed == "decline":
            found = proposals.decline(found, by=request.user, note=note)
        elif deed == "withdraw":
            found = proposals.withdraw(found, by=request.user)
        else:
            messages.error(request, _("Choose confirm or decline."))
            return redirect("branches:proposal", found.pk)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("branches:proposal", found.pk)
    if found.state == ProposalState.FAILED:
        messages.error(request, found.decision_note)
        return redirect("branches:proposal", found.pk)
    said = {
        ProposalState.CONFIRMED: _("Confirmed and carried out."),
        ProposalState.DECLINED: _("Declined; nothing has changed."),
        ProposalState.WITHDRAWN: _("Withdrawn; nothing has changed."),
    }
    messages.success(request, said[found.state])
    return redirect("branches:proposal", found.pk)


@require_POST
@takes("kind")
def together(request: HttpRequest) -> HttpResponse:
    """Draw the sample that is opened before like proposals are confirmed together."""
    allow_posted(request)
    try:
        drawn = proposals.draw_sample(request.POST.get("kind", ""), by=request.user)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("branches:proposals")
    return redirect("branches:proposal-batch", drawn.pk)


def own_batch(request: HttpRequest, pk: int) -> ProposalBatch:
    """A list the person drew a sample of, or 404."""
    return get_object_or_404(ProposalBatch, pk=pk, confirmer=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
@takes()
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """The sample to open, and the button that confirms all."""
    drawn = own_batch(request, pk)
    if request.method == "POST":
        return _confirm_batch(request, drawn)
    sample = Proposal.objects.filter(pk__in=drawn.sample_ids).select_related("branch", "proposed_by")
    shown = proposals.with_subjects(list(sample.order_by("pk")))
    opened = set(drawn.opened_ids)
    context = {
        "batch": drawn,
        "title": getattr(proposals.KINDS.get(drawn.kind), "title", drawn.kind),
        "rows": [{**row_of(request.user, row), "is_opened": row.pk in opened} for row in shown],
        "number": len(drawn.proposal_ids),
        "left": len(set(drawn.sample_ids) - opened),
        "is_open": not (drawn.confirmed_at or drawn.voided_at),
    }
    return render(request, "branches/proposal_batch.html", context)


def _confirm_batch(request: HttpRequest, drawn: ProposalBatch) -> HttpResponse:
    try:
        counts = proposals.confirm_together(drawn, by=request.user)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("branches:proposal-batch", drawn.pk)
    if not counts:
        messages.error(request, _("Something in the sample was not right: decide the others one by one."))
        return redirect("branches:proposals")
    done, failed = counts.get(ProposalState.CONFIRMED, 0), counts.get(ProposalState.FAILED, 0)
    messages.success(request, ngettext("%(n)d confirmed.", "%(n)d confirmed.", done) % {"n": done})
    if failed:
        text = ngettext("%(n)d could not be carried out.", "%(n)d could not be carried out.", failed)
        messages.error(request, text % {"n": failed})
    return redirect("branches:proposals")


@require_POST
@takes()
def open_sample(request: HttpRequest, pk: int, proposal: int) -> HttpResponse:
    """Note that one of the sample is opened, and open it."""
    drawn = own_batch(request, pk)
    found = get_object_or_404(Proposal.objects.visible_to(request.user), pk=proposal)
    try:
        proposals.open_of_sample(drawn, found.pk, by=request.user)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("branches:proposal-batch", drawn.pk)
    return redirect("branches:proposal", found.pk)
