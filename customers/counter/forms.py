"""What is typed at the counter, cleaned and explained in words."""

from __future__ import annotations

import uuid
from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import Area, StaffMember
from branches.selectors import villages, villages_like, working_branches
from coopcrm.shared.forms import FlatFields, StrictForm
from coopcrm.shared.paging import id_in
from coopcrm.shared.uploads import refusal_for
from coopcrm.shared.uploads.child.limits import MAX_PHOTO_BYTES
from customers import identity
from customers.choices import DocumentKind, Relation, Sex
from customers.counter.family import REPRESENTATIVE, SPOUSE, Family, Line
from customers.forms import numeric
from customers.models import Customer, Household
from customers.names import simplified
from customers.persons import words
from customers.persons.judging import judge
from customers.persons.organisations import is_customer_number
from customers.purposes import AT_COUNTER, RULES

CERTIFICATE_WORDS = _(
    "This is no certificate number of today's form; it is kept as typed and the paper is looked at."
)
DAYS_AS_TYPED = ("%Y-%m-%d", "%Y%m%d", "%Y.%m.%d", "%Y/%m/%d", "%Y %m %d", "%Y年%m月%d日")
LINE_FIELDS = ("number", "name", "relation", "known")
ABOUT_LINES = tuple(f"m{line}" for line in range(1, 7))
OCCUPATIONS = (
    _("farmer"),
    _("livestock farmer"),
    _("migrant worker"),
    _("shopkeeper"),
    _("driver"),
    _("builder"),
    _("teacher"),
    _("doctor or nurse"),
    _("village cadre"),
    _("employee"),
    _("student"),
    _("pensioner"),
    _("housework"),
)

HOME_NONE, HOME_NEW, HOME_JOIN = "none", "new", "join"
HOMES = [
    (HOME_NEW, _("opens a household as its head")),
    (HOME_JOIN, _("joins a household")),
    (HOME_NONE, _("later")),
]


def phone_in(typed: str) -> str:
    """The normalised phone number; refused in words when it does not stand."""
    judged = identity.check_phone(typed)
    if typed.strip() and not judged.valid:
        raise forms.ValidationError(words.phone_reason(judged.reason))
    return judged.normalized or ""


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


def relation_field(label) -> forms.ChoiceField:
    """A relation to the head of a household."""
    return forms.ChoiceField(label=label, required=False, choices=[("", "–"), *Relation.choices])


def line_fields(about: str) -> dict[str, forms.Field]:
    """The fields of one line of a household register."""
    return {
        f"{about}_number": forms.CharField(
            label=_("Number"),
            required=False,
            max_length=40,
            widget=numeric(inputmode="text", spellcheck="false", **{"data-checked": ""}),
        ),
        f"{about}_name": forms.CharField(
            label=_("Name"),
            required=False,
            max_length=100,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        ),
        f"{about}_relation": relation_field(_("Relation to the head")),
        f"{about}_known": forms.IntegerField(required=False, widget=forms.HiddenInput),
    }


class CounterForm(StrictForm):
    """A person at the counter, number first; beside them the spouse and the members that papers name.

    The lines of a household register have the prefixes ``m1`` to ``m6``; ``about`` says whose fields are being typed,
    ``answered`` whose possible duplicates the reason has been given for.
    """

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
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=30,
        widget=numeric(inputmode="tel", **{"data-checked": ""}),
    )
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
    occupation = forms.CharField(
        label=_("Occupation"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"list": "occupations", "autocomplete": "off"}),
    )
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
    certificate = forms.CharField(
        label=_("Marriage certificate"),
        required=False,
        max_length=30,
        widget=numeric(inputmode="text", spellcheck="false", **{"data-checked": ""}),
        help_text=_("The number on it, like J411522-2003-000123."),
    )
    married_on = forms.DateField(
        label=_("Married on"),
        required=False,
        input_formats=DAYS_AS_TYPED,
        widget=forms.DateInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "data-checked": ""}, format="%Y-%m-%d"
        ),
        error_messages={"invalid": _("Write the day like 2003-05-01 or 20030501.")},
    )
    spouse_number = forms.CharField(
        label=_("Number of the spouse"),
        required=False,
        max_length=40,
        widget=numeric(inputmode="text", spellcheck="false", **{"data-checked": ""}),
    )
    spouse_name = forms.CharField(
        label=_("Name of the spouse"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    spouse_phone = forms.CharField(
        label=_("Phone of the spouse"),
        required=False,
        max_length=30,
        widget=numeric(inputmode="tel", **{"data-checked": ""}),
    )
    spouse_known = forms.IntegerField(required=False, widget=forms.HiddenInput)
    representative_number = forms.CharField(
        label=_("Number of the legal representative"),
        required=False,
        max_length=40,
        widget=numeric(inputmode="text", spellcheck="false", **{"data-checked": ""}),
        help_text=_("Identity number, or the customer number of somebody known."),
    )
    representative_name = forms.CharField(
        label=_("Name of the legal representative"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Somebody new is registered with it."),
    )
    representative_known = forms.IntegerField(required=False, widget=forms.HiddenInput)
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
    about = forms.CharField(widget=forms.HiddenInput, required=False, max_length=30)
    answered = forms.CharField(widget=forms.HiddenInput, required=False, max_length=100)
    photo = forms.FileField(
        label=_("Photo of the document"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp", "capture": "environment"}),
    )

    def __init__(self, *args, staff: StaffMember, as_of: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.staff, self.as_of = staff, as_of
        self.fields["form_key"].initial = uuid.uuid4
        self.branches = working_branches(staff)
        if len(self.branches) > 1:
            choices = [(branch.pk, branch.name) for branch in self.branches.values()]
            self.fields["branch"] = forms.TypedChoiceField(label=_("Branch"), choices=choices, coerce=int)
        self.lines = [about for about in ABOUT_LINES if f"{about}_name" in self.data]
        for about in self.lines:
            self.fields |= line_fields(about)

    def rows(self) -> list[dict]:
        """The lines of the household register as the page draws them; those that were not sent come empty."""
        for about in ABOUT_LINES:
            if about not in self.lines:
                self.fields |= line_fields(about)
        return [
            {"about": about, **{name: self[f"{about}_{name}"] for name in LINE_FIELDS}}
            for about in ABOUT_LINES
        ]

    @property
    def chosen_branch(self):
        """Where the person is registered."""
        chosen = self.cleaned_data.get("branch")
        return self.branches.get(chosen) or next(iter(self.branches.values()), None)

    def clean_phone(self) -> str:
        return phone_in(self.cleaned_data["phone"])

    def clean_spouse_phone(self) -> str:
        return phone_in(self.cleaned_data["spouse_phone"])

    def clean_married_on(self):
        married = self.cleaned_data["married_on"]
        if married and married > self.as_of:
            raise forms.ValidationError(_("The day of the marriage lies in the future."))
        return married

    def clean_photo(self) -> bytes:
        """The content of the photo, nothing without one; a file larger than any photo is not read."""
        photo = self.cleaned_data["photo"]
        if not photo:
            return b""
        if photo.size > MAX_PHOTO_BYTES:
            raise forms.ValidationError(str(refusal_for("photo_too_large")))
        return photo.read()

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
        for about in (SPOUSE, *self.lines):
            self._check_line(about, data)
        self._check_representative(data)
        if self.has_spouse and not data.get("spouse_name") and not data.get("spouse_known"):
            self.add_error("spouse_name", _("Write the name of the spouse as it stands on the certificate."))
        return data

    def _check_line(self, about: str, data: dict) -> None:
        """Number, name and relation of somebody beside the person at the counter."""
        number, name = data.get(f"{about}_number", ""), data.get(f"{about}_name", "")
        if number.strip() and (said := words.number_words(number, self.as_of)):
            self.add_error(f"{about}_number", said)
        if not self.is_filled(about) or about == SPOUSE:
            return
        if not name and not data.get(f"{about}_known"):
            self.add_error(f"{about}_name", _("Write the name as it stands in the register."))
        if not data.get(f"{about}_relation"):
            self.add_error(f"{about}_relation", _("Choose the relation to the head."))

    def _check_representative(self, data: dict) -> None:
        """Who acts for an organisation by law stands on its licence; a customer number is taken as it is."""
        number = data.get(f"{REPRESENTATIVE}_number", "")
        if not self.is_organisation or data.get(f"{REPRESENTATIVE}_known"):
            return
        if not identity.normalize_code(number):
            text = _("Ask who represents it by law: the name and number stand on the licence and the card.")
            self.add_error(f"{REPRESENTATIVE}_number", text)
        elif not is_customer_number(number) and (said := words.number_words(number, self.as_of)):
            self.add_error(f"{REPRESENTATIVE}_number", said)

    @property
    def is_organisation(self) -> bool:
        """Whether a licence is on the table and no identity card."""
        return self["kind"].value() == DocumentKind.USCC

    def is_filled(self, about: str) -> bool:
        """Whether something stands in a line of the papers."""
        return any(self.data.get(f"{about}_{name}", "").strip() for name in ("number", "name", "known"))

    def names_another_head(self, data: dict) -> bool:
        """Whether a line of the register, and not the person at the counter, is the head."""
        return any(data.get(f"{about}_relation") == Relation.HEAD for about in self.lines)

    @property
    def has_spouse(self) -> bool:
        """Whether a marriage certificate is on the table."""
        return self.is_filled(SPOUSE) or bool(self.data.get("certificate", "").strip())

    def _check_number(self, data: dict) -> None:
        typed, kind = data.get("number", ""), data.get("kind") or DocumentKind.ID18
        if not identity.normalize_code(typed) or data.get("keep_number"):
            return
        if said := words.number_reason(judge(kind, typed, self.as_of), typed, self.as_of):
            self.add_error("number", said)

    def _find_village(self, data: dict) -> None:
        try:
            data["village"] = self.fields["village"].clean_village(
                data.get("village", ""), data.get("village_id", "")
            )
        except forms.ValidationError as refusal:
            self.add_error("village", refusal)

    def _find_household(self, data: dict) -> None:
        joins, number = data.get("home") == HOME_JOIN, data.get("household")
        if not joins and not data.get("relation") and self.names_another_head(data):
            self.add_error("relation", _("Another is the head. Choose the relation to the head."))
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

    def family(self) -> Family:
        """Everybody on the papers; somebody chosen among the known ones must be one whom the page has shown."""
        answered = set(self.cleaned_data["answered"].split(","))
        lines = [self._line(about, answered) for about in self.lines if self.is_filled(about)]
        return Family(
            spouse=self._line(SPOUSE, answered) if self.has_spouse else None,
            certificate=self.cleaned_data["certificate"],
            married_on=self.cleaned_data["married_on"],
            members=tuple(lines),
            representative=self._line(REPRESENTATIVE, answered) if self.is_organisation else None,
        )

    def _line(self, about: str, answered: set[str]) -> Line:
        data = self.cleaned_data
        chosen = data.get(f"{about}_known")
        known = (
            Customer.objects.current().managed_for(self.staff).filter(pk=chosen).first() if chosen else None
        )
        return Line(
            about=about,
            relation=Relation.SPOUSE if about == SPOUSE else data.get(f"{about}_relation", Relation.OTHER),
            name=data[f"{about}_name"],
            id_number=data[f"{about}_number"],
            phone=data.get(f"{about}_phone", ""),
            known=known,
            reason=data["reason"] if about in answered else "",
        )

    def deed(self) -> dict:
        """Arguments of ``register_at_counter``."""
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
            "family": self.family(),
            "opens_household": data["home"] == HOME_NEW and data["kind"] != DocumentKind.USCC,
        }


CounterForm.base_fields = FlatFields(CounterForm.base_fields)

TAKEN = (
    *CounterForm.base_fields,
    "branch",
    *(f"{about}_{name}" for about in ABOUT_LINES for name in LINE_FIELDS),
)
"""Every field that the page of the counter sends while somebody types."""


class SlipCodeForm(StrictForm):
    """The code on a slip."""

    code = forms.CharField(
        label=_("Code on the slip"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
        help_text=_("Eight letters and digits, like K7QF-M2XD. Capitals and the dash do not matter."),
    )
