"""Forms of merges: which record stays, whose household, and the questions of an undo."""

from __future__ import annotations

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember
from coopcrm.shared.forms import StrictForm
from customers import masking
from customers.merging.choices import Side
from customers.merging.later import NUMBERED, Later
from customers.models import Customer, Household, IdentityDocument, Marriage, Phone, Task


class MergeForm(StrictForm):
    """Join the two that the page shows; the household is asked where they live in different ones."""

    reason = forms.CharField(
        label=gettext_lazy("Why they are one"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class PairQuery(forms.Form):
    """The two records in an address: ids alone."""

    first = forms.IntegerField(min_value=1)
    second = forms.IntegerField(min_value=1)
    kind = forms.ChoiceField(choices=[("customer", "customer"), ("household", "household")], required=False)
    keeps = forms.ChoiceField(choices=Side.choices, required=False)


class TwoHouseholdsForm(forms.Form):
    """Which two households are one: their numbers, as their pages show them."""

    kind = forms.CharField(initial="household", widget=forms.HiddenInput)
    first = forms.IntegerField(label=gettext_lazy("Household that stays (number)"), min_value=1)
    second = forms.IntegerField(label=gettext_lazy("Household that is joined to it (number)"), min_value=1)

    def __init__(self, *args, staff: StaffMember, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.own = Household.objects.managed_for(staff).filter(valid_to=None)

    def clean(self) -> dict:
        """Two different households of the person's branches; a foreign number is answered like one that nobody has."""
        given = super().clean()
        asked = {name: given[name] for name in ("first", "second") if name in given}
        known = set(self.own.filter(pk__in=asked.values()).values_list("pk", flat=True))
        for name, number in asked.items():
            if number not in known:
                self.add_error(name, _("Your branches manage no household of this number."))
        if len(asked) == 2 and asked["first"] == asked["second"]:
            self.add_error("second", _("This is the same household."))
        return given


class UndoForm(StrictForm):
    """Why the two are different, and to whom rows belong that were written since and do not say it themselves."""

    reason = forms.CharField(
        label=gettext_lazy("Why they are different"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args, rows: list[Later], names: tuple[str, str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.asked = [one for one in rows if not one.is_known]
        sides = [
            (code, f"{name} ({code.label})")
            for code, name in zip((Side.SURVIVOR, Side.OTHER), names, strict=True)
        ]
        for one in self.asked:
            self.fields[one.field] = forms.ChoiceField(
                label=words_of(one),
                choices=sides,
                initial=one.side,
                required=False,
                widget=forms.RadioSelect,
            )

    @property
    def answers(self) -> dict[tuple[str, int], str]:
        """By relation and row what people said."""
        given = {one.key: self.cleaned_data.get(one.field) for one in self.asked}
        return {key: side for key, side in given.items() if side}

    @property
    def questions(self) -> list:
        """The fields that ask about rows."""
        return [self[one.field] for one in self.asked]


def words_of(one: Later) -> str:
    """A row in a few words, without names; its number is masked."""
    written = next(
        (
            getattr(one.row, name)
            for name in ("created_at", "recorded_at", "opened_on", "recorded_on", "valid_from")
            if getattr(one.row, name, None)
        ),
        None,
    )
    said = f"{written:%Y-%m-%d}" if written else ""
    parts = [str(one.row._meta.verbose_name), str(_what(one)), _masked_number(one.row), said]
    return " · ".join(part for part in parts if part)


MASKS = {Phone: masking.mask_phone, IdentityDocument: masking.mask_id, Marriage: masking.mask_id}


def _masked_number(row: models.Model) -> str:
    """The number by which people know a phone, a document, an account; empty where the row has none."""
    if not hasattr(row, NUMBERED):
        return ""
    return MASKS.get(type(row), masking.mask_bank_card)(row.open("number"), "detail")


def _what(one: Later) -> str:
    """The kind of the row where it has one, else its number."""
    row = one.row
    if isinstance(row, Task):
        return row.words
    for name in ("get_kind_display", "get_attribute_display", "get_purpose_display"):
        if hasattr(row, name):
            return str(getattr(row, name)())
    text = str(row) if not isinstance(row, Customer) else ""
    return (
        text
        if text and not any(sign.isdigit() for sign in text.replace(f"#{row.pk}", ""))
        else _("no. %(no)s") % {"no": row.pk}
    )
