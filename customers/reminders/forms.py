"""What people set about reminders."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from coopcrm.shared.forms import StrictForm
from customers.reminders.services import MOST_LEAD, Figures


class FiguresForm(StrictForm):
    """Figures of one source; the union's need a reason, for a second person reads it."""

    lead = forms.IntegerField(
        label=_("Figure"),
        required=False,
        min_value=1,
        max_value=MOST_LEAD,
        help_text=_("Leave it empty to switch the reminder off."),
    )
    rest_days = forms.IntegerField(
        label=_("Days of rest"),
        min_value=0,
        max_value=3650,
        help_text=_("After a task was closed, none about the same subject for so many days."),
    )
    most_open = forms.IntegerField(
        label=_("Open at a time"),
        min_value=1,
        max_value=200,
        help_text=_("So many for one person or post; the most pressing come first."),
    )
    reason = forms.CharField(label=_("Why"), max_length=200, required=False)

    def __init__(self, *args, figures: Figures, is_union: bool, **options) -> None:
        start = {"lead": figures.lead, "rest_days": figures.rest_days, "most_open": figures.most_open}
        super().__init__(*args, initial=start, **options)
        if is_union:
            self.fields["reason"].required = True
        else:
            del self.fields["reason"]
