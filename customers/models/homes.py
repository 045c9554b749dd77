"""What happened to a household on which day, told once and never changed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.classification import classes
from customers.homes.choices import EventKind, Paper
from customers.models.households import Household
from customers.models.people import Customer
from customers.querysets import SharedPartQuerySet


class HouseholdEvent(models.Model):
    """An event in the life of a household. A deed that touches several households writes a row for each.

    ``changes`` are the rows the deed has written in this household (ids, days and codes), so that it can be taken
    back; the row that takes it back names it in ``undoes``. Nothing here is ever changed.
    """

    classification = classes(C1="deed happened_on paper created_at", C2="kind reason changes")

    household = models.ForeignKey(Household, models.PROTECT, related_name="events")
    deed = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(_("event"), max_length=12, choices=EventKind)
    happened_on = models.DateField(_("day"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    partner = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("other person")
    )
    paper = models.CharField(_("paper shown"), max_length=12, choices=Paper, default=Paper.NONE)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="undone_by", verbose_name=_("takes back")
    )
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects = SharedPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a household")
        verbose_name_plural = _("events of households")
        indexes = [
            models.Index(fields=["household", "-happened_on", "-id"], name="household_event_latest"),
            models.Index(fields=["deed"], name="household_event_deed"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind=EventKind.UNDONE, undoes__isnull=False))
                | (~Q(kind=EventKind.UNDONE) & Q(undoes=None)),
                name="household_event_undoes",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.household_id} {self.happened_on} {self.get_kind_display()}"
