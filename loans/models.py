"""The banking book: products, accounts, their days and months, lines, loans, instalments and classes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from coopcrm.shared.fields import KeyField, SealedField, SealedRow
from customers.models import Customer, Household, LedgerRow
from customers.querysets import BranchOrCustomerQuerySet, BranchOrHouseholdQuerySet, OfHouseholdQuerySet
from loans.choices import (
    AccountState,
    ApplicationOutcome,
    Guarantee,
    LineState,
    LoanClass,
    MatrixClass,
    ProductFamily,
)
from loans.querysets import OfLoanQuerySet


def money(verbose_name=None, **options) -> models.DecimalField:
    """A yuan amount with two decimals."""
    return models.DecimalField(verbose_name, max_digits=14, decimal_places=2, **options)


def yearly_rate(verbose_name=None, **options) -> models.DecimalField:
    """A yearly rate as a fraction of one."""
    return models.DecimalField(verbose_name, max_digits=8, decimal_places=6, **options)


class Product(models.Model):
    """What a customer can hold; rates are yearly fractions and defaults for new accounts."""

    classification = classes(C1="code name family rate ftp_rate guarantee term_months aliases")

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    family = models.CharField(_("family"), max_length=12, choices=ProductFamily)
    rate = yearly_rate(_("rate"), default=0)
    ftp_rate = yearly_rate(_("funds transfer price"), default=0)
    guarantee = models.CharField(max_length=12, choices=Guarantee, blank=True)
    term_months = models.PositiveSmallIntegerField(
        _("term in months"),
        null=True,
        blank=True,
        help_text=_("Of fixed deposits; they begin anew when it is over."),
    )
    aliases = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Account(SealedRow):
    """An account of any family. ``rate`` and ``ftp_rate`` are those at booking; ``balance`` is as of ``balance_on``."""

    classification = classes(C1="state rate ftp_rate opened_on closed_on balance_on", C2="balance")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="accounts")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="accounts", verbose_name=_("booked at"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="accounts")
    number = SealedField()
    number_key = KeyField()
    tail_key = KeyField(default=b"")
    state = models.CharField(max_length=10, choices=AccountState, default=AccountState.OPEN)
    rate = yearly_rate(default=0)
    ftp_rate = yearly_rate(default=0)
    opened_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    balance = money(default=0)
    balance_on = models.DateField(null=True, blank=True)
    ledger_row = models.ForeignKey(LedgerRow, models.PROTECT, null=True, blank=True, related_name="+")

    objects = BranchOrCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [models.UniqueConstraint(fields=["number_key"], name="account_number_once")]
        indexes = [
            models.Index(fields=["tail_key"], name="account_tail", condition=~Q(tail_key=b"")),
            models.Index(fields=["branch", "id"], name="account_branch_id"),
        ]

    def __str__(self) -> str:
        return f"{self.product} #{self.pk}"


class AccountDay(models.Model):
    """One account on one day on which something was booked: the balance after, and what happened.

    ``credit`` and ``debit`` are the day's totals in yuan; counts are transactions by channel; ``interest`` is loan
    interest collected; ``fees`` may be negative (refunds). Partitioned by month of ``day``.
    """

    classification = classes(
        C1="day",
        C2="balance credit debit counter_count atm_count mobile_count fees interest",
    )

    pk = models.CompositePrimaryKey("day", "account_id")
    account = models.ForeignKey(
        Account, models.DO_NOTHING, related_name="days", db_constraint=False, db_index=False
    )
    day = models.DateField()
    balance = money()
    credit = money(default=0)
    debit = money(default=0)
    counter_count = models.SmallIntegerField(default=0)
    atm_count = models.SmallIntegerField(default=0)
    mobile_count = models.SmallIntegerField(default=0)
    fees = money(default=0)
    interest = money(default=0)

    class Meta:
        verbose_name = _("account day")
        verbose_name_plural = _("account days")

    def __str__(self) -> str:
        return f"#{self.account_id} {self.day}"


class AccountMonth(models.Model):
    """An account's month rolled up from its days; insert-only. ``month`` is the first day of the month.

    ``adb`` is the average daily balance over the month's days (from opening or to closing days outside count as 0).
    """

    classification = classes(
        C1="month",
        C2="adb balance_end counter_count atm_count mobile_count fees interest",
    )

    pk = models.CompositePrimaryKey("month", "account_id")
    account = models.ForeignKey(
        Account, models.DO_NOTHING, related_name="months", db_constraint=False, db_index=False
    )
    month = models.DateField()
    adb = models.DecimalField(max_digits=18, decimal_places=6)
    balance_end = money()
    counter_count = models.IntegerField(default=0)
    atm_count = models.IntegerField(default=0)
    mobile_count = models.IntegerField(default=0)
    fees = money(default=0)
    interest = money(default=0)

    class Meta:
        verbose_name = _("account month")
        verbose_name_plural = _("account months")

    def __str__(self) -> str:
        return f"#{self.account_id} {self.month}"


class CreditLine(models.Model):
    """An amount granted to a household: approve once, draw on demand, control the balance, revolve."""

    classification = classes(
        C1="state granted_on review_due review_done_on valid_until ended_on rating_id",
        C2="limit",
    )

    household = models.ForeignKey(Household, models.PROTECT, related_name="lines")
    limit = money(_("limit"))
    state = models.CharField(max_length=12, choices=LineState, default=LineState.ACTIVE)
    granted_on = models.DateField(_("granted on"))
    review_due = models.DateField(_("review due"))
    review_done_on = models.DateField(_("reviewed on"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"))
    ended_on = models.DateField(null=True, blank=True)
    rating_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("The rating that supports the line.")
    )
    granted_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    objects = OfHouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit line")
        verbose_name_plural = _("credit lines")
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(state__in=["active", "frozen"]), name="one_line_in_force"
            ),
            models.CheckConstraint(condition=Q(limit__gt=0), name="line_limit_positive"),
        ]

    def __str__(self) -> str:
        return f"#{self.household_id} {self.limit}"


class Loan(models.Model):
    """An amount drawn: its terms, beside the account that carries its balance.

    ``flags`` are those of handbook §2.2 (EXTENDED, RESTRUCTURED, …). ``originating_officer`` stays the first
    responsible person whoever manages the household later.
    """

    classification = classes(
        C1=("matrix_class guarantee disbursed_on due_on closed_on written_off_on extended_on farm_related"),
        C2="principal flags",
    )

    account = models.OneToOneField(Account, models.PROTECT, related_name="loan")
    household = models.ForeignKey(Household, models.PROTECT, null=True, blank=True, related_name="loans")
    borrower = models.ForeignKey(Customer, models.PROTECT, related_name="loans")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="loans")
    line = models.ForeignKey(CreditLine, models.PROTECT, null=True, blank=True, related_name="loans")
    matrix_class = models.CharField(max_length=14, choices=MatrixClass, default=MatrixClass.FARMER)
    guarantee = models.CharField(max_length=12, choices=Guarantee, default=Guarantee.CREDIT)
    principal = money(_("principal"))
    disbursed_on = models.DateField(_("disbursed on"))
    due_on = models.DateField(_("due on"))
    closed_on = models.DateField(_("repaid on"), null=True, blank=True)
    written_off_on = models.DateField(null=True, blank=True)
    flags = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    extended_on = models.DateField(null=True, blank=True)
    originating_officer = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+"
    )
    farm_related = models.BooleanField(default=True)

    objects = BranchOrHouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        indexes = [
            models.Index(fields=["household", "id"], name="loan_household_id"),
            models.Index(fields=["branch", "id"], name="loan_branch_id"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(due_on__gt=F("disbursed_on")), name="loan_due_after_disbursed"
            ),
            models.CheckConstraint(condition=Q(principal__gt=0), name="loan_principal_positive"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Instalment(models.Model):
    """What is due on a day; a null paid day is "not paid yet". Amounts in yuan."""

    classification = classes(C1="due_on", C2="principal interest principal_paid_on interest_paid_on")

    loan = models.ForeignKey(Loan, models.PROTECT, related_name="instalments", db_index=False)
    due_on = models.DateField()
    principal = money(default=0)
    interest = money(default=0)
    principal_paid_on = models.DateField(null=True, blank=True)
    interest_paid_on = models.DateField(null=True, blank=True)

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        ordering = ["due_on"]
        constraints = [models.UniqueConstraint(fields=["loan", "due_on"], name="instalment_once")]

    def __str__(self) -> str:
        return f"#{self.loan_id} {self.due_on}"


class LoanApplication(models.Model):
    """A request for a draw, from the moment it is made at the counter to the money paid out."""

    classification = classes(C1="applied_at outcome disbursed_at decided_at", C2="amount")

    household = models.ForeignKey(Household, models.PROTECT, related_name="applications")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    amount = money()
    applied_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=ApplicationOutcome, default=ApplicationOutcome.OPEN)
    disbursed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    loan = models.OneToOneField(Loan, models.PROTECT, null=True, blank=True, related_name="application")

    objects = BranchOrHouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan application")
        verbose_name_plural = _("loan applications")
        indexes = [models.Index(fields=["branch", "applied_at"], name="application_branch_at")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class LoanClassification(models.Model):
    """The class of a loan on a business date with the inputs used; insert-only."""

    classification = classes(
        C1="as_of policy rules digest branch_id job_id computed_at",
        C2=(
            "principal_dpd interest_dpd level balance dpd matrix floor_2023 flag_floor final previous "
            "months_cured cure_lock needs_review provision_rate"
        ),
    )

    loan = models.ForeignKey(
        Loan, models.DO_NOTHING, related_name="classifications", db_constraint=False, db_index=False
    )
    as_of = models.DateField()
    policy = models.CharField(max_length=10)
    rules = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=16)
    branch_id = models.BigIntegerField()
    principal_dpd = models.IntegerField()
    interest_dpd = models.IntegerField()
    level = models.CharField(max_length=10)
    balance = money()
    dpd = models.IntegerField()
    matrix = models.CharField(max_length=16, choices=LoanClass)
    floor_2023 = models.CharField(max_length=16, choices=LoanClass)
    flag_floor = models.CharField(max_length=16, choices=LoanClass)
    final = models.CharField(max_length=16, choices=LoanClass)
    previous = models.CharField(max_length=16, choices=LoanClass, blank=True)
    months_cured = models.IntegerField(default=0)
    cure_lock = models.BooleanField()
    needs_review = models.BooleanField()
    provision_rate = models.DecimalField(max_digits=4, decimal_places=2)
    job_id = models.BigIntegerField(null=True, blank=True)
    computed_at = models.DateTimeField(auto_now_add=True)

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan class")
        verbose_name_plural = _("loan classes")
        constraints = [
            models.UniqueConstraint(fields=["loan", "as_of", "rules", "digest"], name="loan_class_once"),
        ]
        indexes = [models.Index(fields=["as_of", "branch_id"], name="loan_class_day_branch")]

    def __str__(self) -> str:
        return f"#{self.loan_id} {self.as_of} {self.final}"
