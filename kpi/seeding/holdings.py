"""What the members of a household hold at the union: accounts, cards, mobile banking, insurance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from customers.choices import Relation
from kpi.seeding.chance import Dice
from kpi.seeding.families import Family, Person
from kpi.seeding.plan import County, VillagePlan
from loans.choices import AccountState

# Kinds of balances whose months and days the seeder writes (kpi/seeding/history.py).
CURRENT, SUBSIDY, FIXED, SHARE = 1, 2, 3, 4

# code, name, family, rate, ftp, guarantee, other wordings in ledgers
PRODUCTS = (
    ("D01", "活期储蓄存款", "deposit", "0.0020", "0.0180", "", ["活期", "活期存款", "活期储蓄"]),
    ("D02", "一年期定期存款", "deposit", "0.0150", "0.0225", "", ["一年定期", "定期一年", "定期存款"]),
    ("D03", "三年期定期存款", "deposit", "0.0215", "0.0285", "", ["三年定期", "定期三年"]),
    ("D04", "惠农一折通", "deposit", "0.0020", "0.0180", "", ["一折通", "惠农补贴"]),
    ("S01", "社员股金", "share", "0.0300", "0.0300", "", ["股金", "入股"]),
    ("C01", "借记卡", "card", "0", "0", "", ["银行卡", "农信卡"]),
    ("M01", "手机银行", "mobile", "0", "0", "", ["手机银行"]),
    ("I01", "小额意外保险", "insurance", "0", "0", "", ["保险"]),
    ("P01", "收款码", "payment", "0", "0", "", ["收单", "聚合收款码"]),
    ("P02", "代扣电费", "payment", "0", "0", "", ["代缴费"]),
    ("L01", "农户小额信用贷款", "loan", "0.0625", "0.0260", "credit", ["小额信用贷款", "信用贷款", "农户小额贷款"]),
    ("L02", "农户联保贷款", "loan", "0.0685", "0.0260", "joint", ["联保贷款"]),
    ("L03", "农户保证贷款", "loan", "0.0720", "0.0265", "guarantee", ["保证贷款", "担保贷款"]),
    ("L04", "抵押贷款", "loan", "0.0515", "0.0290", "mortgage", ["房产抵押贷款"]),
    ("L05", "质押贷款", "loan", "0.0480", "0.0255", "pledge", ["存单质押贷款"]),
)  # fmt: skip
TERMS = {"D02": 12, "D03": 36}  # months
RATES = {code: (rate, ftp) for code, _, _, rate, ftp, *_ in PRODUCTS}


@dataclass(slots=True)
class Holding:
    """One account; ``balance`` in yuan is what it shows on the as-of day, or showed on the day before it closed."""

    person: int
    product: str
    kind: int
    balance: float
    opened_on: date
    closed_on: date | None = None
    activity: float = 0.0

    @property
    def state(self) -> str:
        if self.closed_on:
            return AccountState.CLOSED
        return AccountState.DORMANT if self.kind == CURRENT and self.activity < 0.04 else AccountState.OPEN


class Teller:
    """Opens the accounts of one household after another."""

    def __init__(self, county: County, rng: Dice):
        self.rng, self.as_of = rng, county.plan.as_of

    def holdings_of(self, family: Family, village: VillagePlan, wealth: float, since: date) -> list[Holding]:
        """The accounts of all members; children hold none."""
        out: list[Holding] = []
        for index, person in enumerate(family.people):
            if person.age >= 16:
                self._of_person(out, index, person, village, wealth, since)
        return out

    def _of_person(
        self, out: list[Holding], index: int, person: Person, village: VillagePlan, wealth: float, since: date
    ) -> None:
        rng = self.rng
        is_head, age = person.relation == Relation.HEAD, person.age
        left = person.deceased_on or self._left_on(village)
        first = len(out)
        modern = 0.75 if age < 40 else 0.5 if age < 55 else 0.16
        if rng.random() < (0.92 if is_head else 0.62 if age < 76 else 0.35):
            rich = rng.lognormvariate(8.55, 1.3) * wealth**1.1
            activity = rng.lognormvariate(0.25 if age < 60 else -0.4, 0.75) if rng.random() < 0.9 else 0.02
            opened = self._opened(person, since, 18)
            out.append(Holding(index, "D01", CURRENT, rich, opened, activity=min(9.0, activity)))
            if rng.random() < 0.25 + 0.5 * modern:
                out.append(Holding(index, "C01", 0, 0, opened + timedelta(days=rng.choice((0, 0, 0, 400)))))
            if rng.random() < 0.8 * modern:
                out.append(Holding(index, "M01", 0, 0, self._opened(person, since, 7)))
        if is_head and rng.random() < 0.82:
            out.append(
                Holding(
                    index,
                    "D04",
                    SUBSIDY,
                    rng.lognormvariate(7.6, 0.9),
                    self._opened(person, since, 14),
                    activity=0.5,
                )
            )
        if is_head and rng.random() < 0.38:
            out.append(
                Holding(
                    index,
                    "S01",
                    SHARE,
                    rng.choice((200, 500, 1000, 1000, 2000, 5000)),
                    self._opened(person, since, 20),
                )
            )
        if rng.random() < (0.34 if age > 45 else 0.16):
            long = rng.random() < 0.45
            amount = round(rng.lognormvariate(10.4, 0.95) * wealth, -3)
            opened = self._opened(person, since, 9)
            out.append(Holding(index, "D03" if long else "D02", FIXED, max(2000, amount), opened))
        if 22 < age < 66 and rng.random() < 0.1:
            out.append(Holding(index, "I01", 0, 0, self._opened(person, since, 4)))
        if 22 < age < 60 and rng.random() < 0.09:
            out.append(Holding(index, rng.choice(("P01", "P02")), 0, 0, self._opened(person, since, 4)))
        if left:
            for holding in out[first:]:
                holding.closed_on = max(left, holding.opened_on + timedelta(days=20))
                if holding.closed_on > self.as_of:
                    holding.closed_on = None

    def _left_on(self, village: VillagePlan) -> date | None:
        """The day a customer took the money elsewhere, for the few who did in the last three years."""
        if self.rng.random() > 1 - (1 - village.branch.churn) ** 3:
            return None
        return self.as_of - timedelta(days=self.rng.randrange(3, 1095))

    def _opened(self, person: Person, since: date, years: int) -> date:
        rng = self.rng
        adult = date(person.born.year + 16, person.born.month, 1)
        earliest = max(adult, self.as_of - timedelta(days=365 * years))
        days = (self.as_of - earliest).days - 3
        if days <= 0:
            return self.as_of - timedelta(days=2)
        return self.as_of - timedelta(days=3 + int(days * rng.random() ** 0.75))


def account_number(product: str, branch: int, ordinal: int) -> str:
    """An invented number that carries a check digit; cards have nineteen digits, other accounts eighteen."""
    serial = (ordinal * 7_368_787 + 41_599) % 10_000_000_000
    body = (
        f"6299{branch:03}{serial:010}0"
        if product == "C01"
        else f"99{ord(product[0]) % 10}{product[1:]}{branch:02}{serial:010}"
    )
    return f"{body}{int(body) % 9 + 1}"
