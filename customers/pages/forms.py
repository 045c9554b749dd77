"""How a timeline is narrowed: by kind, by period, by words that stand in it."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from coopcrm.shared.forms import StrictForm
from customers import registries
from customers.pages.timeline import Asked

PERIODS = {
    "": (_("All time"), 0),
    "quarter": (_("Last three months"), 92),
    "year": (_("Last twelve months"), 365),
    "three": (_("Last three years"), 1096),
}


class TimelineForm(StrictForm):
    """Sent in the body of a request, so that what is looked for stands in no address."""

    kind = forms.ChoiceField(label=_("Show"), required=False, widget=forms.Select(attrs={"class": "control"}))
    period = forms.ChoiceField(
        label=_("Period"), required=False, widget=forms.Select(attrs={"class": "control"})
    )
    words = forms.CharField(
        label=_("Words in it"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "data-private": ""}),
    )
    after = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args, page: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("Everything")), *registries.timeline_sources.kinds(page)]
        self.fields["period"].choices = [(code, label) for code, (label, _days) in PERIODS.items()]

    def asked(self, today: date) -> Asked:
        """What was asked for; an altered form asks for everything."""
        if not self.is_bound or not self.is_valid():
            return Asked()
        given = self.cleaned_data
        days = PERIODS[given["period"]][1]
        since = today - timedelta(days=days) if days else None
        return Asked(kind=given["kind"], since=since, words=given["words"], after=given["after"])
