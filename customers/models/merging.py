"""Two records that are one person or one household: what joined them, what moved, and what takes it back."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.classification import classes
from customers.merging.choices import MergeKind, MergeState, MoveKind
from customers.models.households import Household
from customers.models.people import Customer
from customers.models.review import ReviewPair
from customers.querysets import MergeQuerySet


class Merge(models.Model):
    """The deed that made one record stand for another (handbook §6.10); a link, nothing is destroyed.

    ``before`` are values of both sides as they were, ``marks`` the highest id of each table when it was done: what has
    a higher one was written since. ``deed`` is the key of the household events it left. A merge that waits for a second
    person has moved nothing. One that was taken back stays, and the same two may be joined again by another row.
    """

    classification = classes(
        C1="kind state keeps asked_at done_at undone_at deed marks", C2="reason undo_reason before"
    )

    kind = models.CharField(max_length=10, choices=MergeKind)
    survivor = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="merges_survived"
    )
    other = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="merges_ended")
    household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, related_name="merges_survived"
    )
    other_household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, related_name="merges_ended"
    )
    pair = models.ForeignKey(ReviewPair, models.PROTECT, null=True, blank=True, related_name="merges")
    state = models.CharField(_("state"), max_length=10, choices=MergeState, default=MergeState.WAITING)
    keeps = models.CharField(max_length=10, blank=True, default="", help_text=_("Whose household stays."))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    before = models.JSONField(default=dict, blank=True)
    marks = models.JSONField(default=dict, blank=True)
    deed = models.UUIDField(null=True, blank=True, editable=False)
    asked_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("confirmed by")
    )
    done_at = models.DateTimeField(_("joined at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("taken back by")
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undo_reason = models.CharField(max_length=300, blank=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind=MergeKind.CUSTOMER,
                    survivor__isnull=False,
                    other__isnull=False,
                    household=None,
                    other_household=None,
                )
                | Q(
                    kind=MergeKind.HOUSEHOLD,
                    survivor=None,
                    other=None,
                    household__isnull=False,
                    other_household__isnull=False,
                ),
                name="merge_of_two_of_a_kind",
            ),
            models.CheckConstraint(condition=~Q(survivor=F("other")), name="merge_of_two_customers"),
            models.CheckConstraint(
                condition=~Q(household=F("other_household")), name="merge_of_two_households"
            ),
            models.UniqueConstraint(
                fields=["other"], condition=Q(state=MergeState.DONE), name="merge_ends_a_customer_once"
            ),
            models.UniqueConstraint(
                fields=["other_household"],
                condition=Q(state=MergeState.DONE),
                name="merge_ends_a_household_once",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("asked_by")),
                name="merge_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state=MergeState.UNDONE, undone_by__isnull=False, undone_at__isnull=False)
                | (~Q(state=MergeState.UNDONE) & Q(undone_by=None, undone_at=None)),
                name="merge_taken_back_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_done(self) -> bool:
        """Whether it is in force."""
        return self.state == MergeState.DONE


class MergeMove(models.Model):
    """What a merge did with the rows of one relation (model and field): which moved, changed, stayed, and why.

    ``before`` are the values of changed rows, by id.
    """

    classification = classes(C1="relation kind ids", C2="before")

    merge = models.ForeignKey(Merge, models.PROTECT, related_name="moves", db_index=False)
    relation = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=MoveKind)
    ids = ArrayField(models.BigIntegerField(), default=list)
    before = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("what a merge moved")
        verbose_name_plural = _("what merges moved")
        constraints = [
            models.UniqueConstraint(fields=["merge", "relation", "kind"], name="merge_move_once_a_relation")
        ]

    def __str__(self) -> str:
        return f"#{self.merge_id} {self.relation} {self.kind}"
