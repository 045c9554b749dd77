"""Pairs of customers that may be one person, and every decision about them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import UNDECIDED, DecisionGround, DecisionStep, PairDecision, ReviewState
from customers.models.ledgers import LedgerRow
from customers.models.people import Customer
from customers.querysets import DecisionQuerySet, PairQuerySet


class ReviewPair(models.Model):
    """Two customers that may be one person, with the evidence.

    ``evidence`` holds the ``levels`` that the comparison reached and the version of the ``weights`` they were weighed
    with. ``branch`` is the one that knows the two best, empty until ``review.placing`` has looked; ``cluster`` is the
    lowest id among the customers that undecided pairs join to these two, ``priority`` that of the whole cluster;
    ``worth`` says what hangs on the answer, above 0 where one of the two has credit.
    """

    classification = classes(
        C1="rule outcome weight state decided_at created_at worth priority cluster placed_at", C2="evidence"
    )

    first = models.ForeignKey(Customer, models.PROTECT, related_name="review_pairs_as_first")
    second = models.ForeignKey(Customer, models.PROTECT, related_name="review_pairs_as_second")
    rule = models.CharField(max_length=8)
    outcome = models.CharField(max_length=10)
    weight = models.FloatField(default=0)
    evidence = models.JSONField(default=dict)
    first_row = models.ForeignKey(LedgerRow, models.PROTECT, null=True, blank=True, related_name="+")
    second_row = models.ForeignKey(LedgerRow, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=ReviewState, default=ReviewState.OPEN)
    decided_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    branch = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    worth = models.FloatField(default=0, db_default=0)
    priority = models.FloatField(default=0, db_default=0)
    cluster = models.BigIntegerField(default=0, db_default=0)
    placed_at = models.DateTimeField(null=True, blank=True)

    objects = PairQuerySet.as_manager()

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="review_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="review_pair_in_order"),
        ]
        indexes = [
            models.Index(
                fields=["branch", "-priority", "cluster", "id"],
                name="review_pair_queue",
                condition=Q(state__in=UNDECIDED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} · {self.second_id}"

    @property
    def is_undecided(self) -> bool:
        """Whether people still have to decide."""
        return self.state in UNDECIDED

    @property
    def levels(self) -> dict[str, str]:
        """The level that each field reached; empty where a person alone put the pair there."""
        return {name: level for name, level in self.evidence.get("levels", {}).items() if level}

    @property
    def weights_version(self) -> str:
        """The version of the weights that the levels were weighed with; empty where none was noted."""
        return str(self.evidence.get("weights", ""))


class ReviewDecision(models.Model):
    """What somebody decided about a pair, and what they were shown; insert-only, kept for ever.

    A decision that needs two people is PROPOSED by one and DONE by another, who is never the same. ``undoes`` names the
    decision that this one takes back. A row without ``decided_by`` is the machine's: new evidence asked again.
    ``ground`` says what the person went by, ``seconds`` how long the page stood open before.
    """

    classification = classes(
        C1="decision step decided_at proposal rule outcome weight weights seconds ground", C2="levels"
    )

    pair = models.ForeignKey(ReviewPair, models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=10, choices=PairDecision)
    step = models.CharField(max_length=8, choices=DecisionStep, default=DecisionStep.DONE)
    decided_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(db_default=Now())
    proposed_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    proposal = models.BigIntegerField(null=True, blank=True)
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")
    rule = models.CharField(max_length=8)
    outcome = models.CharField(max_length=10)
    weight = models.FloatField()
    levels = models.JSONField(default=dict)
    weights = models.CharField(max_length=40, blank=True)
    seconds = models.PositiveIntegerField(null=True, blank=True)
    ground = models.CharField(
        max_length=10,
        choices=DecisionGround,
        default=DecisionGround.RECORDS,
        db_default=DecisionGround.RECORDS,
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision about a possible duplicate")
        verbose_name_plural = _("decisions about possible duplicates")
        constraints = [
            models.CheckConstraint(
                condition=Q(proposed_by=None) | ~Q(proposed_by=F("decided_by")),
                name="review_decision_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=False) | Q(decision=PairDecision.AGAIN),
                name="review_decision_by_somebody",
            ),
            models.CheckConstraint(
                condition=(Q(undoes=None) & ~Q(decision=PairDecision.UNDONE))
                | (Q(undoes__isnull=False) & Q(decision=PairDecision.UNDONE)),
                name="review_decision_undoes_one",
            ),
        ]
        indexes = [
            models.Index(fields=["decided_by", "-id"], name="review_decision_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.pair_id}: {self.get_decision_display()}"
