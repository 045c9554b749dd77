"""Forms of consents and rights."""

from __future__ import annotations

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import StrictForm
from customers import corrections, rights
from customers.choices import Channel, Decision, RequestKind, RequestState
from customers.models import Customer
from customers.purposes import CONSENTED, RULES


class ConsentForm(StrictForm):
    """One answer of a person to one text."""

    topics = {"purpose": "consent"}

    purpose = forms.ChoiceField(
        label=_("Purpose"), choices=[(code, RULES[code].purpose.label) for code in CONSENTED]
    )
    decision = forms.ChoiceField(label=_("Their answer"), choices=Decision.choices, initial=Decision.GIVEN)
    channel = forms.ChoiceField(label=_("How it was said"), choices=Channel.choices, initial=Channel.COUNTER)
    reference = forms.CharField(
        label=_("Paper or recording"),
        required=False,
        max_length=60,
        help_text=_("Number of the signed sheet or of the recording."),
    )
    guardian = forms.IntegerField(
        label=_("Guardian's customer number"),
        required=False,
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("For a child under 14 only."),
    )

    def __init__(self, *args, staff: StaffMember, **kwargs):
        super().__init__(*args, **kwargs)
        self.staff = staff

    def clean_guardian(self) -> Customer | None:
        number = self.cleaned_data["guardian"]
        if not number:
            return None
        found = Customer.objects.managed_for(self.staff).current().filter(pk=number).first()
        if found is None:
            raise forms.ValidationError(_("Your branch has no customer of this number."))
        return found


class RequestForm(StrictForm):
    """What a person asks for; a correction names field and value."""

    kind = forms.ChoiceField(label=_("Asked for"), choices=RequestKind.choices)
    channel = forms.ChoiceField(label=_("How it was said"), choices=Channel.choices, initial=Channel.COUNTER)
    details = forms.CharField(
        label=_("In the person's words"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "data-private": ""}),
    )
    field = forms.ChoiceField(
        label=_("Field that is wrong"),
        required=False,
        choices=[("", "–"), *((name, rule.label) for name, rule in corrections.FIELDS.items())],
        help_text=_("For a correction only."),
    )
    asked_value = forms.CharField(
        label=_("What should stand there"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-private": ""}),
    )
    evidence = forms.CharField(
        label=_("Evidence"), required=False, max_length=200, help_text=_("Which paper was shown.")
    )

    def __init__(self, *args, as_of: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.as_of = as_of

    def clean(self) -> dict:
        data = super().clean()
        if data.get("kind") != RequestKind.CORRECTION:
            data["field"] = data["asked_value"] = ""
            return data
        try:
            corrections.check(data.get("field", ""), data.get("asked_value", ""), self.as_of)
        except DomainError as refusal:
            self.add_error("asked_value" if data.get("field") else "field", str(refusal))
        return data


class AnswerForm(StrictForm):
    """The answer to a request, as the person will read it."""

    decision = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    source = forms.ChoiceField(label=_("Source of the value"), required=False)
    answer = forms.CharField(
        label=_("The answer"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What was decided and why; the person reads this."),
    )

    def __init__(self, *args, kind: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [
            (state, WORDS.get((kind, state), label))
            for state, label in RequestState.choices
            if state != RequestState.OPEN and not (kind in rights.COPIES and state == RequestState.GRANTED)
        ]
        if kind == RequestKind.CORRECTION:
            self.fields["source"].choices = [(source, source.label) for source in corrections.SOURCES]
        else:
            del self.fields["source"]


WORDS = {
    (RequestKind.CORRECTION, RequestState.GRANTED): _("Correct the field"),
    (RequestKind.DELETION, RequestState.GRANTED): _("Lock the record until it may be erased"),
    (RequestKind.EXPLANATION, RequestState.GRANTED): _("Explained"),
    (RequestKind.OBJECTION, RequestState.GRANTED): _("Decided anew by a person"),
    (RequestKind.OBJECTION, RequestState.REFUSED): _("A person has looked at it; it stays"),
}


class HandOverForm(StrictForm):
    """How the person who fetches the copy was recognised."""

    identity_check = forms.CharField(
        label=_("How you recognised the person"),
        max_length=200,
        help_text=_("Which document you saw, or who vouched. Never its number."),
    )


class UnlockForm(StrictForm):
    """Why a record is opened again."""

    reason = forms.CharField(label=_("Why the lock is lifted"), max_length=200)


class DueForm(forms.Form):
    """Up to which day erasures are looked at."""

    before = forms.DateField(
        label=_("Due until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
