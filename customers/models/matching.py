"""The scan of the whole registry: its runs, the pairs it is about to weigh, and how common names are."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.classification import classes
from customers.choices import HouseholdAnswer, NameCountKind
from customers.models.people import Customer
from customers.querysets import PairQuerySet


class MatchingScan(models.Model):
    """One comparison of the registry with itself.

    ``position`` is the place in the ledger of deeds up to which changes were seen; the next scan compares whom later
    deeds touched. ``last_ids`` are the highest ids then, for rows that came without an entry each. ``counts`` says how
    many pairs each road found, how many were compared, what became a question by rule, and which blocks were too big.
    """

    classification = classes(
        C1="is_full as_of job_id position last_ids counts weights started_at finished_at",
    )

    is_full = models.BooleanField(_("the whole registry"))
    as_of = models.DateField(_("day"))
    job_id = models.BigIntegerField(null=True, blank=True)
    started_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    position = models.BigIntegerField(default=0)
    last_ids = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    weights = models.CharField(_("weights"), max_length=30, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("scan of the registry")
        verbose_name_plural = _("scans of the registry")

    def __str__(self) -> str:
        return f"#{self.pk} {self.as_of}"


class MatchingCandidate(models.Model):
    """Two customers, by id, that a scan is about to weigh; gone when it ends. What is asked stands in the review."""

    classification = classes(C1="first second")

    scan = models.ForeignKey(MatchingScan, models.CASCADE, related_name="candidates")
    first = models.BigIntegerField()
    second = models.BigIntegerField()

    class Meta:
        verbose_name = _("pair to be compared")
        verbose_name_plural = _("pairs to be compared")
        constraints = [
            models.UniqueConstraint(fields=["scan", "first", "second"], name="candidate_once_per_scan"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="candidate_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first} · {self.second}"


class NameCount(models.Model):
    """How many people bear a name, a surname or a given name, and a surname in a village; counted by each full scan."""

    classification = classes(C1="kind people", C2="word place")

    kind = models.CharField(max_length=8, choices=NameCountKind)
    word = models.CharField(max_length=100, db_collation="C")
    place = models.CharField(max_length=12, blank=True, default="", db_default="", db_collation="C")
    people = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("count of a name")
        verbose_name_plural = _("counts of names")
        constraints = [
            models.UniqueConstraint(fields=["kind", "word", "place"], name="name_counted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.word} {self.people}"


class HouseholdQuestion(models.Model):
    """Do these two live in one household? With the evidence; an answer is kept, and a taken-back one is open again.

    ``deed`` names what the answer wrote in the life of the household, so that it can be taken back there.
    """

    classification = classes(C1="weight state deed decided_at created_at", C2="evidence")

    first = models.ForeignKey(Customer, models.PROTECT, related_name="household_questions_as_first")
    second = models.ForeignKey(Customer, models.PROTECT, related_name="household_questions_as_second")
    weight = models.FloatField(default=0)
    evidence = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=HouseholdAnswer, default=HouseholdAnswer.OPEN)
    deed = models.UUIDField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PairQuerySet.as_manager()

    class Meta:
        verbose_name = _("question about a household")
        verbose_name_plural = _("questions about households")
        indexes = [models.Index(fields=["state", "-weight", "id"], name="household_question_queue")]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="household_question_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="household_question_in_order"),
            models.CheckConstraint(
                condition=Q(state__in=[HouseholdAnswer.OPEN, HouseholdAnswer.LATER])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="household_question_says_who_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} · {self.second_id}"
