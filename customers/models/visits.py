"""What officers saw in the village."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.classification import classes
from customers.models.households import Household
from customers.querysets import SharedPartQuerySet


class VisitNote(models.Model):
    """A visit, signed once; a correction is a second note beside it.

    ``distance_m`` is the distance in metres between the recorded position and the household's or village's point;
    null where no position is known.
    """

    classification = classes(C1="visited_on minutes is_duplicate recorded_at", C2="distance_m summary")

    household = models.ForeignKey(Household, models.PROTECT, related_name="visits")
    officer = models.ForeignKey(StaffMember, models.PROTECT, related_name="visits")
    second_officer = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    visited_on = models.DateField(_("visited on"))
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    distance_m = models.PositiveIntegerField(_("distance (m)"), null=True, blank=True)
    summary = models.TextField(_("what was seen"), max_length=4000)
    is_duplicate = models.BooleanField(default=False)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = SharedPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit note")
        verbose_name_plural = _("visit notes")
        indexes = [
            models.Index(fields=["household", "-visited_on"], name="visit_household"),
            models.Index(fields=["officer", "-visited_on"], name="visit_officer"),
            models.Index(fields=["visited_on"], name="visit_day"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(second_officer=None) | ~Q(second_officer=F("officer")),
                name="visit_two_officers_differ",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.household_id} {self.visited_on}"
