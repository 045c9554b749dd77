"""What people type about a farm: one small form for a row of each kind."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.selectors import villages
from coopcrm.shared.forms import StrictFields
from customers.choices import FactSource
from customers.homes import selectors
from customers.homes.farm import PARTS
from customers.models import Household
from customers.portfolios.forms import day_field

SOURCES = [(code, FactSource(code).label) for code in (FactSource.SAID, FactSource.SEEN, FactSource.DOCUMENT)]


class FarmRowForm(StrictFields, forms.ModelForm):
    """A row of the farm with its source and day; the part names the model."""

    source = forms.ChoiceField(label=_("How it is known"), choices=SOURCES)
    observed_on = day_field(_("Observed on"))

    def __init__(self, *args, household: Household, **options) -> None:
        super().__init__(*args, **options)
        today = timezone.localdate()
        self.initial.update({"observed_on": today, "source": FactSource.SAID})
        if "village" in self.fields:
            self.fields["village"].queryset = villages().filter(unit=household.branch_id)
        if "customer" in self.fields:
            members = selectors.members_on(household, today).values("customer")
            people = self.fields["customer"].queryset.filter(pk__in=members)
            self.fields["customer"].queryset = people
        if "year" in self.fields and "year" not in self.initial:
            self.initial["year"] = today.year
        for name, field in self.fields.items():
            if isinstance(field, forms.DecimalField | forms.IntegerField):
                field.widget.attrs["inputmode"] = "decimal"
                field.min_value = 0
            if name in ("has_certificate", "is_shared"):
                field.required = False

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the row itself."""
        own = {"source", "observed_on"}
        return {name: value for name, value in self.cleaned_data.items() if name not in own}


FORMS = {
    part: forms.modelform_factory(kind.model, form=FarmRowForm, fields=kind.fields)
    for part, kind in PARTS.items()
}
"""By part."""


class GoneForm(StrictFields, forms.Form):
    """That something is no longer there, and how it is known."""

    source = forms.ChoiceField(label=_("How it is known"), choices=SOURCES)


def row_form(part: str, household: Household, data=None, instance=None) -> FarmRowForm:
    """The form of a part; of ``instance`` it shows the values, to be replaced by a new row."""
    initial = {}
    if instance is not None:
        initial = {name: getattr(instance, name) for name in PARTS[part].fields}
    return FORMS[part](data, household=household, initial=initial, prefix=None, auto_id=f"{part}-%s")
