"""The calendar: public holidays and make-up working days."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.choices import DayKind
from coopcrm.shared.classification import classes


class CalendarDay(models.Model):
    """A public holiday or a make-up working day (调休上班); all other days follow the week."""

    classification = classes(C1="day kind name")

    day = models.DateField(unique=True)
    kind = models.CharField(max_length=14, choices=DayKind)
    name = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
