"""Choices above the lists of the banking book."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.selectors import branches_of
from loans.choices import Guarantee, LoanClass
from loans.overview import DELAYS


def with_all(choices, label) -> list:
    """Put "all" before some choices."""
    return [("", label), *choices]


class LoanFilter(forms.Form):
    """Class, delay, guarantee and branch."""

    branch = forms.ModelChoiceField(
        label=_("Branch"), queryset=None, required=False, empty_label=_("All branches")
    )
    delay = forms.ChoiceField(label=_("Overdue"), required=False)
    guarantee = forms.ChoiceField(label=_("Guarantee"), required=False)
    review = forms.BooleanField(label=_("Needs the union's decision"), required=False)

    def __init__(self, data, *, staff) -> None:
        super().__init__(data)
        self.fields["branch"].queryset = branches_of(staff)
        delays = [(code, label) for code, (label, _rows) in DELAYS.items()]
        self.fields["delay"].choices = with_all(delays, _("On time or late"))
        self.fields["guarantee"].choices = with_all(Guarantee.choices, _("Any guarantee"))

    def given(self) -> dict:
        """What was chosen and understood; a choice that does not exist is as good as none."""
        self.is_valid()
        given = dict(self.cleaned_data)
        chosen = self.data.get("class", "")
        return given | {"class": chosen if chosen in LoanClass.values else ""}


class ReservesForm(forms.Form):
    """The branch and the reserves to compare with."""

    branch = forms.ModelChoiceField(
        label=_("Branch"), queryset=None, required=False, empty_label=_("All branches")
    )
    reserves = forms.DecimalField(
        label=_("Reserves held, ¥"), required=False, min_value=Decimal(0), max_digits=14, decimal_places=2
    )

    def __init__(self, data, *, staff) -> None:
        super().__init__(data)
        self.fields["branch"].queryset = branches_of(staff)
