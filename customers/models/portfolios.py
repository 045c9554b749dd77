"""Handing households over from one manager to another: the list, what was found different, and who signed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import HandoverReason, HandoverState
from customers.models.households import Household
from customers.querysets import BranchRowQuerySet


class Handover(models.Model):
    """Households that pass from ``giver`` to ``taker`` on a day, under the eyes of a third person (handbook §7).

    ``given_by`` is the giver, or a director where the giver no longer works here.
    """

    branch = models.ForeignKey(Unit, models.PROTECT, related_name="handovers")
    giver = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("hands over"))
    taker = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("takes over"))
    supervisor = models.ForeignKey(
        StaffMember, models.PROTECT, related_name="+", verbose_name=_("supervises")
    )
    reason = models.CharField(_("reason"), max_length=12, choices=HandoverReason)
    effective_on = models.DateField(_("from this day"))
    state = models.CharField(_("state"), max_length=10, choices=HandoverState, default=HandoverState.OPEN)
    created_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    given_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    given_at = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = BranchRowQuerySet.as_manager()
    classification = classes(C1="reason effective_on state created_at given_at taken_at closed_at")

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        indexes = [models.Index(fields=["branch", "-id"], name="handover_branch")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(giver=F("taker")) & ~Q(supervisor=F("giver")) & ~Q(supervisor=F("taker")),
                name="handover_three_people",
            ),
            models.CheckConstraint(
                condition=Q(given_by=None) | (~Q(given_by=F("taker")) & ~Q(given_by=F("supervisor"))),
                name="handover_given_by_neither_of_the_others",
            ),
            models.CheckConstraint(
                condition=~Q(state=HandoverState.CLOSED)
                | Q(
                    given_at__isnull=False,
                    taken_at__isnull=False,
                    closed_at__isnull=False,
                    given_by__isnull=False,
                ),
                name="handover_closed_with_all_signatures",
            ),
            models.UniqueConstraint(
                fields=["branch", "giver"], condition=Q(state=HandoverState.OPEN), name="handover_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver} → {self.taker}, {self.effective_on}"

    @property
    def is_open(self) -> bool:
        return self.state == HandoverState.OPEN


class HandoverItem(models.Model):
    """One household on the list. Problem loans and a random tenth of the rest are visited by both officers."""

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="items")
    household = models.ForeignKey(Household, models.PROTECT, related_name="handover_items")
    exposure = models.DecimalField(_("exposure"), max_digits=16, decimal_places=2, default=0)
    has_problem_loan = models.BooleanField(_("problem loan"), default=False)
    must_visit = models.BooleanField(_("joint visit"), default=False)
    visited_on = models.DateField(_("visited on"), null=True, blank=True)
    differs = models.BooleanField(_("differs from the records"), null=True, blank=True)
    difference = models.CharField(_("difference"), max_length=500, blank=True)
    noted_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    classification = classes(C2="exposure has_problem_loan differs difference", C1="must_visit visited_on")

    class Meta:
        verbose_name = _("household handed over")
        verbose_name_plural = _("households handed over")
        constraints = [
            models.UniqueConstraint(fields=["handover", "household"], name="handover_item_once"),
            models.CheckConstraint(
                condition=~Q(differs=True) | ~Q(difference=""), name="handover_difference_in_words"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.household_id}"
