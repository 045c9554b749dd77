"""The auditor's pages: what everybody did, one person's story as of any day, the seals of the chain."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from branches.ledger import policies, selectors, words
from branches.ledger.forms import DayForm, LedgerFilter, end_of
from coopcrm.shared import audit
from coopcrm.shared.models import AuditEntry, AuditSeal, Deed
from coopcrm.shared.paging import page_of

BADGES = {
    Deed.INSERT: "ok",
    Deed.UPDATE: "info",
    Deed.DELETE: "danger",
    Deed.REFUSAL: "warn",
    Deed.READING: "info",
}


def require_auditor(request: HttpRequest) -> None:
    """The ledger is read by auditors."""
    if not policies.may_read_ledger(request.user):
        raise PermissionDenied(_("The ledger of deeds is read by the auditor."))


def require_seal_reader(request: HttpRequest) -> None:
    """Seals are printed by the auditor and head office."""
    if not policies.may_read_seals(request.user):
        raise PermissionDenied(_("Seals are printed by the auditor and head office."))


def tabs(request: HttpRequest, current: str) -> list[dict]:
    """The places of the auditor's desk."""
    labels = {
        "all": _("All deeds"),
        "readings": _("Who saw whom"),
        "refusals": _("Refused"),
        "sign_ins": _("Sign-ins"),
    }
    places = [(code, label, f"{reverse('branches:audit')}?tab={code}") for code, label in labels.items()]
    places.append(("seals", _("Seals"), reverse("branches:audit-seals")))
    if not policies.may_read_ledger(request.user):
        places = places[-1:]
    return [{"label": label, "url": url, "is_current": code == current} for code, label, url in places]


def line_of(entry: AuditEntry, names: dict[int, str]) -> dict:
    """An entry as a line of a list."""
    return {
        "entry": entry,
        "tone": BADGES.get(entry.deed, "neutral"),
        "row": words.row_in_words(entry),
        "person": names.get(entry.subject_id, ""),
        "who": entry.actor_name or _("unknown"),
    }


def lines_of(entries: list[AuditEntry]) -> list[dict]:
    names = selectors.names_of(entries)
    return [line_of(entry, names) for entry in entries]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The ledger, newest first, narrowed by who, what, which row, when and outcome."""
    require_auditor(request)
    tab = request.GET.get("tab", "all")
    tab = tab if tab in selectors.TABS else "all"
    form = LedgerFilter(request.GET)
    page = page_of(request, form.narrow(selectors.entries_of(tab)), selectors.LIST)
    context = {
        "tabs": tabs(request, tab),
        "tab": tab,
        "form": form,
        "page": page,
        "lines": lines_of(page.rows),
    }
    return render(request, "audit/search.html", context)


@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry with every column that it changed."""
    require_auditor(request)
    found = audit.entries().filter(id=pk).first()
    if found is None:
        raise Http404
    is_change = found.deed in (Deed.INSERT, Deed.UPDATE, Deed.DELETE)
    seal = AuditSeal.objects.using(audit.reading_alias()).defer("leaves")
    context = {
        "line": lines_of([found])[0],
        "changes": words.changes_of(found) if is_change else [],
        "detail": [] if is_change else sorted((found.new or found.old or {}).items()),
        "is_blank": is_change and found.old is None and found.new is None,
        "seal": seal.filter(
            from_position__lte=found.position,
            to_position__gt=found.position,
            after_id__lt=found.id,
            upto_id__gte=found.id,
        ).first(),
        "digest": bytes(found.digest).hex(),
    }
    return render(request, "audit/entry.html", context)


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Every change and reading that touches one person, and the person's rows as they stood on a day."""
    require_auditor(request)
    subjects = audit.subjects()
    found = get_object_or_404(subjects.model, pk=pk)
    form = DayForm(request.GET)
    day = (form.cleaned_data["day"] if form.is_valid() else None) or timezone.localdate()
    rows = selectors.story_of(pk, subjects.related(pk), before=end_of(day))
    page = page_of(request, rows, selectors.LIST)
    audit.record(Deed.READING, subject=found, purpose="audit", detail={"as_of": str(day)})
    context = {
        "person": found,
        "url": reverse(subjects.url_name, args=[pk]),
        "form": DayForm(initial={"day": day.isoformat()}),
        "day": day,
        "page": page,
        "lines": lines_of(page.rows),
        "then": selectors.rows_then(pk, before=end_of(day)),
    }
    return render(request, "audit/person.html", context)


@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """The chain: how it stands, and its seals, latest first."""
    require_seal_reader(request)
    rows = AuditSeal.objects.using(audit.reading_alias()).defer("leaves")
    page = page_of(request, rows, selectors.SEALS)
    shown = [(seal, bytes(seal.digest).hex()) for seal in page.rows]
    context = {
        "tabs": tabs(request, "seals"),
        "state": selectors.chain_state(),
        "page": page,
        "seals": shown,
        "most": selectors.MOST_COUNTED,
        "checked": selectors.CHECKED_SEALS,
    }
    return render(request, "audit/seals.html", context)


@require_safe
def seal(request: HttpRequest, number: int) -> HttpResponse:
    """One seal, for printing and signing: whoever holds the paper can show that nothing before it was changed."""
    require_seal_reader(request)
    rows = AuditSeal.objects.using(audit.reading_alias()).defer("leaves")
    found = get_object_or_404(rows, pk=number)
    digest = bytes(found.digest).hex()
    context = {
        "seal": found,
        "digest": digest,
        "groups": [digest[start : start + 8] for start in range(0, len(digest), 8)],
        "command": f"manage.py verify_audit --expect {found.number}:{digest}",
    }
    return render(request, "audit/seal.html", context)
