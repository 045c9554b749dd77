"""What people type into the registry's pages, cleaned. Services decide; forms explain."""

from __future__ import annotations

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from coopcrm.shared.forms import StrictForm
from coopcrm.shared.uploads import refusal_for
from coopcrm.shared.uploads.child.limits import MAX_PHOTO_BYTES
from customers import facts
from customers.choices import (
    CreditReport,
    FactSource,
    PhotoSide,
    ReadingPurpose,
    RevealPurpose,
    SharingPurpose,
)
from customers.models import Customer


def numeric(**attrs) -> forms.TextInput:
    """A text control that opens the numeric keyboard and is never kept in the browser."""
    return forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "data-private": "", **attrs})


def amount(label, **options) -> forms.DecimalField:
    """A yuan amount with the numeric keyboard."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label, required=False, max_digits=14, decimal_places=2, widget=widget, **options
    )


def whole(label, **options) -> forms.IntegerField:
    """A whole number with the numeric keyboard."""
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(label=label, required=False, min_value=0, widget=widget, **options)


SOURCES = [(FactSource.SAID, _("said")), (FactSource.DOCUMENT, _("document")), (FactSource.SEEN, _("seen"))]


class FactsForm(StrictForm):
    """What is observed of a household; each value says how it became known."""

    population = whole(_("People in the household"), max_value=40)
    labour = whole(_("Able to work"), max_value=40)
    gross_income = amount(_("Yearly income (¥)"), min_value=0)
    net_income = amount(_("Net income of a year (¥)"))
    living_expenditure = amount(_("Living costs of a year (¥)"), min_value=0)
    assets = amount(_("Assets (¥)"), min_value=0)
    liabilities = amount(_("Debts (¥)"), min_value=0)
    guarantees_given = amount(_("Guarantees given (¥)"), min_value=0)
    income_sources = whole(_("Income sources verified"), max_value=20)
    residence_years = forms.DecimalField(
        label=_("Years resident"),
        required=False,
        min_value=0,
        max_value=120,
        max_digits=5,
        decimal_places=1,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    land_mu = forms.DecimalField(
        label=_("Land (mu)"),
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    credit_report = forms.ChoiceField(
        label=_("Credit report"), required=False, choices=[("", "–"), *CreditReport.choices]
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fact_names = [name for name in self.fields if name in facts.FIELDS]
        for name in self.fact_names:
            self.fields[f"{name}_source"] = forms.ChoiceField(
                label=_("Source of: %(field)s") % {"field": self.fields[name].label},
                choices=SOURCES,
                initial=FactSource.SAID,
                required=False,
                widget=forms.RadioSelect,
            )

    def observed(self) -> dict[str, facts.Observed]:
        """What was filled in, with its source."""
        data = self.cleaned_data
        return {
            name: facts.Observed(data[name], data.get(f"{name}_source") or FactSource.SAID)
            for name in self.fact_names
            if data.get(name) not in facts.UNKNOWN
        }

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Value and source of each fact, as the page draws them side by side."""
        return [(self[name], self[f"{name}_source"]) for name in self.fact_names]


class VisitForm(FactsForm):
    """A plain visit note: when, how long, what was seen, which facts."""

    topics = {"summary": "valid-visit", "minutes": "valid-visit"}

    visited_on = forms.DateField(
        label=_("Visited on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    minutes = whole(_("Minutes"), max_value=600)
    summary = forms.CharField(
        label=_("What was seen"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("At least 30 characters: what has changed, what you saw, what was agreed."),
    )
    field_order = ["visited_on", "minutes", "summary"]

    def clean_summary(self) -> str:
        from customers.services import LEAST_NOTE

        text = self.cleaned_data["summary"].strip()
        if len(text) < LEAST_NOTE:
            wanted = LEAST_NOTE - len(text)
            raise forms.ValidationError(
                _("%(wanted)s more characters, please: a note is read by people who were not there.")
                % {"wanted": wanted}
            )
        return text


class CorrectionForm(StrictForm):
    """The words that stand beside a note from now on."""

    summary = forms.CharField(
        label=_("Corrected note"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6})
    )
    minutes = whole(_("Minutes"), max_value=600)


class PhotoForm(StrictForm):
    """A photo of a document, as the phone or camera made it."""

    photo = forms.FileField(
        label=_("Photo"),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("JPEG, PNG or WebP, at most 12 MB. Only the picture is kept."),
    )
    side = forms.ChoiceField(required=False, choices=PhotoSide.choices, widget=forms.HiddenInput)

    def clean_photo(self) -> bytes:
        """The content; a file larger than any photo is not read."""
        photo = self.cleaned_data["photo"]
        if photo.size > MAX_PHOTO_BYTES:
            raise forms.ValidationError(str(refusal_for("photo_too_large")))
        return photo.read()


class PhotoPurposeForm(StrictForm):
    """What a photo is looked at for."""

    purpose = forms.ChoiceField(label=_("What for"), choices=ReadingPurpose)


class AskForm(StrictForm):
    """Ask another branch to share a household."""

    topics = {"purpose": "known-elsewhere"}

    beside = ("deed",)

    purpose = forms.ChoiceField(label=_("What for"), choices=SharingPurpose)
    reason = forms.CharField(label=_("Words for the other branch"), max_length=300, required=False)


class TransferForm(StrictForm):
    """Ask another branch to hand a household over."""

    beside = ("deed",)

    reason = forms.CharField(label=_("Why the household should move to your branch"), max_length=300)


class RevealForm(StrictForm):
    """What a full number is needed for."""

    topics = {"purpose": "reveal"}

    purpose = forms.ChoiceField(
        label=_("What for"), choices=[("", pgettext_lazy("no choice yet", "Choose")), *RevealPurpose.choices]
    )
    note = forms.CharField(label=_("Note"), max_length=100, required=False)


def reveal_context(customer: Customer, what: str, pk: int, data=None, refusal: str = "") -> dict:
    """The form that asks what one full number is needed for, as its part of a page draws it."""
    url = reverse("customers:reveal", args=[customer.pk, what, pk])
    form = RevealForm(data, auto_id=f"reveal-{what}-{pk}-%s")
    return {"url": url, "reveal_form": form, "refusal": refusal}
