"""Views of the list of customers that people keep: filters, columns and order under a name."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import ListOrder


class ListView(models.Model):
    """A view of the list: codes and ids alone, no name and no number of a person.

    With ``branch`` everybody of that branch may use it; the owner or a director of the branch changes it.
    """

    classification = classes(C1="name filters columns order is_default changed_at")

    owner = models.ForeignKey(StaffMember, models.PROTECT, related_name="list_views")
    branch = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    filters = models.JSONField(default=dict, blank=True)
    columns = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    order = models.CharField(_("order"), max_length=12, choices=ListOrder, default=ListOrder.NAME)
    is_default = models.BooleanField(_("shown first"), default=False)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("view of the list")
        verbose_name_plural = _("views of the list")
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="list_view_has_name"),
            models.UniqueConstraint(fields=["owner", "name"], name="list_view_named_once"),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_default=True), name="list_view_one_default"
            ),
        ]
        indexes = [models.Index(fields=["branch"], name="list_view_branch", condition=~Q(branch=None))]

    def __str__(self) -> str:
        return self.name
