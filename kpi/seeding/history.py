"""Months and days of balances, made in PostgreSQL from one row per account.

OFFSET 0 keeps PostgreSQL from writing an expression out again wherever its value is used. A balance at the end of a month is the balance on the as-of day led back through growth, season and chance; days lead
from one month's end to the next. Chance is a hash of seed, account and month, so that every run gives the same rows.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection

from kpi.seeding.chunks import HOLDINGS
from kpi.seeding.holdings import CURRENT, FIXED, SHARE, SUBSIDY
from kpi.seeding.plan import Plan, first_of_month
from loans.partitions import ensure_months

# Share of a usual balance at the end of each month: money comes before the spring festival and after the harvests.
SEASONS = {
    CURRENT: (1.16, 1.10, 0.98, 0.93, 0.92, 0.99, 0.97, 0.94, 0.99, 1.06, 1.07, 1.05),
    SUBSIDY: (0.70, 0.62, 0.95, 1.18, 0.90, 0.84, 1.22, 1.05, 0.88, 1.14, 1.00, 0.86),
    FIXED: (1.0,) * 12,
    SHARE: (1.0,) * 12,
}
NOISE = {CURRENT: 0.45, SUBSIDY: 0.35, FIXED: 0.0, SHARE: 0.0}

CREATE_HOLDINGS = f"""
CREATE TEMPORARY TABLE {HOLDINGS} (
    account_id bigint, ordinal bigint, kind smallint, balance double precision, growth double precision,
    activity double precision, opened_on date, closed_on date
) ON COMMIT DROP
"""
CREATE_SEASONS = """
CREATE TEMPORARY TABLE seed_season (
    kind smallint, back int, first_day date, last_day date, days int, season double precision, noise double precision
) ON COMMIT DROP
"""
# A number from 0 to 1 that looks like chance and is the same for the same seed, account and salt.
CHANCE = "((hashint8extended({ordinal} * 8192 + {salt}, %(seed)s) & 1048575) / 1048576.0::double precision)"


def _month_end(season: str) -> str:
    """SQL of the balance at the end of the month that the alias ``season`` stands for."""
    chance = CHANCE.format(ordinal="h.ordinal", salt=f"{season}.back")
    return f"""
    CASE WHEN {season}.last_day < h.opened_on OR h.closed_on <= {season}.last_day THEN 0
         ELSE round(h.balance
            * power(1 + h.growth, CASE h.kind WHEN {FIXED} THEN -floor(({season}.back + mod(h.ordinal, 12)) / 12.0)
                                              WHEN {SHARE} THEN 0 ELSE -{season}.back / 12.0 END)
            * {season}.season / z.season
            * CASE WHEN {season}.back = 0 OR {season}.noise = 0 THEN 1
                   ELSE exp({season}.noise * ({chance} - 0.5)) END * 100) / 100
    END"""


def _chance(salt: str) -> str:
    return CHANCE.format(ordinal="h.ordinal", salt=salt)


INSERT_MONTHS = f"""
INSERT INTO loans_accountmonth
    (month, account_id, adb, balance_end, counter_count, atm_count, mobile_count, fees, interest)
SELECT s.first_day, h.account_id,
       (CASE WHEN h.closed_on <= s.last_day
                  THEN h.balance * greatest(0, h.closed_on - greatest(s.first_day, h.opened_on)) / s.days
                  ELSE m.after_ * (s.last_day - greatest(s.first_day, h.opened_on) + 1) / s.days
                       * CASE WHEN s.noise = 0 THEN 1 ELSE 0.94 + 0.08 * {_chance("s.back + 512")} END END)::numeric(18, 6),
       m.after_::numeric(14, 2),
       floor(h.activity * 0.28 * (0.5 + {_chance("s.back + 1024")}) + 0.7 * {_chance("s.back + 1536")})::int,
       floor(h.activity * 0.35 * (0.5 + {_chance("s.back + 2048")}) + 0.6 * {_chance("s.back + 2560")})::int,
       floor(h.activity * 0.9 * (0.5 + {_chance("s.back + 3072")}) + 0.5 * {_chance("s.back + 3584")})::int,
       CASE WHEN h.kind = {CURRENT} AND mod(h.ordinal, 5) < 2 THEN 2.00 ELSE 0 END, 0
FROM {HOLDINGS} h
JOIN seed_season s ON s.kind = h.kind AND s.back = %(back)s
JOIN seed_season z ON z.kind = h.kind AND z.back = 0
CROSS JOIN LATERAL (SELECT {_month_end("s")} AS after_ OFFSET 0) m
WHERE h.opened_on <= s.last_day AND (h.closed_on IS NULL OR h.closed_on >= s.first_day)
"""

# Bins of whole days, one for each booking of the month, keep the days of an account apart and in order.
INSERT_DAYS = f"""
INSERT INTO loans_accountday
    (day, account_id, balance, credit, debit, counter_count, atm_count, mobile_count, fees, interest)
SELECT t.day, h.account_id, t.after_::numeric(14, 2), (greatest(t.after_ - t.before_, 0) + t.through)::numeric(14, 2),
       (greatest(t.before_ - t.after_, 0) + t.through)::numeric(14, 2),
       (t.way < 0.13)::int, (t.way >= 0.13 AND t.way < 0.34)::int,
       CASE WHEN t.way >= 0.34 THEN 1 + floor(t.size * 3)::int ELSE 0 END,
       CASE WHEN t.nth = t.of_ AND h.kind = {CURRENT} AND mod(h.ordinal, 5) < 2 THEN 2.00 ELSE 0 END, 0
FROM (
    SELECT h.*, s.back, greatest(s.first_day, h.opened_on) AS from_day,
           least(s.last_day, coalesce(h.closed_on, s.last_day)) AS to_day,
           CASE WHEN h.opened_on >= s.first_day THEN 0 ELSE p.before_ END AS opening, m.after_ AS closing,
           h.opened_on >= s.first_day OR coalesce(h.closed_on <= s.last_day, false) AS is_changing
    FROM {HOLDINGS} h
    JOIN seed_season s ON s.kind = h.kind AND s.back = %(back)s
    JOIN seed_season z ON z.kind = h.kind AND z.back = 0
    JOIN seed_season b ON b.kind = h.kind AND b.back = %(back)s + 1
    CROSS JOIN LATERAL (SELECT {_month_end("s")} AS after_ OFFSET 0) m
    CROSS JOIN LATERAL (SELECT {_month_end("b")} AS before_ OFFSET 0) p
    WHERE h.opened_on <= s.last_day AND (h.closed_on IS NULL OR h.closed_on >= s.first_day)
    OFFSET 0
) h
CROSS JOIN LATERAL (SELECT h.to_day - h.from_day + 1 AS days) d
CROSS JOIN LATERAL (
    SELECT greatest((h.is_changing OR h.opening <> h.closing)::int,
                    least(d.days, round(h.activity * %(density)s * (0.5 + {_chance("h.back + 4096")}))::int)) AS of_
    OFFSET 0
) k
CROSS JOIN LATERAL (
    SELECT nth, k.of_,
           CASE WHEN nth = k.of_ AND h.closed_on = h.to_day THEN h.to_day
                WHEN nth = 1 AND h.opened_on = h.from_day THEN h.from_day
                ELSE h.from_day + d.days * (nth - 1) / k.of_ + floor((d.days * nth / k.of_ - d.days * (nth - 1) / k.of_)
                     * {_chance("4608 + nth * 8 + h.back")})::int END AS day,
           round(CASE WHEN nth = k.of_ THEN h.closing
                      ELSE greatest(0, h.opening + (h.closing - h.opening) * nth / k.of_
                           + h.balance * (0.2 * {_chance("5120 + nth * 8 + h.back")} - 0.1)) END * 100) / 100 AS after_,
           round(CASE WHEN nth = 1 THEN h.opening
                      ELSE greatest(0, h.opening + (h.closing - h.opening) * (nth - 1) / k.of_
                           + h.balance * (0.2 * {_chance("5112 + nth * 8 + h.back")} - 0.1)) END * 100) / 100 AS before_,
           {_chance("5632 + nth * 8 + h.back")} AS way,
           {_chance("6144 + nth * 8 + h.back")} AS size,
           CASE WHEN {_chance("6656 + nth * 8 + h.back")} < 0.2 THEN floor(h.balance / 50) * 5 ELSE 0 END AS through
    FROM generate_series(1, k.of_) nth OFFSET 0
) t
"""

# Interest is paid at the counter by every third borrower, by the others with the telephone.
AT_COUNTER = "(mod(extract(day FROM l.disbursed_on)::int, 3) = 0)::int"
BY_MOBILE = "(mod(extract(day FROM l.disbursed_on)::int, 3) <> 0)::int"

LOAN_MONTHS = f"""
INSERT INTO loans_accountmonth
    (month, account_id, adb, balance_end, counter_count, atm_count, mobile_count, fees, interest)
SELECT %(first)s, l.account_id,
       round((l.principal * (%(last)s::date - greatest(%(first)s::date, l.disbursed_on) + 1)
              - coalesce(p.weighted, 0) - coalesce(w.weighted, 0))::numeric / %(days)s, 6),
       CASE WHEN l.written_off_on <= %(last)s THEN 0 ELSE l.principal - coalesce(p.paid, 0) END,
       coalesce(p.times, 0) * {AT_COUNTER}, 0,
       coalesce(p.times, 0) * {BY_MOBILE}, 0, coalesce(p.interest, 0)
FROM loans_loan l
LEFT JOIN LATERAL (
    SELECT sum(i.principal) FILTER (WHERE i.principal_paid_on <= %(last)s) AS paid,
           sum(i.principal * (%(last)s::date - greatest(%(first)s::date, i.principal_paid_on) + 1))
               FILTER (WHERE i.principal_paid_on <= %(last)s) AS weighted,
           sum(i.interest) FILTER (WHERE i.interest_paid_on BETWEEN %(first)s AND %(last)s) AS interest,
           count(*) FILTER (WHERE i.interest_paid_on BETWEEN %(first)s AND %(last)s) AS times
    FROM loans_instalment i WHERE i.loan_id = l.id
) p ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN l.written_off_on <= %(last)s
        THEN (l.principal - coalesce(p.paid, 0)) * (%(last)s::date - greatest(%(first)s::date, l.written_off_on) + 1) END AS weighted
) w ON true
WHERE l.disbursed_on <= %(last)s AND (l.closed_on IS NULL OR l.closed_on >= %(first)s)
  AND (l.written_off_on IS NULL OR l.written_off_on >= %(first)s)
"""

LOAN_DAYS = f"""
INSERT INTO loans_accountday
    (day, account_id, balance, credit, debit, counter_count, atm_count, mobile_count, fees, interest)
SELECT e.day, l.account_id,
       CASE WHEN l.written_off_on <= e.day THEN 0 ELSE l.principal - coalesce((
           SELECT sum(i.principal) FROM loans_instalment i WHERE i.loan_id = l.id AND i.principal_paid_on <= e.day), 0) END,
       sum(e.credit), sum(e.debit), {AT_COUNTER}, 0,
       {BY_MOBILE}, 0, sum(e.interest)
FROM (
    SELECT id AS loan_id, disbursed_on AS day, 0::numeric AS credit, principal AS debit, 0::numeric AS interest FROM loans_loan
    UNION ALL SELECT loan_id, principal_paid_on, principal, 0, 0 FROM loans_instalment WHERE principal > 0
    UNION ALL SELECT loan_id, interest_paid_on, 0, 0, interest FROM loans_instalment WHERE interest > 0
    UNION ALL SELECT id, written_off_on, 0, 0, 0 FROM loans_loan WHERE written_off_on IS NOT NULL
) e JOIN loans_loan l ON l.id = e.loan_id
WHERE e.day BETWEEN %(first)s AND %(last)s
GROUP BY e.day, l.id, l.account_id, l.principal, l.disbursed_on, l.written_off_on
"""


def prepare_history(plan: Plan) -> None:
    """Create the seeder's own tables and the partitions of all months, one month into the future included."""
    ensure_months(plan.history_from, first_of_month(plan.as_of, 2) - timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {HOLDINGS}, seed_season")
        cursor.execute(CREATE_HOLDINGS)
        cursor.execute(CREATE_SEASONS)
        rows = []
        for kind, shares in SEASONS.items():
            for back in range(plan.history_months + 2):
                first = first_of_month(plan.as_of, -back)
                last = month_end(plan, back)
                rows.append(
                    (kind, back, first, last, (last - first).days + 1, shares[first.month - 1], NOISE[kind])
                )
        cursor.executemany("INSERT INTO seed_season VALUES (%s, %s, %s, %s, %s, %s, %s)", rows)


def month_end(plan: Plan, back: int) -> date:
    """The last day of the month ``back`` months before the as-of month; for that month the as-of day itself."""
    return plan.as_of if back == 0 else first_of_month(plan.as_of, 1 - back) - timedelta(days=1)


def write_months(plan: Plan) -> int:
    """Write the months before go-live, as core banking hands them over; returns how many rows."""
    written = 0
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {HOLDINGS}")
        for back in range(plan.history_months, plan.months_of_days - 1, -1):
            first, last = first_of_month(plan.as_of, -back), month_end(plan, back)
            cursor.execute(INSERT_MONTHS, {"seed": plan.seed, "back": back})
            written += cursor.rowcount
            days = (last - first).days + 1
            cursor.execute(LOAN_MONTHS, {"first": first, "last": last, "days": days})
            written += cursor.rowcount
    return written


def write_days(plan: Plan) -> int:
    """Write the days since go-live, which the product rolls up itself; returns how many rows."""
    written = 0
    with connection.cursor() as cursor:
        for back in range(plan.months_of_days - 1, -1, -1):
            cursor.execute(
                INSERT_DAYS, {"seed": plan.seed, "back": back, "density": plan.day_rows_per_account}
            )
            written += cursor.rowcount
        cursor.execute(LOAN_DAYS, {"first": plan.go_live, "last": plan.as_of})
        written += cursor.rowcount
    return written
