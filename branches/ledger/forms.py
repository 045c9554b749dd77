"""What an auditor looks for."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.ledger.words import table_in_words
from branches.models import StaffMember
from coopcrm.shared import audit
from coopcrm.shared.models import Deed, Outcome


class Day(forms.DateField):
    """A day from the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _tables() -> list[tuple[str, str]]:
    tables = [*audit.audited_models(), *audit.COMPUTED]
    named = sorted(((table, table_in_words(table)) for table in tables), key=lambda pair: pair[1])
    return [("", _("all")), *named]


class LedgerFilter(forms.Form):
    """Who, what, which row, when and with what outcome; all of it may be left empty."""

    who = forms.CharField(label=_("Who"), required=False, max_length=100)
    deed = forms.ChoiceField(label=_("Deed"), required=False, choices=[("", _("all")), *Deed.choices])
    table = forms.ChoiceField(label=_("Kind of row"), required=False, choices=_tables)
    key = forms.CharField(label=_("Row number"), required=False, max_length=40)
    person = forms.IntegerField(label=_("Customer number"), required=False, min_value=1, max_value=2**63 - 1)
    outcome = forms.ChoiceField(
        label=_("Outcome"), required=False, choices=[("", _("all")), *Outcome.choices]
    )
    since = Day(label=_("From"), required=False)
    until = Day(label=_("Until"), required=False)

    def narrow(self, entries: QuerySet) -> QuerySet:
        """Leave the entries that were asked for; what cannot be understood finds nothing."""
        if not self.is_valid():
            return entries.none()
        given = self.cleaned_data
        named = {
            "deed": "deed",
            "table": "table_name",
            "key": "key",
            "person": "subject_id",
            "outcome": "outcome",
        }
        entries = entries.filter(**{column: given[name] for name, column in named.items() if given[name]})
        if given["who"]:
            entries = entries.filter(_of_actor(given["who"].strip()))
        if given["since"]:
            entries = entries.filter(at__gte=_start_of(given["since"]))
        if given["until"]:
            entries = entries.filter(at__lt=_start_of(given["until"] + timedelta(days=1)))
        return entries


def _of_actor(text: str) -> Q:
    """By sign-in name, name or number of a member of staff; else by the name that a process gave itself."""
    people = Q(username=text) | Q(full_name=text) | Q(employee_no=text)
    ids = list(StaffMember.objects.filter(people).values_list("pk", flat=True)[:50])
    return Q(actor_id__in=ids) if ids else Q(actor_id=None, actor_name=text)


def _start_of(day) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def end_of(day) -> datetime:
    """The moment a day ends."""
    return _start_of(day + timedelta(days=1))


class DayForm(forms.Form):
    """The day as of which something is looked at."""

    day = Day(label=_("As of"), required=False)
