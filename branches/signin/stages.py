"""What stands between a right password and an open session."""

from __future__ import annotations

from allauth.account.stages import LoginStage
from allauth.mfa.internal.constants import LoginStageKey
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from branches.models import StaffMember
from branches.signin import limits, marks, second_factor
from branches.signin.devices import is_at_own_device
from branches.signin.policies import always_needs_second_factor


class SecondFactor(LoginStage):
    """The code, for everybody but posts without rights on a registered device of their branch."""

    key = LoginStageKey.MFA_AUTHENTICATE.value
    urlname = "mfa_authenticate"

    def handle(self) -> tuple:
        staff = self.login.user
        if second_factor.is_enrolled(staff) and not self._password_is_enough(staff):
            return redirect(self.urlname), True
        if second_factor.is_enrolled(staff) or always_needs_second_factor(staff):
            return None, True  # the gate asks people who must enrol to do so before anything else opens
        return self._without_any(self.request, staff)

    def _password_is_enough(self, staff: StaffMember) -> bool:
        enough = not always_needs_second_factor(staff) and is_at_own_device(staff, self.request)
        enough = enough and not limits.is_under_attack(staff)
        if enough:
            marks.note_device(self.request, staff)
        return enough

    def _without_any(self, request: HttpRequest, staff: StaffMember) -> tuple:
        if self._password_is_enough(staff):
            return None, True
        if is_at_own_device(staff, request):
            text = _("Somebody tried your name many times. Ask your director to release it.")
        else:
            text = _(
                "This browser is not a registered device of your branch. Ask your director to register it."
            )
        messages.error(request, text)
        return redirect("sign-in"), False
