"""What people type to sign in, and what is checked of it."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.choices import DeviceKind, UnitKind
from branches.models import StaffMember, Unit
from branches.signin import limits, second_factor
from branches.signin.passwords import LONGEST
from coopcrm.shared.forms import StrictForm

TYPED_ONCE = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def password_field(label, autocomplete: str, **options) -> forms.CharField:
    """A password is taken as it is typed or pasted, blanks at its ends included."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, "maxlength": LONGEST})
    return forms.CharField(label=label, strip=False, widget=widget, max_length=LONGEST, **options)


def code_field(label, **options) -> forms.CharField:
    """Six digits of the app or a recovery code; blanks do not matter."""
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    return forms.CharField(label=label, max_length=40, widget=forms.TextInput(attrs=attrs), **options)


class SignInForm(forms.Form):
    """Name and password; whether the name exists is never said."""

    username = forms.CharField(
        label=gettext_lazy("Sign-in name"),
        max_length=60,
        widget=forms.TextInput(attrs={**TYPED_ONCE, "autocomplete": "username", "autofocus": True}),
    )
    password = password_field(gettext_lazy("Password"), "current-password")

    def __init__(self, *args, request: HttpRequest | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.staff = request, None

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        staff = authenticate(self.request, username=cleaned["username"].strip(), password=cleaned["password"])
        if staff is None:
            raise forms.ValidationError(refusal(self.request))
        if staff.first_password_until is not None and staff.first_password_until <= timezone.now():
            raise forms.ValidationError(
                _("This first password has expired. Ask your director for a new letter.")
            )
        self.staff = staff
        return cleaned

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Go on to the second factor, or in."""
        credentials = {"username": self.cleaned_data["username"]}
        return perform_password_login(request, credentials, Login(user=self.staff, redirect_url=redirect_url))


def refusal(request: HttpRequest) -> str:
    """The same words for unknown names and wrong passwords."""
    if getattr(request, "axes_locked_out", False):
        return _("Too many tries. Wait 15 minutes, or ask your director to release your name.")
    return _("Name and password do not belong together. Look at both and try again.")


class CodeForm(forms.Form):
    """The second factor of a person whose password was right, or who is asked again."""

    code = code_field(gettext_lazy("Code"))

    def __init__(self, *args, request: HttpRequest, staff: StaffMember, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.staff, self.authenticator = request, staff, None

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if not limits.may_try(self.request, self.staff.username) or limits.are_codes_guessed(self.staff):
            raise forms.ValidationError(_("Too many tries. Wait 15 minutes, or ask your director."))
        try:
            self.authenticator = second_factor.verify(self.staff, code)
        except second_factor.AlreadyUsed:
            raise forms.ValidationError(_("This code was used already. Wait for the next one.")) from None
        if self.authenticator is None:
            limits.note_failure(self.request, self.staff.username)
            raise forms.ValidationError(
                _("This code is not right. Look at the clock of your phone and try again.")
            )
        return code


class PasswordAgainForm(forms.Form):
    """The password, for a person without a second factor who is asked again."""

    password = password_field(gettext_lazy("Password"), "current-password")

    def __init__(self, *args, request: HttpRequest, staff: StaffMember, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.staff = request, staff

    def clean_password(self) -> str:
        given = self.cleaned_data["password"]
        if authenticate(self.request, username=self.staff.username, password=given) is None:
            raise forms.ValidationError(refusal(self.request))
        return given


class EnrolForm(forms.Form):
    """The first code of a new authenticator app."""

    code = code_field(gettext_lazy("Code that the app shows"))

    def __init__(self, *args, secret: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.secret, self.counter = secret, None

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        self.counter = second_factor.counter_of(self.secret, code)
        if self.counter is None:
            raise forms.ValidationError(
                _("This code is not right. Look at the clock of your phone and try again.")
            )
        return code


class NewPasswordForm(forms.Form):
    """A password of one's own choice, typed twice; the one before proves who asks."""

    current = password_field(gettext_lazy("Password until now"), "current-password")
    new = password_field(gettext_lazy("New password"), "new-password")
    again = password_field(gettext_lazy("New password once more"), "new-password")

    def __init__(self, *args, request: HttpRequest, staff: StaffMember, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.staff = request, staff
        self.fields["new"].help_text = " ".join(password_validators_help_texts())

    def clean_current(self) -> str:
        given = self.cleaned_data["current"]
        if authenticate(self.request, username=self.staff.username, password=given) is None:
            raise forms.ValidationError(_("This is not your password until now."))
        return given

    def clean_new(self) -> str:
        given = self.cleaned_data["new"]
        validate_password(given, self.staff)
        if given == self.data.get("current"):
            raise forms.ValidationError(_("This is the password you have. Choose another."))
        return given

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("The two are not the same."))
        return cleaned


class DeviceForm(StrictForm):
    """This browser as a registered device of a unit."""

    unit = forms.ModelChoiceField(label=gettext_lazy("Unit"), queryset=Unit.objects.none())
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=DeviceKind)
    name = forms.CharField(
        label=gettext_lazy("Name of the device"),
        max_length=60,
        help_text=gettext_lazy("So that people find it again: “Counter 2, left”."),
    )

    def __init__(self, *args, staff: StaffMember, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_for_devices(staff)


def units_for_devices(staff: StaffMember):
    """Units where the person may register devices."""
    from branches.signin.policies import DIRECTORS

    units = Unit.objects.filter(closed_on=None).order_by("code")
    if staff.scope.holds("administrator"):
        return units
    if not staff.scope.holds(*DIRECTORS):
        return units.none()
    own = staff.scope.branch_ids
    return units.exclude(kind=UnitKind.UNION).filter(pk__in=own) | units.filter(parent_id__in=own)
