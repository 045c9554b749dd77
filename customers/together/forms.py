"""What people say about many customers at once: whom, which deed, and what the deed needs."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode
from branches.models import StaffMember, Unit
from coopcrm.shared.forms import StrictForm
from customers.models import Tag
from customers.policies import COUNTER, DIRECTORS, FIELD
from customers.portfolios.forms import day_field
from customers.tags.selectors import tags_to_hang
from customers.tasks.forms import WhoField
from customers.tasks.kinds import BY_HAND, CALL, kind_of
from customers.together import policies

FORM = "together"
"""Id of the form on the page; its fields stand in dialogs beside it."""
HANG, TAKE_DOWN, TASK = "hang", "take_down", "task"
NEEDED = {HANG: ("tag",), TAKE_DOWN: ("tag_down",), TASK: ("kind", "reason", "due_on", "who")}


class TogetherForm(StrictForm):
    """One deed with what it needs; ``shown`` is the address of the list, ``everybody`` all that match it."""

    beside = ("customer",)

    deed = forms.ChoiceField(choices=[(code, code) for code in NEEDED])
    shown = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    everybody = forms.BooleanField(required=False)
    tag = forms.ModelChoiceField(label=_("Tag"), queryset=Tag.objects.none(), required=False)
    until = day_field(_("Until"), required=False)
    tag_down = forms.ModelChoiceField(label=_("Tag"), queryset=Tag.objects.none(), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    reason = forms.CharField(
        label=_("What is to be done"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    due_on = day_field(_("Due on"), required=False)
    who = WhoField(required=False)

    def __init__(self, *args, staff: StaffMember, unit: Unit | None, on: date, **options: Any) -> None:
        super().__init__(*args, **options)
        for names in NEEDED.values():
            for name in names:
                self.fields[name].is_needed = True
                self.fields[name].widget.attrs["data-needed"] = ""
        self.may_tag = policies.may_tag_many(staff)
        if self.may_tag:
            self.fields["tag"].queryset = self.fields["tag_down"].queryset = tags_to_hang(staff)
        self.fields["kind"].choices = [(code, kind_of(code).label) for code in BY_HAND]
        self.fields["kind"].initial = CALL
        if unit is not None and staff.scope.branch_ids:
            self.fields["who"].offer(unit, on, staff)
        else:
            posts = [(f"p{code}", PostCode(code).label) for code in (*FIELD, *COUNTER, *DIRECTORS)]
            self.fields["who"].choices = [(_("Whoever holds the post"), posts)]
        for name in ("tag", "until", "tag_down", "kind", "reason", "due_on", "who"):
            self.fields[name].widget.attrs["form"] = FORM

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen deed needs."""
        given = super().clean()
        for name in NEEDED.get(given.get("deed", ""), ()):
            if not given.get(name) and name not in self.errors:
                self.add_error(name, _("Fill this in."))
        return given
