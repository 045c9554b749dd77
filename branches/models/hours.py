"""Opening hours of units: by weekday from a day on, and single days that differ."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from branches.choices import Weekday
from branches.models.ranges import DateRange, IntegerRange, SecondOfDay
from branches.models.units import Unit
from coopcrm.shared.classification import classes


class OpeningHours(models.Model):
    """One stretch of one weekday on which a unit is open, in force from a day on; a lunch break makes two."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)

    classification = classes(C1="weekday opens closes valid_from valid_to")

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["unit", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__gte=1, weekday__lte=7), name="opening_hours_weekday_iso"
            ),
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="opening_hours_close_after_open"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="opening_hours_period"
            ),
            ExclusionConstraint(
                name="opening_hours_without_overlap",
                expressions=[
                    ("unit", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (
                        IntegerRange(SecondOfDay("opens"), SecondOfDay("closes"), Value("[)")),
                        RangeOperators.OVERLAPS,
                    ),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class OpeningException(models.Model):
    """A single day on which a unit is open at other hours, or not at all."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="opening_exceptions")
    day = models.DateField(_("day"))
    opens = models.TimeField(_("opens"), null=True, blank=True)
    closes = models.TimeField(_("closes"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=100)

    classification = classes(C1="day opens closes reason")

    class Meta:
        verbose_name = _("exception of opening hours")
        verbose_name_plural = _("exceptions of opening hours")
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "day"], name="opening_exception_once_a_day"),
            models.CheckConstraint(
                condition=Q(opens=None, closes=None) | Q(closes__gt=F("opens")),
                name="opening_exception_close_after_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.reason}"

    @property
    def is_closed(self) -> bool:
        """Whether the unit stays closed all day."""
        return self.opens is None
