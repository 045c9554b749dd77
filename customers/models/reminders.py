"""What the union or a branch has set about reminders; rows in force from a day, never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes


class ReminderRule(models.Model):
    """A figure of one source of reminders from a day on: of the whole union, or of one branch instead of the union's.

    ``lead`` counts months or days as the source says; without it the source is silent. Within ``rest_days`` after a
    task of the source was closed it opens none about the same subject, and never more than ``most_open`` at a time
    for one person or post.
    """

    classification = classes(C1="source lead rest_days most_open valid_from created_at")

    source = models.CharField(_("reminder"), max_length=40)
    branch = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="reminder_rules", verbose_name=_("branch")
    )
    lead = models.PositiveSmallIntegerField(_("figure"), null=True, blank=True)
    rest_days = models.PositiveSmallIntegerField(_("days of rest"))
    most_open = models.PositiveSmallIntegerField(_("open at a time"))
    valid_from = models.DateField(_("from"))
    proposed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("rule of reminders")
        verbose_name_plural = _("rules of reminders")
        indexes = [
            models.Index(fields=["source", "branch", "-valid_from", "-id"], name="reminder_rule_in_force")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")),
                name="reminder_rule_two_people",
            ),
            models.CheckConstraint(
                condition=Q(branch__isnull=False) | Q(proposed_by=None) | Q(confirmed_by__isnull=False),
                name="reminder_rule_of_union_confirmed",
            ),
            models.CheckConstraint(condition=Q(most_open__gt=0), name="reminder_rule_opens_some"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.lead}"
