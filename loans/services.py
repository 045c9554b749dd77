# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Deeds on the banking book in bulk: months rolled up from days, classes of loans. Results are insert-only."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction

from coopcrm.shared.periods import add_months, month_of
from loans import selectors
from loans.classification import M_1, Matrix
from loans.compiled import select_classes
from loans.partitions import ensure_months

MONTH_COLUMNS = "month, account_id, adb, balance_end, counter_count, atm_count, mobile_count, fees, interest"
DAY_COLUMNS = (
    "d.day, d.balance, true AS booked, d.counter_count, d.atm_count, d.mobile_count, d.fees, d.interest"
)
NO_DAY_COLUMNS = "false AS booked, 0, 0, 0, 0::numeric, 0::numeric"

# A subquery with LIMIT is asked per account; as NOT EXISTS it would be hashed over every month of the book.
WANTED = """
    WITH wanted AS (
        SELECT a.id, a.closed_on, a.balance, GREATEST(COALESCE(a.balance_on, %(last)s), %(record_from)s) AS listed_on,
            before.balance_end AS opening
        FROM loans_account a
        LEFT JOIN loans_accountmonth before ON before.account_id = a.id AND before.month = %(before)s
            AND before.account_id >= %(low)s AND before.account_id < %(high)s
        WHERE a.id >= %(low)s AND a.id < %(high)s AND (a.opened_on IS NULL OR a.opened_on < %(end)s)
            AND NOT EXISTS (
                SELECT 1 FROM loans_accountmonth m WHERE m.account_id = a.id AND m.month = %(last)s
                    AND m.account_id >= %(low)s AND m.account_id < %(high)s
            )
            AND (a.closed_on IS NULL OR a.closed_on >= %(last)s OR (
                SELECT true FROM loans_accountmonth m
                WHERE m.account_id = a.id AND m.month = date_trunc('month', a.closed_on)::date LIMIT 1
            ) IS NULL)
    )
"""
SEGMENTS = """
    segments AS (
        SELECT *, lead(day, 1, GREATEST(day, LEAST(%(end)s, COALESCE(closed_on + 1, %(end)s))))
            OVER (PARTITION BY id ORDER BY day, booked) AS until
        FROM steps
    )
"""
BOOKED = ("counter_count", "atm_count", "mobile_count", "fees", "interest")
COUNTS = ", ".join(f"sum({name})" for name in BOOKED)
BOOKED_IN_MONTH = ", ".join(f"COALESCE(sum({name}) FILTER (WHERE day >= m.month), 0)" for name in BOOKED)

ROLL_UP_NEXT_MONTH = f"""
    {WANTED}, steps AS (
        SELECT id, closed_on, %(last)s AS day, opening AS balance, {NO_DAY_COLUMNS}
        FROM wanted WHERE opening IS NOT NULL
        UNION ALL
        SELECT w.id, w.closed_on, {DAY_COLUMNS}
        FROM wanted w JOIN loans_accountday d ON d.account_id = w.id AND d.day >= %(last)s AND d.day < %(end)s
            AND d.account_id >= %(low)s AND d.account_id < %(high)s
        WHERE w.opening IS NOT NULL
    ), named (id, closed_on, day, balance, booked, counter_count, atm_count, mobile_count, fees, interest)
        AS (SELECT * FROM steps), {SEGMENTS.replace("FROM steps", "FROM named")}
    INSERT INTO loans_accountmonth ({MONTH_COLUMNS})
    SELECT %(last)s, id, round(sum(balance * (until - day)) / (%(end)s - %(last)s), 6),
        COALESCE(sum(balance) FILTER (WHERE until >= %(end)s), 0), {COUNTS}
    FROM segments GROUP BY id
    ON CONFLICT DO NOTHING
"""
ROLL_UP_WHOLE_HISTORY = f"""
    {WANTED}, steps AS (
        SELECT w.id, w.closed_on, {DAY_COLUMNS}
        FROM wanted w JOIN loans_accountday d ON d.account_id = w.id AND d.day < %(end)s
            AND d.account_id >= %(low)s AND d.account_id < %(high)s
        WHERE w.opening IS NULL
        UNION ALL
        SELECT w.id, w.closed_on, w.listed_on, w.balance, {NO_DAY_COLUMNS}
        FROM wanted w
        WHERE w.opening IS NULL AND w.listed_on < %(end)s
            AND (SELECT true FROM loans_accountday d WHERE d.account_id = w.id LIMIT 1) IS NULL
    ), {SEGMENTS}
    INSERT INTO loans_accountmonth ({MONTH_COLUMNS})
    SELECT m.month, id,
        round(sum(balance * (LEAST(until, m.next_month) - GREATEST(day, m.month))) / (m.next_month - m.month), 6),
        COALESCE(sum(balance) FILTER (WHERE until >= m.next_month), 0),
        {BOOKED_IN_MONTH}
    FROM segments
    CROSS JOIN LATERAL (
        SELECT s::date AS month, (s + interval '1 month')::date AS next_month
        FROM generate_series(date_trunc('month', day::timestamp),
            date_trunc('month', GREATEST(until - 1, day)::timestamp), interval '1 month') s
    ) m
    GROUP BY id, m.month, m.next_month
    ON CONFLICT DO NOTHING
"""


def last_completed_month(as_of: date) -> date:
    """The first day of the last month that has ended by the end of ``as_of``."""
    month = month_of(as_of)
    return month.start if as_of == month.last_day else add_months(month.start, -1)


def prepare_months(as_of: date) -> None:
    """Make the partitions that rolled-up months of the whole book need, up to the month of ``as_of``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT LEAST((SELECT min(day) FROM loans_accountday),"
            " GREATEST((SELECT min(balance_on) FROM loans_account), %(from)s), %(last)s)",
            {"from": add_months(last_completed_month(as_of), -36), "last": last_completed_month(as_of)},
        )
        first = cursor.fetchone()[0]
    ensure_months(first, as_of)


@transaction.atomic
def roll_up_months(*, low: int, high: int, as_of: date) -> int:
    """Roll up every month that has ended by ``as_of`` for accounts ``low <= id < high``; returns the months written.

    The average daily balance counts each balance for the days it stood; days before opening count as zero. An account
    known from a list alone holds the listed balance from the listed day on, three years back at most.
    """
    last = last_completed_month(as_of)
    parameters = {
        "low": low,
        "high": high,
        "last": last,
        "before": add_months(last, -1),
        "end": add_months(last, 1),
        "record_from": add_months(last, -36),
    }
    written = 0
    with connection.cursor() as cursor:
        for statement in (ROLL_UP_NEXT_MONTH, ROLL_UP_WHOLE_HISTORY):
            cursor.execute(statement, parameters)
            written += cursor.rowcount
    return written


@transaction.atomic
def classify_loans(
    *,
    low: int,
    high: int,
    as_of: date,
    levels: str = selectors.NO_LEVELS,
    matrix: Matrix = M_1,
    job_id: int | None = None,
) -> tuple[int, list[int]]:
    """Classify the loans of a range that are on the book on a day or were closed in its month (handbook §2).

    ``levels`` is a query for the household's level (see ``selectors.classification_inputs``). Returns how many results
    were new, and the loans whose facts the matrix cannot read.
    """
    parameters = {
        **selectors.date_parameters(as_of),
        "low": low,
        "high": high,
        "job": job_id,
        "rules": matrix.code,
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS class_source, classed")
        cursor.execute(
            f"CREATE TEMPORARY TABLE class_source ON COMMIT DROP AS {selectors.classification_inputs(levels)}",
            parameters,
        )
        cursor.execute(
            f"CREATE TEMPORARY TABLE classed ON COMMIT DROP AS {select_classes(matrix, 'class_source')}"
        )
        cursor.execute(
            """
            INSERT INTO loans_loanclassification (loan_id, as_of, policy, rules, digest, branch_id, principal_dpd,
                interest_dpd, level, balance, dpd, matrix, floor_2023, flag_floor, final, previous, months_cured,
                cure_lock, needs_review, provision_rate, job_id, computed_at)
            SELECT s.loan_id, %(as_of)s, s.policy, %(rules)s, s.digest, s.branch_id, s.principal_dpd, s.interest_dpd,
                s.level, s.balance, c.dpd, c.matrix, c.floor_2023, c.flag_floor, c.final, COALESCE(s.previous, ''),
                s.months_cured, c.cure_lock, c.needs_review, c.provision_rate, %(job)s, now()
            FROM class_source s JOIN classed c USING (loan_id)
            WHERE c.final IS NOT NULL
            ORDER BY s.loan_id
            ON CONFLICT DO NOTHING
            """,
            parameters,
        )
        written = cursor.rowcount
        cursor.execute("SELECT loan_id FROM classed WHERE final IS NULL ORDER BY 1")
        refused = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE class_source, classed")
    return written, refused


@transaction.atomic
def freeze_lines(*, households: str, parameters: dict) -> int:
    """Freeze the active credit lines of households; ``households`` is a query of their ids, read in the same statement.

    A frozen line is a ledgered change of state like any other; nothing is raised and nothing is called in.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loans_creditline SET state = 'frozen' WHERE state = 'active' AND household_id IN"
            f" ({households})",
            parameters,
        )
        return cursor.rowcount
