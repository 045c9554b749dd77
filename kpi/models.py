"""What branches are measured by, the general ledger figures it needs, and the figures as computed (insert-only)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import Area, StaffMember, Unit
from coopcrm.shared.classification import classes
from kpi import words
from kpi.querysets import UnitFigureQuerySet
from loans.models import money


class IndicatorSet(models.Model):
    """A version of targets, floors, weights and caps of all indicators; weights sum to 100."""

    classification = classes(C1="version data valid_from valid_to")

    version = models.CharField(max_length=20, unique=True)
    data = models.JSONField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("indicator set")
        verbose_name_plural = _("indicator sets")
        constraints = [
            models.UniqueConstraint(
                fields=["valid_from"], condition=Q(valid_to=None), name="indicator_set_one_open"
            ),
            models.CheckConstraint(
                condition=Q(proposed_by=None, confirmed_by=None)
                | (
                    Q(proposed_by__isnull=False, confirmed_by__isnull=False)
                    & ~Q(proposed_by=F("confirmed_by"))
                ),
                name="indicator_set_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return self.version


class LedgerFigure(models.Model):
    """A figure of the general ledger or a plan for a unit and month, as the accountant entered it. Yuan."""

    classification = classes(C1="month code amount")

    class Code(models.TextChoices):
        PROFIT_ACTUAL = "profit_actual", _("Profit")
        PROFIT_PLAN = "profit_plan", _("Planned profit")
        OPERATING_COST = "operating_cost", _("Operating cost")
        OPERATING_INCOME = "operating_income", _("Operating income")

    branch = models.ForeignKey(Unit, models.PROTECT, related_name="ledger_figures")
    month = models.DateField()
    code = models.CharField(max_length=20, choices=Code)
    amount = money()
    entered_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("general ledger figure")
        verbose_name_plural = _("general ledger figures")
        constraints = [models.UniqueConstraint(fields=["branch", "month", "code"], name="ledger_figure_once")]

    def __str__(self) -> str:
        return f"{self.branch} {self.month} {self.code}"


class MarketDeposits(models.Model):
    """Deposits of all institutions in a township at a month's end. Yuan."""

    classification = classes(C1="month amount")

    township = models.ForeignKey(Area, models.PROTECT, related_name="market_deposits")
    month = models.DateField()
    amount = money()

    class Meta:
        verbose_name = _("market deposits")
        verbose_name_plural = _("market deposits")
        constraints = [models.UniqueConstraint(fields=["township", "month"], name="market_deposits_once")]

    def __str__(self) -> str:
        return f"{self.township} {self.month}"


class BranchDay(models.Model):
    """What a branch's accounts came to on a day: the daily increment behind balances and averages; insert-only."""

    classification = classes(C1="day deposits loans transactions fees")

    pk = models.CompositePrimaryKey("day", "branch_id")
    branch = models.ForeignKey(Unit, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    day = models.DateField()
    deposits = money()
    loans = money()
    transactions = models.BigIntegerField()
    fees = money()

    class Meta:
        verbose_name = _("branch day")
        verbose_name_plural = _("branch days")

    def __str__(self) -> str:
        return f"#{self.branch_id} {self.day}"


class KpiSnapshot(models.Model):
    """One indicator of a branch (or the union) for the month of ``as_of`` with its inputs; insert-only."""

    classification = classes(C1="as_of code rules digest value reason n inputs job_id computed_at")

    unit = models.ForeignKey(
        Unit, models.DO_NOTHING, related_name="snapshots", db_constraint=False, db_index=False
    )
    as_of = models.DateField()
    code = models.CharField(max_length=24)
    rules = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=16)
    value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    reason = models.CharField(max_length=26, blank=True)
    n = models.BigIntegerField(null=True, help_text=_("How many cases stand behind the value."))
    inputs = models.JSONField(default=dict)
    job_id = models.BigIntegerField(null=True)
    computed_at = models.DateTimeField(auto_now_add=True)

    objects = UnitFigureQuerySet.as_manager()

    class Meta:
        verbose_name = _("KPI snapshot")
        verbose_name_plural = _("KPI snapshots")
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "as_of", "code", "rules", "digest"], name="snapshot_once"
            ),
        ]
        indexes = [models.Index(fields=["as_of", "code"], name="snapshot_day_code")]

    def __str__(self) -> str:
        return f"#{self.unit_id} {self.as_of} {self.code}"


class ScoreCard(models.Model):
    """The balanced score of a branch for the month of ``as_of``; insert-only."""

    classification = classes(
        C1=(
            "as_of rules digest score hard_score soft_score band weight_used achievement "
            "serious_incident job_id computed_at"
        ),
    )

    unit = models.ForeignKey(
        Unit, models.DO_NOTHING, related_name="score_cards", db_constraint=False, db_index=False
    )
    as_of = models.DateField()
    rules = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=16)
    score = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    hard_score = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    soft_score = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    band = models.CharField(max_length=10, blank=True)
    weight_used = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    achievement = models.JSONField(default=dict)
    serious_incident = models.BooleanField(default=False)
    job_id = models.BigIntegerField(null=True)
    computed_at = models.DateTimeField(auto_now_add=True)

    objects = UnitFigureQuerySet.as_manager()

    class Meta:
        verbose_name = _("score card")
        verbose_name_plural = _("score cards")
        constraints = [
            models.UniqueConstraint(fields=["unit", "as_of", "rules", "digest"], name="score_card_once")
        ]

    def __str__(self) -> str:
        return f"#{self.unit_id} {self.as_of} {self.score}"

    def get_band_words(self) -> str:
        """The band as pages name it."""
        return words.BANDS.get(self.band, self.band)
