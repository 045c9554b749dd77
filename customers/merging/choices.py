"""Stored codes of merges and the labels people see."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MergeKind(models.TextChoices):
    """What was joined."""

    CUSTOMER = "customer", _("Two records of one person")
    HOUSEHOLD = "household", _("Two records of one household")


class MergeState(models.TextChoices):
    """Where a merge stands."""

    WAITING = "waiting", _("Waits for a second person")
    DONE = "done", pgettext_lazy("state of a merge", "Joined")
    UNDONE = "undone", pgettext_lazy("state of a merge", "Taken back")


NOT_JOINED = "dropped"
"""Where a merge stands that nobody confirmed: its proposal was declined, withdrawn, could not be done or ran out."""

STANDINGS = (
    (MergeState.WAITING, MergeState.WAITING.label),
    (MergeState.DONE, MergeState.DONE.label),
    (NOT_JOINED, pgettext_lazy("state of a merge", "Not joined")),
    (MergeState.UNDONE, MergeState.UNDONE.label),
)
"""Where merges stand, as people see it."""


class MoveKind(models.TextChoices):
    """What became of the rows of a relation."""

    MOVED = "moved", pgettext_lazy("rows of a merge", "moved")
    FOLLOWED = "followed", pgettext_lazy("rows of a merge", "followed later")
    CHANGED = "changed", pgettext_lazy("rows of a merge", "changed")
    CREATED = "created", pgettext_lazy("rows of a merge", "written")
    KEPT = "kept", pgettext_lazy("rows of a merge", "stays: the other side has its like")
    RETURNED = "returned", pgettext_lazy("rows of a merge", "went back")
    STAYED = "stayed", pgettext_lazy("rows of a merge", "stays as a result of its day")


AWAY = (MoveKind.MOVED, MoveKind.FOLLOWED)
"""Rows that point to the survivor because of the merge."""


class Side(models.TextChoices):
    """To which of the two something belongs."""

    SURVIVOR = "survivor", _("the record that stays")
    OTHER = "other", _("the record that was joined to it")
