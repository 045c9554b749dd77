"""What is typed at the counter, cleaned and explained in words."""

from __future__ import annotations

import uuid
from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import Area, StaffMember
from branches.selectors import branches_of, villages, villages_like
from coopcrm.shared.forms import StrictForm
from coopcrm.shared.paging import id_in
from customers import identity, numbers
from customers.choices import DocumentKind, Relation, Sex
from customers.forms import numeric
from customers.models import Household
from customers.names import simplified
from customers.purposes import AT_COUNTER, RULES

NUMBER_WORDS = {
    "LENGTH": _("A resident number has 18 characters (15 on very old cards). Please count again."),
    "CHARSET": _("Only digits, and X at the very end. Please look for a letter among the digits."),
    "PROVINCE": _("No province begins with these two digits. Please look at the card again."),
    "CENTENARIAN": _("This old number was kept for people over a hundred. Ask for the new card."),
    "DATE": _("The birth date inside (places 7 to 14) does not exist. Please look at the card again."),
    "FUTURE": _("The birth date inside lies in the future. Please look at the card again."),
    "TOO_OLD": _("The birth date inside is more than 120 years ago. Please look at the card again."),
    "CHECKSUM": _("The last character should be %(expected)s; please look at the card again."),
}
PHONE_WORDS = {
    "NO_AREA_CODE": _("A landline needs its area code, for example 0376."),
    "FORMAT": _("A mobile number has 11 digits and begins with 1; a landline begins with 0."),
}

HOME_NONE, HOME_NEW, HOME_JOIN = "none", "new", "join"
HOMES = [
    (HOME_NEW, _("opens a household as its head")),
    (HOME_JOIN, _("joins a household")),
    (HOME_NONE, _("later")),
]


def number_words(text: str, as_of: date) -> str:
    """Why a resident number does not stand, in words for the person with the card in hand; empty when it does."""
    judged = identity.check_resident_id(text, as_of)
    if judged.valid:
        return ""
    words = NUMBER_WORDS[judged.reason]
    return words % {"expected": expected_last(text)} if judged.reason == "CHECKSUM" else str(words)


def expected_last(text: str) -> str:
    """The check character that belongs to the first seventeen places."""
    first = identity.normalize_code(text)[:17]
    return next((c for c in "0123456789X" if identity.check_resident_id(first + c).valid), "?")


class VillageField(forms.CharField):
    """A village by name, pinyin or initials; ``<name>_id`` holds the one that was picked."""

    def clean_village(self, typed: str, picked: str) -> Area | None:
        """Return the village that was picked, or the only one that fits what was typed."""
        typed = typed.strip()
        if not typed:
            return None
        number = id_in(picked)
        if number and (area := villages().filter(pk=number).first()) and area.name == typed:
            return area
        found = villages_like(simplified(typed))
        exact = [area for area in found if area.name == simplified(typed)]
        if len(exact) == 1 or len(found) == 1:
            return (exact or found)[0]
        if not found:
            raise forms.ValidationError(
                _("No village is called so. Type its name or the first letters of its pinyin.")
            )
        names = ", ".join(f"{area.name} ({area.parent})" for area in found[:4])
        raise forms.ValidationError(
            _("Several villages fit: %(names)s. Pick one of the list.") % {"names": names}
        )


class CounterForm(StrictForm):
    """A person at the counter: number first."""

    topics = {
        "number": "identity-number",
        "keep_number": "number-as-typed",
        "name": "name-alone",
        "phone": "phone",
        "village": "village",
        "home": "one-household",
        "relation": "head",
        "reason": "likely-known",
        "agrees_to": "consent",
    }

    number = forms.CharField(
        label=_("Identity number"),
        required=False,
        max_length=40,
        widget=numeric(autofocus=True, inputmode="text", spellcheck="false"),
        help_text=_("Any spacing will do. Leave empty when there is no document."),
    )
    kind = forms.ChoiceField(
        label=_("Document"),
        choices=[
            (DocumentKind.ID18, _("Resident identity card")),
            (DocumentKind.PASSPORT, _("Passport")),
            (DocumentKind.USCC, _("Unified social credit code")),
        ],
        initial=DocumentKind.ID18,
        required=False,
    )
    keep_number = forms.BooleanField(
        label=_("The document really says so: keep the number as typed, flagged"), required=False
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Write the name as it stands on the document.")},
    )
    sex = forms.ChoiceField(label=_("Sex"), required=False, choices=[("", "–"), *Sex.choices])
    birth_date = forms.DateField(
        label=_("Born on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    phone = forms.CharField(label=_("Phone"), required=False, max_length=30, widget=numeric(inputmode="tel"))
    village = VillageField(
        label=_("Village"),
        required=False,
        max_length=60,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "role": "combobox",
                "aria-expanded": "false",
                "aria-controls": "village-list",
                "aria-autocomplete": "list",
            }
        ),
        help_text=_("Name, pinyin or initials: sjc for 孙家村."),
    )
    village_id = forms.CharField(required=False, widget=forms.HiddenInput)
    group_no = forms.CharField(
        label=_("Group"),
        required=False,
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    occupation = forms.CharField(label=_("Occupation"), required=False, max_length=60)
    home = forms.ChoiceField(label=_("Household"), choices=HOMES, initial=HOME_NEW, required=False)
    household = forms.IntegerField(
        label=_("Household number"),
        required=False,
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    relation = forms.ChoiceField(
        label=_("Relation to the head"),
        required=False,
        choices=[("", "–"), *(choice for choice in Relation.choices if choice[0] != Relation.HEAD)],
    )
    register_no = forms.CharField(label=_("Register number"), required=False, max_length=30)
    reason = forms.CharField(
        label=_("Register anyway, because"),
        required=False,
        max_length=200,
        help_text=_("One sentence for the reviewers: why this is another person."),
    )
    agrees_to = forms.MultipleChoiceField(
        label=_("Agrees to"),
        required=False,
        choices=[(code, RULES[code].purpose.label) for code in AT_COUNTER],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Asked one by one, never ticked beforehand. Accounts and credit need no consent."),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, staff: StaffMember, as_of: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.staff, self.as_of = staff, as_of
        self.fields["form_key"].initial = uuid.uuid4
        branches = list(branches_of(staff))
        if len(branches) > 1:
            choices = [(branch.pk, branch.name) for branch in branches]
            self.fields["branch"] = forms.TypedChoiceField(label=_("Branch"), choices=choices, coerce=int)
        self.branches = {branch.pk: branch for branch in branches}

    @property
    def chosen_branch(self):
        """Where the person is registered."""
        chosen = self.cleaned_data.get("branch")
        return self.branches.get(chosen) or next(iter(self.branches.values()), None)

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        judged = identity.check_phone(typed)
        if typed.strip() and not judged.valid:
            raise forms.ValidationError(PHONE_WORDS[judged.reason])
        return judged.normalized or ""

    def clean_birth_date(self):
        born = self.cleaned_data["birth_date"]
        if born and born > self.as_of:
            raise forms.ValidationError(_("The birth date lies in the future."))
        return born

    def clean(self):
        data = super().clean()
        self._check_number(data)
        self._find_village(data)
        self._find_household(data)
        return data

    def _check_number(self, data: dict) -> None:
        typed, kind = data.get("number", ""), data.get("kind") or DocumentKind.ID18
        if not identity.normalize_code(typed) or data.get("keep_number"):
            return
        if kind in numbers.RESIDENT_KINDS and (words := number_words(typed, self.as_of)):
            self.add_error("number", words)
        if kind == DocumentKind.USCC and not identity.check_uscc(typed).valid:
            self.add_error(
                "number", _("This is no unified social credit code. Please look at the licence again.")
            )

    def _find_village(self, data: dict) -> None:
        try:
            data["village"] = self.fields["village"].clean_village(
                data.get("village", ""), data.get("village_id", "")
            )
        except forms.ValidationError as refusal:
            self.add_error("village", refusal)

    def _find_household(self, data: dict) -> None:
        joins, number = data.get("home") == HOME_JOIN, data.get("household")
        data["household"] = None
        if not joins:
            return
        if not number:
            self.add_error(
                "household", _("Write the number of the household; the customer page of a member shows it.")
            )
            return
        data["household"] = Household.objects.managed_for(self.staff).filter(pk=number, valid_to=None).first()
        if data["household"] is None:
            self.add_error("household", _("Your branch has no household of this number."))
        elif not data.get("relation"):
            self.add_error("relation", _("Choose the relation to the head."))

    def deed(self) -> dict:
        """Arguments of ``register_customer``."""
        data = self.cleaned_data
        plain = (
            "name",
            "sex",
            "birth_date",
            "phone",
            "village",
            "group_no",
            "occupation",
            "household",
            "reason",
        )
        return {
            **{name: data[name] for name in (*plain, "register_no", "form_key", "agrees_to")},
            "branch": self.chosen_branch,
            "id_number": data["number"],
            "id_kind": data["kind"] or DocumentKind.ID18,
            "relation": data["relation"] or Relation.OTHER,
            "opens_household": data["home"] == HOME_NEW and data["kind"] != DocumentKind.USCC,
        }
