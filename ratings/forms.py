"""Choices above the lists of ratings and tiers."""

import json
from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.selectors import branches_of
from coopcrm.shared.forms import StrictForm
from ratings.choices import Grade, RatingStatus, Tier


class RatingFilter(forms.Form):
    """Status, grade, branch and village."""

    status = forms.ChoiceField(label=_("Status"), required=False)
    grade = forms.ChoiceField(label=_("Grade"), required=False)
    branch = forms.ModelChoiceField(
        label=_("Branch"), queryset=None, required=False, empty_label=_("All branches")
    )
    village = forms.CharField(label=_("Village"), required=False, max_length=40, strip=True)

    def __init__(self, data, *, staff) -> None:
        super().__init__(data)
        self.fields["branch"].queryset = branches_of(staff)
        self.fields["status"].choices = [("", _("Any status")), *RatingStatus.choices]
        self.fields["grade"].choices = [("", _("Any grade")), *Grade.choices]

    def given(self) -> dict:
        """What was chosen and understood."""
        self.is_valid()
        return dict(self.cleaned_data)


class TierFilter(forms.Form):
    """Period, branch and tier."""

    period = forms.ChoiceField(label=_("Period until"), required=False)
    branch = forms.ModelChoiceField(
        label=_("Branch"), queryset=None, required=False, empty_label=_("All branches")
    )
    tier = forms.ChoiceField(label=_("Tier"), required=False)

    def __init__(self, data, *, staff, periods) -> None:
        super().__init__(data)
        self.fields["branch"].queryset = branches_of(staff)
        self.fields["period"].choices = [
            (day.isoformat(), (day - timedelta(days=1)).isoformat()) for day in periods
        ]
        self.fields["tier"].choices = [("", _("All tiers")), *Tier.choices]

    def given(self) -> dict:
        """What was chosen and understood."""
        self.is_valid()
        return dict(self.cleaned_data)


class ReadableJSON(forms.JSONField):
    """JSON that people read: a line for each value, Chinese as it is."""

    def prepare_value(self, value):
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


class VersionForm(StrictForm):
    """A new version of a rule: its name, its first day, its data as JSON, and why."""

    version = forms.CharField(label=_("Name of the version"), max_length=20)
    valid_from = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=_("Why"), max_length=300)
    data = ReadableJSON(
        label=_("Data (JSON)"), widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"})
    )

    def clean_data(self) -> dict:
        data = self.cleaned_data["data"]
        if not isinstance(data, dict):
            raise forms.ValidationError(_("The data are one object in braces."))
        return data
