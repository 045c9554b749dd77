"""What people type about the life of a household: one short form for each event."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from branches.models import Area, StaffMember
from branches.proposals import holds_a_number
from branches.selectors import villages
from coopcrm.shared.forms import StrictForm
from customers import identity, numbers
from customers.choices import DocumentState, Relation
from customers.homes import couples, marks, selectors, services, succession
from customers.homes.choices import Paper
from customers.models import Customer, Household, IdentityDocument, Membership
from customers.portfolios.forms import day_field

MOST_DIGITS = 12


class MemberField(forms.ModelChoiceField):
    """One of the members, by name and relation."""

    def label_from_instance(self, stay: Membership) -> str:
        return f"{stay.customer} · {stay.get_relation_display()}"


class MembersField(forms.ModelMultipleChoiceField):
    """Some of the members, by name and relation."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, stay: Membership) -> str:
        return f"{stay.customer} · {stay.get_relation_display()}"


def one_member(label, *, required: bool = True, **options) -> MemberField:
    """A choice of one member; the form names whom."""
    return MemberField(Membership.objects.none(), label=label, required=required, **options)


def paper_field(*papers: str) -> forms.ChoiceField:
    """The paper that was shown."""
    return forms.ChoiceField(
        label=gettext_lazy("Paper shown"),
        choices=[(code, Paper(code).label) for code in (*papers, Paper.NONE)],
        initial=papers[0] if papers else Paper.NONE,
    )


class WordsField(forms.CharField):
    """Words of people, which hold no number of a document, a phone or an account."""

    def clean(self, value: Any) -> str:
        words = super().clean(value)
        if holds_a_number(words):
            text = _(
                "Leave numbers of documents, phones and accounts out of the text; they stand in the record."
            )
            raise forms.ValidationError(text, code="number_in_words")
        return words


class LifeForm(StrictForm):
    """A deed in the life of a household: its day and reason, and how it is done (``run``)."""

    title: Any = ""
    icon = "users"
    help: Any = ""
    beside = ("seen",)

    on = day_field(gettext_lazy("Day"))
    reason = WordsField(
        label=gettext_lazy("Reason"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("In one sentence; no numbers of documents or phones."),
    )

    def __init__(self, *args, household: Household, staff: StaffMember, **options) -> None:
        today = timezone.localdate()
        options["initial"] = {"on": today, **options.get("initial", {})}
        super().__init__(*args, **options)
        self.household, self.staff, self.today = household, staff, today
        self.stays = selectors.members_on(household, today)
        for field in self.fields.values():
            if isinstance(field, MemberField | MembersField):
                field.queryset = self.narrowed(self.stays)
        self.order_fields([name for name in self.fields if name not in ("on", "reason")] + ["on", "reason"])

    def narrowed(self, stays):
        """Members among whom this form chooses."""
        return stays

    @classmethod
    def fits(cls, household: Household) -> bool:
        """Whether the deed makes sense for the household now."""
        return household.valid_to is None

    @property
    def common(self) -> dict[str, Any]:
        """What every deed is handed."""
        given = self.cleaned_data
        return {"staff": self.staff, "on": given["on"], "reason": given["reason"], "as_of": self.today}

    def person(self, name: str) -> Customer | None:
        """The member chosen in a field."""
        stay = self.cleaned_data.get(name)
        return stay.customer if stay else None

    def people(self, name: str) -> list[Customer]:
        """The members chosen in a field."""
        return [stay.customer for stay in self.cleaned_data.get(name) or []]

    def digest(self) -> str:
        """Stands for what was typed: the confirmation is of what the preview has shown."""
        typed = {name: self.data.getlist(self.add_prefix(name)) for name in self.fields}
        return hashlib.sha256(json.dumps(typed, sort_keys=True).encode()).hexdigest()[:20]

    def run(self) -> Any:
        """Do it; raises ``DomainError`` with the reason why not."""
        raise NotImplementedError


class PersonNumberField(forms.CharField):
    """A person of the branch by identity number or customer number."""

    default_error_messages = {
        "unknown": gettext_lazy(
            "Nobody is registered with this number. Register the person at the counter first."
        )
    }

    def __init__(self, **options) -> None:
        super().__init__(max_length=30, **options)
        self.widget.attrs |= {"data-private": "", "autocomplete": "off"}

    def clean(self, value: str) -> Customer | None:
        typed = super().clean(value)
        if not typed:
            return None
        found = _person_with(typed)
        if found is None:
            raise forms.ValidationError(self.error_messages["unknown"], code="unknown")
        return found


def _person_with(typed: str) -> Customer | None:
    text = identity.normalize_code(typed)
    digits = text.lstrip("#")
    if digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS:
        return Customer.objects.filter(pk=int(digits), is_locked=False, merged_into=None).first()
    judged = identity.check_resident_id(text, timezone.localdate())
    if not judged.valid:
        return None
    kind = "ID18" if judged.kind == "ID15" else judged.kind
    key = numbers.document_keys(kind, judged.normalized).number_key
    held = IdentityDocument.objects.filter(
        number_key=key, state=DocumentState.HELD, customer__is_locked=False
    ).select_related("customer")
    document = held.first()
    return document.customer if document else None


# -- Marriage and divorce ----------------------------------------------------------------------------------------------


class MarriageForm(LifeForm):
    """A member marries somebody registered."""

    title = pgettext_lazy("event of a household", "Marriage")
    help = gettext_lazy("Who moves leaves one household and joins the other from that day.")
    member = one_member(gettext_lazy("Member who marries"))
    partner = PersonNumberField(
        label=gettext_lazy("Marries"),
        help_text=gettext_lazy("Identity number, or the customer number on the person's page."),
    )
    where = forms.ChoiceField(
        label=gettext_lazy("They live"),
        choices=[
            ("here", gettext_lazy("in this household")),
            ("there", gettext_lazy("in the household of the other person")),
            ("own", gettext_lazy("in a new household of their own")),
        ],
        widget=forms.RadioSelect,
        initial="here",
    )
    certificate = forms.CharField(
        label=gettext_lazy("Marriage certificate number"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("J, county, year, serial: J411522-2026-000123. Older texts as they stand."),
        widget=forms.TextInput(attrs={"data-private": "", "autocomplete": "off"}),
    )

    def run(self) -> Any:
        given, first = self.cleaned_data, self.person("member")
        second, home = given["partner"], self.household
        if given["where"] == "there":
            stay = selectors.membership_on(second, given["on"])
            if stay is None:
                self.add_error("where", _("The other person belongs to no household."))
                return None
            home = stay.household
        elif given["where"] == "own":
            home = None
        return couples.marry(
            first=first, second=second, household=home, certificate=given["certificate"], **self.common
        )


class DivorceForm(LifeForm):
    """The marriage of a member ends."""

    title = pgettext_lazy("event of a household", "Divorce")
    help = gettext_lazy(
        "Who moves out opens a new household that starts unrated; the line of the old one is frozen until a director "
        "has reviewed it; debts stay with those who signed them."
    )
    member = one_member(gettext_lazy("Member whose marriage ends"))
    leaver = forms.ChoiceField(
        label=gettext_lazy("Who moves out"),
        choices=[
            ("", gettext_lazy("nobody, or the other person lives elsewhere already")),
            ("member", gettext_lazy("this member")),
            ("other", gettext_lazy("the other one")),
        ],
        required=False,
    )
    children = MembersField(Membership.objects.none(), label=gettext_lazy("Goes along"), required=False)
    successor = one_member(
        gettext_lazy("New head of this household"),
        required=False,
        help_text=gettext_lazy("Only when the head moves out."),
    )
    certificate = forms.CharField(
        label=gettext_lazy("Divorce certificate number"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("L, county, year, serial: L411522-2026-000123."),
        widget=forms.TextInput(attrs={"data-private": "", "autocomplete": "off"}),
    )

    def run(self) -> Any:
        given, first = self.cleaned_data, self.person("member")
        second = selectors.spouse_on(first, given["on"])
        if second is None:
            self.add_error("member", _("No marriage of this person is in force."))
            return None
        leaver = {"member": first, "other": second}.get(given["leaver"])
        return couples.divorce(
            first=first,
            second=second,
            leaver=leaver,
            children=self.people("children"),
            successor=self.person("successor"),
            certificate=given["certificate"],
            **self.common,
        )


# -- Split, move, head, death ------------------------------------------------------------------------------------------


class SplitForm(LifeForm):
    """Some members open a household of their own."""

    title = gettext_lazy("Split")
    icon = "home"
    help = gettext_lazy(
        "The new household starts unrated; the line of this one is frozen until a director has reviewed it; debts "
        "stay with those who signed them."
    )
    head = one_member(gettext_lazy("Head of the new household"))
    members = MembersField(Membership.objects.none(), label=gettext_lazy("Goes along"), required=False)
    successor = one_member(
        gettext_lazy("New head of this household"),
        required=False,
        help_text=gettext_lazy("Only when the head moves out."),
    )
    register_no = forms.CharField(
        label=gettext_lazy("Register number of the new household"), max_length=30, required=False
    )
    paper = paper_field(Paper.REGISTER, Paper.VILLAGE)

    def run(self) -> Any:
        given = self.cleaned_data
        return services.split_household(
            household=self.household,
            head=self.person("head"),
            members=self.people("members"),
            successor=self.person("successor"),
            register_no=given["register_no"],
            paper=given["paper"],
            **self.common,
        )


class MoveForm(LifeForm):
    """A member moves to another household, or belongs nowhere for now."""

    title = gettext_lazy("Member moves")
    icon = "arrow-right"
    member = one_member(gettext_lazy("Who moves"))
    to = forms.IntegerField(
        label=gettext_lazy("To household number"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("Empty: the person belongs to no household from that day."),
    )
    relation = forms.ChoiceField(
        label=gettext_lazy("Relation to the head there"),
        choices=[row for row in Relation.choices if row[0] != Relation.HEAD],
        initial=Relation.OTHER,
    )

    def run(self) -> Any:
        given, person = self.cleaned_data, self.person("member")
        if not given["to"]:
            return services.leave_household(customer=person, **self.common)
        target = Household.objects.managed_for(self.staff).filter(pk=given["to"]).first()
        if target is None:
            self.add_error("to", _("There is no household of your branch with this number."))
            return None
        return services.move_member(
            customer=person, household=target, relation=given["relation"], **self.common
        )


class HeadForm(LifeForm):
    """Another member becomes the head."""

    title = gettext_lazy("Change head")
    icon = "user"
    help = gettext_lazy("What the others are to the head is written down anew from that day.")
    head = one_member(gettext_lazy("New head"))
    paper = paper_field(Paper.REGISTER, Paper.VILLAGE)

    def narrowed(self, stays):
        return stays.exclude(relation=Relation.HEAD)

    def run(self) -> Any:
        return succession.change_head(
            household=self.household,
            head=self.person("head"),
            paper=self.cleaned_data["paper"],
            **self.common,
        )


class DeathForm(LifeForm):
    """A member has died."""

    title = pgettext_lazy("event of a household", "Death")
    icon = "file-text"
    help = gettext_lazy(
        "When the head dies, the line is frozen, the family chooses a successor, and a director reviews the household."
    )
    member = one_member(gettext_lazy("Who died"))
    successor = one_member(
        gettext_lazy("New head of this household"),
        required=False,
        help_text=gettext_lazy("Only when the head died and the family has chosen already."),
    )
    paper = paper_field(Paper.DEATH, Paper.VILLAGE)

    def run(self) -> Any:
        return succession.record_death(
            customer=self.person("member"),
            successor=self.person("successor"),
            paper=self.cleaned_data["paper"],
            **self.common,
        )


# -- Away, empty, place, register number -------------------------------------------------------------------------------


class AwayForm(LifeForm):
    """A member works away from home and stays a member."""

    title = gettext_lazy("Migrant")
    icon = "map"
    help = gettext_lazy("A migrant stays a member of the household.")
    member = one_member(gettext_lazy("Who is away"))
    where_to = WordsField(label=gettext_lazy("Where to"), max_length=120, required=False)

    def narrowed(self, stays):
        return stays.exclude(customer__in=selectors.absences_on(self.household, self.today))

    def run(self) -> Any:
        return marks.move_away(
            customer=self.person("member"), where_to=self.cleaned_data["where_to"], **self.common
        )


class BackForm(LifeForm):
    """A migrant lives at home again."""

    title = gettext_lazy("Migrant is back")
    icon = "home"
    member = one_member(gettext_lazy("Who is back"))

    def narrowed(self, stays):
        return stays.filter(customer__in=selectors.absences_on(self.household, self.today))

    @classmethod
    def fits(cls, household: Household) -> bool:
        return super().fits(household) and household.absences.filter(valid_to=None).exists()

    def run(self) -> Any:
        return marks.come_back(customer=self.person("member"), **self.common)


class EmptyForm(LifeForm):
    """Nobody lives in the registered household."""

    title = gettext_lazy("Empty registration")
    icon = "home"
    help = gettext_lazy("It still counts in coverage; a director decides whether it is left out.")

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = True
        self.fields["reason"].label = _("How it is known")

    @classmethod
    def fits(cls, household: Household) -> bool:
        return super().fits(household) and selectors.empty_mark(household) is None

    def run(self) -> Any:
        return marks.mark_empty(household=self.household, **self.common)


class LivedInForm(LifeForm):
    """Somebody lives there again."""

    title = gettext_lazy("Lived in again")
    icon = "home"

    @classmethod
    def fits(cls, household: Household) -> bool:
        return super().fits(household) and selectors.empty_mark(household) is not None

    def run(self) -> Any:
        return marks.mark_lived_in(household=self.household, **self.common)


class PlaceForm(LifeForm):
    """The whole household moves within the branch."""

    title = gettext_lazy("Household moves")
    icon = "map-pin"
    help = gettext_lazy(
        "Members at home move along. To another branch the household is handed over: ask on the page of the head."
    )
    village = forms.ModelChoiceField(Area.objects.none(), label=gettext_lazy("Village"))
    group_no = forms.CharField(label=gettext_lazy("Village group"), max_length=10, required=False)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=200, required=False)

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.fields["village"].queryset = villages().filter(unit=self.household.branch_id)

    def run(self) -> Any:
        given = self.cleaned_data
        place = {name: given[name] for name in ("village", "group_no", "address")}
        return marks.move_household(household=self.household, **place, **self.common)


class RegisterForm(LifeForm):
    """Another number of the household register."""

    title = gettext_lazy("Register number")
    icon = "file-text"
    register_no = forms.CharField(label=gettext_lazy("Household register number"), max_length=30)

    def run(self) -> Any:
        return marks.set_register_no(
            household=self.household, register_no=self.cleaned_data["register_no"], **self.common
        )


LIFE: dict[str, type[LifeForm]] = {
    "marriage": MarriageForm,
    "split": SplitForm,
    "death": DeathForm,
    "move": MoveForm,
    "away": AwayForm,
    "back": BackForm,
    "head": HeadForm,
    "divorce": DivorceForm,
    "empty": EmptyForm,
    "lived-in": LivedInForm,
    "place": PlaceForm,
    "register": RegisterForm,
}
"""By the code in the address, in the order of the menu."""


# -- Review, coverage, undo --------------------------------------------------------------------------------------------


class FindingForm(StrictForm):
    """What a director has found or decided, in a sentence."""

    finding = WordsField(
        label=gettext_lazy("What was found or decided"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class UndoForm(StrictForm):
    """Why an event is taken back."""

    reason = WordsField(
        label=gettext_lazy("What was wrong"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
