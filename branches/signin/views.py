"""Pages of the one door: password, code, first steps, asking again, one's own sessions."""

from __future__ import annotations

import base64

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.internal.constants import LoginStageKey
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.models import Session, StaffMember
from branches.signin import marks, second_factor, services
from branches.signin.forms import CodeForm, EnrolForm, NewPasswordForm, PasswordAgainForm, SignInForm
from branches.signin.fresh import fresh_sign_in
from branches.signin.policies import always_needs_second_factor
from coopcrm.shared.paging import id_in

NEW_SECRET, CODES_ONCE = "new_secret", "codes_once"
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


class SignIn(LoginView):
    """Name and password. Coming back here starts anew, whatever was half done."""

    template_name = "signin/sign_in.html"

    def get_form_class(self):
        return SignInForm

    def _redirect_to_pending_stage(self, request, stage) -> None:
        clear_login(request)


@get_or_post
@sensitive_post_parameters("code")
@login_stage_required(stage=LoginStageKey.MFA_AUTHENTICATE.value, redirect_urlname="sign-in")
def code(request: HttpRequest) -> HttpResponse:
    """The second factor of a person whose password was right."""
    stage = request._login_stage
    staff = stage.login.user
    form = CodeForm(request.POST or None, request=request, staff=staff)
    if request.method == "POST" and form.is_valid():
        authenticator = form.authenticator
        record_authentication(request, staff, "mfa", id=authenticator.pk, type=authenticator.type)
        return stage.exit()
    return render(request, "signin/code.html", {"form": form, "demo_code": demo_code(staff)})


def demo_code(staff: StaffMember) -> str:
    """The code that works now, for people of a demonstration; empty for everybody else."""
    if not (settings.DEMONSTRATION and staff.is_demonstration):
        return ""
    return second_factor.next_code(staff)


@get_or_post
@never_cache
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """A password of one's own; forced after a first password."""
    staff = request.user
    form = NewPasswordForm(request.POST or None, request=request, staff=staff)
    if request.method == "POST" and form.is_valid():
        services.change_password(
            staff=staff, password=form.cleaned_data["new"], session_key=request.session.session_key
        )
        update_session_auth_hash(request, staff)
        messages.success(request, _("Your new password is set. All other sessions of yours have ended."))
        return redirect("home")
    return render(request, "signin/password.html", {"form": form, "is_first": staff.first_password_until})


@get_or_post
@never_cache
@fresh_sign_in(minutes=15)
def enrol(request: HttpRequest) -> HttpResponse:
    """Bind an authenticator app; a second one takes the place of the first."""
    staff = request.user
    secret = request.session.get(NEW_SECRET)
    if secret is None or (request.method != "POST" and "again" in request.GET):
        secret = request.session[NEW_SECRET] = second_factor.new_secret()
    form = EnrolForm(request.POST or None, secret=secret)
    if request.method == "POST" and form.is_valid():
        request.session[CODES_ONCE] = services.enrol_app(staff=staff, secret=secret, counter=form.counter)
        del request.session[NEW_SECRET]
        marks.note_second_factor(request)
        return redirect("sign-in-recovery-codes")
    adapter = get_adapter()
    address = adapter.build_totp_url(staff, secret)
    picture = base64.b64encode(adapter.build_totp_svg(address).encode()).decode()
    context = {
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "picture": f"data:image/svg+xml;base64,{picture}",
        "is_forced": always_needs_second_factor(staff) and not second_factor.is_enrolled(staff),
    }
    return render(request, "signin/enrol.html", context)


@get_or_post
@never_cache
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The codes to print, shown until the person says that they are kept."""
    if request.method == "POST":
        request.session.pop(CODES_ONCE, None)
        return redirect("home")
    codes = request.session.get(CODES_ONCE)
    return (
        render(request, "signin/recovery_codes.html", {"codes": codes}) if codes else redirect("sign-in-mine")
    )


@require_POST
@fresh_sign_in(minutes=5)
def renew_recovery_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes; the old ones stop working."""
    if not second_factor.is_enrolled(request.user):
        return redirect("sign-in-second-factor")
    request.session[CODES_ONCE] = services.renew_recovery_codes(staff=request.user)
    return redirect("sign-in-recovery-codes")


@get_or_post
@never_cache
@sensitive_post_parameters()
def again(request: HttpRequest) -> HttpResponse:
    """Ask once more who is there, before a sensitive deed."""
    staff = request.user
    form_class = CodeForm if second_factor.is_enrolled(staff) else PasswordAgainForm
    form = form_class(request.POST or None, request=request, staff=staff)
    if request.method == "POST" and form.is_valid():
        marks.note_fresh(request)
        return resume_request(request) or redirect("home")
    context = {"form": form, "next": request.GET.get("next") or request.POST.get("next", "")}
    return render(request, "signin/again.html", {**context, "demo_code": demo_code(staff)})


@require_safe
@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """One's own sign-in: sessions that are open, the second factor, the password."""
    staff = request.user
    rows = Session.objects.filter(staff=staff, ends_at__gt=timezone.now()).select_related("device__unit")
    context = {
        "sessions": rows.order_by("-seen_at"),
        "current": request.session.row.pk if request.session.row else None,
        "factors": second_factor.factors_of(staff),
        "codes_left": second_factor.recovery_codes_left(staff),
    }
    return render(request, "signin/mine.html", context)


@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions, or all others."""
    named = request.POST.get("session", "")
    only = id_in(named)
    if named and only is None:
        return redirect("sign-in-mine")
    count = services.end_sessions(
        staff=request.user,
        by=request.user,
        reason="ended_by_owner",
        but=request.session.session_key,
        only=only,
    )
    messages.success(request, _("Sessions ended: %(count)d.") % {"count": count})
    return redirect("sign-in-mine")


@require_safe
@login_not_required
@never_cache
def state(request: HttpRequest) -> JsonResponse:
    """How long the session lasts, for the page that warns; asking does not make it longer."""
    return _state_of(request)


state.answers_everybody = True


@require_POST
@never_cache
def stay(request: HttpRequest) -> JsonResponse:
    """Somebody is there: the session goes on."""
    request.session.touch(at_once=True)
    return _state_of(request)


def _state_of(request: HttpRequest) -> JsonResponse:
    row = request.session.row if request.user.is_authenticated else None
    left = (row.ends_at - timezone.now()).total_seconds() if row else 0
    values = {
        "seconds": max(0, int(left)),
        "staff": row.staff_id if row else None,
        "csrf": get_token(request),
    }
    return JsonResponse(values)
