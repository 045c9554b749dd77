"""Forms of the review: the part of the queue that is looked at, and decisions."""

from __future__ import annotations

import time

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from coopcrm.shared.forms import StrictForm
from customers.choices import DecisionGround
from customers.duplicates import RULE_WORDS
from customers.review import queue
from customers.review.services import DECISIONS

CONFIRM, DECLINE, WITHDRAW = "confirm", "decline", "withdraw"
SHOWN = signing.TimestampSigner(salt="review shown")


def shown_now() -> str:
    """A sealed note of when the page was shown, sent back with the decision."""
    return SHOWN.sign("1")


class QueueForm(forms.Form):
    """What part of the queue is looked at."""

    tab = forms.ChoiceField(required=False, choices=list(queue.TABS.items()), widget=forms.HiddenInput)
    whose = forms.ChoiceField(
        label=_("Whose"),
        required=False,
        choices=[(queue.MINE, _("Ours to decide")), (queue.ALL, _("All that we see"))],
    )
    rule = forms.ChoiceField(label=_("Why"), required=False)
    branch = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    band = forms.ChoiceField(
        required=False, choices=[(low, low) for low in queue.BANDS], widget=forms.HiddenInput
    )
    age = forms.ChoiceField(label=_("Since"), required=False, choices=[("", _("Any")), *queue.AGES.items()])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["rule"].choices = [("", _("Any")), *RULE_WORDS.items()]

    def filters(self) -> queue.Filters:
        """The filters; what is not one of the choices counts as not chosen."""
        self.is_valid()
        kept = {name: value for name, value in self.cleaned_data.items() if value}
        return queue.Filters(**kept)


class DecisionForm(StrictForm):
    """Same person, different persons, or later; for a second person: confirm or decline."""

    decision = forms.ChoiceField(choices=[(code, code) for code in (*DECISIONS, CONFIRM, DECLINE, WITHDRAW)])
    survivor = forms.ChoiceField(required=False, choices=[("first", "first"), ("second", "second")])
    ground = forms.ChoiceField(required=False, choices=DecisionGround.choices)
    note = forms.CharField(label=_("Note"), required=False, max_length=300)
    shown = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def clean_shown(self) -> int | None:
        """Seconds since the page was shown; nothing when nobody can tell."""
        try:
            SHOWN.unsign(self.cleaned_data["shown"], max_age=24 * 3600)
            stamp = self.cleaned_data["shown"].rsplit(":", 2)[1]
        except (signing.BadSignature, IndexError):
            return None
        return max(0, int(time.time()) - signing.b62_decode(stamp))


class GroupForm(StrictForm):
    """Several pairs at once: who of the group is one person."""

    decision = forms.ChoiceField(choices=[(code, code) for code in DECISIONS])
    people = forms.TypedMultipleChoiceField(coerce=int, required=False)
    shown = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, people, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = [(one.pk, one.pk) for one in people]


class UndoForm(StrictForm):
    """Take the last decision back."""
