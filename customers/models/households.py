"""Households, who belongs to them, who manages them, and what is known about them on which day."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from branches.models import Area, DateRange, StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import CreditReport, FactSource, Relation
from customers.models.people import Customer
from customers.querysets import HouseholdQuerySet, SharedPartQuerySet


class Household(models.Model):
    """A farming household: what is rated and granted. Persons sign."""

    classification = classes(
        C1="valid_from valid_to source created_at",
        C2="register_no group_no address latitude longitude",
    )

    register_no = models.CharField(_("household register number"), max_length=30, blank=True)
    head = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="heads")
    branch = models.ForeignKey(
        Unit, models.PROTECT, related_name="households", verbose_name=_("managing branch")
    )
    village = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="households")
    group_no = models.CharField(_("village group"), max_length=10, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    source = models.CharField(max_length=10, choices=FactSource, default=FactSource.SAID)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = HouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        indexes = [
            models.Index(fields=["branch", "id"], name="household_branch_id"),
            models.Index(fields=["village", "id"], name="household_village_id"),
            models.Index(fields=["register_no"], name="household_register_no", condition=~Q(register_no="")),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Membership(models.Model):
    """A person in a household for a period; in at most one household at a time, and no household has two heads.

    Nobody belongs to a household from the day of their death on (migration ``household_events``). A period that ended
    the day it began was taken back.
    """

    classification = classes(C1="valid_from valid_to", C2="relation")

    household = models.ForeignKey(Household, models.PROTECT, related_name="memberships")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="memberships")
    relation = models.CharField(_("relation to the head"), max_length=12, choices=Relation)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)

    objects = SharedPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("household member")
        verbose_name_plural = _("household members")
        constraints = [
            ExclusionConstraint(
                name="one_household_at_a_time",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="one_head_at_a_time",
                expressions=[
                    ("household", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
                condition=Q(relation=Relation.HEAD),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer} ({self.get_relation_display()})"


class ManagerAssignment(models.Model):
    """Who is responsible for a household in a period: exactly one on every day of its life.

    Without ``staff`` the director's post of the managing branch is. An exclusion constraint keeps two from being
    responsible at once; a check at the end of the transaction, that nobody ever is (migration 0005).
    """

    classification = classes(C1="valid_from valid_to")

    household = models.ForeignKey(Household, models.PROTECT, related_name="assignments")
    staff = models.ForeignKey(
        StaffMember,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name=_("manager"),
    )
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    handover = models.ForeignKey(
        "customers.Handover", models.PROTECT, null=True, blank=True, related_name="assignments"
    )

    objects = SharedPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("manager assignment")
        verbose_name_plural = _("manager assignments")
        indexes = [models.Index(fields=["staff", "household"], name="assignment_staff")]
        constraints = [
            ExclusionConstraint(
                name="one_manager_at_a_time",
                expressions=[
                    ("household", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff or '–'} #{self.household_id}"


class FactSheet(models.Model):
    """All that is known of a household from one day on; insert-only, each sheet supersedes the one before.

    A null is "not known", which is not the same as none. ``sources`` maps a field to ``[source, staff id or null,
    day observed]``; a field carried over from the sheet before keeps its entry. ``oldest_core_on`` is the day of the
    oldest core field (population, labour, income, expenditure, assets, liabilities). Amounts are yuan.
    """

    classification = classes(
        C1="recorded_on oldest_core_on sources second_investigator created_at",
        C2=(
            "population labour residence_years net_income gross_income living_expenditure "
            "income_sources assets liabilities guarantees_given other_unsecured credit_report land_mu "
            "livestock noted_grade bonus malus flags"
        ),
    )

    household = models.ForeignKey(Household, models.PROTECT, related_name="fact_sheets")
    recorded_on = models.DateField()
    population = models.SmallIntegerField(_("population"), null=True, blank=True)
    labour = models.SmallIntegerField(_("labour force"), null=True, blank=True)
    residence_years = models.DecimalField(
        _("years resident"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    net_income = models.DecimalField(_("net income"), max_digits=14, decimal_places=2, null=True, blank=True)
    gross_income = models.DecimalField(
        _("yearly income"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    living_expenditure = models.DecimalField(
        _("living expenditure"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    income_sources = models.SmallIntegerField(_("verified income sources"), null=True, blank=True)
    assets = models.DecimalField(_("assets"), max_digits=14, decimal_places=2, null=True, blank=True)
    liabilities = models.DecimalField(
        _("liabilities"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    guarantees_given = models.DecimalField(
        _("guarantees given"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    other_unsecured = models.DecimalField(
        _("unsecured debt elsewhere"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    credit_report = models.CharField(
        _("credit report"), max_length=12, choices=CreditReport, null=True, blank=True
    )
    land_mu = models.DecimalField(_("land (mu)"), max_digits=8, decimal_places=2, null=True, blank=True)
    livestock = models.JSONField(_("livestock"), default=dict, blank=True)
    noted_grade = models.CharField(_("grade in the officer's notebook"), max_length=20, blank=True)
    bonus = ArrayField(models.CharField(max_length=20), null=True, blank=True)
    malus = ArrayField(models.CharField(max_length=20), null=True, blank=True)
    flags = ArrayField(models.CharField(max_length=30), null=True, blank=True)
    second_investigator = models.BooleanField(_("two investigators"), null=True, blank=True)
    oldest_core_on = models.DateField(null=True, blank=True)
    sources = models.JSONField(default=dict, blank=True)
    visit = models.ForeignKey(
        "customers.VisitNote", models.PROTECT, null=True, blank=True, related_name="fact_sheets"
    )
    ledger_row = models.ForeignKey(
        "customers.LedgerRow", models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SharedPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("fact sheet")
        verbose_name_plural = _("fact sheets")
        indexes = [models.Index(fields=["household", "-recorded_on", "-id"], name="fact_sheet_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(population=None) | Q(population__gte=1), name="fact_population"
            ),
            models.CheckConstraint(condition=Q(labour=None) | Q(labour__gte=0), name="fact_labour"),
            models.CheckConstraint(
                condition=Q(labour=None) | Q(population=None) | Q(labour__lte=F("population")),
                name="fact_labour_within_population",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.household_id} {self.recorded_on}"
