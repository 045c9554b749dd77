"""The weights by which people are recognised, as versions in force, and what each run of them expected."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import DateRange, StaffMember
from coopcrm.shared.classification import classes


class MatchingRule(models.Model):
    """A version of the weights (handbook §6.3), as data: shares of levels, thresholds; two people put it into force."""

    classification = classes(C1="version data valid_from valid_to")

    version = models.CharField(max_length=20, unique=True)
    data = models.JSONField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("weights of matching")
        verbose_name_plural = _("weights of matching")
        constraints = [
            ExclusionConstraint(
                name="matching_rule_one_a_day",
                expressions=[(DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=False, confirmed_by__isnull=False)
                & ~Q(proposed_by=F("confirmed_by")),
                name="matching_rule_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return self.version


class MatchingRun(models.Model):
    """What one run of the engine joined and asked, and how many errors its odds expect; insert-only.

    ``patterns`` says in which appearances pairs came, how many, and at which weight: levels without any person. By
    them a proposed version is tried before it takes effect.
    """

    classification = classes(
        C1="weights as_of mentions links questions expected_wrong expected_missed patterns strangers made_at"
    )

    weights = models.CharField(_("weights"), max_length=20)
    as_of = models.DateField(_("day"))
    mentions = models.PositiveIntegerField()
    links = models.PositiveIntegerField()
    questions = models.PositiveIntegerField()
    expected_wrong = models.FloatField()
    expected_missed = models.FloatField()
    patterns = models.JSONField(default=list)
    strangers = models.JSONField(default=dict)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("run of matching")
        verbose_name_plural = _("runs of matching")

    def __str__(self) -> str:
        return f"{self.as_of} {self.weights}"
