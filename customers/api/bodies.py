"""What a program sends about customers: the fields of the counter, judged as the counter judges them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from branches.selectors import villages, working_branches
from coopcrm.shared.api import BIGGEST_ID, Body
from customers import identity
from customers.choices import DocumentKind, Relation, Sex
from customers.duplicates import Claim
from customers.models import Household
from customers.persons import words
from customers.persons.judging import judge
from customers.purposes import AT_COUNTER

KINDS = [(kind.value, kind.label) for kind in (DocumentKind.ID18, DocumentKind.PASSPORT, DocumentKind.USCC)]
RELATIONS = [choice for choice in Relation.choices if choice[0] != Relation.HEAD]
LONGEST_TEXT = 60


class PersonBody(Body):
    """What is known of a person."""

    name = serializers.CharField(max_length=100)
    number = serializers.CharField(
        required=False, allow_blank=True, max_length=40, help_text="Of the document, in any spacing."
    )
    phone = serializers.CharField(required=False, allow_blank=True, max_length=30)
    birth_date = serializers.DateField(required=False, allow_null=True)
    village = serializers.RegexField(
        r"^\d{12}$", required=False, help_text="Code of the village, twelve digits."
    )

    @property
    def staff(self):
        return self.context["request"].user

    def validate_phone(self, typed: str) -> str:
        judged = identity.check_phone(typed)
        if typed.strip() and not judged.valid:
            raise serializers.ValidationError(words.phone_reason(judged.reason))
        return judged.normalized or ""

    def validate_birth_date(self, born):
        if born and born > timezone.localdate():
            raise serializers.ValidationError(_("The birth date lies in the future."))
        return born

    def validate_village(self, code: str):
        found = villages().filter(code=code).first()
        if found is None:
            raise serializers.ValidationError(_("No village has this code today."))
        return found


class MatchBody(PersonBody):
    """A person who may be registered already."""

    def claim(self) -> Claim:
        said = self.validated_data
        return Claim(
            name=" ".join(said["name"].split()),
            id_no=said.get("number", ""),
            birth_date=said.get("birth_date"),
            phone=said.get("phone", ""),
            village=said.get("village"),
        )


class CustomerBody(PersonBody):
    """A person or an organisation to register."""

    kind = serializers.ChoiceField(
        choices=KINDS, required=False, default=DocumentKind.ID18, help_text="Of the document."
    )
    keep_number = serializers.BooleanField(
        required=False, default=False, help_text="The document really says so: keep a wrong number, flagged."
    )
    sex = serializers.ChoiceField(choices=Sex.choices, required=False)
    group_no = serializers.CharField(required=False, allow_blank=True, max_length=10)
    address = serializers.CharField(required=False, allow_blank=True, max_length=200)
    occupation = serializers.CharField(required=False, allow_blank=True, max_length=60)
    branch = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=BIGGEST_ID,
        help_text="Where the customer is registered; needed by people of several branches.",
    )
    household = serializers.IntegerField(
        required=False, min_value=1, max_value=BIGGEST_ID, help_text="The household that is joined."
    )
    relation = serializers.ChoiceField(choices=RELATIONS, required=False, help_text="To its head.")
    opens_household = serializers.BooleanField(required=False, default=False)
    register_no = serializers.CharField(
        required=False, allow_blank=True, max_length=30, help_text="Of the household that is opened."
    )
    agrees_to = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(AT_COUNTER)),
        required=False,
        max_length=len(AT_COUNTER),
        help_text="Purposes to which a new customer has consented.",
    )
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="Why this is another person than the probable duplicate or the holder of the number.",
    )

    def validate_household(self, number: int) -> Household:
        found = Household.objects.managed_for(self.staff).filter(pk=number, valid_to=None).first()
        if found is None:
            raise serializers.ValidationError(_("Your branch has no household of this number."))
        return found

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        self._check_number(said)
        if "household" in said and (said["opens_household"] or "relation" not in said):
            text = _("Send household and relation to join one, or opens_household to open one.")
            raise serializers.ValidationError({"household": [text]})
        said["branch"] = self._branch(said.get("branch"))
        return said

    def _check_number(self, said: dict[str, Any]) -> None:
        typed, today = said.get("number", ""), timezone.localdate()
        if not identity.normalize_code(typed) or said["keep_number"]:
            return
        if reason := words.number_reason(judge(said["kind"], typed, today), typed, today):
            raise serializers.ValidationError({"number": [reason]})

    def _branch(self, wanted: int | None):
        """The branch named, or the only one of the person."""
        branches = working_branches(self.staff)
        if wanted is None and len(branches) == 1:
            return next(iter(branches.values()))
        if wanted not in branches:
            raise serializers.ValidationError({"branch": [_("Name one of your branches.")]})
        return branches[wanted]

    def deed(self) -> dict[str, Any]:
        """Arguments of ``services.applicant``."""
        said = dict(self.validated_data)
        kind, number = said.pop("kind"), said.pop("number", "")
        for name in ("keep_number", "agrees_to"):
            said.pop(name, None)
        opens = said.pop("opens_household") and kind != DocumentKind.USCC
        return {**said, "id_number": number, "id_kind": kind, "opens_household": opens}


class SearchBody(Body):
    """What is typed into the search box."""

    q = serializers.CharField(
        max_length=LONGEST_TEXT,
        help_text="A name or its beginning, pinyin, initials, a whole number or its end, a day of birth, a village"
        " and a name.",
    )
    cursor = serializers.CharField(
        required=False, allow_null=True, max_length=600, help_text="`next` of the answer before."
    )
