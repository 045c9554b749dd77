"""What people type about complaints and requests."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.forms import StrictForm
from customers.choices import CaseCategory, CaseKind, CaseOutcome, Channel
from customers.models import Case
from customers.portfolios.forms import day_field
from customers.tasks.selectors import colleagues


class FilterForm(forms.Form):
    """What narrows the queue; stands in the address as codes."""

    category = forms.ChoiceField(label=_("About what"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    branch = forms.IntegerField(required=False, widget=forms.HiddenInput)
    tab = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.fields["category"].choices = [("", _("everything")), *CaseCategory.choices]
        self.fields["kind"].choices = [("", _("all kinds")), *CaseKind.choices]

    @property
    def narrows(self) -> dict[str, Any]:
        """What was chosen; nonsense counts as nothing chosen."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in ("category", "kind", "branch")}


class TakeForm(StrictForm):
    """What somebody says."""

    kind = forms.ChoiceField(label=_("Kind"), choices=CaseKind)
    category = forms.ChoiceField(label=_("About what"), choices=CaseCategory)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel)
    received_on = day_field(_("Received on"))
    words = forms.CharField(
        label=_("In the customer's words"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Without numbers, illnesses, beliefs or other sensitive matters."),
    )
    about_staff = forms.ModelChoiceField(
        StaffMember.objects.none(),
        label=_("About a colleague"),
        required=False,
        help_text=_("Whoever is named never sees or handles the case."),
    )

    def __init__(self, *args, unit: Unit, on: date, **options) -> None:
        super().__init__(*args, **options)
        self.on = on
        self.fields["about_staff"].queryset = colleagues(unit, on)

    def clean_received_on(self) -> date:
        day = self.cleaned_data["received_on"]
        if day > self.on or (self.on - day).days > 60:
            raise ValidationError(_("Choose today or a day of the last two months."))
        return day


class AnswerForm(StrictForm):
    """The answer as the customer will read it."""

    outcome = forms.ChoiceField(label=_("How it ended"), choices=[("", "–"), *CaseOutcome.choices])
    answer = forms.CharField(label=_("Answer"), max_length=1000, widget=forms.Textarea(attrs={"rows": 5}))


class TellForm(StrictForm):
    """How the customer was told."""

    how = forms.ChoiceField(label=_("Told how"), choices=Channel)


class WordsForm(StrictForm):
    """A line for the story, or why a case is opened again."""

    words = forms.CharField(label=_("Words"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class GiveForm(StrictForm):
    """Who handles it from now on."""

    owner = forms.ModelChoiceField(StaffMember.objects.none(), label=_("Who handles it"))

    def __init__(self, *args, case: Case, on: date, **options) -> None:
        super().__init__(*args, **options)
        rows = colleagues(case.branch, on)
        self.fields["owner"].queryset = rows.exclude(pk=case.about_staff_id) if case.about_staff_id else rows
