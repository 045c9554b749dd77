"""Ledgers as they came in: every file, every row, and what became of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from coopcrm.shared.fields import KeyField, SealedField, SealedRow
from customers.choices import LedgerKind, RowOutcome
from customers.models.households import Household
from customers.models.people import Customer
from customers.querysets import BranchRowQuerySet, LedgerRowQuerySet


class LedgerImport(models.Model):
    """One run over one or more files; ``started_by`` is empty when the system ran it."""

    classification = classes(
        C1="as_of started_at finished_at job_id counts undone_at undone_counts undone_reason"
    )

    started_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    as_of = models.DateField()
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    job_id = models.BigIntegerField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    undone_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    undone_counts = models.JSONField(default=dict, blank=True, db_default={})

    class Meta:
        verbose_name = _("ledger import")
        verbose_name_plural = _("ledger imports")
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None) | ~Q(undone_reason=""), name="ledger_import_undone_with_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class LedgerFile(models.Model):
    """One file as read: its encoding and how its columns were understood."""

    classification = classes(C1="kind name digest encoding columns row_count")

    run = models.ForeignKey(LedgerImport, models.PROTECT, related_name="files")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="ledger_files")
    kind = models.CharField(max_length=20, choices=LedgerKind)
    name = models.CharField(max_length=200)
    digest = models.BinaryField(max_length=32)
    encoding = models.CharField(max_length=20, blank=True)
    columns = models.JSONField(default=list)
    row_count = models.PositiveIntegerField(default=0)

    objects = BranchRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger file")
        verbose_name_plural = _("ledger files")

    def __str__(self) -> str:
        return self.name


class LedgerRow(SealedRow):
    """A data row with its raw cells sealed; the same row again is found by ``row_key`` and ``occurrence``.

    ``row_key`` is the keyed digest of the cells' content. ``usable`` and ``dirt`` are the codes of
    ``ledgers/dirt.py``: by what the person can be recognised, and what was wrong; ``usable`` is empty (null) for rows
    that came in before both were kept. ``undone_at`` says when the import was taken back: such a row says in
    ``was_customer`` and ``was_household`` what it had become, and no longer stands in the way of the same row.
    ``settled_by`` is the row that came back for it, corrected. ``account_key`` is the keyed digest of the account
    number that the row names, whoever holds that account.
    """

    classification = classes(
        C1=(
            "kind sheet row_number occurrence outcome reason usable dirt entered_on undone_at was_customer "
            "was_household"
        )
    )

    file = models.ForeignKey(LedgerFile, models.PROTECT, related_name="rows")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=LedgerKind)
    sheet = models.CharField(max_length=60, blank=True)
    row_number = models.PositiveIntegerField()
    row_key = KeyField()
    occurrence = models.PositiveIntegerField(default=1)
    account_key = KeyField(default=b"", db_default=b"")
    raw = SealedField()
    outcome = models.CharField(max_length=10, choices=RowOutcome)
    reason = models.CharField(max_length=200, blank=True)
    usable = ArrayField(models.CharField(max_length=10), null=True, blank=True)
    dirt = ArrayField(models.CharField(max_length=20), default=list, blank=True, db_default=[])
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="ledger_rows")
    household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, related_name="ledger_rows"
    )
    entered_on = models.DateField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    was_customer = models.BigIntegerField(null=True, blank=True, editable=False)
    was_household = models.BigIntegerField(null=True, blank=True, editable=False)
    settled_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="settles", db_index=False
    )

    objects = LedgerRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger row")
        verbose_name_plural = _("ledger rows")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "kind", "sheet", "row_key", "occurrence"],
                condition=Q(undone_at=None),
                name="ledger_row_once",
            ),
            models.CheckConstraint(
                condition=Q(outcome=RowOutcome.REJECTED, customer=None)
                | (~Q(outcome=RowOutcome.REJECTED) & Q(customer__isnull=False, undone_at=None))
                | Q(customer=None, undone_at__isnull=False),
                name="ledger_row_rejected_has_no_customer",
            ),
        ]
        indexes = [
            models.Index(
                fields=["settled_by"], condition=Q(settled_by__isnull=False), name="ledger_row_settled"
            ),
            models.Index(
                fields=["was_customer"], condition=Q(undone_at__isnull=False), name="ledger_row_had_become"
            ),
            models.Index(
                fields=["row_key"], condition=Q(undone_at__isnull=False), name="ledger_row_taken_back"
            ),
            models.Index(fields=["file"], condition=Q(customer=None), name="ledger_row_of_nobody"),
            models.Index(fields=["account_key"], condition=~Q(account_key=b""), name="ledger_row_account"),
        ]

    def __str__(self) -> str:
        return f"{self.file} {self.sheet} {self.row_number}"

    @property
    def reason_in_words(self) -> str:
        """The codes of ``reason`` in the language of the page."""
        from customers.ledgers.reasons import reason_in_words

        return reason_in_words(self.reason)

    @property
    def troubles_in_words(self) -> str:
        """Why the row came to its outcome and its kinds of error, each said once."""
        from customers.ledgers.reasons import dirt_in_words

        return dirt_in_words(dict.fromkeys([*filter(None, self.reason.split(", ")), *self.dirt]))

    @property
    def dirt_in_words(self) -> str:
        """Its kinds of error in the language of the page."""
        from customers.ledgers.reasons import dirt_in_words

        return dirt_in_words(self.dirt)
