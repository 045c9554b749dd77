"""Pages of units: the organisation chart, one unit, and the deeds on it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import forms, policies, selectors
from branches.models import OpeningException, Unit
from branches.services import units as services
from branches.services.areas import served_from
from branches.views.common import allow, allow_posted, refused, today, typed
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes

CHART, DRAWN = "list", "drawn"


@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """The organisation chart, as a list that opens and closes or as a drawing."""
    allow_posted(request)
    search = typed(request)
    view = DRAWN if request.GET.get("view") == DRAWN else CHART
    nodes = selectors.chart(today(), search)
    everything = [node for root in nodes for node in root.walk()]
    context = {
        "nodes": nodes,
        "typed": search,
        "view": view,
        "drawing": selectors.drawing(nodes) if view == DRAWN else None,
        "unit_count": len(everything),
        "people": len({post.staff_id for node in everything for post in node.posts}),
        "open_places": sum(node.open_places for node in everything),
        "may_keep": policies.may_keep_organisation(request.user),
        "may_see_rotation": policies.may_see_rotation(request.user),
        "may_see_imports": policies.may_see_imports(request.user),
    }
    return render(request, "branches/units.html", context)


@require_safe
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit: whether it is open, people against the plan, hours, villages, history."""
    allow_posted(request)
    rows = Unit.objects.select_related("parent__parent")
    found = get_object_or_404(rows, pk=pk)
    day = today()
    posts = selectors.staff_at(found, day)
    own = selectors.own_hours(found, day)
    week = selectors.week_of(found, day)
    villages = selectors.villages_of_unit(found)
    context = {
        "unit": found,
        "today": day,
        "posts": posts,
        "post_lines": selectors.post_lines(found, posts),
        "below": found.children.not_closed_on(day).order_by("code"),
        "closed_below": found.children.filter(closed_on__lte=day).order_by("code"),
        "villages": villages,
        "coverage": selectors.sum_of(villages),
        "hours": selectors.hours_lines(week, day),
        "has_hours": bool(week.by_weekday),
        "own_hours": own,
        "hours_today": selectors.hours_on(found, day),
        "exceptions": found.opening_exceptions.filter(day__gte=day).order_by("day")[:20],
        "history": selectors.unit_history(found, day),
        "may_keep": policies.may_keep_organisation(request.user),
        "may_set_hours": policies.may_set_hours(request.user, found),
        "is_closed": found.is_closed_on(day),
    }
    return render(request, "branches/unit.html", context)


@require_http_methods(["GET", "POST"])
def new_unit(request: HttpRequest) -> HttpResponse:
    """Open a unit."""
    allow(policies.may_keep_organisation(request.user))
    form = forms.UnitForm(request.POST or None, initial={"parent": request.GET.get("parent")})
    if request.method == "POST" and form.is_valid():
        try:
            opened = services.open_unit(by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            refused(form, refusal, "parent")
        else:
            messages.success(request, _("%(unit)s stands in the chart.") % {"unit": opened})
            return redirect("branches:unit", pk=opened.pk)
    return render(request, "branches/unit_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
def change_unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a unit's name, place and address."""
    allow(policies.may_keep_organisation(request.user))
    found = get_object_or_404(Unit, pk=pk)
    form = forms.UnitForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_unit(unit=found, by=request.user, today=today(), **form.cleaned_data)
        except DomainError as refusal:
            refused(form, refusal, "parent")
        else:
            messages.success(request, _("The changes are saved."))
            return redirect("branches:unit", pk=pk)
    return render(request, "branches/unit_form.html", {"form": form, "unit": Unit.objects.get(pk=pk)})


@require_http_methods(["GET", "POST"])
def close_unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a unit: who serves its villages, what happens to its people."""
    allow(policies.may_keep_organisation(request.user))
    found = get_object_or_404(Unit, pk=pk)
    villages = len(served_from(found, today()))
    form = forms.CloseUnitForm(request.POST or None, unit=found, villages=villages, initial={"on": today()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.close_unit(
                unit=found,
                on=data["on"],
                villages_to=data.get("villages_to"),
                by=request.user,
                today=today(),
                reason=data["reason"],
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            messages.success(
                request, _("%(unit)s is closed from %(day)s on.") % {"unit": found, "day": data["on"]}
            )
            return redirect("branches:unit", pk=pk)
    context = {"form": form, "unit": found, "villages": villages, "posts": selectors.staff_at(found, today())}
    return render(request, "branches/unit_close.html", context)


@require_http_methods(["GET", "POST"])
def hours(request: HttpRequest, pk: int) -> HttpResponse:
    """Opening hours of a unit from a day on, and days that differ."""
    found = get_object_or_404(Unit.objects.select_related("parent__parent"), pk=pk)
    allow(policies.may_set_hours(request.user, found))
    is_day = request.POST.get("form") == "day"
    week = selectors.week_of(found, today())
    form = forms.HoursForm(
        request.POST if request.method == "POST" and not is_day else None,
        week=week,
        initial={"valid_from": today()},
    )
    day_form = forms.ExceptionForm(request.POST if is_day else None, prefix="day")
    try:
        if is_day and day_form.is_valid():
            services.except_day(unit=found, by=request.user, **day_form.cleaned_data)
            messages.success(request, _("The day is noted."))
            return redirect("branches:unit-hours", pk=pk)
        if request.method == "POST" and not is_day and form.is_valid():
            data = form.cleaned_data
            services.set_opening_hours(
                unit=found, week=data["week"], valid_from=data["valid_from"], by=request.user
            )
            messages.success(request, _("The hours are saved."))
            return redirect("branches:unit", pk=pk)
    except DomainError as refusal:
        refused(day_form if is_day else form, refusal)
    exceptions = found.opening_exceptions.filter(day__gte=today()).order_by("day")[:100]
    context = {"unit": found, "form": form, "day_form": day_form, "exceptions": exceptions}
    return render(request, "branches/unit_hours.html", context)


@require_POST
@takes()
def drop_exception(request: HttpRequest, pk: int, exception: int) -> HttpResponse:
    """Let a day follow the week again."""
    found = get_object_or_404(Unit, pk=pk)
    allow(policies.may_set_hours(request.user, found))
    row = get_object_or_404(OpeningException.objects.select_related("unit"), pk=exception, unit=found)
    services.drop_exception(exception=row, by=request.user)
    messages.success(request, _("The day follows the week again."))
    return redirect("branches:unit-hours", pk=pk)


@require_http_methods(["GET", "POST"])
def planned_posts(request: HttpRequest, pk: int) -> HttpResponse:
    """How many people a unit should have in each post."""
    allow(policies.may_keep_organisation(request.user))
    found = get_object_or_404(Unit, pk=pk)
    planned = dict(found.planned_posts.values_list("code", "places"))
    form = forms.PlannedPostsForm(request.POST or None, unit=found, planned=planned)
    if request.method == "POST" and form.is_valid():
        services.plan_posts(unit=found, places=form.places, by=request.user)
        messages.success(request, _("The plan is saved."))
        return redirect("branches:unit", pk=pk)
    return render(request, "branches/unit_posts.html", {"form": form, "unit": found})
