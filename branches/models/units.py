"""Units of the union: where records are made and people work."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode, UnitKind
from coopcrm.shared.classification import classes


class UnitQuerySet(models.QuerySet["Unit"]):
    """Units by the day on which they work."""

    def open_on(self, day: date) -> UnitQuerySet:
        """Units that have opened and not yet closed; a unit without an opening day has always been there."""
        opened = Q(opened_on=None) | Q(opened_on__lte=day)
        return self.filter(opened & (Q(closed_on=None) | Q(closed_on__gt=day)))

    def not_closed_on(self, day: date) -> UnitQuerySet:
        """Open units and those that will open."""
        return self.filter(Q(closed_on=None) | Q(closed_on__gt=day))


class Unit(models.Model):
    """A county union, a branch (信用社), a sub-branch (分社) or a counter."""

    classification = classes(C1="code name kind opened_on closed_on address latitude longitude")

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=12, choices=UnitKind)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("unit above")
    )
    opened_on = models.DateField(_("opened on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=UnitKind.UNION, parent=None)
                | (~Q(kind=UnitKind.UNION) & Q(parent__isnull=False)),
                name="unit_only_union_is_root",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(opened_on=None) | Q(closed_on__gte=F("opened_on")),
                name="unit_closes_after_it_opens",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def branch_id_of(self) -> int | None:
        """The branch this unit reports to: itself for a branch, its parent for a sub-branch or counter."""
        if self.kind == UnitKind.UNION:
            return None
        return self.pk if self.kind == UnitKind.BRANCH else self.parent_id

    def is_closed_on(self, day: date) -> bool:
        """Whether the unit has closed; the day of closing is the first on which it no longer works."""
        return self.closed_on is not None and self.closed_on <= day


class PlannedPost(models.Model):
    """How many people a unit should have in a post (编制); fewer is a vacancy."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="planned_posts")
    code = models.CharField(_("post"), max_length=20, choices=PostCode)
    places = models.PositiveSmallIntegerField(_("places"))

    classification = classes(C1="code places")

    class Meta:
        verbose_name = _("planned post")
        verbose_name_plural = _("planned posts")
        ordering = ["unit", "code"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "code"], name="planned_post_once"),
            models.CheckConstraint(condition=Q(places__lte=500), name="planned_post_places_credible"),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} × {self.places}"
