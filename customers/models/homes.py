"""What happened to a household on which day, told once and never changed."""

from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models import DateRange, StaffMember
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


class Absence(models.Model):
    """A member who works or lives elsewhere for a while and stays a member: a migrant (handbook §6.4)."""

    classification = classes(C1="valid_from valid_to recorded_on", C2="where_to")

    household = models.ForeignKey(Household, models.PROTECT, related_name="absences")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="absences")
    where_to = models.CharField(_("where to"), max_length=120, blank=True)
    valid_from = models.DateField(_("away since"))
    valid_to = models.DateField(_("back on"), null=True, blank=True)
    recorded_on = models.DateField(default=timezone.localdate)
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    objects = SharedPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        indexes = [models.Index(fields=["household", "valid_to"], name="absence_household")]
        constraints = [
            ExclusionConstraint(
                name="one_absence_at_a_time",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.valid_from}"


class EmptyRegistration(models.Model):
    """A registered household in which nobody lives (空挂户).

    It counts in every coverage until a director decides that it is left out (``left_out_on``); the decision ends with
    the mark.
    """

    classification = classes(C1="valid_from valid_to left_out_on recorded_on", C2="reason decision")

    household = models.ForeignKey(Household, models.PROTECT, related_name="empty_registrations")
    valid_from = models.DateField(_("empty since"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    recorded_on = models.DateField(default=timezone.localdate)
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    left_out_on = models.DateField(_("left out of coverage since"), null=True, blank=True)
    decision = models.CharField(_("decision"), max_length=300, blank=True)
    decided_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    objects = SharedPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("empty registration")
        verbose_name_plural = _("empty registrations")
        constraints = [
            ExclusionConstraint(
                name="one_empty_mark_at_a_time",
                expressions=[
                    ("household", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(left_out_on=None) | Q(left_out_on__isnull=False, decided_by__isnull=False),
                name="empty_left_out_by_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.household_id} {self.valid_from}"
