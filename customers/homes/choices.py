"""Stored codes of the life of a household and the labels people see."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class EventKind(models.TextChoices):
    """What happened to a household on a day (handbook §6.4)."""

    OPENED = "opened", _("Household opened")
    JOINED = "joined", _("Somebody joined")
    LEFT = "left", _("Somebody left")
    MOVED = "moved", _("Somebody moved to another household")
    MARRIAGE = "marriage", pgettext_lazy("event of a household", "Marriage")
    DIVORCE = "divorce", pgettext_lazy("event of a household", "Divorce")
    SPLIT = "split", _("Household split")
    DEATH = "death", pgettext_lazy("event of a household", "Death")
    NEW_HEAD = "new_head", _("Another head")
    MIGRATION = "migration", _("Somebody works away")
    RETURN = "return", _("Somebody came back")
    EMPTY = "empty", _("Empty registration")
    LIVED_IN = "lived_in", _("Lived in again")
    PLACE = "place", _("Household moved to another place")
    REGISTER = "register", _("New register number")
    CLOSED = "closed", _("Household closed")
    REVIEWED = "reviewed", _("Reviewed after a change")
    UNDONE = "undone", _("Event taken back")


class Paper(models.TextChoices):
    """The paper that shows an event."""

    NONE = "none", _("No paper, as the family says")
    MARRIAGE = "marriage", _("Marriage certificate")
    DIVORCE = "divorce", _("Divorce certificate")
    DEATH = "death", _("Death certificate")
    REGISTER = "register", _("Household register")
    VILLAGE = "village", _("Statement of the village committee")


class MarriageEnd(models.TextChoices):
    """Why a marriage is no longer in force."""

    DIVORCE = "divorce", pgettext_lazy("end of a marriage", "Divorce")
    DEATH = "death", pgettext_lazy("end of a marriage", "Death")
    UNDONE = "undone", _("Recorded by mistake")
