"""Changes that one person proposes and another confirms."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.choices import ProposalState
from branches.models.staff import StaffMember
from branches.models.units import Unit
from branches.querysets import ProposalQuerySet
from coopcrm.shared.classification import classes


class Proposal(models.Model):
    """A change that one person proposes and another confirms; until then nothing has changed.

    ``subject_table`` and ``subject_id`` name the row it is about, ``key`` which part of it; ``change`` holds plain
    values without numbers of people, ``before`` those it would replace. ``branch`` decides, ``asked_from`` is the
    branch that asks when it is another one.
    """

    classification = classes(
        C1="kind subject_table subject_id key proposed_at expires_at state decided_at",
        C2="change before reason decision_note",
    )

    kind = models.CharField(max_length=40)
    subject_table = models.CharField(max_length=63, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    key = models.CharField(max_length=80, blank=True)
    branch = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    asked_from = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    change = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    proposed_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    decided_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(_("note"), max_length=300, blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="proposal_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.OPEN, decided_by=None, decided_at=None)
                | Q(
                    state__in=[ProposalState.CONFIRMED, ProposalState.DECLINED, ProposalState.FAILED],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                )
                | Q(
                    state__in=[ProposalState.WITHDRAWN, ProposalState.EXPIRED],
                    decided_by=None,
                    decided_at__isnull=False,
                ),
                name="proposal_state_and_decision_agree",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("proposed_at")), name="proposal_expires_later"
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_table", "subject_id", "key"],
                condition=Q(state=ProposalState.OPEN),
                nulls_distinct=False,
                name="proposal_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["branch", "kind"], condition=Q(state=ProposalState.OPEN), name="proposal_waiting"
            ),
            models.Index(fields=["subject_table", "subject_id"], name="proposal_subject"),
            models.Index(fields=["proposed_by", "id"], name="proposal_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class ProposalBatch(models.Model):
    """Like proposals that one person confirms together after looking at a sample that the server drew."""

    classification = classes(C1="kind proposal_ids sample_ids opened_ids drawn_at confirmed_at voided_at")

    kind = models.CharField(max_length=40)
    confirmer = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    proposal_ids = ArrayField(models.BigIntegerField())
    sample_ids = ArrayField(models.BigIntegerField())
    opened_ids = ArrayField(models.BigIntegerField(), default=list)
    drawn_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("proposals confirmed together")
        verbose_name_plural = _("proposals confirmed together")
        constraints = [
            models.CheckConstraint(
                condition=Q(proposal_ids__contains=F("sample_ids")), name="proposal_sample_of_batch"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(voided_at=None, opened_ids__contains=F("sample_ids")),
                name="proposal_batch_sample_opened",
            ),
            models.UniqueConstraint(
                fields=["kind", "confirmer"],
                condition=Q(confirmed_at=None, voided_at=None),
                name="proposal_batch_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
