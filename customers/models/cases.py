"""What customers complain of, ask for and praise, from being said to being answered."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import CaseCategory, CaseEventKind, CaseKind, CaseOutcome, CaseState, Channel
from customers.models.people import Customer
from customers.querysets import CaseEventQuerySet, CaseQuerySet


class Case(models.Model):
    """A complaint, a request or praise: whose, about what, who answers by which day, and how the customer was told.

    Without ``customer`` it is anonymous. Nobody handles a case about themselves. ``level`` says how far it has been
    escalated: 0 at its owner, 1 with the director, 2 with head office (handbook §7.2).
    """

    classification = classes(
        C1=(
            "kind category channel received_on due_on state level outcome answered_on told_on told_how reopened"
            " created_at"
        ),
        C2="words answer",
    )

    branch = models.ForeignKey(Unit, models.PROTECT, related_name="cases", db_index=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="cases", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=CaseKind)
    category = models.CharField(_("about what"), max_length=12, choices=CaseCategory)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    words = models.CharField(_("what was said"), max_length=1000)
    about_staff = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    received_on = models.DateField(_("received on"))
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="cases", db_index=False
    )
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=10, choices=CaseState, default=CaseState.OPEN)
    level = models.PositiveSmallIntegerField(_("escalated"), default=0)
    answer = models.CharField(_("answer"), max_length=1000, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=CaseOutcome, blank=True)
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    answered_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    told_on = models.DateField(_("told on"), null=True, blank=True)
    told_how = models.CharField(_("told how"), max_length=10, choices=Channel, blank=True)
    reopened = models.PositiveSmallIntegerField(_("opened again"), default=0)
    created_at = models.DateTimeField(db_default=Now())

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint or request")
        verbose_name_plural = _("complaints and requests")
        indexes = [
            models.Index(
                fields=["branch", "due_on", "id"], name="case_open", condition=~Q(state=CaseState.CLOSED)
            ),
            models.Index(fields=["branch", "-received_on", "-id"], name="case_received"),
            models.Index(fields=["customer", "-id"], name="case_of_customer"),
            models.Index(fields=["owner", "due_on"], name="case_of_owner", condition=Q(state=CaseState.OPEN)),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="case_says_something"),
            models.CheckConstraint(
                condition=(Q(about_staff=None) | Q(owner=None) | ~Q(owner=F("about_staff")))
                & (Q(about_staff=None) | Q(answered_by=None) | ~Q(answered_by=F("about_staff"))),
                name="case_not_handled_by_whom_it_is_about",
            ),
            models.CheckConstraint(
                condition=Q(state=CaseState.OPEN, answered_on=None, told_on=None)
                | (~Q(state=CaseState.OPEN) & Q(answered_on__isnull=False) & ~Q(outcome="")),
                name="case_answered_with_outcome",
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("received_on")), name="case_due_after_received"),
            models.CheckConstraint(
                condition=Q(told_on=None, told_how="") | (Q(told_on__isnull=False) & ~Q(told_how="")),
                name="case_told_in_a_way",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == CaseState.OPEN

    def is_late(self, today: date) -> bool:
        """Whether its day is over without an answer."""
        return self.is_open and self.due_on < today


class CaseEvent(models.Model):
    """One line of a case's story; never changed."""

    classification = classes(C1="kind at", C2="words")

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=12, choices=CaseEventKind)
    words = models.CharField(max_length=1000, blank=True)
    by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    at = models.DateTimeField(db_default=Now())

    objects = CaseEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a complaint or request")
        verbose_name_plural = _("lines of complaints and requests")

    def __str__(self) -> str:
        return f"#{self.case_id} {self.kind}"
