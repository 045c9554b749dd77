"""How allauth signs people in here: no sign-up, no mail, our own stages; secrets sealed."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth import login
from django.utils.translation import gettext_lazy as _

from branches.choices import UnitKind
from branches.models import Unit
from branches.signin import second_factor
from branches.signin.origin import address_of

BACKEND = "branches.signin.backend.StaffBackend"


class AccountAdapter(DefaultAccountAdapter):
    """Staff are appointed, never signed up, and nothing is sent by mail."""

    def is_open_for_signup(self, request) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return ["branches.signin.stages.SecondFactor"]

    def login(self, request, user) -> None:
        login(request, user, backend=BACKEND)

    def add_message(self, *args, **kwargs) -> None:
        """Our pages say what happened in their own words."""

    def send_notification_mail(self, *args, **kwargs) -> None:
        """The union's people have no mail address here."""

    def get_client_ip(self, request) -> str:
        return address_of(request) or ""


class MFAAdapter(DefaultMFAAdapter):
    """Secrets are sealed under the keys of the fields and bound to their owner."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("The security key was not recognised. Try again."),
    }

    def encrypt(self, text: str) -> str:
        return second_factor.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return second_factor.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        union = Unit.objects.filter(kind=UnitKind.UNION).values_list("name", flat=True).first()
        return f"coopcrm {union}" if union else "coopcrm"
