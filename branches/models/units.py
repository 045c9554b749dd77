"""Units of the union: where records are made and people work."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.choices import UnitKind
from coopcrm.shared.classification import classes


class Unit(models.Model):
    """A county union, a branch (信用社), a sub-branch (分社) or a counter."""

    classification = classes(C1="code name kind opened_on closed_on address latitude longitude")

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=12, choices=UnitKind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    opened_on = models.DateField(_("opened on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

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
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def branch_id_of(self) -> int | None:
        """The branch this unit reports to: itself for a branch, its parent for a sub-branch or counter."""
        if self.kind == UnitKind.UNION:
            return None
        return self.pk if self.kind == UnitKind.BRANCH else self.parent_id
