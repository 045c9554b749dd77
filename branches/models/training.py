"""What staff have learnt here: steps of the first day, and quizzes taken."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.choices import Desk
from branches.models.staff import StaffMember
from coopcrm.shared.classification import classes


class FirstDayStep(models.Model):
    """One step of the guided first day that a person has done."""

    staff = models.ForeignKey(StaffMember, models.PROTECT, related_name="first_day")
    step = models.CharField(max_length=40)
    done_at = models.DateTimeField(db_default=Now())

    classification = classes(C1="step done_at")

    class Meta:
        verbose_name = _("step of the first day")
        verbose_name_plural = _("steps of the first day")
        constraints = [models.UniqueConstraint(fields=["staff", "step"], name="first_day_step_once")]

    def __str__(self) -> str:
        return self.step


class QuizRecord(models.Model):
    """A quiz taken: what was asked, what was answered, and how much of it was right; never changed afterwards.

    ``asked`` are codes of questions in order, ``chosen`` the positions of the answers as the question lists them (0
    is the right one).
    """

    staff = models.ForeignKey(StaffMember, models.PROTECT, related_name="quizzes")
    desk = models.CharField(_("quiz"), max_length=12, choices=Desk)
    asked = models.JSONField()
    chosen = models.JSONField()
    right = models.PositiveSmallIntegerField()
    total = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField(_("taken"), db_default=Now())

    classification = classes(C1="desk asked chosen right total taken_at")

    class Meta:
        verbose_name = _("quiz taken")
        verbose_name_plural = _("quizzes taken")
        indexes = [models.Index(fields=["staff", "desk", "-taken_at"], name="quiz_of_staff")]
        constraints = [
            models.CheckConstraint(
                condition=Q(total__gte=1, right__lte=F("total")), name="quiz_right_within_total"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_desk_display()} {self.right}/{self.total}"

    @property
    def is_passed(self) -> bool:
        """Four answers of five are right."""
        return self.right * 5 >= self.total * 4
