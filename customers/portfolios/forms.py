"""What people type about portfolios."""

from __future__ import annotations

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models import Area, StaffMember, Unit
from branches.selectors import villages
from coopcrm.shared.forms import StrictForm
from customers.choices import HandoverReason
from customers.portfolios import selectors


def day_field(label, **options) -> forms.DateField:
    """A day by the browser's own control."""
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options
    )


class NameManagerForm(StrictForm):
    """A manager for households that the director's post manages."""

    topics = {"manager": "manager"}

    manager = forms.ModelChoiceField(StaffMember.objects.none(), label=_("Manager"))
    village = forms.ModelChoiceField(
        Area.objects.none(),
        label=_("Village"),
        required=False,
        empty_label=_("all villages"),
        help_text=_("Only households that the director's post manages are given to the manager."),
    )
    from_day = day_field(_("From"))

    def __init__(self, *args, branch: Unit, **options) -> None:
        super().__init__(*args, **options)
        self.fields["manager"].queryset = selectors.managers_at(branch, timezone.localdate())
        self.fields["village"].queryset = villages().filter(households__branch=branch).distinct()


class HandoverForm(StrictForm):
    """Who hands over to whom, why, from when, and who watches."""

    giver = forms.ModelChoiceField(StaffMember.objects.none(), label=_("Hands over"))
    taker = forms.ModelChoiceField(StaffMember.objects.none(), label=_("Takes over"))
    supervisor = forms.ModelChoiceField(
        StaffMember.objects.none(),
        label=_("Supervises"),
        help_text=_("A third person: a director, a deputy or an accountant."),
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=HandoverReason)
    effective_on = day_field(_("From this day"))

    def __init__(self, *args, branch: Unit, **options) -> None:
        super().__init__(*args, **options)
        day = timezone.localdate()
        self.fields["giver"].queryset = selectors.givers_at(branch, day)
        self.fields["taker"].queryset = selectors.managers_at(branch, day)
        self.fields["supervisor"].queryset = selectors.supervisors_at(branch, day)


class ItemForm(StrictForm):
    """What the joint visit found."""

    visited_on = day_field(_("Visited on"))
    differs = forms.TypedChoiceField(
        label=_("Compared with the records"),
        choices=[("", "–"), ("no", _("as recorded")), ("yes", _("differs"))],
        coerce=lambda value: value == "yes",
    )
    difference = forms.CharField(label=_("What differs"), max_length=500, required=False)
