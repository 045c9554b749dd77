"""Pages of areas: coverage by township, villages, versions of codes, and who serves them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from branches import forms, policies, selectors
from branches.choices import AreaLevel
from branches.models import Area
from branches.services import areas as services
from branches.views.common import PAGE, allow, allow_posted, refused, today, typed
from coopcrm.shared.errors import DomainError


@require_safe
def areas(request: HttpRequest) -> HttpResponse:
    """Coverage by township; or the villages whose name, pinyin or code begins with what was typed."""
    allow_posted(request)
    search = typed(request, longest=40)
    unserved = request.GET.get("show") == "unserved"
    context = {
        "typed": search,
        "unserved": unserved,
        "may_keep": policies.may_keep_organisation(request.user),
    }
    if search:
        found = selectors.villages_like(search, branch_ids=request.user.scope.branch_ids, limit=PAGE)
        if search.isdecimal():
            by_code = selectors.villages().filter(code__startswith=search).select_related("parent", "unit")
            found = list(by_code.order_by("code")[:PAGE])
        context["villages"] = selectors.coverage_of(found)
    elif unserved:
        context["villages"] = selectors.unserved_villages()
    else:
        lines = selectors.townships()
        context |= {"townships": lines, "total": selectors.sum_of(lines)}
    return render(request, "branches/areas.html", context)


@require_safe
def area(request: HttpRequest, pk: int) -> HttpResponse:
    """An area: its coverage, what lies in it, the codes it had, who served it when."""
    allow_posted(request)
    found = get_object_or_404(Area.objects.select_related("parent", "unit", "successor"), pk=pk)
    is_village = found.level == AreaLevel.VILLAGE
    villages = selectors.villages_in(found) if found.level == AreaLevel.TOWNSHIP else []
    context = {
        "area": found,
        "today": today(),
        "is_village": is_village,
        "coverage": selectors.coverage_of([found])[0] if is_village else None,
        "villages": villages,
        "total": selectors.sum_of(villages),
        "inside": found.children.in_force().order_by("code")[:500] if found.level == AreaLevel.COUNTY else [],
        "versions": selectors.versions_of(found),
        "services": selectors.services_of(found),
        "may_keep": policies.may_keep_organisation(request.user),
        "has_ended": found.valid_to is not None,
    }
    return render(request, "branches/area.html", context)


@require_http_methods(["GET", "POST"])
def new_area(request: HttpRequest) -> HttpResponse:
    """Enter a township or village."""
    allow(policies.may_keep_organisation(request.user))
    form = forms.AreaForm(request.POST or None, initial={"valid_from": today()})
    if request.method == "POST" and form.is_valid():
        try:
            added = services.add_area(by=request.user, today=today(), **form.cleaned_data)
        except DomainError as refusal:
            refused(form, refusal, "code")
        else:
            messages.success(request, _("%(area)s is entered.") % {"area": added})
            return redirect("branches:area", pk=added.pk)
    return render(request, "branches/area_form.html", {"form": form, "title": _("New area")})


@require_http_methods(["GET", "POST"])
def change_area(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct the name or the register count."""
    allow(policies.may_keep_organisation(request.user))
    found = get_object_or_404(Area, pk=pk)
    initial = {"name": found.name, "households": found.registered_households}
    form = forms.AreaChangeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_area(area=found, by=request.user, **form.cleaned_data)
        messages.success(request, _("The changes are saved."))
        return redirect("branches:area", pk=pk)
    return render(request, "branches/area_form.html", {"form": form, "area": found, "title": _("Change")})


@require_http_methods(["GET", "POST"])
def assign_area(request: HttpRequest, pk: int) -> HttpResponse:
    """Let another unit serve the area from a day on."""
    allow(policies.may_keep_organisation(request.user))
    found = get_object_or_404(Area, pk=pk)
    form = forms.ServiceForm(request.POST or None, initial={"unit": found.unit_id, "valid_from": today()})
    if request.method == "POST" and form.is_valid():
        try:
            services.assign_area(area=found, by=request.user, today=today(), **form.cleaned_data)
        except DomainError as refusal:
            refused(form, refusal, "unit")
        else:
            messages.success(request, _("The service is noted."))
            return redirect("branches:area", pk=pk)
    return render(
        request, "branches/area_form.html", {"form": form, "area": found, "title": _("Who serves it")}
    )


@require_http_methods(["GET", "POST"])
def succeed_area(request: HttpRequest, pk: int) -> HttpResponse:
    """End a code: another code, another name, or a merger."""
    allow(policies.may_keep_organisation(request.user))
    found = get_object_or_404(Area, pk=pk)
    form = forms.SuccessorForm(request.POST or None, initial={"valid_from": today()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        merged = data["how"] == form.MERGED
        try:
            successor = services.succeed_area(
                area=found,
                by=request.user,
                valid_from=data["valid_from"],
                today=today(),
                into=data["area"] if merged else None,
                code="" if merged else data["code"].strip(),
                name="" if merged else data["name"].strip(),
            )
        except DomainError as refusal:
            refused(form, refusal, "into" if merged else "code")
        else:
            messages.success(request, _("%(area)s follows it.") % {"area": successor})
            return redirect("branches:area", pk=successor.pk)
    context = {"form": form, "area": found, "title": _("Change of code or merger")}
    return render(request, "branches/area_form.html", context)
