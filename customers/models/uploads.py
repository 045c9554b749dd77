"""Ledgers on their way into the registry: what was uploaded, how it is understood, and what it would do."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from coopcrm.shared.fields import SealedField, SealedRow
from customers.choices import LedgerKind, PartKind, RowOutcome, UploadState
from customers.models.ledgers import LedgerFile, LedgerImport
from customers.querysets import BranchRowQuerySet, UploadQuerySet


class LedgerUpload(models.Model):
    """Files somebody brought in together; what they hold is sealed and gone when the upload is over.

    ``counts`` is what the preview says; ``run`` is the import that it became.
    """

    classification = classes(C1="as_of state created_at expires_at job_id counts refusal")

    uploaded_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    as_of = models.DateField(_("business date"))
    state = models.CharField(_("state"), max_length=10, choices=UploadState, default=UploadState.READING)
    job_id = models.BigIntegerField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    refusal = models.CharField(max_length=300, blank=True)
    run = models.OneToOneField(LedgerImport, models.PROTECT, null=True, blank=True, related_name="upload")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload of ledgers")
        verbose_name_plural = _("uploads of ledgers")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=UploadState.DONE) | Q(run__isnull=False), name="upload_done_has_a_run"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class UploadFile(SealedRow):
    """One file of an upload: what it is taken for, and what people changed about it.

    ``recognised`` is sealed, for it quotes cells: by sheet the header, its columns with field, certainty and examples.
    ``chosen`` are the fields that people chose, by sheet and column. ``said_code`` and ``said_name`` are the branch
    that a manifest names, which the registry may not have yet. ``corrects_rows`` are the rows that it brings back:
    number of the row in this file to id of the earlier one.
    """

    classification = classes(
        C1=(
            "position name kind encoding found_encoding is_taken reason row_count digest chosen said_code said_name "
            "corrects_rows"
        )
    )

    upload = models.ForeignKey(LedgerUpload, models.CASCADE, related_name="files")
    uploaded_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    branch = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("branch")
    )
    said_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    said_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    position = models.PositiveIntegerField()
    name = models.CharField(_("file"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=LedgerKind, blank=True)
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    found_encoding = models.CharField(max_length=20, blank=True)
    is_taken = models.BooleanField(default=True)
    reason = models.CharField(max_length=300, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    digest = models.BinaryField(max_length=32)
    recognised = SealedField(default=b"")
    chosen = models.JSONField(default=dict, blank=True)
    corrects = models.ForeignKey(
        LedgerFile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Whose refused rows it brings back."),
    )
    corrects_rows = models.JSONField(default=dict, blank=True, db_default={})

    objects = BranchRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of an upload")
        verbose_name_plural = _("files of uploads")
        constraints = [
            models.UniqueConstraint(fields=["upload", "position"], name="upload_file_in_its_place")
        ]

    def __str__(self) -> str:
        return self.name


class UploadPart(SealedRow):
    """A sealed piece of what an upload holds: the file as it came, its rows as read, or what it would write."""

    classification = classes(C1="kind number")

    upload = models.ForeignKey(LedgerUpload, models.CASCADE, related_name="parts")
    file = models.ForeignKey(UploadFile, models.CASCADE, null=True, blank=True, related_name="parts")
    kind = models.CharField(max_length=10, choices=PartKind)
    number = models.PositiveIntegerField()
    content = SealedField()

    class Meta:
        verbose_name = _("piece of an upload")
        verbose_name_plural = _("pieces of uploads")
        indexes = [models.Index(fields=["upload", "file", "kind", "number"], name="upload_part_in_order")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class StagedRow(SealedRow):
    """A data row in the preview: what would become of it and why.

    ``customer_id`` is the customer who is known already, ``person`` numbers the persons of the upload; ``joined_by``
    are codes of what the row shares with its person.
    """

    classification = classes(
        C1="position sheet row_number outcome reason person joined_by is_new customer_id"
    )

    upload = models.ForeignKey(LedgerUpload, models.CASCADE, related_name="rows", db_index=False)
    file = models.ForeignKey(UploadFile, models.CASCADE, related_name="rows", db_index=False)
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    sheet = models.CharField(max_length=60, blank=True)
    row_number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=RowOutcome)
    reason = models.CharField(max_length=200, blank=True)
    is_new = models.BooleanField(default=True)
    person = models.PositiveIntegerField(null=True, blank=True)
    joined_by = models.JSONField(default=list, blank=True)
    customer_id = models.BigIntegerField(null=True, blank=True)
    cells = SealedField()

    objects = BranchRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of a preview")
        verbose_name_plural = _("rows of previews")
        indexes = [models.Index(fields=["upload", "outcome", "position"], name="staged_row_by_outcome")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.row_number}"

    @property
    def reason_in_words(self) -> str:
        """The codes of ``reason`` in the language of the page."""
        from customers.ledgers.reasons import reason_in_words

        return reason_in_words(self.reason)


class HeaderMemory(models.Model):
    """How people of a branch understood a header: taken up whenever the same words come again.

    ``fields`` holds one field for each column, empty for one that is kept raw alone.
    """

    classification = classes(C1="kind fingerprint labels fields saved_at")

    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("branch"))
    kind = models.CharField(max_length=20, choices=LedgerKind)
    fingerprint = models.CharField(max_length=64)
    labels = models.JSONField(default=list)
    fields = models.JSONField(default=list)
    saved_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(db_default=Now())

    objects = BranchRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("header of a branch")
        verbose_name_plural = _("headers of branches")
        constraints = [
            models.UniqueConstraint(fields=["branch", "kind", "fingerprint"], name="header_once_per_branch")
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.kind}"
