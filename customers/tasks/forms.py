"""What people type about tasks."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode
from branches.models import StaffMember, Unit
from coopcrm.shared.forms import StrictForm
from customers.choices import TaskState
from customers.portfolios.forms import day_field
from customers.tasks import selectors
from customers.tasks.kinds import BY_HAND, kind_of


class FilterForm(forms.Form):
    """What narrows the list; stands in the address as codes."""

    when = forms.ChoiceField(label=_("Due"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    whose = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, kinds: list[tuple[str, Any]], **options) -> None:
        super().__init__(*args, **options)
        self.fields["when"].choices = list(selectors.WHEN.items())
        self.fields["kind"].choices = [("", _("all kinds")), *kinds]
        self.fields["state"].choices = list(selectors.STATES.items())

    @property
    def narrows(self) -> dict[str, str]:
        """What was chosen; nonsense counts as nothing chosen."""
        self.is_valid()
        chosen = self.cleaned_data
        return {
            "when": chosen.get("when", ""),
            "kind": chosen.get("kind", ""),
            "state": chosen.get("state") or TaskState.OPEN,
        }


class WhoField(forms.ChoiceField):
    """A colleague (``s12``) or whoever holds a post (``pcashier``) at a unit."""

    def __init__(self, **options) -> None:
        super().__init__(**{"label": _("Who does it"), **options})
        self.people: dict[str, StaffMember] = {}

    def offer(self, unit: Unit, on: date, me: StaffMember | None = None) -> None:
        """Offer the people and posts of a unit, the asking person first."""
        people = list(selectors.colleagues(unit, on))
        people.sort(key=lambda member: (me is None or member.pk != me.pk, member.full_name))
        self.people = {f"s{member.pk}": member for member in people}
        posts = [(f"p{code}", PostCode(code).label) for code in selectors.posts_held(unit, on)]
        named = [(code, str(member)) for code, member in self.people.items()]
        self.choices = [(_("A colleague"), named), (_("Whoever holds the post"), posts)]

    def clean(self, value) -> dict[str, Any]:
        chosen = super().clean(value)
        if chosen in self.people:
            return {"owner": self.people[chosen]}
        return {"owner": None, "post": chosen[1:]} if chosen else {}


class NewTaskForm(StrictForm):
    """A task by hand."""

    kind = forms.ChoiceField(label=_("Kind"))
    reason = forms.CharField(
        label=_("What is to be done"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )
    due_on = day_field(_("Due on"))
    who = WhoField()

    def __init__(self, *args, unit: Unit, me: StaffMember, on: date, **options) -> None:
        super().__init__(*args, **options)
        self.fields["kind"].choices = [(code, kind_of(code).label) for code in BY_HAND]
        self.fields["who"].offer(unit, on, me)


class OutcomeForm(StrictForm):
    """What came of it."""

    outcome = forms.CharField(label=_("What came of it"), max_length=200, required=False)


class DropForm(StrictForm):
    """Why it need not be done."""

    reason = forms.CharField(label=_("Why it need not be done"), max_length=200)


class SnoozeForm(StrictForm):
    """Until when it is put off: a day, or so many days from today."""

    until = day_field(_("Put off until"), required=False)
    days = forms.IntegerField(required=False, min_value=1, max_value=31, widget=forms.HiddenInput)


class GiveForm(StrictForm):
    """Who does it from now on."""

    who = WhoField()

    def __init__(self, *args, unit: Unit, on: date, **options) -> None:
        super().__init__(*args, **options)
        self.fields["who"].offer(unit, on)
