"""What the page of a household question takes."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from coopcrm.shared.forms import StrictForm
from customers.choices import HouseholdAnswer, Relation

SIDES = [("first", "first"), ("second", "second")]
RELATIONS = [choice for choice in Relation.choices if choice[0] != Relation.HEAD]


class AnswerForm(StrictForm):
    """One household, two, or later; who heads a new one or moves, and what the one who joins is to the head."""

    decision = forms.ChoiceField(
        choices=[choice for choice in HouseholdAnswer.choices if choice[0] != "open"]
    )
    relation = forms.ChoiceField(
        label=_("Relation to the head of who joins"), choices=RELATIONS, required=False
    )
    head = forms.ChoiceField(choices=SIDES, required=False)
    moves = forms.ChoiceField(choices=SIDES, required=False)


class TakeBackForm(StrictForm):
    """Why an answer is taken back."""

    reason = forms.CharField(label=_("What was wrong"), max_length=300)
