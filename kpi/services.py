# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Deeds on figures: a branch's days, its indicators and its score card. Results are insert-only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from branches.choices import UnitKind
from branches.models import Unit
from coopcrm.shared.errors import Refused
from coopcrm.shared.periods import add_months
from coopcrm.shared.plain import plain
from kpi import scorecards, selectors
from kpi.indicators import FROM_ROWS_ONLY, HARD, INDICATORS, Indicator, Part
from kpi.measures import Measure
from kpi.models import KpiSnapshot, ScoreCard
from loans.selectors import balance_on
from loans.services import last_completed_month

BEFORE = (
    f"""(SELECT {balance_on("a", "(%(first)s::date - 1)")} FROM loans_account a WHERE a.id = {{account}})"""
)
BRANCH_DAYS = f"""
    WITH booked AS (
        SELECT a.id, p.family, d.day, d.balance, d.counter_count + d.atm_count + d.mobile_count AS transactions,
            d.fees, lag(d.balance) OVER (PARTITION BY d.account_id ORDER BY d.day) AS before
        FROM loans_account a
        JOIN loans_product p ON p.id = a.product_id
        JOIN loans_accountday d ON d.account_id = a.id AND d.day >= %(first)s AND d.day <= %(as_of)s
        WHERE a.branch_id = %(branch)s
        UNION ALL
        SELECT a.id, p.family, a.balance_on, a.balance, 0, 0, NULL
        FROM loans_account a JOIN loans_product p ON p.id = a.product_id
        WHERE a.branch_id = %(branch)s AND a.ledger_row_id IS NOT NULL
            AND a.balance_on >= %(first)s AND a.balance_on <= %(as_of)s
            AND (SELECT true FROM loans_accountday d WHERE d.account_id = a.id LIMIT 1) IS NULL
    ), changes AS (
        SELECT day, sum(change) FILTER (WHERE family = 'deposit') AS deposits,
            sum(change) FILTER (WHERE family = 'loan') AS loans, sum(transactions) AS transactions, sum(fees) AS fees
        FROM (
            SELECT b.*, b.balance - COALESCE(b.before, m.balance_end, {BEFORE.format(account="b.id")}) AS change
            FROM booked b LEFT JOIN loans_accountmonth m
                ON b.before IS NULL AND m.account_id = b.id AND m.month = %(month_before)s
        ) c GROUP BY day
    )
    INSERT INTO kpi_branchday (day, branch_id, deposits, loans, transactions, fees)
    SELECT s::date, %(branch)s, %(deposits)s + sum(COALESCE(c.deposits, 0)) OVER (ORDER BY s),
        %(loans)s + sum(COALESCE(c.loans, 0)) OVER (ORDER BY s), COALESCE(c.transactions, 0), COALESCE(c.fees, 0)
    FROM generate_series(%(first)s::timestamp, %(as_of)s::timestamp, interval '1 day') s
    LEFT JOIN changes c ON c.day = s::date
    ON CONFLICT DO NOTHING
"""
OPENING = f"""
    SELECT COALESCE(sum(balance) FILTER (WHERE family = 'deposit'), 0),
        COALESCE(sum(balance) FILTER (WHERE family = 'loan'), 0)
    FROM (
        SELECT p.family, COALESCE(m.balance_end, {balance_on("a", "(%(first)s::date - 1)")}) AS balance
        FROM loans_account a JOIN loans_product p ON p.id = a.product_id AND p.family IN ('deposit', 'loan')
        LEFT JOIN loans_accountmonth m ON m.account_id = a.id AND m.month = %(month_before)s
        WHERE a.branch_id = %(branch)s
    ) held
"""


@transaction.atomic
def add_branch_days(*, branch_id: int, as_of: date, first_day: date) -> int:
    """Write the days of a branch that are not written yet, up to ``as_of``; returns how many.

    Day after day only what was booked is added to the day before; ``first_day`` is where the book's single days begin.
    """
    parameters: dict[str, Any] = {"branch": branch_id, "as_of": as_of}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day + 1, deposits, loans FROM kpi_branchday WHERE branch_id = %s ORDER BY day DESC LIMIT 1",
            [branch_id],
        )
        known = cursor.fetchone()
        first = known[0] if known else min(first_day, as_of)
        parameters["first"] = first
        parameters["month_before"] = add_months(first, -1) if first.day == 1 else None
        if known:
            parameters["deposits"], parameters["loans"] = known[1:]
        else:
            cursor.execute(OPENING, parameters)
            parameters["deposits"], parameters["loans"] = cursor.fetchone()
        if first > as_of:
            return 0
        cursor.execute(BRANCH_DAYS, parameters)
        return cursor.rowcount


def first_day_of_book(as_of: date) -> date:
    """The first day of the first month of which single days are known; the month of ``as_of`` without any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_date(right(c.relname, 6), 'YYYYMM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'loans_accountday'::regclass ORDER BY 1"
        )
        for (month,) in cursor.fetchall():
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM loans_accountday WHERE day >= %s AND day < %s)",
                [month, add_months(month, 1)],
            )
            if cursor.fetchone()[0]:
                return month
    return last_completed_month(as_of)


# -- Which dates may be closed -----------------------------------------------------------------------------------------

LONGEST_AHEAD = timedelta(days=31)


@transaction.atomic
def refuse_far_future(*, as_of: date, today: date) -> None:
    """Refuse a business date that lies later than both today and a month after the last booking: a slip of the pen.

    A book that is loaded ahead of the clock (a demonstration, a rehearsal) may be closed as far as it goes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(day) FROM loans_accountday")
        last_booking = cursor.fetchone()[0]
    latest = max(today, last_booking + LONGEST_AHEAD) if last_booking else today
    if as_of > latest:
        text = _(
            "%(day)s lies in the future: the latest business date that may be closed is %(latest)s. "
            "Look at the year again."
        )
        raise Refused(text % {"day": as_of.isoformat(), "latest": latest.isoformat()}, code="date_in_future")


# -- Indicators --------------------------------------------------------------------------------------------------------


def digest_of(values: Any) -> bytes:
    """A digest of inputs: the same inputs are stored once."""
    text = json.dumps(plain(values), sort_keys=True, ensure_ascii=False)
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


def figures_of(parts: Iterable[Part], context: Mapping[str, Any], made: dict | None = None) -> dict[str, Any]:
    """The sums of some parts for one unit, added up in SQL; ``made`` keeps those that several indicators share."""
    made = {} if made is None else made
    figures: dict[str, Any] = {}
    for part in parts:
        statement = f"SELECT {part.figures} FROM ({part.rows}) rows_behind"
        if statement not in made:
            made[statement] = selectors.rows_of(statement, context)[0]
        figures |= made[statement]
    return figures


def value_of(indicator: Indicator, figures: Mapping[str, Any], context: Mapping[str, Any]) -> Measure:
    """The value of an indicator from its sums, or from its rows where the rule needs them."""
    if indicator.code in FROM_ROWS_ONLY:
        return indicator.of_rows(selectors.rows_behind(indicator, context), context)
    return indicator.of_figures(figures, context)


def cases_of(indicator: Indicator, figures: Mapping[str, Any]) -> int | None:
    """How many cases stand behind a value, for "n" beside it."""
    if indicator.cases:
        return None if figures[indicator.cases] is None else int(figures[indicator.cases])
    counts = [int(count) for name, count in figures.items() if name.startswith("n_")]
    if counts:
        return sum(counts)
    if indicator.code == "SAME_DAY_RATE":
        return int(figures["paid"]) + int(figures["waiting"])
    return None


def snapshot_unit(*, unit: Unit, as_of: date, job_id: int | None = None) -> int:
    """Store every indicator of a branch for a business date, and its score card; returns how many rows were new."""
    context = selectors.context_with_calendar(as_of, unit.pk)
    made: dict[str, dict] = {}
    figures = {code: figures_of(indicator.parts, context, made) for code, indicator in INDICATORS.items()}
    return _store(unit, as_of, figures, context, job_id)


def snapshot_union(*, union: Unit, as_of: date, job_id: int | None = None) -> int:
    """Store every indicator of the union: the sums of its branches where they add up, else its own."""
    context = selectors.context_with_calendar(as_of, None)
    branch_figures = selectors.stored_figures(as_of)
    made: dict[str, dict] = {}
    figures = {}
    for code, indicator in INDICATORS.items():
        own = [part for part in indicator.parts if not part.adds_up or code not in branch_figures]
        figures[code] = added_up(branch_figures.get(code, [])) | figures_of(own, context, made)
    return _store(union, as_of, figures, context, job_id)


def added_up(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums of stored figures by name; what no branch knows stays unknown."""
    names = {name: None for row in rows for name in row}
    sums: dict[str, Any] = {}
    for name in names:
        known = [Decimal(str(row[name])) for row in rows if row.get(name) is not None]
        sums[name] = sum(known) if known else None
    return sums


@transaction.atomic
def _store(unit: Unit, as_of: date, figures: dict, context: Mapping[str, Any], job_id: int | None) -> int:
    targets = selectors.targets_in_force(as_of)
    values: dict[str, Measure] = {}
    rows = []
    for code, indicator in INDICATORS.items():
        values[code] = value_of(indicator, figures[code], context)
        inputs = {
            name: None if value is None else plain(Decimal(value)) for name, value in figures[code].items()
        }
        rows.append(
            KpiSnapshot(
                unit=unit,
                as_of=as_of,
                code=code,
                rules=targets.version,
                digest=digest_of([inputs, values[code]]),
                value=values[code].value,
                reason=values[code].reason or "",
                n=cases_of(indicator, figures[code]),
                inputs=inputs,
                job_id=job_id,
            )
        )
    return _insert_new(KpiSnapshot, rows) + _insert_new(
        ScoreCard, [score_card(unit=unit, as_of=as_of, values=values, targets=targets, job_id=job_id)]
    )


def _insert_new(model, rows: list) -> int:
    """Insert rows that are not there yet; returns how many were new."""
    before = model.objects.filter(unit=rows[0].unit_id, as_of=rows[0].as_of).count()
    model.objects.bulk_create(rows, ignore_conflicts=True)
    return model.objects.filter(unit=rows[0].unit_id, as_of=rows[0].as_of).count() - before


def score_card(
    *, unit: Unit, as_of: date, values: Mapping[str, Measure], targets: selectors.Targets, job_id: int | None
) -> ScoreCard:
    """The balanced score of a unit, whole and by hard and soft indicators (handbook §4.3)."""
    items = [
        {**target, "code": code, "actual": values[code].value}
        for code, target in targets.items.items()
        if code in values
    ]
    whole = scorecards.score(items=items)
    hard = scorecards.score(items=[item for item in items if item["code"] in HARD])
    soft = scorecards.score(items=[item for item in items if item["code"] not in HARD])
    return ScoreCard(
        unit=unit,
        as_of=as_of,
        rules=targets.version,
        digest=digest_of([whole, hard.score, soft.score]),
        score=whole.score,
        hard_score=hard.score,
        soft_score=soft.score,
        band=whole.band or "",
        weight_used=whole.weight_used,
        achievement=plain(whole.achievement),
        job_id=job_id,
    )


def union_of_units() -> Unit | None:
    """The county union, the root of the units."""
    return Unit.objects.filter(kind=UnitKind.UNION).order_by("pk").first()
