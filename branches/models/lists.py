"""Lists that come in as files: what was seen in them, and whether somebody confirmed it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.choices import ListKind, ListState
from branches.models.staff import StaffMember
from coopcrm.shared.classification import classes


class ListImport(models.Model):
    """An uploaded list with its preview; taken in only as it was shown."""

    kind = models.CharField(max_length=10, choices=ListKind)
    file_name = models.CharField(max_length=120)
    rows = models.JSONField(
        default=list, blank=True, help_text="Cells as they were read; emptied at the end."
    )
    as_of = models.DateField(_("holds from"))
    state = models.CharField(max_length=10, choices=ListState, default=ListState.CHECKING)
    preview = models.JSONField(default=list, blank=True, help_text="A line per row: what would happen.")
    counts = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="Of the preview that is confirmed.")
    refusal = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=8, default="en")
    job = models.BigIntegerField(null=True, blank=True)
    uploaded_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(db_default=Now())
    taken_in_at = models.DateTimeField(null=True, blank=True)

    classification = classes(
        C1="kind as_of state counts digest language job uploaded_at taken_in_at",
        C2="file_name rows preview refusal",
    )

    class Meta:
        verbose_name = _("list taken in")
        verbose_name_plural = _("lists taken in")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ListState.DONE, taken_in_at__isnull=False)
                | (~Q(state=ListState.DONE) & Q(taken_in_at=None)),
                name="list_done_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.file_name}"
