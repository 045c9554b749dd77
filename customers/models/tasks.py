"""What somebody has to do by a day: for a person or a post at a unit, about a customer or household or neither."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode
from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import TaskState
from customers.models.households import Household
from customers.models.people import Customer
from customers.querysets import TaskQuerySet


class Task(models.Model):
    """One thing to do. Without ``owner`` whoever holds ``post`` at ``branch`` (the union for posts there) does it.

    ``reason`` is what a person wrote, or a message id that is translated when shown, filled with ``reason_params``
    (ids, codes, days and counts alone). Of one ``source`` and ``key`` there is one open task. ``closed_by`` is empty
    where the task ended by itself since its reason was gone.
    """

    classification = classes(
        C1="kind post due_on snoozed_until source key opened_on opened_at state closed_on closed_at",
        C2="reason reason_params outcome",
    )

    branch = models.ForeignKey(Unit, models.PROTECT, related_name="tasks", db_index=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="tasks", db_index=False
    )
    household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, related_name="tasks", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=30)
    reason = models.CharField(_("what is to be done"), max_length=300)
    reason_params = models.JSONField(default=dict, blank=True)
    owner = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="tasks", db_index=False
    )
    post = models.CharField(_("post"), max_length=20, choices=PostCode)
    due_on = models.DateField(_("due on"))
    snoozed_until = models.DateField(_("put off until"), null=True, blank=True)
    source = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=60, blank=True)
    opened_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    opened_on = models.DateField(_("opened on"))
    opened_at = models.DateTimeField(db_default=Now())
    state = models.CharField(_("state"), max_length=10, choices=TaskState, default=TaskState.OPEN)
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    closed_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes = [
            models.Index(
                fields=["owner", "due_on", "id"], name="task_of_owner", condition=Q(state=TaskState.OPEN)
            ),
            models.Index(
                fields=["branch", "due_on", "id"], name="task_of_branch", condition=Q(state=TaskState.OPEN)
            ),
            models.Index(fields=["branch", "-closed_on", "-id"], name="task_closed"),
            models.Index(
                fields=["closed_by", "-closed_on"], name="task_done_by", condition=Q(state=TaskState.DONE)
            ),
            models.Index(fields=["customer", "-id"], name="task_of_customer"),
            models.Index(fields=["household", "-id"], name="task_of_household"),
            models.Index(fields=["source", "key"], name="task_of_source"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"],
                condition=Q(state=TaskState.OPEN) & ~Q(source=""),
                name="task_open_once",
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(post=""), name="task_says_what_and_whose"),
            models.CheckConstraint(
                condition=Q(state=TaskState.OPEN, closed_on=None, closed_by=None, closed_at=None)
                | (~Q(state=TaskState.OPEN) & Q(closed_on__isnull=False, closed_at__isnull=False)),
                name="task_closed_with_day",
            ),
            models.CheckConstraint(
                condition=~Q(state=TaskState.DROPPED) | ~Q(outcome=""), name="task_dropped_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def words(self) -> str:
        """What is to be done, in the reader's language; what a person wrote as it was written."""
        return gettext(self.reason) % self.reason_params if self.reason_params else gettext(self.reason)

    @property
    def outcome_words(self) -> str:
        """How it ended, in the reader's language."""
        return gettext(self.outcome) if self.outcome else ""

    @property
    def is_open(self) -> bool:
        return self.state == TaskState.OPEN

    def is_late(self, today: date) -> bool:
        """Whether its day is over and nobody has put it off."""
        is_put_off = self.snoozed_until is not None and self.snoozed_until > today
        return self.is_open and self.due_on < today and not is_put_off
