"""What one branch lets another read for a while, and whose household is a member of staff's own."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from branches.models import DateRange, StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import SharingPurpose
from customers.models.households import Household
from customers.querysets import OfHouseholdQuerySet, SharingQuerySet


class Sharing(models.Model):
    """A household that another branch reads from ``valid_from`` until ``valid_to`` (half-open), for a purpose.

    Shared are the household, its members' names, facts and visits; never numbers, accounts, loans or ratings.
    """

    classification = classes(C1="purpose valid_from valid_to ended_at")

    household = models.ForeignKey(Household, models.PROTECT, related_name="sharings")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("branch that reads"))
    purpose = models.CharField(_("purpose"), max_length=20, choices=SharingPurpose)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"))
    asked_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    granted_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    ended_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SharingQuerySet.as_manager()

    class Meta:
        verbose_name = _("sharing")
        verbose_name_plural = _("sharings")
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="sharing_ends"),
            models.CheckConstraint(
                condition=~Q(asked_by=F("granted_by")), name="sharing_granted_by_another_person"
            ),
            models.CheckConstraint(
                condition=Q(ended_by=None, ended_at=None) | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="sharing_ended_by_somebody",
            ),
            ExclusionConstraint(
                name="sharing_once_at_a_time",
                expressions=[
                    ("household", RangeOperators.EQUAL),
                    ("branch", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["branch", "valid_to"], name="sharing_branch_end")]

    def __str__(self) -> str:
        return f"#{self.household_id} → {self.branch}"


class StaffHousehold(models.Model):
    """A household that is a member of staff's own or a relative's, as declared: reading its numbers is a signal."""

    classification = classes(C1="declared_on")

    staff = models.ForeignKey(
        StaffMember, models.PROTECT, related_name="+", verbose_name=_("member of staff")
    )
    household = models.ForeignKey(Household, models.PROTECT, related_name="+", verbose_name=_("household"))
    declared_on = models.DateField(_("declared on"))

    objects = OfHouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("household of staff")
        verbose_name_plural = _("households of staff")
        constraints = [
            models.UniqueConstraint(fields=["staff", "household"], name="staff_household_once"),
        ]

    def __str__(self) -> str:
        return f"{self.staff} #{self.household_id}"
