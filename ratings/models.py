"""Scorecards, panel votes, credit ratings, contribution and tiers. Results are insert-only."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.classification import classes
from customers.models import Customer, FactSheet, Household
from customers.querysets import OfHouseholdQuerySet
from loans.models import money
from ratings.choices import Grade, MatrixLevel, RatingStatus, Tier
from ratings.querysets import ResultQuerySet


class RuleSet(models.Model):
    """A version of a rule as data: scorecard, contribution parameters, tier cuts. In force from ``valid_from``."""

    classification = classes(C1="kind version data valid_from valid_to")

    class Kind(models.TextChoices):
        SCORECARD = "scorecard", _("Scorecard")
        CONTRIBUTION = "contribution", _("Contribution")
        TIERS = "tiers", _("Tiers")

    kind = models.CharField(max_length=14, choices=Kind)
    version = models.CharField(max_length=20)
    data = models.JSONField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="rule_set_version_once"),
            models.UniqueConstraint(fields=["kind"], condition=Q(valid_to=None), name="rule_set_one_open"),
            models.CheckConstraint(
                condition=Q(proposed_by=None, confirmed_by=None)
                | (
                    Q(proposed_by__isnull=False, confirmed_by__isnull=False)
                    & ~Q(proposed_by=F("confirmed_by"))
                ),
                name="rule_set_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return self.version


class CountyReference(models.Model):
    """Reference values of a county and year that the scorecard divides by. Yuan."""

    classification = classes(C1="county_code year income_per_head net_assets_per_household")

    county_code = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    income_per_head = money(_("rural income per head"))
    net_assets_per_household = money(_("net assets per household"))

    class Meta:
        verbose_name = _("county reference")
        verbose_name_plural = _("county references")
        constraints = [models.UniqueConstraint(fields=["county_code", "year"], name="county_reference_once")]

    def __str__(self) -> str:
        return f"{self.county_code} {self.year}"


class Panel(models.Model):
    """A panel's judgement of one household on one day."""

    classification = classes(C1="held_on")

    household = models.ForeignKey(Household, models.PROTECT, related_name="panels")
    held_on = models.DateField()

    objects = OfHouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("panel")
        verbose_name_plural = _("panels")
        constraints = [models.UniqueConstraint(fields=["household", "held_on"], name="panel_once_a_day")]

    def __str__(self) -> str:
        return f"#{self.household_id} {self.held_on}"


class PanelVote(models.Model):
    """One member's vote, 0 to 10; a vote is kept as it was given."""

    classification = classes(C1="is_village_representative", C2="member vote is_veto")

    panel = models.ForeignKey(Panel, models.PROTECT, related_name="votes")
    member = models.CharField(max_length=60)
    staff = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    is_village_representative = models.BooleanField(default=False)
    vote = models.SmallIntegerField()
    is_veto = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("panel vote")
        verbose_name_plural = _("panel votes")
        constraints = [
            models.UniqueConstraint(fields=["panel", "member"], name="panel_member_votes_once"),
            models.CheckConstraint(condition=Q(vote__gte=0, vote__lte=10), name="panel_vote_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.vote}"


class CreditRating(models.Model):
    """The judgement of a household on a business date: facts used, points, caps, grade and limit.

    ``points`` are tenths in the order of the card's factors; ``other_facts`` are the inputs that do not stand on the
    fact sheet (repayment record, votes, deposit years, reference values).
    """

    classification = classes(
        C1="as_of card digest branch_id status missing review_due valid_until job_id computed_at",
        C2=(
            "other_facts points base bonus malus total knockouts soft_caps score_grade grade cap_grade "
            "cap_income cap_asset binding limit matrix_level"
        ),
    )

    household = models.ForeignKey(
        Household, models.DO_NOTHING, related_name="ratings", db_constraint=False, db_index=False
    )
    as_of = models.DateField()
    card = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=16)
    branch_id = models.BigIntegerField()
    fact_sheet = models.ForeignKey(
        FactSheet, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    other_facts = models.JSONField(default=dict)
    status = models.CharField(max_length=14, choices=RatingStatus)
    missing = ArrayField(models.CharField(max_length=30), default=list)
    points = ArrayField(models.SmallIntegerField(null=True), default=list)
    base = models.SmallIntegerField(null=True)
    bonus = models.SmallIntegerField(null=True)
    malus = models.SmallIntegerField(null=True)
    total = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    knockouts = ArrayField(models.CharField(max_length=4), default=list)
    soft_caps = ArrayField(models.CharField(max_length=4), default=list)
    score_grade = models.CharField(max_length=3, choices=Grade, null=True)
    grade = models.CharField(max_length=3, choices=Grade, null=True)
    cap_grade = money(null=True)
    cap_income = money(null=True)
    cap_asset = money(null=True)
    binding = models.CharField(max_length=8, null=True)
    limit = models.IntegerField(null=True)
    review_due = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    matrix_level = models.CharField(max_length=10, choices=MatrixLevel, null=True)
    job_id = models.BigIntegerField(null=True)
    computed_at = models.DateTimeField(auto_now_add=True)

    objects = OfHouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit rating")
        verbose_name_plural = _("credit ratings")
        constraints = [
            models.UniqueConstraint(fields=["household", "as_of", "card", "digest"], name="rating_once"),
        ]
        indexes = [models.Index(fields=["as_of", "branch_id"], name="rating_day_branch")]

    def __str__(self) -> str:
        return f"#{self.household_id} {self.as_of} {self.grade or self.status}"


class Contribution(models.Model):
    """What a customer brought the union in a period, by component; insert-only. Yuan."""

    classification = classes(
        C1="period_start period_end rules digest branch_id is_active job_id computed_at",
        C2=("deposit_spread loan_interest loan_ftp_cost risk_cost operating_cost fee_income contribution"),
    )

    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, related_name="contributions", db_constraint=False, db_index=False
    )
    period_start = models.DateField()
    period_end = models.DateField(help_text=_("The first day after the period."))
    rules = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=16)
    branch_id = models.BigIntegerField()
    deposit_spread = money()
    loan_interest = money()
    loan_ftp_cost = money()
    risk_cost = money()
    operating_cost = money()
    fee_income = money()
    contribution = money()
    is_active = models.BooleanField()
    job_id = models.BigIntegerField(null=True)
    computed_at = models.DateTimeField(auto_now_add=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "period_end", "rules", "digest"], name="contribution_once"
            ),
        ]
        indexes = [
            models.Index(fields=["period_end", "branch_id", "-contribution"], name="contribution_rank")
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.period_end} {self.contribution}"


class CustomerTier(models.Model):
    """The tier of a customer for a period; ``earned`` before hysteresis, ``tier`` in force after it; insert-only."""

    classification = classes(
        C1="period_end rules digest branch_id job_id computed_at",
        C2="rank contribution earned tier",
    )

    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, related_name="tiers", db_constraint=False, db_index=False
    )
    period_end = models.DateField()
    rules = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=16)
    branch_id = models.BigIntegerField()
    rank = models.IntegerField()
    contribution = money()
    earned = models.CharField(max_length=10, choices=Tier)
    tier = models.CharField(max_length=10, choices=Tier)
    job_id = models.BigIntegerField(null=True)
    computed_at = models.DateTimeField(auto_now_add=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        constraints = [
            models.UniqueConstraint(fields=["customer", "period_end", "rules", "digest"], name="tier_once"),
        ]
        indexes = [models.Index(fields=["period_end", "branch_id", "rank"], name="tier_branch_rank")]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.period_end} {self.tier}"
