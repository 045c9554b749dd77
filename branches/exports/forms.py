"""The form with which a list is ordered; any page that shows rows can hold it."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.exports.kinds import USES, kind_of
from branches.models import StaffMember
from coopcrm.shared.models import FileKind

ROWS = "rows_"
FORMATS = [(FileKind.XLSX, "Excel (xlsx)"), (FileKind.CSV, "CSV")]


class ExportForm(forms.Form):
    """Format and purpose; full numbers are offered to those who may take them. ``given`` names the rows.

    A list of people asks what becomes of it: nobody is offered anything without having agreed.
    """

    format = forms.ChoiceField(label=_("Format"), choices=FORMATS)
    use = forms.ChoiceField(label=_("What will be done with it"), choices=[("", "–"), *USES.items()])
    purpose = forms.CharField(
        label=_("What the list is for"),
        max_length=200,
        help_text=_("Stands on every page of the list, with your name."),
    )
    with_numbers = forms.BooleanField(
        label=_("Full document and phone numbers"),
        required=False,
        help_text=_("A second person agrees first, whatever the length."),
    )

    def __init__(
        self, *args, kind: str, staff: StaffMember, given: Mapping[str, str] | None = None, **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.kind, self.given = kind, dict(given or {})
        if not kind_of(kind).asks_use:
            del self.fields["use"]
        if not kind_of(kind).may_take_numbers(staff):
            del self.fields["with_numbers"]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form carries besides its fields: the kind of list and which rows."""
        return [("kind", self.kind), *((f"{ROWS}{name}", value) for name, value in self.given.items())]


def rows_given(data: Mapping[str, str]) -> dict[str, str]:
    """What a sent form says about the rows."""
    return {name.removeprefix(ROWS): value for name, value in data.items() if name.startswith(ROWS)}
