"""What a household borrowed and how it paid: lines, loans, instalments and the clock of each application."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from customers.choices import Relation
from kpi.seeding.chance import Dice
from kpi.seeding.families import Family
from kpi.seeding.plan import County, VillagePlan
from loans.choices import ApplicationOutcome, Guarantee, LineState, MatrixClass

QUARTER_DAY = 21  # interest falls due on the 21st of the last month of a quarter, or of every month
CUT_OFF = 16 * 60 + 30
YEARS_OF_LOANS = 4  # loans repaid before the history begins leave no trace
WRITE_OFF_DAYS = 400
WRITTEN_OFF_BEFORE = (
    430  # days before the as-of day: the losses of earlier years are written off, the year's are not
)
EXTENSION_DAYS = 182
RATES = ("0.054500", "0.058000", "0.062500", "0.068500", "0.072000")
HARVEST_MONTHS = (2, 3, 4, 5, 9, 10, 11)


@dataclass(slots=True)
class Due:
    """One instalment in fen, and the days on which its parts were paid."""

    on: date
    principal: int
    interest: int
    principal_paid_on: date | None = None
    interest_paid_on: date | None = None


@dataclass(slots=True)
class Line:
    """An amount granted in yuan."""

    limit: int
    granted_on: date
    state: str
    review_due: date
    review_done_on: date | None
    valid_until: date
    ended_on: date | None = None


@dataclass(slots=True)
class Drawn:
    """One loan with its product, terms and history; amounts in fen."""

    product: str
    guarantee: str
    matrix_class: str
    principal: int
    rate: str
    disbursed_on: date
    due_on: date
    dues: list[Due]
    line: int | None = None
    closed_on: date | None = None
    written_off_on: date | None = None
    extended_on: date | None = None
    flags: list[str] = field(default_factory=list)
    farm_related: bool = True

    @property
    def outstanding(self) -> int:
        """Principal not yet paid back, nothing once written off."""
        if self.written_off_on:
            return 0
        return self.principal - sum(due.principal for due in self.dues if due.principal_paid_on)


@dataclass(slots=True)
class Request:
    """An application with the moment it was made and what became of it."""

    amount: int
    applied_at: str
    outcome: str
    disbursed_at: str | None = None
    decided_at: str | None = None
    loan: int | None = None


@dataclass(slots=True)
class Credit:
    """All credit of one household."""

    lines: list[Line] = field(default_factory=list)
    loans: list[Drawn] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    payer: str = "good"


class Lender:
    """Walks through four years of borrowing of one household after another."""

    def __init__(self, county: County, rng: Dice):
        self.county, self.rng, self.as_of = county, rng, county.plan.as_of

    def credit_of(self, family: Family, village: VillagePlan, wealth: float, since: date) -> Credit:
        """Lines, loans and applications of a household that is known since ``since``."""
        rng, credit = self.rng, Credit()
        head = family.people[0]
        if not 21 <= head.age <= 68:
            return credit
        roll = rng.random()
        borrows = roll < (0.5 if head.age < 60 else 0.22)
        has_line = roll < (0.74 if head.age < 60 else 0.42)
        credit.payer = "sloppy" if rng.random() < 0.045 + village.branch.default_rate else "good"
        if has_line:
            self._grant(credit, wealth, since)
        if borrows:
            self._borrow(credit, family, village, wealth, since)
        self._freeze_bad_lines(credit)
        if rng.random() < 0.05:
            self._unlucky_request(credit)
        return credit

    def _grant(self, credit: Credit, wealth: float, since: date) -> None:
        rng, as_of = self.rng, self.as_of
        limit = max(5, min(100, round(48 * wealth * rng.uniform(0.6, 1.5)))) * 1000
        granted = as_of - timedelta(days=rng.randrange(12, 700))
        earlier = granted - timedelta(days=rng.randrange(650, 731))
        if earlier >= since and earlier > as_of - timedelta(days=1300):
            credit.lines.append(self._line(max(5000, round(limit * 0.8, -3)), earlier, ended=granted))
        if granted >= since:
            credit.lines.append(self._line(limit, granted))
        elif rng.random() < 0.5 and not credit.lines:
            expired = max(since, as_of - timedelta(days=900))
            credit.lines.append(self._line(limit, expired))

    def _line(self, limit: int, granted: date, ended: date | None = None) -> Line:
        granted = self.county.workday_from(granted)
        review = _years_later(granted, 1)
        until = _years_later(granted, 2)
        done = None
        if review <= (ended or self.as_of) and self.rng.random() < 0.93:
            done = min(review - timedelta(days=self.rng.randrange(-20, 40)), ended or self.as_of)
        state = LineState.ACTIVE
        if ended:
            state = LineState.SUPERSEDED
        elif until < self.as_of:
            state, ended = LineState.EXPIRED, until
        return Line(limit, granted, state, review, done, until, ended)

    def _freeze_bad_lines(self, credit: Credit) -> None:
        arrears = any(
            due.on < self.as_of - timedelta(days=30) and due.interest_paid_on is None
            for loan in credit.loans
            for due in loan.dues
        )
        for line in credit.lines:
            if line.state == LineState.ACTIVE and arrears:
                line.state = LineState.FROZEN

    def _borrow(
        self, credit: Credit, family: Family, village: VillagePlan, wealth: float, since: date
    ) -> None:
        rng, as_of = self.rng, self.as_of
        rate = village.branch.default_rate
        credit_is_secured = rng.random()
        day = max(since, as_of - timedelta(days=365 * YEARS_OF_LOANS - rng.randrange(420)))
        while day < as_of:
            if day.month not in HARVEST_MONTHS and rng.random() < 0.35:
                day += timedelta(days=31)
            day = self.county.workday_from(day)
            if day >= as_of:
                break
            loan = self._loan(credit, day, credit_is_secured, wealth, village.branch.growth)
            defaults = rng.random() < rate
            self._pay(loan, credit.payer, defaults)
            credit.loans.append(loan)
            if loan.closed_on and loan.closed_on < self.county.plan.history_from:
                credit.loans.pop()
            else:
                self._request(credit, loan, village)
            if loan.closed_on is None:
                break
            day = loan.closed_on + timedelta(days=int(rng.expovariate(1 / 90)) + 1)

    def _loan(self, credit: Credit, day: date, secured: float, wealth: float, growth: float) -> Drawn:
        rng = self.rng
        years_ago = (self.as_of - day).days / 365
        scale = wealth * (1.01 + growth) ** -years_ago * rng.uniform(0.55, 1.25)
        line = self._line_on(credit, day)
        matrix, monthly, months = MatrixClass.FARMER, rng.random() < 0.12, rng.choice((12, 12, 12, 18, 24))
        if secured < 0.70:
            product, guarantee = "L01", Guarantee.CREDIT
            amount = max(3, round(40 * scale))
        elif secured < 0.82:
            product, guarantee, amount, line = "L02", Guarantee.JOINT, max(10, round(52 * scale)), None
        elif secured < 0.90:
            product, guarantee, amount, line = "L03", Guarantee.GUARANTEE, max(10, round(55 * scale)), None
        elif secured < 0.985:
            product, guarantee, amount, line = "L04", Guarantee.MORTGAGE, max(30, round(170 * scale)), None
            monthly, months = rng.random() < 0.75, rng.choice((24, 36, 36, 60))
            matrix = MatrixClass.OTHER_NATURAL if rng.random() < 0.06 else MatrixClass.FARMER
        else:
            product, guarantee, amount, line = "L05", Guarantee.PLEDGE, max(10, round(60 * scale)), None
        if amount >= 10 and rng.random() < 0.75:
            amount = round(amount / 5) * 5
        if line is not None:
            amount = min(amount, credit.lines[line].limit // 1000)
        due_on = _months_later(day, months)
        if line is not None and due_on > credit.lines[line].valid_until:
            due_on = credit.lines[line].valid_until
        if (due_on - day).days < 60:
            due_on, line = _months_later(day, 12), None
        rate = rng.choice(RATES) if product != "L04" else "0.051500"
        loan = Drawn(product, guarantee, matrix, amount * 100_000, rate, day, due_on, [], line)
        loan.farm_related = product != "L04" or rng.random() < 0.6
        loan.dues = _schedule(loan, monthly)
        return loan

    def _line_on(self, credit: Credit, day: date) -> int | None:
        for index, line in enumerate(credit.lines):
            if line.granted_on <= day < (line.ended_on or line.valid_until):
                return index
        return None

    def _pay(self, loan: Drawn, payer: str, defaults: bool) -> None:
        rng, as_of = self.rng, self.as_of
        life = (min(loan.due_on, as_of) - loan.disbursed_on).days
        stops = (
            loan.disbursed_on + timedelta(days=int(life * rng.uniform(0.25, 1.0)) + 20)
            if defaults
            else date.max
        )
        self._maybe_extend(loan, payer)
        early = rng.randrange(1, 25) if payer == "good" and rng.random() < 0.3 else 0
        last = loan.dues[-1]
        for due in loan.dues:
            if due.on > stops:
                continue
            paid = due.on + timedelta(days=self._lateness(payer))
            if due is last and early and due.on - timedelta(days=early) > loan.disbursed_on:
                paid = due.on - timedelta(days=early)
            if paid <= as_of:
                due.interest_paid_on = due.principal_paid_on = paid
        if all(due.principal_paid_on for due in loan.dues):
            loan.closed_on = max(due.principal_paid_on for due in loan.dues)
        elif defaults:
            self._hopeless(loan)

    def _lateness(self, payer: str) -> int:
        roll = self.rng.random()
        if payer == "good":
            return 0 if roll < 0.965 else self.rng.randrange(1, 9)
        if roll < 0.55:
            return self.rng.randrange(0, 6)
        return self.rng.randrange(6, 34) if roll < 0.93 else self.rng.randrange(34, 88)

    def _maybe_extend(self, loan: Drawn, payer: str) -> None:
        """A bullet loan of a slow payer is extended now and then, before it falls due."""
        rng = self.rng
        if payer != "sloppy" or len(loan.dues) > 12 or rng.random() > 0.12:
            return
        asked = loan.due_on - timedelta(days=rng.randrange(6, 40))
        if not loan.disbursed_on + timedelta(days=120) < asked <= self.as_of:
            return
        last = loan.dues[-1]
        loan.extended_on, loan.flags = asked, ["EXTENDED"]
        loan.due_on = loan.due_on + timedelta(days=EXTENSION_DAYS)
        extra = round(last.principal * float(loan.rate) * EXTENSION_DAYS / 360)
        last.on, last.interest = loan.due_on, last.interest + extra

    def _hopeless(self, loan: Drawn) -> None:
        rng = self.rng
        unpaid_since = min(due.on for due in loan.dues if due.interest_paid_on is None)
        overdue = (self.as_of - unpaid_since).days
        roll = rng.random()
        latest = overdue - WRITTEN_OFF_BEFORE
        if latest > WRITE_OFF_DAYS and roll < 0.85:
            loan.written_off_on = unpaid_since + timedelta(days=rng.randrange(WRITE_OFF_DAYS, latest + 1))
        elif overdue > 0 and roll < 0.08:
            loan.flags.append("RESTRUCTURED")
        elif overdue > 30 and roll < 0.16:
            loan.flags.append(rng.choice(("IMPAIRED", "MISUSE", "DECEASED_NO_PAYER", "EVASION")))

    def _request(self, credit: Credit, loan: Drawn, village: VillagePlan) -> None:
        rng, day = self.rng, loan.disbursed_on
        if (self.as_of - day).days > self.county.plan.visit_days:
            return
        minute = rng.randrange(8 * 60 + 20, 16 * 60 + 20)
        paid_minute = min(17 * 60 + 25, minute + rng.randrange(25, 190))
        applied = day
        slow = 0.01 + 0.12 * (1 - village.branch.friendliness)
        if rng.random() < slow:
            applied = self.county.workday_from(day - timedelta(days=rng.randrange(2, 6)))
            applied = min(applied, day)
        elif rng.random() < 0.05:
            evening = day - timedelta(days=1)
            while not self.county.is_workday(evening):
                evening -= timedelta(days=1)
            applied, minute = evening, rng.randrange(CUT_OFF, CUT_OFF + 50)
            paid_minute = rng.randrange(9 * 60, 11 * 60)
        credit.requests.append(
            Request(
                amount=loan.principal // 100,
                applied_at=_moment(applied, minute),
                outcome=ApplicationOutcome.DISBURSED,
                disbursed_at=_moment(day, max(paid_minute, minute + 15) if applied == day else paid_minute),
                decided_at=_moment(
                    day, max(paid_minute - 12, minute + 3) if applied == day else paid_minute - 12
                ),
                loan=len(credit.loans) - 1,
            )
        )

    def _unlucky_request(self, credit: Credit) -> None:
        rng = self.rng
        day = self.county.workday_from(self.as_of - timedelta(days=rng.randrange(1, 380)))
        outcome = rng.choice(
            (ApplicationOutcome.DECLINED, ApplicationOutcome.DECLINED, ApplicationOutcome.WITHDRAWN)
        )
        if (self.as_of - day).days <= 6:
            outcome = ApplicationOutcome.OPEN
        minute = rng.randrange(8 * 60 + 20, 16 * 60 + 50)
        day = min(day, self.as_of)
        decided = None if outcome == ApplicationOutcome.OPEN else _moment(day, minute + 60)
        credit.requests.append(
            Request(rng.randrange(1, 9) * 5000, _moment(day, minute), outcome, None, decided)
        )


def borrower_of(family: Family) -> int:
    """Position in the family of the person who signs: the head, or the spouse of a head past 65."""
    people = family.people
    if (
        people[0].age > 65
        and len(people) > 1
        and people[1].relation == Relation.SPOUSE
        and people[1].age <= 65
    ):
        return 1 if people[1].deceased_on is None else 0
    return 0


def _schedule(loan: Drawn, monthly: bool) -> list[Due]:
    """Instalments exact to the fen: equal principal by month, or interest by quarter and the principal at the end."""
    days = []
    year, month = loan.disbursed_on.year, loan.disbursed_on.month
    first, last = loan.disbursed_on + timedelta(days=10), loan.due_on - timedelta(days=10)
    while (year, month) <= (last.year, last.month):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        if (monthly or month % 3 == 0) and first < (day := date(year, month, QUARTER_DAY)) < last:
            days.append(day)
    days.append(loan.due_on)
    share = loan.principal // len(days) // 100 * 100 if monthly else 0
    balance, before, rate, out = loan.principal, loan.disbursed_on, float(loan.rate), []
    for day in days:
        principal = balance if day is days[-1] else share
        out.append(Due(day, principal, round(balance * rate * (day - before).days / 360)))
        balance, before = balance - principal, day
    return out


def _moment(day: date, minute: int) -> str:
    return f"{day} {minute // 60:02}:{minute % 60:02}:00+08"


def _years_later(day: date, years: int) -> date:
    return _months_later(day, 12 * years)


def _months_later(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, _DAYS[month] if month != 1 or year % 4 else 29))


_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
