"""Stored codes of ratings and tiers and the labels people see."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RatingStatus(models.TextChoices):
    RATED = "RATED", _("Rated")
    REJECTED = "REJECTED", _("Rejected")
    PENDING_PANEL = "PENDING_PANEL", _("Waiting for the panel")
    INCOMPLETE = "INCOMPLETE", _("Facts missing")


class Grade(models.TextChoices):
    AAA = "AAA", _("AAA outstanding")
    AA = "AA", _("AA excellent")
    A = "A", _("A good")
    B = "B", _("B fair")
    C = "C", _("C no credit")


class MatrixLevel(models.TextChoices):
    EXCELLENT = "excellent", _("Excellent")
    GOOD = "good", _("Good")
    ORDINARY = "ordinary", _("Ordinary")


class Tier(models.TextChoices):
    VIP = "vip", _("VIP")
    GOLD = "gold", _("Gold")
    SILVER = "silver", _("Silver")
    STANDARD = "standard", _("Standard")
    WATCH = "watch", _("Watch")


# What the union promises the customers of a tier (handbook §3.2); the others are served like everybody.
PROMISES = {
    Tier.VIP: _("promise: no queue, a visit each quarter"),
    Tier.GOLD: _("promise: a visit twice a year"),
}
