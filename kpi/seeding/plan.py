"""How large a demonstration is, and the shares that make one branch differ from the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

LARGE = 200_000  # from here on history is kept shorter, so that a million takes minutes


@dataclass(frozen=True)
class Plan:
    """Sizes and dates of one demonstration; everything else follows from them and the seed."""

    customers: int
    seed: int
    as_of: date
    day_rows_per_account: float = 2.0

    @property
    def is_large(self) -> bool:
        return self.customers >= LARGE

    @property
    def households(self) -> int:
        """Three tenths of the customers; a quarter in the largest unions."""
        return round(self.customers * (0.25 if self.customers >= 500_000 else 0.3))

    @property
    def branches(self) -> int:
        return 30 if self.is_large else 12

    @property
    def villages_per_branch(self) -> int:
        return 16 if self.is_large else 10

    @property
    def staff(self) -> int:
        return 300 if self.is_large else 60

    @property
    def history_months(self) -> int:
        """Months of balances before the as-of month, handed over by core banking and of our own days together.

        Twelve is what a year's contribution and the growth against the same month of last year need.
        """
        return 12 if self.is_large else 36

    @property
    def months_of_days(self) -> int:
        """Months, the as-of month among them, of which single days are known and the product rolls up."""
        return 1 if self.is_large else 3

    @property
    def visit_days(self) -> int:
        return 365 if self.is_large else 3 * 365

    @property
    def go_live(self) -> date:
        """First day of the first month whose days are known."""
        return first_of_month(self.as_of, -(self.months_of_days - 1))

    @property
    def history_from(self) -> date:
        return first_of_month(self.as_of, -self.history_months)


@dataclass(frozen=True)
class Portfolio:
    """One officer's households in a branch, who had them before, and since when they have them."""

    staff_id: int
    before_id: int
    since: date | None

    def manager_on(self, day: date) -> int:
        return self.before_id if self.since and day < self.since else self.staff_id


@dataclass(frozen=True)
class BranchPlan:
    """A branch with what is peculiar to it. Rates are yearly fractions or shares of one."""

    id: int
    number: int
    counters: tuple[int, ...]
    director_id: int
    supervisor_id: int
    cashier_ids: tuple[int, ...]
    portfolios: tuple[Portfolio, ...]
    growth: float
    default_rate: float
    churn: float
    diligence: float
    friendliness: float
    prosperity: float


@dataclass(frozen=True)
class VillagePlan:
    """A village, its position, its clans and the households of the demonstration that live there."""

    id: int
    name: str
    township: str
    latitude: float
    longitude: float
    branch: BranchPlan
    portfolio: Portfolio
    clans: tuple[str, ...]
    is_credit_village: bool
    first_household: int
    households: int


@dataclass(frozen=True)
class County:
    """What every chunk of households needs to know of places, people and products."""

    plan: Plan
    villages: tuple[VillagePlan, ...]
    products: dict[str, int]
    income_ref: float
    closed_days: frozenset[date] = field(default_factory=frozenset)
    extra_workdays: frozenset[date] = field(default_factory=frozenset)

    def is_workday(self, day: date) -> bool:
        return day in self.extra_workdays or (day.weekday() < 5 and day not in self.closed_days)

    def workday_from(self, day: date) -> date:
        """The day itself, or the next one on which the counters are open for loans."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day


def first_of_month(day: date, months: int = 0) -> date:
    """The first day of the month ``months`` away."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
