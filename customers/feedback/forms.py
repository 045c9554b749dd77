"""What a customer fills in, and how staff narrow the list of answers."""

from __future__ import annotations

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.selectors import branches_of
from coopcrm.shared.forms import StrictForm
from customers.models.feedback import LONGEST_WORDS

MOODS = (
    (1, _("very dissatisfied")),
    (2, _("dissatisfied")),
    (3, _("neither")),
    (4, _("satisfied")),
    (5, _("very satisfied")),
)
KEPT_CONTROLS = "\n"


def plain_words(text: str) -> str:
    """Words without control and direction characters, which could make a page read otherwise than it is."""
    kept = (c for c in text if c in KEPT_CONTROLS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return "".join(kept).strip()


class AnswerForm(StrictForm):
    """Satisfaction, recommendation, words, and whether somebody should call."""

    satisfaction = forms.TypedChoiceField(
        label=_("How satisfied are you?"),
        choices=MOODS,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    recommendation = forms.TypedChoiceField(
        label=_("Would you recommend us to relatives and neighbours?"),
        choices=[(number, str(number)) for number in range(11)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=_("What should we know?"),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )
    wishes_call = forms.BooleanField(label=_("Please call me"), required=False)

    def clean_words(self) -> str:
        return plain_words(self.cleaned_data["words"])

    def clean(self) -> dict:
        given = super().clean()
        says = ("satisfaction", "recommendation", "words")
        if not self.errors and all(given.get(name) in (None, "") for name in says):
            raise forms.ValidationError(_("Choose a number or write a word."), code="answer_empty")
        return given


class AnswersForm(StrictForm):
    """Above the list of answers."""

    branch = forms.ModelChoiceField(queryset=None, label=_("Branch"), required=False)
    shows = forms.ChoiceField(
        label=_("Answers"),
        required=False,
        choices=[
            ("", _("all")),
            ("low", _("low ones")),
            ("words", _("with words")),
            ("call", _("wishes a call")),
        ],
    )

    def __init__(self, *args, staff, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_of(staff)
        self.fields["branch"].empty_label = _("all")
        if len(staff.scope.branch_ids) == 1:
            del self.fields["branch"]
