"""Counties, townships and villages by the codes of the statistics office."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.choices import AreaLevel
from branches.models.units import Unit
from coopcrm.shared.classification import classes


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
    valid_from = models.DateField(default="1900-01-01")
    valid_to = models.DateField(null=True, blank=True)
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

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(valid_to=None), name="area_code_in_force_once"
            ),
        ]
        indexes = [
            models.Index(fields=["pinyin", "id"], name="area_pinyin"),
            models.Index(fields=["initials", "id"], name="area_initials"),
        ]

    def __str__(self) -> str:
        return self.name
