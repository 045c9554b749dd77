# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""What the banking book says of accounts, loans and repayment on a business date, for many rows in one statement.

Every function returns SQL over named parameters; ``as_of`` is the business date and ``low``/``high`` bound the ids of
the subjects, so that one household and forty thousand are read by the same words.
"""

from __future__ import annotations

from datetime import date

from django.db import connection

from coopcrm.shared.periods import add_months, month_of


def date_parameters(as_of: date) -> dict[str, date]:
    """The days that the statements of this module name beside ``as_of``."""
    month_start = month_of(as_of).start
    return {
        "as_of": as_of,
        "month_start": month_start,
        "month_before": add_months(month_start, -1),
        "record_from": add_months(as_of, -36),
    }


OPEN_END = 2**62
LEAST_ROWS = 500  # a smaller range costs more to order than to do


def id_ranges(table: str, size: int, at_least: int = 8) -> list[tuple[int, int]]:
    """Cut a table's ids into half-open ranges ``(low, high)`` of at most ``size`` rows, in order.

    A small table is cut into about ``at_least`` ranges, so that several workers share it; the last range is open, so
    that a row of tomorrow belongs to it.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        size = min(size, max(LEAST_ROWS, -(-cursor.fetchone()[0] // at_least)))
        cursor.execute(
            f"SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM {table}) t"
            " WHERE mod(place, %s) = 0 ORDER BY id",
            [size],
        )
        starts = [row[0] for row in cursor.fetchall()]
    return list(zip(starts, [*starts[1:], OPEN_END], strict=True)) if starts else []


def balance_on(account: str = "a", day: str = "%(as_of)s") -> str:
    """The balance of an account at the end of a day, in yuan.

    Its latest day in the month, else the end of the month before, else its latest day at all; an account that has no
    days (known from a list alone) holds the listed balance from the listed day on.
    """
    return f"""COALESCE(
        (SELECT d.balance FROM loans_accountday d WHERE d.account_id = {account}.id
            AND d.day >= date_trunc('month', {day}::date)::date AND d.day <= {day} ORDER BY d.day DESC LIMIT 1),
        (SELECT m.balance_end FROM loans_accountmonth m WHERE m.account_id = {account}.id
            AND m.month = (date_trunc('month', {day}::date) - interval '1 month')::date),
        (SELECT d.balance FROM loans_accountday d WHERE d.account_id = {account}.id AND d.day <= {day}
            ORDER BY d.day DESC LIMIT 1),
        CASE WHEN COALESCE({account}.balance_on, {account}.opened_on, {day}) <= {day} THEN {account}.balance
            ELSE 0 END)"""


CLASSIFICATION_INPUTS = f"""
    SELECT l.id AS loan_id, l.branch_id, l.matrix_class AS class, l.guarantee, 'strict'::text AS policy,
        COALESCE(v.level, 'unrated') AS level,
        COALESCE(%(as_of)s - due.principal_since, 0) AS principal_dpd,
        COALESCE(%(as_of)s - due.interest_since, 0) AS interest_dpd,
        false AS technical,
        (CASE WHEN l.extended_on > %(as_of)s THEN array_remove(l.flags, 'EXTENDED') ELSE l.flags END)::text[] AS flags,
        NULL::numeric AS ecl_ratio,
        before.final AS previous,
        CASE WHEN due.principal_since IS NULL AND due.interest_since IS NULL THEN
            (EXTRACT(year FROM age(%(as_of)s, COALESCE(due.late_until, l.disbursed_on))) * 12
            + EXTRACT(month FROM age(%(as_of)s, COALESCE(due.late_until, l.disbursed_on))))::integer
        ELSE 0 END AS months_cured,
        {balance_on()} AS balance
    FROM loans_loan l
    JOIN loans_account a ON a.id = l.account_id
    LEFT JOIN (
        SELECT i.loan_id,
            min(i.due_on) FILTER (WHERE i.principal > 0
                AND (i.principal_paid_on IS NULL OR i.principal_paid_on > %(as_of)s)) AS principal_since,
            min(i.due_on) FILTER (WHERE i.interest > 0
                AND (i.interest_paid_on IS NULL OR i.interest_paid_on > %(as_of)s)) AS interest_since,
            max(GREATEST(
                CASE WHEN i.principal > 0 AND i.principal_paid_on > i.due_on THEN i.principal_paid_on END,
                CASE WHEN i.interest > 0 AND i.interest_paid_on > i.due_on THEN i.interest_paid_on END
            )) AS late_until
        FROM loans_instalment i
        WHERE i.loan_id >= %(low)s AND i.loan_id < %(high)s AND i.due_on < %(as_of)s
        GROUP BY i.loan_id
    ) due ON due.loan_id = l.id
    LEFT JOIN LATERAL (
        SELECT c.final FROM loans_loanclassification c
        WHERE c.loan_id = l.id AND c.as_of < %(as_of)s ORDER BY c.as_of DESC, c.id DESC LIMIT 1
    ) before ON true
    LEFT JOIN LATERAL ({{levels}}) v ON true
    WHERE l.id >= %(low)s AND l.id < %(high)s AND l.disbursed_on <= %(as_of)s
        AND (l.closed_on IS NULL OR l.closed_on >= %(month_start)s)
        AND (l.written_off_on IS NULL OR l.written_off_on >= %(month_start)s)
"""


CLASSIFICATION_FACTS = (
    "class", "guarantee", "level", "principal_dpd", "interest_dpd", "technical", "flags", "ecl_ratio", "previous",
    "months_cured", "policy",
)  # fmt: skip


def classification_inputs(levels: str) -> str:
    """Inputs of the class of every loan on the book at ``as_of`` or closed in its month, by range of loan ids.

    ``levels`` is a query that gives the household's level for the matrix as column ``level``, or no row; it may name
    ``l.household_id``. What was paid after ``as_of`` counts as unpaid at ``as_of`` (handbook §2).
    """
    listed = ", ".join(f"facts.{name}::text" for name in (*CLASSIFICATION_FACTS, "branch_id", "balance"))
    return f"""
    SELECT facts.*, decode(md5(array_to_string(ARRAY[{listed}], '|', '~')), 'hex') AS digest
    FROM ({CLASSIFICATION_INPUTS.format(levels=levels)}) facts
    """


NO_LEVELS = "SELECT NULL::text AS level WHERE false"
"""Every household is unrated."""


def repayment_record() -> str:
    """The repayment record per household known to the book, by range of household ids (handbook §1.4 C1, §1.5).

    ``worst_overdue_days_36m`` and ``current_overdue_days`` in days; ``is_known`` is false when a loan is on the book
    without its schedule, so that nobody can say. Households without any loan have no row.
    """
    return """
    SELECT household_id, bool_and(is_known) AS is_known, max(worst) AS worst_overdue_days_36m,
        max(overdue) AS current_overdue_days, bool_or(is_lost) AS npl_or_written_off
    FROM (
        SELECT l.household_id, s.loan_id IS NOT NULL AS is_known, COALESCE(s.worst, 0) AS worst,
            CASE WHEN is_off THEN 0 ELSE COALESCE(s.overdue, 0) END AS overdue,
            COALESCE(l.written_off_on <= %(as_of)s, false) OR (
                NOT is_off AND COALESCE(c.final, '') IN ('substandard', 'doubtful', 'loss')) AS is_lost
        FROM (
            SELECT *, COALESCE(closed_on <= %(as_of)s, false) AS is_off FROM loans_loan
            WHERE household_id >= %(low)s AND household_id < %(high)s AND disbursed_on <= %(as_of)s
        ) l
        LEFT JOIN LATERAL (
            SELECT max(i.loan_id) AS loan_id,
                max(CASE WHEN ended >= %(record_from)s THEN ended - i.due_on END) AS worst,
                max(CASE WHEN ended = %(as_of)s AND is_open THEN ended - i.due_on END) AS overdue
            FROM loans_instalment i
            CROSS JOIN LATERAL (
                SELECT LEAST(GREATEST(
                        CASE WHEN i.principal > 0 THEN COALESCE(i.principal_paid_on, %(as_of)s) END,
                        CASE WHEN i.interest > 0 THEN COALESCE(i.interest_paid_on, %(as_of)s) END,
                        i.due_on
                    ), GREATEST(%(as_of)s, i.due_on)) AS ended,
                    (i.principal > 0 AND (i.principal_paid_on IS NULL OR i.principal_paid_on > %(as_of)s))
                    OR (i.interest > 0 AND (i.interest_paid_on IS NULL OR i.interest_paid_on > %(as_of)s)) AS is_open
            ) e
            WHERE i.loan_id = l.id
        ) s ON true
        LEFT JOIN LATERAL (
            SELECT c.final FROM loans_loanclassification c
            WHERE c.loan_id = l.id AND c.as_of <= %(as_of)s ORDER BY c.as_of DESC, c.id DESC LIMIT 1
        ) c ON true
    ) per_loan GROUP BY household_id
    """


def holdings_of_households() -> str:
    """Deposits and unscheduled loans of the members of households, by range of household ids.

    ``deposit_years`` are completed years since the oldest open deposit account was opened, null when there are deposit
    accounts but no opening day is known, 0 without any; ``has_unscheduled_loan``: a loan account without its terms.
    """
    return """
    SELECT s.household_id,
        CASE WHEN count(a.id) FILTER (WHERE p.family = 'deposit') = 0 THEN 0
            ELSE EXTRACT(year FROM age(%(as_of)s, min(a.opened_on) FILTER (WHERE p.family = 'deposit')))::integer
        END AS deposit_years,
        bool_or(p.family = 'loan' AND l.id IS NULL) AS has_unscheduled_loan
    FROM customers_membership s
    JOIN loans_account a ON a.customer_id = s.customer_id
        AND (a.opened_on IS NULL OR a.opened_on <= %(as_of)s) AND (a.closed_on IS NULL OR a.closed_on > %(as_of)s)
    JOIN loans_product p ON p.id = a.product_id AND p.family IN ('deposit', 'loan')
    LEFT JOIN loans_loan l ON l.account_id = a.id
    WHERE s.household_id >= %(low)s AND s.household_id < %(high)s
        AND s.valid_from <= %(as_of)s AND (s.valid_to IS NULL OR s.valid_to > %(as_of)s)
    GROUP BY s.household_id
    """


def had_transaction(accounts: str, at: str) -> str:
    """Whether one of the accounts (an SQL array of ids) had a transaction in the 180 days before ``at``.

    Whole months are read from their roll-up, the days before them one by one.
    """
    first_whole_month = f"(date_trunc('month', {at}::date - 181) + interval '1 month')::date"
    return f"""(EXISTS (
            SELECT 1 FROM loans_accountmonth m WHERE m.account_id = ANY ({accounts}) AND m.month < {at}::date
                AND m.month >= {first_whole_month} AND m.counter_count + m.atm_count + m.mobile_count > 0
        ) OR EXISTS (
            SELECT 1 FROM loans_accountday d WHERE d.account_id = ANY ({accounts}) AND d.day >= {at}::date - 180
                AND d.day < {first_whole_month} AND d.counter_count + d.atm_count + d.mobile_count > 0
        ))"""


def active_customers(at: str, subjects: str) -> str:
    """Those of ``subjects`` (a query of ``subject`` and ``customer_id``) who were active before ``at``.

    Active is an average daily deposit of 100 yuan in the month before, an outstanding loan, or a transaction in the
    180 days before (handbook §3.4). ``at`` is the first day of a month, as SQL.
    """
    return f"""
    SELECT subject FROM (
        SELECT w.subject, array_agg(a.id) AS account_ids, sum(m.adb) FILTER (WHERE p.family = 'deposit') AS adb,
            sum(m.balance_end) FILTER (WHERE p.family = 'loan') AS outstanding
        FROM ({subjects}) w
        JOIN loans_account a ON a.customer_id = w.customer_id
        JOIN loans_product p ON p.id = a.product_id
        LEFT JOIN loans_accountmonth m ON m.account_id = a.id AND m.month = ({at}::date - interval '1 month')::date
        GROUP BY w.subject
    ) held
    WHERE COALESCE(adb, 0) >= 100 OR COALESCE(outstanding, 0) > 0 OR {had_transaction("account_ids", at)}
    """
