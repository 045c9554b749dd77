"""Filters of the list of customers."""

from __future__ import annotations

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from branches.selectors import branches_of, villages
from coopcrm.shared.paging import id_in
from customers import registries


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
        self.fields["village"].queryset = self._villages(staff)
        for name, narrowing in registries.list_filters.items():
            choices = [("", _("all")), *narrowing.choices()]
            self.fields[name] = forms.ChoiceField(label=narrowing.label, choices=choices, required=False)

    def _villages(self, staff: StaffMember):
        """Villages of the own branches; head office chooses among those of the branch it has chosen."""
        rows = villages().order_by("pinyin", "id")
        if not staff.scope.sees_union:
            return rows.filter(served_by(staff.scope.branch_ids) | Q(unit=None))
        branch, village = id_in(self.data.get("branch", "")), id_in(self.data.get("village", ""))
        chosen = served_by([branch]) if branch else Q(pk=None)
        return rows.filter(chosen | Q(pk=village) if village else chosen)


def served_by(branch_ids) -> Q:
    """Villages that a branch or a unit below it serves."""
    return Q(unit__in=branch_ids) | Q(unit__parent__in=branch_ids)
