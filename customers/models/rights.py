"""What people ask of the cooperative about their data, what is locked for them, and what has been erased."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.classification import classes
from coopcrm.shared.fields import SealedField, SealedRow
from customers.choices import Channel, RequestKind, RequestState, RuleKey
from customers.models.people import Customer
from customers.querysets import OfCustomerQuerySet


class PrivacyRule(models.Model):
    """A figure of privacy in force from a day on; never changed, only followed by another."""

    classification = classes(C1="key value valid_from created_at")

    key = models.CharField(_("rule"), max_length=30, choices=RuleKey)
    value = models.PositiveSmallIntegerField(_("value"))
    valid_from = models.DateField(_("from"))
    set_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("privacy rule")
        verbose_name_plural = _("privacy rules")
        constraints = [
            models.UniqueConstraint(fields=["key", "valid_from"], name="privacy_rule_once_a_day"),
            models.CheckConstraint(condition=Q(value__gt=0), name="privacy_rule_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.value}"


class RightsRequest(SealedRow):
    """A person's request about their data, from being asked to being answered.

    A correction names its ``field`` with the present and the asked value, both sealed since they may be numbers. A copy
    names the sealed ``file`` that a job wrote, until ``expires_on``; it is handed over after ``identity_check``.
    """

    classification = classes(
        C1="kind asked_on channel due_on state field closed_on job_id file expires_on handed_over_at rating_id"
        " created_at",
        C2="details evidence answer identity_check",
    )

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="rights_requests", db_index=False)
    kind = models.CharField(_("asked for"), max_length=12, choices=RequestKind)
    asked_on = models.DateField(_("asked on"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", db_index=False)
    due_on = models.DateField(_("due on"))
    owner = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="rights_requests", db_index=False
    )
    state = models.CharField(_("state"), max_length=10, choices=RequestState, default=RequestState.OPEN)
    details = models.CharField(_("in the person's words"), max_length=1000, blank=True)
    field = models.CharField(_("field"), max_length=30, blank=True)
    present_value = SealedField(_("value now"), default=b"")
    asked_value = SealedField(_("value asked for"), default=b"")
    evidence = models.CharField(_("evidence"), max_length=200, blank=True)
    rating_id = models.BigIntegerField(null=True, blank=True, help_text=_("The rating that is spoken about."))
    answer = models.CharField(_("answer"), max_length=1000, blank=True)
    closed_on = models.DateField(_("answered on"), null=True, blank=True)
    closed_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    job_id = models.BigIntegerField(null=True, blank=True)
    file = models.CharField(max_length=60, blank=True)
    expires_on = models.DateField(_("can be fetched until"), null=True, blank=True)
    handed_over_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    identity_check = models.CharField(_("how the person was recognised"), max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("request about data")
        verbose_name_plural = _("requests about data")
        indexes = [
            models.Index(fields=["customer", "-id"], name="rights_request_customer"),
            models.Index(
                fields=["due_on", "id"], name="rights_request_due", condition=Q(state=RequestState.OPEN)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=RequestState.OPEN, closed_on=None, closed_by=None, answer="")
                | (
                    ~Q(state=RequestState.OPEN)
                    & Q(closed_on__isnull=False, closed_by__isnull=False)
                    & ~Q(answer="")
                ),
                name="rights_request_closed_with_answer",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("asked_on")), name="rights_request_due_after_asked"
            ),
            models.CheckConstraint(
                condition=Q(kind=RequestKind.CORRECTION) & ~Q(field="")
                | ~Q(kind=RequestKind.CORRECTION) & Q(field=""),
                name="rights_request_correction_names_field",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[RequestKind.DELETION, RequestKind.OBJECTION])
                | ~Q(state__in=[RequestState.GRANTED, RequestState.REFUSED])
                | ~Q(closed_by=F("recorded_by")),
                name="rights_request_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(handed_over_at=None) | ~Q(identity_check=""),
                name="rights_request_handed_to_known",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered yet."""
        return self.state == RequestState.OPEN


class PersonLock(models.Model):
    """A person kept for the law alone, from the answer to a deletion until the erasure or until the lock is lifted."""

    classification = classes(
        C1="locked_on relation_ended_on erasure_due_on lifted_on created_at", C2="reason lift_reason"
    )

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="locks", db_index=False)
    request = models.OneToOneField(RightsRequest, models.PROTECT, null=True, blank=True, related_name="lock")
    reason = models.CharField(_("reason"), max_length=200)
    locked_on = models.DateField(_("locked on"))
    locked_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", db_index=False)
    relation_ended_on = models.DateField(_("relation ended on"))
    erasure_due_on = models.DateField(_("erasure due on"))
    lifted_on = models.DateField(_("lifted on"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    lift_reason = models.CharField(_("reason for lifting"), max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("lock")
        verbose_name_plural = _("locks")
        indexes = [models.Index(fields=["customer", "-id"], name="person_lock_customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(lifted_on=None), name="person_locked_once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="person_lock_has_reason"),
            models.CheckConstraint(
                condition=Q(lifted_on=None, lifted_by=None, lift_reason="")
                | (Q(lifted_on__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason="")),
                name="person_lock_lifted_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.locked_on}"


class ErasureProof(models.Model):
    """That a person's data were erased: how many rows of which table, by which rules; insert-only.

    ``digest`` is the keyed digest of the proof's own content, so that an edited proof is found out.
    """

    classification = classes(C1="erased_on relation_ended_on due_on rules counts erased_at job_id digest")

    customer = models.OneToOneField(Customer, models.PROTECT, related_name="erasure")
    erased_on = models.DateField(_("erased on"))
    relation_ended_on = models.DateField(_("relation ended on"))
    due_on = models.DateField(_("due on"))
    rules = models.JSONField(_("rules"), help_text=_("Years by rule, as they were in force."))
    counts = models.JSONField(_("rows by table"))
    digest = models.BinaryField(_("digest"), max_length=16)
    job_id = models.BigIntegerField(null=True, blank=True)
    erased_at = models.DateTimeField(db_default=Now())

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("proof of erasure")
        verbose_name_plural = _("proofs of erasure")

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.erased_on}"
