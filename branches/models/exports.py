"""Lists that leave the house: who took which, what for, who agreed, how often."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models.staff import StaffMember
from branches.models.units import Unit
from branches.querysets import ExportQuerySet
from coopcrm.shared.classification import classes
from coopcrm.shared.models import FileKind, Job, StoredFile


class Export(models.Model):
    """A list somebody asked for; its id is the running number in the list's mark.

    ``params`` holds codes and ids alone. ``branch`` is the branch of whoever asked, empty for the union's posts. With
    ``needs_approval`` a second person agrees before anything is written.
    """

    classification = classes(
        C1=(
            "kind format params with_numbers ordered_at needs_approval approved_at rows_expected rows written_at "
            "expires_at downloads last_download_at"
        ),
        C2="purpose",
    )

    kind = models.CharField(max_length=40)
    format = models.CharField(_("format"), max_length=5, choices=FileKind)
    purpose = models.CharField(_("purpose"), max_length=200)
    params = models.JSONField(default=dict, blank=True)
    with_numbers = models.BooleanField(_("full numbers"), default=False)
    ordered_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="exports")
    ordered_at = models.DateTimeField(db_default=Now())
    branch = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    rows_expected = models.PositiveIntegerField(_("rows"))
    needs_approval = models.BooleanField(default=False)
    approved_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    job = models.OneToOneField(Job, models.PROTECT, null=True, blank=True, related_name="+")
    rows = models.PositiveIntegerField(null=True, blank=True)
    file = models.OneToOneField(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    written_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    downloads = models.PositiveIntegerField(default=0)
    last_download_at = models.DateTimeField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("list taken out")
        verbose_name_plural = _("lists taken out")
        constraints = [
            models.CheckConstraint(condition=~Q(purpose=""), name="export_has_purpose"),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | (Q(approved_at__isnull=False) & ~Q(approved_by=F("ordered_by"))),
                name="export_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(needs_approval=False) | Q(job=None) | Q(approved_by__isnull=False),
                name="export_written_after_approval",
            ),
            models.CheckConstraint(
                condition=Q(file=None)
                | Q(rows__isnull=False, written_at__isnull=False, expires_at__gt=F("written_at")),
                name="export_file_expires",
            ),
        ]
        indexes = [
            models.Index(fields=["ordered_by", "-id"], name="export_of_person"),
            models.Index(fields=["expires_at"], condition=Q(file__isnull=False), name="export_expires"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_there(self) -> bool:
        """Whether the file can still be fetched."""
        return self.file_id is not None and self.file.removed_at is None and timezone.now() < self.expires_at
