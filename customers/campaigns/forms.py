"""Fields of segments and campaigns."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import StaffMember, Unit
from coopcrm.shared.forms import StrictFields, StrictForm
from customers.campaigns import policies
from customers.choices import CampaignChannel, CampaignOutcome
from customers.lists.filters import ME, plain
from customers.lists.forms import ListForm
from customers.models import Segment
from customers.portfolios.forms import day_field


class FiltersForm(StrictFields, ListForm):
    """The filters of the list of customers, to be kept."""

    def __init__(self, *args, staff: StaffMember, **kwargs):
        super().__init__(*args, staff=staff, **kwargs)
        self.staff = staff

    def codes(self) -> dict[str, Any]:
        """Ids, codes and days as a segment keeps them; "mine" becomes the person, for whoever counts later."""
        given = plain({name: value for name, value in self.cleaned_data.items() if name != "name"})
        if given.get("manager") == ME:
            given["manager"] = str(self.staff.pk)
        return given


class SegmentForm(FiltersForm):
    """A name, and the filters it stands for."""

    name = forms.CharField(label=pgettext_lazy("of a place or day", "Name"), max_length=60)
    field_order = ["name"]


def filters_from(query: QueryDict, staff: StaffMember) -> dict[str, str]:
    """The filters that the list of customers was narrowed by when somebody pressed "Keep as a segment"."""
    form = ListForm(query, staff=staff)
    return {name: query[name] for name in form.fields if query.get(name)}


class CampaignForm(StrictForm):
    """Everything about a campaign but its list."""

    name = forms.CharField(label=pgettext_lazy("of a place or day", "Name"), max_length=60)
    segment = forms.ModelChoiceField(label=_("Segment"), queryset=None)
    goal = forms.CharField(
        label=_("Goal"), max_length=200, help_text=_("What should be different afterwards?")
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=CampaignChannel)
    offer = forms.CharField(label=_("Offer"), max_length=200)
    script = forms.CharField(
        label=_("Talking points"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    starts_on = day_field(_("From"))
    ends_on = day_field(_("Until"))
    holdout_percent = forms.IntegerField(
        label=_("Not contacted, %"),
        min_value=0,
        max_value=50,
        initial=10,
        help_text=_("Drawn by chance, to see what the campaign changed."),
    )

    def __init__(self, *args, staff: StaffMember, **kwargs):
        super().__init__(*args, **kwargs)
        rows = Segment.objects.visible_to(staff).filter(ended_on=None).order_by("name")
        own = [row.pk for row in rows if policies.may_change(staff, row)]
        self.fields["segment"].queryset = Segment.objects.filter(pk__in=own).order_by("name")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        starts, ends = given.get("starts_on"), given.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("It ends on the day it starts or later."))
        return given


class OutcomeForm(StrictForm):
    """What came of contacting somebody."""

    outcome = forms.ChoiceField(choices=CampaignOutcome)


class StopForm(StrictForm):
    """Why a campaign stops."""

    reason = forms.CharField(label=_("Why it stops"), max_length=200)


class ExtendForm(StrictForm):
    """Until when it goes on."""

    ends_on = day_field(_("New last day"))


def branch_for(staff: StaffMember) -> Unit | None:
    """Whose segment a person makes: the union's for its desks, else that of the own branch."""
    if policies.may_plan_for(staff, None):
        return None
    return Unit.objects.filter(pk__in=staff.scope.branch_ids).order_by("pk").first()
