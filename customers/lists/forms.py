"""What people choose above the list of customers: filters, columns, order, and a name to keep them under."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import StaffMember
from branches.selectors import branches_of, villages
from coopcrm.shared.forms import StrictForm
from coopcrm.shared.paging import id_in
from customers import registries
from customers.choices import ListOrder
from customers.lists.columns import columns_for
from customers.lists.filters import choices_of


class ListForm(forms.Form):
    """Filters of the list of customers: codes and ids alone, so that the address may be kept and shared."""

    branch = forms.ModelChoiceField(label=_("Branch"), queryset=None, required=False, empty_label=_("all"))
    village = forms.ModelChoiceField(label=_("Village"), queryset=None, required=False, empty_label=_("all"))

    def __init__(self, *args, staff: StaffMember, **kwargs):
        super().__init__(*args, **kwargs)
        if staff.scope.sees_union or len(staff.scope.branch_ids) > 1:
            self.fields["branch"].queryset = branches_of(staff)
        else:
            del self.fields["branch"]
        village = self.fields["village"]
        village.queryset = self._villages(staff)
        village.choices = [("", village.empty_label), *village.queryset.values_list("pk", "name")]
        self.main = [*self.fields]
        for name, narrowing in registries.list_filters.items():
            self.fields[name] = _field(narrowing, staff)
            if narrowing.is_main:
                self.main.append(name)

    @property
    def main_fields(self) -> list:
        """Fields always on show."""
        return [self[name] for name in self.main]

    @property
    def more_fields(self) -> list:
        """Fields that are folded away."""
        return [self[name] for name in self.fields if name not in self.main]

    @property
    def shows_more(self) -> bool:
        """Whether one of the folded filters is in use."""
        return any(self.data.get(name) for name in self.fields if name not in self.main)

    def _villages(self, staff: StaffMember):
        """Villages of the own branches; head office chooses among those of the branch it has chosen."""
        rows = villages().order_by("pinyin", "id")
        if not staff.scope.sees_union:
            return rows.filter(served_by(staff.scope.branch_ids) | Q(unit=None))
        branch, village = id_in(str(self.data.get("branch", ""))), id_in(str(self.data.get("village", "")))
        chosen = served_by([branch]) if branch else Q(pk=None)
        return rows.filter(chosen | Q(pk=village) if village else chosen)


def _field(narrowing: registries.ListFilter, staff: StaffMember) -> forms.Field:
    if narrowing.is_day:
        day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return forms.DateField(label=narrowing.label, required=False, widget=day)
    choices = [("", _("all")), *choices_of(narrowing, staff)]
    return forms.ChoiceField(label=narrowing.label, choices=choices, required=False)


def served_by(branch_ids: Any) -> Q:
    """Villages that a branch or a unit below it serves."""
    return Q(unit__in=branch_ids) | Q(unit__parent__in=branch_ids)


class LookForm(forms.Form):
    """Columns and order of the list, in the address like the filters."""

    order = forms.ChoiceField(label=_("Order"), choices=ListOrder.choices, required=False)
    column = forms.MultipleChoiceField(
        label=_("Columns"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, staff: StaffMember, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["column"].choices = [(code, column.label) for code, column in columns_for(staff).items()]


class ViewForm(StrictForm):
    """A name for what the list shows; ``shown`` is its address without the page."""

    name = forms.CharField(label=pgettext_lazy("of a place or day", "Name"), max_length=60)
    is_shared = forms.BooleanField(label=_("Everybody of the branch may use it"), required=False)
    is_default = forms.BooleanField(label=_("Show it first when I open the list"), required=False)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)

    def __init__(self, *args, staff: StaffMember, **kwargs):
        super().__init__(*args, **kwargs)
        if len(staff.scope.branch_ids) != 1:
            del self.fields["is_shared"]
