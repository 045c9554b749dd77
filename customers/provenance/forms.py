"""What people type on the page "Correct or add to what we know"."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from branches.selectors import villages
from coopcrm.shared.forms import StrictForm
from customers.choices import FactSource
from customers.models import Customer
from customers.provenance import policies
from customers.provenance.attributes import ATTRIBUTES

SOURCES = [(code, FactSource(code).label) for code in (FactSource.SAID, FactSource.DOCUMENT, FactSource.SEEN)]


class CorrectForm(StrictForm):
    """The values as they stand; what is written differently becomes a statement with its source and day."""

    source = forms.ChoiceField(
        label=_("How do you know?"), choices=SOURCES, initial=FactSource.SAID, widget=forms.RadioSelect
    )
    observed_on = forms.DateField(
        label=_("When was it observed?"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=_("Reason or paper"), max_length=200, required=False)
    confirms = forms.BooleanField(label=_("What I did not change was confirmed as well"), required=False)
    settles = forms.BooleanField(label=_("This holds, whatever was said before"), required=False)

    def __init__(self, *args: Any, staff: StaffMember, customer: Customer, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.customer, self.today = customer, today
        self.fields["observed_on"].initial = today
        if not policies.may_settle(staff, customer):
            del self.fields["settles"]
        values = {code: self._field(code) for code in ATTRIBUTES}
        self.fields = {**values, **self.fields}

    def _field(self, code: str) -> forms.Field:
        attribute = ATTRIBUTES[code]
        if code == "village":
            near = Q(unit=self.customer.branch_id) | Q(unit__parent=self.customer.branch_id)
            rows = villages().filter(near | Q(pk=self.customer.village_id)).order_by("pinyin", "id")
            field = forms.ModelChoiceField(rows, label=attribute.label, required=False, empty_label="–")
            field.label_from_instance = lambda area: area.name
        elif attribute.field.choices:
            choices = [("", "–"), *attribute.field.choices]
            field = forms.ChoiceField(label=attribute.label, choices=choices, required=attribute.is_required)
        elif isinstance(attribute.value_of(""), str):
            longest = attribute.field.max_length
            field = forms.CharField(label=attribute.label, max_length=longest, required=attribute.is_required)
        else:
            widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            field = forms.DateField(label=attribute.label, required=attribute.is_required, widget=widget)
        field.initial = getattr(self.customer, attribute.column)
        return field

    @property
    def value_fields(self) -> list[forms.BoundField]:
        """The fields of the values themselves."""
        return [self[code] for code in ATTRIBUTES]

    @property
    def source_fields(self) -> list[forms.BoundField]:
        """How and when it became known."""
        return [self[name] for name in self.fields if name not in ATTRIBUTES]

    def clean_observed_on(self) -> date:
        day = self.cleaned_data["observed_on"]
        if day > self.today:
            raise forms.ValidationError(_("The day of the observation does not lie in the future."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("settles") and not data.get("reason"):
            self.add_error("reason", _("Say why this value holds."))
        if not self.errors and not self.stated(data):
            raise forms.ValidationError(
                _("Nothing was changed. Correct a value, or say that all was confirmed.")
            )
        return data

    def stated(self, data: dict[str, Any]) -> dict[str, Any]:
        """The values to state: those that differ, and with ``confirms`` all that are filled."""
        found = {}
        for code, attribute in ATTRIBUTES.items():
            text = attribute.text_of(data.get(code))
            present = attribute.text_of(getattr(self.customer, attribute.column))
            if text != present or (data.get("confirms") and text):
                found[code] = data.get(code)
        return found


class HoldForm(StrictForm):
    """Why one of several statements holds."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
