"""One chunk of households as COPY text: made with numbers of its own, then moved to the ids drawn for it.

A chunk depends on the seed and its place alone, so that any number of processes makes the same county. Sealed values
bind to their row; that is why the ids come before the text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

from coopcrm.shared.crypto import keyed_many, seal
from customers.choices import (
    CustomerKind,
    CustomerState,
    DocumentKind,
    DocumentState,
    FactSource,
    PhoneKind,
    Relation,
)
from customers.numbers import ACCOUNT, ACCOUNT_TAIL, DOCUMENT, PHONE, PHONE_TAIL, resident_keys, tail_keys
from kpi.seeding import words
from kpi.seeding.chance import Dice
from kpi.seeding.families import MOBILE_PREFIXES, Family, FamilyMaker, Person, household_sizes, name_columns
from kpi.seeding.fieldwork import FieldWorker
from kpi.seeding.holdings import RATES, Holding, Teller, account_number
from kpi.seeding.lending import Credit, Lender, borrower_of
from kpi.seeding.plan import County, VillagePlan

HOUSEHOLDS_PER_CHUNK = 5_000
NULL = "\\N"
HOLDINGS = "seed_holding"

# table: (id columns with the table each points to, then the plain columns, then the sealed number and its keys)
TABLES: dict[str, tuple[tuple[tuple[str, str], ...], str, str]] = {
    "customers_customer": (
        (("id", "customers_customer"),),
        (
            "kind name name_key given_key pinyin initials given_pinyin sex birth_date branch_id village_id group_no address"
            " occupation state deceased_on identity_conflict source registered_on registered_at_id registered_by_id"
            " verified_on created_at"
        ),
        "",
    ),
    "customers_household": (
        (("id", "customers_household"), ("head_id", "customers_customer")),
        "register_no branch_id village_id group_no address latitude longitude valid_from source created_at",
        "",
    ),
    "customers_identitydocument": (
        (("id", "customers_identitydocument"), ("customer_id", "customers_customer")),
        "kind state invalid_reason issued_on expires_on is_long_term issued_by source recorded_on recorded_by_id",
        "number number_key tail_key core_key",
    ),
    "customers_phone": (
        (("id", "customers_phone"), ("customer_id", "customers_customer")),
        "kind valid_from source is_main confirmed_on",
        "number number_key tail_key",
    ),
    "customers_membership": (
        (
            ("id", "customers_membership"),
            ("household_id", "customers_household"),
            ("customer_id", "customers_customer"),
        ),
        "relation valid_from valid_to",
        "",
    ),
    "customers_marriage": (
        (
            ("id", "customers_marriage"),
            ("first_id", "customers_customer"),
            ("second_id", "customers_customer"),
        ),
        "valid_from valid_to source",
        "number number_key",
    ),
    "customers_managerassignment": (
        (("id", "customers_managerassignment"), ("household_id", "customers_household")),
        "staff_id valid_from valid_to",
        "",
    ),
    "customers_factsheet": (
        (("id", "customers_factsheet"), ("household_id", "customers_household")),
        (
            "recorded_on population labour residence_years net_income gross_income living_expenditure income_sources"
            " assets liabilities guarantees_given other_unsecured credit_report land_mu livestock noted_grade bonus"
            " malus flags second_investigator oldest_core_on sources recorded_by_id created_at"
        ),
        "",
    ),
    "customers_visitnote": (
        (("id", "customers_visitnote"), ("household_id", "customers_household")),
        "officer_id second_officer_id visited_on minutes distance_m summary is_duplicate recorded_at",
        "",
    ),
    "customers_feedback": (
        (("id", "customers_feedback"), ("customer_id", "customers_customer")),
        "branch_id given_on satisfaction recommendation words",
        "",
    ),
    "loans_account": (
        (("id", "loans_account"), ("customer_id", "customers_customer")),
        "branch_id product_id state rate ftp_rate opened_on closed_on balance balance_on",
        "number number_key tail_key",
    ),
    "loans_creditline": (
        (("id", "loans_creditline"), ("household_id", "customers_household")),
        '"limit" state granted_on review_due review_done_on valid_until ended_on granted_by_id'.replace(
            '"', ""
        ),
        "",
    ),
    "loans_loan": (
        (
            ("id", "loans_loan"),
            ("account_id", "loans_account"),
            ("household_id", "customers_household"),
            ("borrower_id", "customers_customer"),
            ("line_id", "loans_creditline"),
        ),
        (
            "branch_id matrix_class guarantee principal disbursed_on due_on closed_on written_off_on flags extended_on"
            " originating_officer_id farm_related"
        ),
        "",
    ),
    "loans_instalment": (
        (("id", "loans_instalment"), ("loan_id", "loans_loan")),
        "due_on principal interest principal_paid_on interest_paid_on",
        "",
    ),
    "loans_loanapplication": (
        (("id", "loans_loanapplication"), ("household_id", "customers_household"), ("loan_id", "loans_loan")),
        "branch_id amount applied_at outcome disbursed_at decided_at",
        "",
    ),
    "ratings_panel": ((("id", "ratings_panel"), ("household_id", "customers_household")), "held_on", ""),
    "ratings_panelvote": (
        (("id", "ratings_panelvote"), ("panel_id", "ratings_panel")),
        "member staff_id is_village_representative vote is_veto",
        "",
    ),
    HOLDINGS: (
        (("account_id", "loans_account"),),
        "ordinal kind balance growth activity opened_on closed_on",
        "",
    ),
}
FACTS = (
    "population", "labour", "residence_years", "net_income", "gross_income", "living_expenditure", "income_sources",
    "assets", "liabilities", "guarantees_given", "other_unsecured", "credit_report", "land_mu",
)  # fmt: skip


@dataclass(frozen=True)
class Span:
    """The households and customers of one chunk."""

    index: int
    of: int
    first: int
    households: int
    customers: int


def spans(county: County) -> list[Span]:
    """Cut the county into chunks of whole households."""
    households, customers = county.plan.households, county.plan.customers
    count = -(-households // HOUSEHOLDS_PER_CHUNK)
    out = []
    for index in range(count):
        first = households * index // count
        end = households * (index + 1) // count
        people = customers * end // households - customers * first // households
        out.append(Span(index, count, first, end - first, people))
    return out


def columns_of(table: str) -> list[str]:
    """The COPY columns of a table, in the order of its rows."""
    ids, plain, sealed = TABLES[table]
    return [*(column for column, _ in ids), *plain.split(), *sealed.split()]


class Chunk:
    """The rows of one span, first with ids that begin at nought."""

    def __init__(self, county: County, span: Span):
        self.county, self.span = county, span
        self.rows: dict[str, list[tuple]] = {table: [] for table in TABLES}
        self.numbers: dict[str, list[str]] = {table: [] for table, (_, _, sealed) in TABLES.items() if sealed}
        self.rng = Dice(f"{county.plan.seed}:{span.index}")
        self._make()

    @property
    def counts(self) -> dict[str, int]:
        """How many ids each table needs."""
        return {table: len(rows) for table, rows in self.rows.items()}

    # -- making --------------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        county, span, rng = self.county, self.span, self.rng
        plan = county.plan
        maker = FamilyMaker(rng, span.index, span.of, plan.as_of)
        lender, teller = Lender(county, rng), Teller(county, rng)
        wanted = plan.branches * 60 * 12 / max(1.0, 0.62 * plan.customers)
        worker = FieldWorker(county, rng, min(0.9, wanted))
        sizes = household_sizes(rng, span.households, span.customers)
        for offset, size in enumerate(sizes):
            village = self._village(span.first + offset)
            family = maker.family(size, village.clans)
            wealth = min(6.0, rng.lognormvariate(-0.03, 0.42) * village.branch.prosperity)
            since = plan.as_of - timedelta(days=int(rng.triangular(60, 4200, 2400)))
            credit = lender.credit_of(family, village, wealth, since)
            if not plan.is_large and rng.random() < 0.02:
                credit = Credit()
            self._household(offset, family, village, since)
            holdings = teller.holdings_of(family, village, wealth, since)
            self._accounts(offset, family, village, holdings)
            self._credit(offset, family, village, credit)
            sheets = worker.sheets_of(family, village, credit, wealth, since)
            self._sheets(offset, sheets)
            for visit in worker.visits_of(family, village, sheets, since):
                self._visit(offset, visit)
            for meeting in worker.meetings_of(village, sheets, credit, list(village.clans)):
                self._meeting(offset, meeting)
            for answer in worker.answers_of(family, village):
                self._answer(family, village, answer)

    def _village(self, household: int) -> VillagePlan:
        villages = self.county.villages
        low, high = 0, len(villages) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if villages[middle].first_household <= household:
                low = middle
            else:
                high = middle - 1
        return villages[low]

    def _add(self, table: str, ids: tuple, rest: str, number: str | None = None) -> int:
        rows = self.rows[table]
        rows.append((ids, rest))
        if number is not None:
            self.numbers[table].append(number)
        return len(rows) - 1

    def _household(self, household: int, family: Family, village: VillagePlan, since: date) -> None:
        rng, as_of, branch = self.rng, self.county.plan.as_of, village.branch
        group = rng.randrange(1, 9)
        address = f"{words.COUNTY}{village.township}{village.name}{group}组{rng.randrange(1, 90)}号"
        place = f"{branch.id}\t{village.id}\t{group}\t{address}"
        latitude = village.latitude + rng.gauss(0, 0.004)
        longitude = village.longitude + rng.gauss(0, 0.005)
        register = f"{village.first_household % 1000:03}{self.span.first + household + 1:07}"
        self._add(
            "customers_household",
            (household, family.people[0].row),
            f"{register}\t{place}\t{latitude:.6f}\t{longitude:.6f}\t{since}\tdocument\t{since} 09:30:00+08",
        )
        verified = as_of - timedelta(
            days=rng.randrange(5, 360) if rng.random() < 0.93 else rng.randrange(366, 1100)
        )
        verified = max(verified, since)
        shared_phone = ""
        for person in family.people:
            self._person(person, place, branch, since, verified)
            self._membership(household, person, since)
            shared_phone = self._phone(person, since, shared_phone, verified)
        self._marriages(family)
        self._assignments(household, village, since)

    def _person(self, person: Person, place: str, branch, since: date, verified: date) -> None:
        rng = self.rng
        name = person.name
        given, pinyin, initials, given_pinyin = name_columns(person.surname, person.given)
        registered = max(since, person.born + timedelta(days=20))
        state, died = CustomerState.ACTIVE, NULL
        if person.deceased_on:
            state, died = CustomerState.DECEASED, person.deceased_on
        counter = branch.counters[0] if rng.random() < 0.6 else rng.choice(branch.counters)
        cashier = rng.choice(branch.cashier_ids)
        self._add(
            "customers_customer",
            (person.row,),
            f"{CustomerKind.PERSON}\t{name}\t{name}\t{given}\t{pinyin}\t{initials}\t{given_pinyin}\t{person.sex}\t{person.born}\t{place}"
            f"\t{self._occupation(person)}\t{state}\t{died}\tf\tdocument\t{registered}\t{counter}\t{cashier}"
            f"\t{max(verified, registered)}\t{registered} {9 + person.row % 8}:{person.row * 7 % 60:02}:00+08",
        )
        issued, expires = self._validity(person)
        self._add(
            "customers_identitydocument",
            (len(self.rows["customers_identitydocument"]), person.row),
            f"{DocumentKind.ID18}\t{DocumentState.HELD}\t\t{issued}\t{expires}\t{'t' if expires == NULL else 'f'}"
            f"\t{words.COUNTY}公安局\tdocument\t{registered}\t{cashier}",
            person.number,
        )

    def _validity(self, person: Person) -> tuple[date, date | str]:
        """Cards last five years for children, ten to twenty for adults, and for ever from 46 on."""
        term = 5 if person.age < 16 else 10 if person.age < 26 else 20
        days = max(1, min(term * 365 - 30, (self.county.plan.as_of - person.born).days - 10))
        late = 200 if self.rng.random() < 0.04 else 0
        issued = self.county.plan.as_of - timedelta(days=self.rng.randrange(days) + late)
        if issued < person.born:
            issued = person.born + timedelta(days=5)
        if person.age >= 50 and self.rng.random() < 0.8:
            return issued, NULL
        return issued, date(issued.year + term, issued.month, min(issued.day, 28))

    def _occupation(self, person: Person) -> str:
        if person.age < 6:
            return ""
        if person.age < 19:
            return "学生"
        if person.age > 62:
            return "在家" if person.age > 74 else "务农"
        return self.rng.choice(words.OCCUPATIONS_MEN if person.sex == "M" else words.OCCUPATIONS_WOMEN)

    def _membership(self, household: int, person: Person, since: date) -> None:
        begin = max(since, person.born)
        end = NULL
        if person.deceased_on:
            end = max(person.deceased_on, begin)
        self._add(
            "customers_membership",
            (len(self.rows["customers_membership"]), household, person.row),
            f"{person.relation}\t{begin}\t{end}",
        )

    def _phone(self, person: Person, since: date, shared: str, verified: date) -> str:
        rng = self.rng
        if person.deceased_on or rng.random() > (
            0.95 if 16 <= person.age < 70 else 0.35 if person.age >= 70 else 0.06
        ):
            return shared
        number = shared
        if not shared or rng.random() < 0.8:
            number = f"{rng.choice(MOBILE_PREFIXES)}{rng.randrange(100_000_000):08}"
        begin = max(since, person.born + timedelta(days=30))
        rows = self.rows["customers_phone"]
        self._add(
            "customers_phone",
            (len(rows), person.row),
            f"{PhoneKind.MOBILE}\t{begin}\t{FactSource.SAID}\tt\t{max(verified, begin) if len(rows) % 3 else NULL}",
            number,
        )
        return shared or number

    def _marriages(self, family: Family) -> None:
        rng = self.rng
        people = {person.row: person for person in family.people}
        for person in family.people:
            if person.married_to is None:
                continue
            other = people[person.married_to]
            year = family.married_year if person.relation == Relation.HEAD and family.married_year else None
            if year is None:
                year = max(person.born.year, other.born.year) + rng.randrange(20, 26)
            year = max(1981, min(year, self.county.plan.as_of.year - 1))
            ends = [died for died in (person.deceased_on, other.deceased_on) if died]
            day = date(year, rng.randrange(1, 13), rng.randrange(1, 28))
            serial = rng.randrange(1, 9000)
            self._add(
                "customers_marriage",
                (
                    len(self.rows["customers_marriage"]),
                    min(person.row, other.row),
                    max(person.row, other.row),
                ),
                f"{day}\t{min(ends) if ends else NULL}\tdocument",
                f"J{words.COUNTY_CODE}-{year}-{serial:06}" if rng.random() < 0.7 else "",
            )

    def _assignments(self, household: int, village: VillagePlan, since: date) -> None:
        portfolio = village.portfolio
        rows = self.rows["customers_managerassignment"]
        if portfolio.since and since < portfolio.since:
            self._add(
                "customers_managerassignment",
                (len(rows), household),
                f"{portfolio.before_id}\t{since}\t{portfolio.since}",
            )
            since = portfolio.since
        self._add(
            "customers_managerassignment", (len(rows), household), f"{portfolio.staff_id}\t{since}\t{NULL}"
        )

    def _accounts(
        self, household: int, family: Family, village: VillagePlan, holdings: list[Holding]
    ) -> None:
        rng, plan, branch = self.rng, self.county.plan, village.branch
        for holding in holdings:
            rate, ftp = RATES[holding.product]
            balance = 0 if holding.closed_on else holding.balance
            account = self._add(
                "loans_account",
                (len(self.rows["loans_account"]), family.people[holding.person].row),
                f"{branch.id}\t{self.county.products[holding.product]}\t{holding.state}\t{rate}\t{ftp}\t{holding.opened_on}"
                f"\t{holding.closed_on or NULL}\t{balance:.2f}\t{holding.closed_on or plan.as_of}",
                f"{holding.product} {branch.number}",
            )
            if holding.kind:
                growth = branch.growth + rng.gauss(0, 0.05)
                self._add(
                    HOLDINGS,
                    (account,),
                    f"{account}\t{holding.kind}\t{holding.balance:.2f}\t{growth:.4f}\t{holding.activity:.3f}"
                    f"\t{holding.opened_on}\t{holding.closed_on or NULL}",
                )

    def _credit(self, household: int, family: Family, village: VillagePlan, credit: Credit) -> None:
        plan, branch = self.county.plan, village.branch
        borrower = family.people[borrower_of(family)].row
        line_rows, loan_rows = [], []
        for line in credit.lines:
            line_rows.append(
                self._add(
                    "loans_creditline",
                    (len(self.rows["loans_creditline"]), household),
                    f"{line.limit}\t{line.state}\t{line.granted_on}\t{line.review_due}\t{line.review_done_on or NULL}"
                    f"\t{line.valid_until}\t{line.ended_on or NULL}\t{branch.director_id}",
                )
            )
        for loan in credit.loans:
            closed = loan.closed_on or loan.written_off_on
            account = self._add(
                "loans_account",
                (len(self.rows["loans_account"]), borrower),
                f"{branch.id}\t{self.county.products[loan.product]}\t{'closed' if closed else 'open'}\t{loan.rate}"
                f"\t{RATES[loan.product][1]}\t{loan.disbursed_on}\t{closed or NULL}\t{loan.outstanding / 100:.2f}"
                f"\t{closed or plan.as_of}",
                f"{loan.product} {branch.number}",
            )
            row = self._add(
                "loans_loan",
                (
                    len(self.rows["loans_loan"]),
                    account,
                    household,
                    borrower,
                    None if loan.line is None else line_rows[loan.line],
                ),
                f"{branch.id}\t{loan.matrix_class}\t{loan.guarantee}\t{loan.principal / 100:.2f}\t{loan.disbursed_on}"
                f"\t{loan.due_on}\t{loan.closed_on or NULL}\t{loan.written_off_on or NULL}"
                f"\t{_array(loan.flags)}\t{loan.extended_on or NULL}\t{village.portfolio.manager_on(loan.disbursed_on)}"
                f"\t{_bool(loan.farm_related)}",
            )
            loan_rows.append(row)
            for due in loan.dues:
                self._add(
                    "loans_instalment",
                    (len(self.rows["loans_instalment"]), row),
                    f"{due.on}\t{due.principal / 100:.2f}\t{due.interest / 100:.2f}"
                    f"\t{due.principal_paid_on or NULL}\t{due.interest_paid_on or NULL}",
                )
        for request in credit.requests:
            self._add(
                "loans_loanapplication",
                (
                    len(self.rows["loans_loanapplication"]),
                    household,
                    loan_rows[request.loan] if request.loan is not None else None,
                ),
                f"{branch.id}\t{request.amount}\t{request.applied_at}\t{request.outcome}\t{request.disbursed_at or NULL}"
                f"\t{request.decided_at or NULL}",
            )

    def _sheets(self, household: int, sheets) -> None:
        for sheet in sheets:
            facts = sheet.facts
            values = "\t".join(_or_null(facts[name]) for name in FACTS)
            livestock = json.dumps(facts["livestock"], ensure_ascii=False)
            self._add(
                "customers_factsheet",
                (len(self.rows["customers_factsheet"]), household),
                f"{sheet.recorded_on}\t{values}\t{livestock}\t\t{_array(facts['bonus'])}\t{_array(facts['malus'])}"
                f"\t{_array(facts['flags'])}\t{_bool(facts['second_investigator'])}\t{sheet.oldest_core_on or NULL}"
                f"\t{sheet.sources}\t{sheet.staff_id}\t{sheet.recorded_on} 17:10:00+08",
            )

    def _visit(self, household: int, visit) -> None:
        self._add(
            "customers_visitnote",
            (len(self.rows["customers_visitnote"]), household),
            f"{visit.officer_id}\t{visit.second_officer_id or NULL}\t{visit.visited_on}"
            f"\t{_or_null(visit.minutes)}\t{_or_null(visit.distance_m)}"
            f"\t{visit.summary}\t{_bool(visit.is_duplicate)}\t{visit.visited_on} 18:{household % 60:02}:00+08",
        )

    def _meeting(self, household: int, meeting) -> None:
        panel = self._add("ratings_panel", (len(self.rows["ratings_panel"]), household), str(meeting.held_on))
        for member, staff_id, is_village, vote, veto in meeting.votes:
            self._add(
                "ratings_panelvote",
                (len(self.rows["ratings_panelvote"]), panel),
                f"{member}\t{staff_id or NULL}\t{_bool(is_village)}\t{vote}\t{_bool(veto)}",
            )

    def _answer(self, family: Family, village: VillagePlan, answer) -> None:
        self._add(
            "customers_feedback",
            (len(self.rows["customers_feedback"]), family.people[answer.person].row),
            f"{village.branch.id}\t{answer.given_on}\t{_or_null(answer.satisfaction)}"
            f"\t{_or_null(answer.recommendation)}\t{answer.words}",
        )

    # -- writing -------------------------------------------------------------------------------------------------------

    def texts(self, first_ids: dict[str, int], ordinals: dict[str, int]) -> dict[str, bytes]:
        """COPY text of every table; ``ordinals`` count the rows of the chunks before."""
        out = {}
        for table, (ids, _, sealed) in TABLES.items():
            bases = [first_ids[target] for _, target in ids]
            lines = [_line(row_ids, bases) + rest for row_ids, rest in self.rows[table]]
            if table == HOLDINGS:
                lines = [
                    _line(row_ids, bases) + _shifted(rest, ordinals["loans_account"])
                    for row_ids, rest in self.rows[table]
                ]
            if sealed:
                first = first_ids[table]
                numbers = self._numbers_of(table, ordinals)
                lines = [
                    f"{line}\t{cells}"
                    for line, cells in zip(lines, _sealed(table, first, numbers), strict=True)
                ]
            out[table] = ("\n".join(lines) + "\n").encode() if lines else b""
            self.rows[table] = []
        return out

    def _numbers_of(self, table: str, ordinals: dict[str, int]) -> list[str]:
        numbers = self.numbers[table]
        if table != "loans_account":
            return numbers
        before = ordinals[table]
        out = []
        for index, code in enumerate(numbers):
            product, branch = code.split()
            out.append(account_number(product, int(branch), before + index))
        return out


def _sealed(table: str, first: int, numbers: list[str]) -> list[str]:
    keys: list[tuple[bytes, ...]]
    if table == "customers_identitydocument":
        keys = resident_keys(numbers)
    elif table == "customers_phone":
        keys = tail_keys(PHONE, PHONE_TAIL, numbers)
    elif table == "loans_account":
        keys = tail_keys(ACCOUNT, ACCOUNT_TAIL, numbers)
    else:
        keys = [
            (key,) if number else (b"",)
            for key, number in zip(keyed_many(DOCUMENT, numbers), numbers, strict=True)
        ]
    out = []
    for index, (number, row_keys) in enumerate(zip(numbers, keys, strict=True)):
        value = seal(number, table=table, column="number", row=first + index) if number else b""
        out.append("\t".join(f"\\\\x{cell.hex()}" for cell in (value, *row_keys)))
    return out


def _line(ids: tuple, bases: list[int]) -> str:
    text = ""
    for value, base in zip(ids, bases, strict=True):
        text += f"{value + base}\t" if value is not None else f"{NULL}\t"
    return text


def _shifted(rest: str, by: int) -> str:
    ordinal, _, tail = rest.partition("\t")
    return f"{int(ordinal) + by}\t{tail}"


def _array(codes: list[str]) -> str:
    return "{" + ",".join(codes) + "}"


def _or_null(value: object) -> str:
    return NULL if value is None else str(value)


def _bool(value: bool) -> str:
    return "t" if value else "f"
