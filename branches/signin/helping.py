"""Pages for those who help others to sign in: letters, releases, ended sessions, registered devices."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.models import Device, Session, StaffMember
from branches.signin import devices, limits, policies, second_factor, services
from branches.signin.forms import DeviceForm, units_for_devices
from branches.signin.fresh import fresh_sign_in
from branches.signin.lost_factor import propose_removal
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained


def allow(condition: bool) -> None:
    """Answer 403 to a person whose post does not do this."""
    if not condition:
        raise PermissionDenied(_("Your post does not do this."))


@require_safe
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """How one person signs in, and what the director or an administrator can do about it."""
    staff = get_object_or_404(StaffMember, pk=pk)
    if staff == request.user:
        return redirect("sign-in-mine")
    helps, proposes = (
        policies.may_help(request.user, staff),
        policies.may_propose_lost_factor(request.user, staff),
    )
    allow(helps or proposes)
    rows = Session.objects.filter(staff=staff, ends_at__gt=timezone.now()).select_related("device__unit")
    context = {
        "member": staff,
        "helps": helps,
        "proposes": proposes,
        "sessions": rows.order_by("-seen_at"),
        "factors": second_factor.factors_of(staff),
        "failures": limits.failures_of(staff),
        "is_under_attack": limits.is_under_attack(staff),
        "letter_is_open": staff.first_password_until and staff.first_password_until > timezone.now(),
    }
    return render(request, "signin/member.html", context)


@require_POST
@never_cache
@fresh_sign_in(minutes=5)
@takes()
def first_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A new first password, shown once as a letter to print."""
    staff = get_object_or_404(StaffMember, pk=pk)
    allow(policies.may_help(request.user, staff))
    password = services.issue_first_password(by=request.user, staff=staff)
    return render(request, "signin/letter.html", {"member": staff, "password": password})


@require_POST
@takes()
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """End all sessions of a person."""
    staff = get_object_or_404(StaffMember, pk=pk)
    allow(policies.may_help(request.user, staff))
    count = services.end_sessions_of(by=request.user, staff=staff)
    messages.success(request, _("Sessions ended: %(count)d.") % {"count": count})
    return redirect("branches:member-sign-in", pk)


@require_POST
@fresh_sign_in(minutes=5)
@takes()
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a person try again after too many failures."""
    staff = get_object_or_404(StaffMember, pk=pk)
    allow(policies.may_help(request.user, staff))
    services.release(by=request.user, staff=staff)
    messages.success(request, _("The name is released; the person may try again at once."))
    return redirect("branches:member-sign-in", pk)


@require_POST
@takes("reason")
def lost_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask head office to remove a lost second factor."""
    staff = get_object_or_404(StaffMember, pk=pk)
    allow(policies.may_propose_lost_factor(request.user, staff))
    try:
        propose_removal(by=request.user, staff=staff, reason=request.POST.get("reason", "")[:300])
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, _("Head office is asked to confirm."))
    return redirect("branches:member-sign-in", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def device_list(request: HttpRequest) -> HttpResponse:
    """Registered devices of one's units; this browser may be registered here."""
    allow(policies.may_register_somewhere(request.user))
    form = DeviceForm(request.POST or None, staff=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            device, key = services.register_device(by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("This browser is registered as %(name)s.") % {"name": device})
            response = redirect("branches:devices")
            devices.keep_key(response, key)
            return response
    rows = Device.objects.filter(unit__in=units_for_devices(request.user).values("pk")).order_by(
        "ended_at", "unit", "pk"
    )
    context = {
        "form": form,
        "devices": rows.select_related("unit", "registered_by")[:200],
        "this": devices.device_of(request),
    }
    return render(request, "signin/devices.html", context)


@require_POST
@fresh_sign_in(minutes=5)
@takes()
def end_device(request: HttpRequest, pk: int) -> HttpResponse:
    """End a lost or stolen device and all that is open on it."""
    allow(policies.may_register_somewhere(request.user))
    device = get_object_or_404(Device, pk=pk, unit__in=units_for_devices(request.user).values("pk"))
    try:
        services.end_device(by=request.user, device=device)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, _("The device and its sessions are ended."))
    return redirect("branches:devices")
