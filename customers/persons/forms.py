"""What is typed about documents, phones and particulars, cleaned and explained in words."""

from __future__ import annotations

from datetime import date

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Area, StaffMember
from branches.selectors import villages
from coopcrm.shared.forms import StrictForm
from customers import identity, masking
from customers.choices import DocumentKind, FactSource, NameKind, PhoneEnded, RetiredBecause
from customers.forms import numeric
from customers.lists.forms import served_by
from customers.models import Customer, IdentityDocument
from customers.persons import words
from customers.persons.choices import (
    ContactHours,
    ContactLanguage,
    Education,
    LegalForm,
    RepresentativeRole,
    SkillCode,
)
from customers.persons.documents import Paper
from customers.persons.judging import KINDS_OF, LONGEST_NUMBER, date_reason, judge
from customers.persons.particulars import SOURCES

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


# -- Phones ------------------------------------------------------------------------------------------------------------


class PhoneForm(StrictForm):
    """One more phone."""

    number = forms.CharField(label=_("Phone"), max_length=30, widget=numeric(inputmode="tel"))
    keep = forms.BooleanField(label=_("They really gave it so: keep it as typed, flagged"), required=False)
    is_main = forms.BooleanField(label=_("Call this one first"), required=False)

    def clean(self) -> dict:
        data = super().clean()
        judged = identity.check_phone(data.get("number", ""))
        if data.get("number") and judged.reason and not data.get("keep"):
            self.add_error("number", words.phone_reason(judged.reason))
        return data


class EndPhoneForm(StrictForm):
    """Why a phone is no longer used."""

    because = forms.ChoiceField(label=_("Why"), choices=[CHOOSE, *PhoneEnded.choices])


# -- Particulars -------------------------------------------------------------------------------------------------------


class ParticularsForm(StrictForm):
    """What is said of a person today; what is left as it stands says nothing new."""

    village = forms.ModelChoiceField(label=_("Village"), queryset=Area.objects.none(), required=False)
    group_no = forms.CharField(label=_("Group"), required=False, max_length=10)
    address = forms.CharField(label=_("Address"), required=False, max_length=200)
    residence = forms.CharField(
        label=_("Usual residence"),
        required=False,
        max_length=200,
        help_text=_("Where the person really lives, when that is elsewhere: 东莞市长安镇."),
    )
    occupation = forms.CharField(
        label=_("Occupation"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"list": "occupations"}),
    )
    education = forms.ChoiceField(
        label=_("Education"), required=False, choices=[("", "–"), *Education.choices]
    )
    contact_language = forms.ChoiceField(
        label=_("Language for contact"), required=False, choices=[("", "–"), *ContactLanguage.choices]
    )
    contact_hours = forms.ChoiceField(
        label=_("When to reach"), required=False, choices=[("", "–"), *ContactHours.choices]
    )
    source = forms.ChoiceField(
        label=_("How it became known"),
        choices=[(str(code), code.label) for code in SOURCES],
        initial=FactSource.SAID,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args, customer: Customer, **kwargs):
        super().__init__(*args, **kwargs)
        served = served_by([customer.branch_id]) | Q(pk=customer.village_id)
        rows = villages().filter(served).select_related("parent").order_by("pinyin", "id")
        self.fields["village"].queryset = rows
        self.fields["village"].empty_label = "–"
        for name in self.fields:
            if name != "source":
                self.fields[name].initial = getattr(customer, name)


class SkillForm(StrictForm):
    """Something a person can do."""

    code = forms.ChoiceField(label=_("Skill"), choices=[CHOOSE, *SkillCode.choices])
    words = forms.CharField(
        label=_("In a word or two, when the list has no such skill"), required=False, max_length=20
    )


class NameForm(StrictForm):
    """Another name."""

    kind = forms.ChoiceField(label=_("What kind of name"), choices=[CHOOSE, *NameKind.choices])
    name = forms.CharField(
        label=_("Name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    until_on = day_field(_("Used until"))


# -- Organisations -----------------------------------------------------------------------------------------------------


class EntryForm(StrictForm):
    """What the licence of an organisation shows."""

    legal_form = forms.ChoiceField(
        label=_("Legal form"), required=False, choices=[("", "–"), *LegalForm.choices]
    )
    founded_on = day_field(_("Founded on"))
    business_scope = forms.CharField(
        label=_("Business scope"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    registered_address = forms.CharField(label=_("Registered address"), required=False, max_length=200)


class RepresentativeForm(StrictForm):
    """A person who acts for an organisation."""

    person = forms.CharField(
        label=_("Person"),
        max_length=LONGEST_NUMBER,
        widget=numeric(inputmode="text"),
        help_text=_("Identity number or customer number. Somebody new is registered at the counter first."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=[CHOOSE, *RepresentativeRole.choices])
    valid_from = day_field(_("From"), required=True)


class MemberForm(StrictForm):
    """A person or a household that belongs to an organisation."""

    person = forms.CharField(
        label=_("Person"),
        required=False,
        max_length=LONGEST_NUMBER,
        widget=numeric(inputmode="text"),
        help_text=_("Identity number or customer number."),
    )
    household = forms.IntegerField(
        label=_("or household number"),
        required=False,
        min_value=1,
        max_value=2**62,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    share_amount = forms.DecimalField(
        label=_("Share (¥)"),
        min_value=0,
        max_digits=14,
        decimal_places=2,
        initial=0,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    valid_from = day_field(_("From"), required=True)


class ManagerForm(StrictForm):
    """Who is responsible for an organisation."""

    manager = forms.ModelChoiceField(label=_("Manager"), queryset=StaffMember.objects.none())
    from_day = day_field(_("From"), required=True)

    def __init__(self, *args, managers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = managers
