"""Forms of consents and rights."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from customers.choices import Channel, Decision
from customers.models import Customer
from customers.purposes import CONSENTED, RULES


class ConsentForm(forms.Form):
    """One answer of a person to one text."""

    purpose = forms.ChoiceField(
        label=_("Purpose"), choices=[(code, RULES[code].purpose.label) for code in CONSENTED]
    )
    decision = forms.ChoiceField(label=_("Answer"), choices=Decision.choices, initial=Decision.GIVEN)
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
