"""What is posted from the list about many customers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from branches.models import StaffMember
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.models import Job
from coopcrm.shared.paging import id_in
from customers.lists.filters import filtered_customers
from customers.lists.forms import ListForm
from customers.tasks.views import own_unit
from customers.together import forms, policies, services
from customers.views import allow

DONE = ("tagged", "taken down", "opened")


def form_for(request: HttpRequest, data: QueryDict | None = None, **initial: Any) -> forms.TogetherForm:
    """The form of the list's page, for this person."""
    unit, today = own_unit(request), timezone.localdate()
    return forms.TogetherForm(data, staff=request.user, unit=unit, on=today, initial=initial)


@require_GET
def dialogs(request: HttpRequest) -> HttpResponse:
    """What the deeds of the bar need, fetched when the first of them is chosen."""
    allow(policies.may_act(request.user))
    return render(request, "customers/together/dialogs.html", {"together": form_for(request)})


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Do one deed on the chosen customers: at once when they are few, else as a job."""
    allow(policies.may_act(request.user))
    form = form_for(request, request.POST)
    if not form.is_valid():
        for field, errors in form.errors.items():
            label = form[field].label if field in form.fields else ""
            messages.error(request, f"{label}: {errors[0]}" if label else errors[0])
        return _back(form.data.get("shown", ""))
    given = form.cleaned_data
    try:
        job = _do(request, given)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return _back(given["shown"])
    if job.is_open:
        return redirect("jobs:job", job.pk)
    _tell(request, job)
    return _back(given["shown"])


def _back(shown: str) -> HttpResponse:
    """The list as it was; what stands behind the question mark is read there with care."""
    return redirect(f"{reverse('customers:list')}?{QueryDict(shown).urlencode()}")


def _do(request: HttpRequest, given: dict[str, Any]) -> Job:
    staff, today = request.user, timezone.localdate()
    whom = {"staff": staff, "customers": _chosen(request, staff, given), "on": today}
    if given["deed"] == forms.HANG:
        return services.hang_on_many(tag=given["tag"], until=given["until"], **whom)
    if given["deed"] == forms.TAKE_DOWN:
        return services.take_down_from_many(tag=given["tag_down"], **whom)
    said = {name: given[name] for name in ("kind", "reason", "due_on")}
    return services.open_for_many(**said, **given["who"], **whom)


def _chosen(request: HttpRequest, staff: StaffMember, given: dict[str, Any]) -> list[int]:
    """The rows that were ticked, or everybody whom the filters leave, up to the largest run."""
    if not given["everybody"]:
        ids = [pk for pk in map(id_in, request.POST.getlist("customer")) if pk]
        return sorted(set(ids[: services.AT_ONCE * 2]))
    narrowed = ListForm(QueryDict(given["shown"]), staff=staff)
    if not narrowed.is_valid():
        return []
    rows = filtered_customers(staff, narrowed.cleaned_data).order_by("pinyin", "pk")
    return list(rows.values_list("pk", flat=True)[: services.MOST])


def _tell(request: HttpRequest, job: Job) -> None:
    """Say how many were done and left, with the way to the run, where it is taken back."""
    done = sum(job.result.get(name, 0) for name in DONE)
    left = job.result.get("left as they are", 0)
    words = ngettext("Done for %(n)s customer.", "Done for %(n)s customers.", done) % {"n": done}
    if left:
        words += " " + ngettext("%(n)s stayed as it was.", "%(n)s stayed as they were.", left) % {"n": left}
    link = format_html('<a href="{}">{}</a>', reverse("jobs:job", args=[job.pk]), _("See it or take it back"))
    messages.success(request, format_html("{} {}", words, link))


@require_POST
@takes()
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a run of one's own."""
    allow(policies.may_act(request.user))
    job = Job.objects.filter(pk=pk, kind__in=services.UNDO, started_by=request.user.pk).first()
    if job is None:
        raise Http404
    try:
        back = services.take_back(staff=request.user, job=job, on=timezone.localdate())
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("jobs:job", pk)
    return redirect("jobs:job", back.pk)
