"""What is typed about documents, phones and particulars, cleaned and explained in words."""

from __future__ import annotations

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from coopcrm.shared.forms import StrictForm
from customers import masking
from customers.choices import DocumentKind, RetiredBecause
from customers.forms import numeric
from customers.models import Customer, IdentityDocument
from customers.persons import words
from customers.persons.documents import Paper
from customers.persons.judging import KINDS_OF, LONGEST_NUMBER, date_reason, judge

CHOOSE = ("", pgettext_lazy("no choice yet", "Choose"))


def day_field(label, **options) -> forms.DateField:
    """A day with the browser's calendar."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=options.pop("required", False), widget=widget, **options)


class PaperForm(StrictForm):
    """What stands on a document: number, days, who issued it."""

    number = forms.CharField(
        label=_("Number"),
        max_length=LONGEST_NUMBER,
        widget=numeric(inputmode="text", spellcheck="false"),
        help_text=_("Any spacing will do."),
    )
    keep = forms.BooleanField(
        label=_("The document really says so: keep the number as typed, flagged"), required=False
    )
    issued_on = day_field(_("Issued on"))
    expires_on = day_field(_("Valid until"))
    is_long_term = forms.BooleanField(label=_("Valid without end (long-term)"), required=False)
    issued_by = forms.CharField(label=_("Issued by"), required=False, max_length=100)

    def __init__(self, *args, as_of: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.as_of = as_of

    def clean(self) -> dict:
        data = super().clean()
        kind, typed = self.kind_of(data), data.get("number", "")
        judged = judge(kind, typed, self.as_of) if kind else None
        if judged is not None and judged.reason and not data.get("keep"):
            self.add_error("number", words.number_reason(judged, typed, self.as_of))
        days = {name: data.get(name) for name in ("issued_on", "expires_on")}
        code = date_reason(
            judged.kind if judged else kind,
            **days,
            is_long_term=bool(data.get("is_long_term")),
            as_of=self.as_of,
        )
        if code:
            self.add_error("issued_on" if code == "ISSUED_LATER" else "expires_on", words.DATE_WORDS[code])
        return data

    def kind_of(self, data: dict) -> str:
        """The kind of document that the number is judged as."""
        raise NotImplementedError

    def deed(self) -> dict:
        """Arguments of the service."""
        data = self.cleaned_data
        paper = {name: data[name] for name in ("issued_on", "expires_on", "is_long_term", "issued_by")}
        return {"number": data["number"], "keep": data["keep"], "paper": Paper(**paper)}


class DocumentForm(PaperForm):
    """One more document of a customer."""

    kind = forms.ChoiceField(label=_("Document"))
    reason = forms.CharField(
        label=_("Claimed anyway, because"),
        required=False,
        max_length=200,
        help_text=_("Only when another customer holds this number: one sentence for those who settle it."),
    )
    field_order = ["kind"]

    def __init__(self, *args, customer: Customer, **kwargs):
        super().__init__(*args, **kwargs)
        kinds = KINDS_OF[customer.kind]
        labels = dict(DocumentKind.choices)
        self.fields["kind"].choices = [(str(kind), labels[kind]) for kind in kinds]

    def kind_of(self, data: dict) -> str:
        return data.get("kind", "")

    def deed(self) -> dict:
        data = self.cleaned_data
        return {**super().deed(), "kind": data["kind"], "reason": data["reason"]}


class RenewForm(PaperForm):
    """The new paper of a document; without a number it has the old one's."""

    def __init__(self, *args, document: IdentityDocument, **kwargs):
        super().__init__(*args, **kwargs)
        self.document = document
        number = self.fields["number"]
        number.required = False
        shown = masking.mask_id(document.open("number"), "detail")
        number.help_text = _("Leave empty when it is the same: %(number)s.") % {"number": shown}

    def kind_of(self, data: dict) -> str:
        return self.document.kind


class WithdrawForm(StrictForm):
    """Why a document is no longer in use."""

    because = forms.ChoiceField(
        label=_("What happened"),
        choices=[
            CHOOSE,
            *(
                (str(code), code.label)
                for code in (RetiredBecause.LOST, RetiredBecause.RETURNED, RetiredBecause.WRONG)
            ),
        ],
    )
    note = forms.CharField(label=_("In one sentence"), max_length=200)


class SettleForm(StrictForm):
    """Who holds a disputed number."""

    holder = forms.TypedChoiceField(
        label=_("The paper belongs to"), coerce=int, widget=forms.RadioSelect, choices=()
    )
    seen = forms.BooleanField(label=_("I have held the document itself in my hands"))
    reason = forms.CharField(
        label=_("What the paper shows"),
        max_length=200,
        help_text=_("Name, photo and days in words; no numbers."),
    )

    def __init__(self, *args, choices: list[tuple[int, str]], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["holder"].choices = choices
