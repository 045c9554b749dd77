"""Counties, townships and villages by the codes of the statistics office."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.choices import AreaLevel
from branches.models.ranges import DateRange, in_force
from branches.models.units import Unit
from coopcrm.shared.classification import classes


class AreaQuerySet(models.QuerySet["Area"]):
    """Areas by the day on which their code is in force."""

    def in_force(self, day: date | None = None) -> AreaQuerySet:
        """Versions whose code holds on a day, today when not given."""
        return self.filter(in_force(day or timezone.localdate()))


class Area(models.Model):
    """A county, township or village by its 12-digit code; codes change, so each has a period."""

    classification = classes(
        C1=("code name level pinyin initials valid_from valid_to registered_households latitude longitude"),
    )

    code = models.CharField(_("code"), max_length=12)
    name = models.CharField(_("name"), max_length=100)
    level = models.CharField(_("level"), max_length=12, choices=AreaLevel)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    pinyin = models.CharField(max_length=200, blank=True, db_collation="C")
    initials = models.CharField(max_length=40, blank=True, db_collation="C")
    valid_from = models.DateField(_("from"), default=date(1900, 1, 1))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="areas",
        help_text=_("The branch that serves it."),
    )
    registered_households = models.PositiveIntegerField(
        _("households in the village register"), null=True, blank=True
    )
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(valid_to=None), name="area_code_in_force_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="area_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(successor=None) | Q(valid_to__isnull=False), name="area_succeeded_has_ended"
            ),
            ExclusionConstraint(
                name="area_code_without_overlap",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["pinyin", "id"], name="area_pinyin"),
            models.Index(fields=["initials", "id"], name="area_initials"),
        ]

    def __str__(self) -> str:
        return self.name


class AreaService(models.Model):
    """Which unit serves an area from one day to another; ``Area.unit`` is the one of today."""

    area = models.ForeignKey(Area, models.PROTECT, related_name="services")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="area_services")
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)

    classification = classes(C1="valid_from valid_to")

    class Meta:
        verbose_name = _("service of an area")
        verbose_name_plural = _("services of areas")
        ordering = ["area", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="area_service_period"
            ),
            ExclusionConstraint(
                name="area_served_by_one_unit",
                expressions=[
                    ("area", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area} · {self.unit}"
