"""What the counter leaves behind: half-typed registrations, and the slips that people take home."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from coopcrm.shared.fields import KeyField, SealedField, SealedRow
from customers.models.people import Customer
from customers.querysets import BranchOrCustomerQuerySet


class CounterDraft(SealedRow):
    """A registration somebody has begun: seen by them alone, gone when it is registered, discarded or a week old.

    ``content`` are the fields as typed, sealed as one text; ``form_key`` is the key with which the form is sent.
    """

    classification = classes(C1="form_key saved_at expires_at")

    staff = models.ForeignKey(StaffMember, models.CASCADE, related_name="+")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    form_key = models.UUIDField()
    content = SealedField()
    saved_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("unfinished registration")
        verbose_name_plural = _("unfinished registrations")
        constraints = [models.UniqueConstraint(fields=["staff", "form_key"], name="draft_once_per_form")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Slip(SealedRow):
    """A paper that says what was registered; ``code`` is printed on it and found by its keyed digest.

    ``content`` is what the paper says, already masked, as it was on the day: a slip is never changed.
    """

    classification = classes(C1="issued_at", C2="content")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="slips")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("branch"))
    issued_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("issued by"))
    issued_at = models.DateTimeField(_("issued at"), db_default=Now())
    content = models.JSONField(_("what it says"), default=dict)
    code = SealedField()
    code_key = KeyField()

    objects = BranchOrCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("slip")
        verbose_name_plural = _("slips")
        constraints = [
            models.UniqueConstraint(fields=["code_key"], name="slip_code_once"),
            models.CheckConstraint(condition=~Q(code_key=b""), name="slip_has_code"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class SlipPrint(models.Model):
    """One printing of a slip: who, and when."""

    classification = classes(C1="printed_at")

    slip = models.ForeignKey(Slip, models.PROTECT, related_name="prints")
    printed_by = models.ForeignKey(
        StaffMember, models.PROTECT, related_name="+", verbose_name=_("printed by")
    )
    printed_at = models.DateTimeField(_("printed at"), db_default=Now())

    class Meta:
        verbose_name = _("printing of a slip")
        verbose_name_plural = _("printings of slips")

    def __str__(self) -> str:
        return f"#{self.slip_id}"
