"""Where each value of a person comes from: every statement ever made, and the rule by which one of them is shown."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import DateRange, StaffMember
from coopcrm.shared.classification import classes
from customers.choices import FactSource
from customers.models.ledgers import LedgerRow
from customers.models.people import Customer
from customers.querysets import OfCustomerQuerySet

VALUE_LENGTH = 200


class Statement(models.Model):
    """Somebody or something said that an attribute of a customer has a value; insert-only.

    ``value`` is the normalised text of the value, empty for "there is none"; two statements agree when ``compared``,
    its form for comparing, is the same. ``corrects`` is an earlier statement that no longer counts, for instance a
    slip of the pen of the same day. A statement that ``settles`` is a person's decision between others: what was
    observed before it no longer competes.
    """

    classification = classes(
        C1="attribute source observed_on recorded_at settles", C2="value compared reason"
    )

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="statements")
    attribute = models.CharField(_("attribute"), max_length=20)
    value = models.CharField(_("value"), max_length=VALUE_LENGTH, blank=True)
    compared = models.CharField(max_length=VALUE_LENGTH, db_collation="C", blank=True, editable=False)
    source = models.CharField(_("source"), max_length=10, choices=FactSource)
    author = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    observed_on = models.DateField(_("observed on"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now())
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    ledger_row = models.ForeignKey(LedgerRow, models.PROTECT, null=True, blank=True, related_name="+")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    settles = models.BooleanField(_("settles a dispute"), default=False, db_default=False)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        indexes = [models.Index(fields=["customer", "attribute", "id"], name="statement_of_customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["ledger_row", "customer", "attribute"],
                condition=~Q(ledger_row=None),
                name="statement_once_per_ledger_row",
            ),
            models.CheckConstraint(condition=~Q(corrects=F("id")), name="statement_corrects_another"),
            models.CheckConstraint(
                condition=Q(settles=False) | (~Q(reason="") & Q(author__isnull=False)),
                name="statement_settled_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.attribute}"


class SourceRule(models.Model):
    """A version of the rule that chooses the shown value among statements (handbook §6.8), as data."""

    classification = classes(C1="version data valid_from valid_to applied_at")

    version = models.CharField(max_length=20, unique=True)
    data = models.JSONField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    applied_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When every shown value was decided by it.")
    )

    class Meta:
        verbose_name = _("rule of sources")
        verbose_name_plural = _("rules of sources")
        constraints = [
            ExclusionConstraint(
                name="source_rule_one_a_day",
                expressions=[(DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(proposed_by=None, confirmed_by=None)
                | (
                    Q(proposed_by__isnull=False, confirmed_by__isnull=False)
                    & ~Q(proposed_by=F("confirmed_by"))
                ),
                name="source_rule_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return self.version
