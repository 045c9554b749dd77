"""Pages of the life of a household: a guided form for each event with a preview in words, review, taking back."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from coopcrm.shared.errors import DomainError
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in
from customers import readings
from customers.homes import corrections, forms, marks, policies, selectors, story
from customers.models import HouseholdEvent
from customers.pages.views import day_asked
from customers.selectors import place
from customers.views import allow, form_page, own_household


@form_page
def life(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Write down an event: first what it changes in words, then, confirmed, done."""
    form_class = forms.LIFE.get(deed)
    if form_class is None:
        raise Http404
    household = own_household(request, pk)
    allow(policies.may_keep(request.user, household))
    asked = {name: request.GET[name] for name in ("member", "partner") if id_in(request.GET.get(name, ""))}
    form = form_class(
        request.POST or None,
        household=household,
        staff=request.user,
        initial=_initial(asked, household),
    )
    context = {
        "form": form,
        "household": household,
        "place": place(household),
        "tree": selectors.tree(household, timezone.localdate(), request.user),
    }
    if request.method == "POST" and form.is_valid():
        confirmed = request.POST.get("seen") == form.digest()
        lines = _try(form, keep=confirmed)
        if lines is not None and confirmed:
            messages.success(request, " ".join(lines))
            return redirect("customers:household", household.pk)
        if lines is not None:
            context |= {"lines": lines, "seen": form.digest()}
    context["fits"] = form_class.fits(household)
    return render(request, "customers/homes/life.html", context)


def _initial(asked: dict[str, str], household) -> dict[str, str]:
    """The member of a link is named by the person; the form chooses memberships."""
    initial = {name: value for name, value in asked.items() if name == "partner"}
    if "member" in asked:
        stay = selectors.members_on(household, timezone.localdate()).filter(customer=asked["member"]).first()
        if stay is not None:
            initial |= {"member": stay.pk, "head": stay.pk}
    return initial


def _try(form: forms.LifeForm, *, keep: bool) -> list[str] | None:
    """Do the deed and tell what it changes; without ``keep`` nothing of it stays. None: it was refused."""
    own = HouseholdEvent.objects.filter(recorded_by=form.staff).order_by("-pk")
    before = own.values_list("pk", flat=True).first() or 0
    try:
        with transaction.atomic():
            form.run()
            deed = own.filter(pk__gt=before).values("deed")[:1]
            events = list(own.filter(deed__in=deed).select_related("customer").order_by("household_id"))
            told = story.sentences(events, is_tried=not keep)
            lines = [line for line in (story.summary(events), *told) if line]
            transaction.set_rollback(not keep or bool(form.errors))
    except DomainError as refusal:
        form.add_error(None, explained(refusal))
    return None if form.errors else lines


@require_GET
def events(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that happened to a household, who belonged to it on any day, and what may be taken back."""
    household = own_household(request, pk)
    readings.note_household(request.user, household)
    day = day_asked(request) or timezone.localdate()
    may_keep = policies.may_keep(request.user, household)
    rows = selectors.veiled_events(household, request.user, 100)
    context = {
        "household": household,
        "place": place(household),
        "tree": selectors.tree(household, day, request.user),
        "day": day,
        "events": [(row, story.title_of(row)) for row in rows],
        "may_undo": may_keep,
        "deeds": [(code, form.title) for code, form in forms.LIFE.items() if form.fits(household)],
        "waiting": selectors.awaits_review(household),
        "may_review": policies.may_review(request.user, household),
        "empty": selectors.empty_mark(household),
    }
    return render(request, "customers/homes/events.html", context)


@form_page
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back an event, or see why it stays."""
    rows = HouseholdEvent.objects.visible_to(request.user).select_related(
        "household__branch", "undone_by", "undoes", "customer", "partner"
    )
    event = get_object_or_404(rows, pk=pk)
    allow(policies.may_keep(request.user, event.household))
    form = forms.UndoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            corrections.undo_event(
                staff=request.user,
                event=event,
                reason=form.cleaned_data["reason"],
                on=timezone.localdate(),
            )
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("The event is taken back; everything stands as before it."))
            return redirect("customers:home-events", event.household_id)
    context = {
        "form": form,
        "event": event,
        "title": story.title_of(event),
        "why_not": corrections.why_not(request.user, event),
    }
    return render(request, "customers/homes/undo.html", context)


@form_page
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """A director has looked at the household again."""
    household = own_household(request, pk)
    allow(policies.may_review(request.user, household))
    form = forms.FindingForm(request.POST or None)
    waiting = selectors.awaits_review(household)
    if request.method == "POST" and form.is_valid():
        try:
            released = corrections.review_household(
                staff=request.user, household=household, on=timezone.localdate(), **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("Reviewed."))
            for words in released:
                messages.success(request, _("Released: %(line)s.") % {"line": words})
            return redirect("customers:household", household.pk)
    context = {
        "form": form,
        "household": household,
        "place": place(household),
        "waiting": [(row, story.title_of(row), story.sentences([row])) for row in waiting],
    }
    return render(request, "customers/homes/review.html", context)


@form_page
def coverage(request: HttpRequest, pk: int) -> HttpResponse:
    """A director decides that an empty registration no longer counts in coverage."""
    household = own_household(request, pk)
    allow(policies.may_review(request.user, household))
    form = forms.FindingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        decision = form.cleaned_data["finding"]
        try:
            marks.leave_out_of_coverage(
                staff=request.user, household=household, on=timezone.localdate(), decision=decision
            )
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("Decided: the household no longer counts in coverage."))
            return redirect("customers:household", household.pk)
    mark = selectors.empty_mark(household)
    context = {"form": form, "household": household, "place": place(household), "mark": mark}
    return render(request, "customers/homes/coverage.html", context)
