# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""The nightly closing (日终) of one business date: an ordered row of steps, each cut into ranges of subjects.

    roll_up → classes → ratings → contribution → tiers → kpis → union → seals

A closing is one job; every range is an order of the work table, one transaction whose effect and mark "done" commit
together. Results are insert-only under the digest of their inputs, so a closing that is killed, or run again, ends in
the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import wraps

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from branches.choices import UnitKind
from branches.models import Unit
from coopcrm.shared.models import Job, JobState, OrderState, WorkOrder
from coopcrm.shared.periods import add_months, month_of
from coopcrm.shared.results import Slice, record_run
from coopcrm.shared.work import NewOrder, Work, add_orders, before_stage, handles, order_work
from kpi import services
from kpi.indicators import context_for
from loans.partitions import ensure_months
from loans.selectors import id_ranges
from loans.services import classify_loans, prepare_months, roll_up_months
from ratings import selectors as judgement
from ratings.services import assign_tiers, compute_contributions, freeze_lines_of_rejected, rate_households

KIND = "closing"
ACCOUNTS, LOANS, HOUSEHOLDS, CUSTOMERS, RANKS = 60_000, 40_000, 30_000, 30_000, 250_000

STEPS = ("roll_up", "classes", "ratings", "contribution", "tiers", "kpis")
STAGES = (*STEPS, "union", "seals")
WHOLE_UNION = ("union", "seals")  # what follows the last step
STAGE_NAMES = (
    gettext_noop("Months and days"),
    gettext_noop("Loan classes"),
    gettext_noop("Ratings"),
    gettext_noop("Contribution"),
    gettext_noop("Tiers"),
    gettext_noop("Figures of the branches"),
    gettext_noop("Figures of the union"),
    gettext_noop("Hashes of the results"),
)


# -- Ordering ----------------------------------------------------------------------------------------------------------


def order_closing(*, as_of: date, until: str = STEPS[-1], started_by=None) -> Job:
    """Order the closing of a business date up to a step; the same date is the same job.

    A closing that had ended is done anew: what changed since is computed and supersedes, what did not is left alone.
    """
    services.refuse_far_future(as_of=as_of, today=timezone.localdate())
    prepare_months(as_of)
    ensure_months(month_of(as_of).start, as_of)
    stages = set(range(STEPS.index(until) + 1))
    if until == STEPS[-1]:
        stages.update(map(STAGES.index, WHOLE_UNION))
    with transaction.atomic():
        planned = _reopen(as_of, stages)
        return order_work(
            kind=KIND,
            key=as_of.isoformat(),
            title=gettext_noop("Closing of %(day)s"),
            title_params={"day": as_of.isoformat()},
            as_of=as_of,
            stage_names=STAGE_NAMES,
            started_by=started_by,
            orders=[order for order in orders_of(as_of, planned) if order.stage in stages],
        )


def _reopen(as_of: date, stages: set[int]) -> frozenset[str]:
    """Queue the orders of a closing that had ended well once more; returns the kinds of order it has already."""
    job = Job.objects.select_for_update().filter(kind=KIND, key=as_of.isoformat()).first()
    if job is None:
        return frozenset()
    if job.state == JobState.DONE:
        again = {
            "state": OrderState.QUEUED,
            "attempts": 0,
            "failures": 0,
            "claimed_at": None,
            "not_before": Now(),
        }
        WorkOrder.objects.filter(job=job, stage__in=stages).update(**again, done_at=None, result={})
    return frozenset(job.orders.values_list("kind", flat=True).distinct())


def orders_of(as_of: date, planned: frozenset[str] = frozenset()) -> Iterator[NewOrder]:
    """Every order of a closing; a key names step and range, so that ordering twice adds what is new only.

    Kinds in ``planned`` keep the ranges they were cut into: the last one is open and takes what has come since.
    """
    period_end = context_for(as_of, None)["period_end"]

    def ranges(stage: str, kind: str, table: str, size: int) -> Iterator[NewOrder]:
        for low, high in id_ranges(table, size) if f"closing.{kind}" not in planned else ():
            payload = {"low": low, "high": high, "period_end": period_end.isoformat()}
            yield NewOrder(f"closing.{kind}", f"{kind} {low}", STAGES.index(stage), payload)

    yield from ranges("roll_up", "months", "loans_account", ACCOUNTS)
    branches = list(Unit.objects.filter(kind=UnitKind.BRANCH).order_by("code").values_list("pk", flat=True))
    first_day = services.first_day_of_book(as_of).isoformat()
    for branch_id in branches:
        payload = {"branch": branch_id, "first_day": first_day}
        yield NewOrder("closing.branch_days", f"branch_days {branch_id}", STAGES.index("roll_up"), payload)
    yield from ranges("classes", "classes", "loans_loan", LOANS)
    yield from ranges("ratings", "ratings", "customers_household", HOUSEHOLDS)
    yield from ranges("contribution", "contribution", "customers_customer", CUSTOMERS)
    yield NewOrder(
        "closing.plan_tiers",
        "plan_tiers",
        STAGES.index("contribution"),
        {"period_end": period_end.isoformat()},
    )
    for branch_id in branches:
        yield NewOrder("closing.kpis", f"kpis {branch_id}", STAGES.index("kpis"), {"branch": branch_id})
    if union := services.union_of_units():
        yield NewOrder("closing.union", "union", STAGES.index("union"), {"branch": union.pk})
    if "closing.seal" not in planned:
        yield from seal_orders(as_of)


# What the closing writes: table, its day, its subject, the table whose ids cut it into ranges, and ids a range.
WITHOUT_JOB = frozenset({"loans_accountmonth", "kpi_branchday"})
SEALED = (
    ("loans_accountmonth", "month", "account_id", "loans_account", 200_000),
    ("loans_loanclassification", "as_of", "loan_id", "loans_loan", 200_000),
    ("ratings_creditrating", "as_of", "household_id", "customers_household", 100_000),
    ("ratings_contribution", "period_end", "customer_id", "customers_customer", 100_000),
    ("ratings_customertier", "period_end", "customer_id", "customers_customer", 200_000),
    ("kpi_branchday", "day", "branch_id", "branches_unit", 100_000),
    ("kpi_kpisnapshot", "as_of", "unit_id", "branches_unit", 100_000),
    ("kpi_scorecard", "as_of", "unit_id", "branches_unit", 100_000),
)


def seal_orders(as_of: date) -> Iterator[NewOrder]:
    """Orders that leave count and hash of what this closing wrote in the ledger."""
    last_month = context_for(as_of, None)["last_month"]
    days = {"month": last_month, "period_end": add_months(last_month, 1), "as_of": as_of, "day": as_of}
    for table, day_column, id_column, ids_of, size in SEALED:
        for low, high in id_ranges(ids_of, size, at_least=1):
            day = days[day_column].isoformat()
            payload = {
                "table": table,
                "day_column": day_column,
                "first_day": day,
                "last_day": day,
                "id_column": id_column,
                "low": low,
                "high": high,
            }
            yield NewOrder("closing.seal", f"seal {table} {low}", STAGES.index("seals"), payload)


FILLED = {
    "ratings": ["loans_loanclassification"],
    "contribution": ["loans_loanclassification"],
    "tiers": ["ratings_contribution"],
    "kpis": ["ratings_creditrating", "ratings_contribution", "ratings_customertier", "kpi_branchday"],
}


@before_stage(KIND)
def renew_statistics(job: Job, stage: int) -> None:
    """Let the planner know the rows that the stages before have just written; the first closing fills empty tables."""
    if tables := FILLED.get(STAGES[stage]):
        with connection.cursor() as cursor:
            cursor.execute("SELECT coopcrm_analyze(%s)", [tables])


# -- Doing -------------------------------------------------------------------------------------------------------------


def step(kind: str) -> Callable:
    """Register a step's handler; each runs with memory of its own size and plans that fit one range."""

    def register(function: Callable[[Work], dict]) -> Callable[[Work], dict]:
        @handles(f"closing.{kind}")
        @wraps(function)
        def run(work: Work) -> dict:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")
            return function(work)

        return run

    return register


def _period_end(work: Work) -> date:
    return date.fromisoformat(work.payload["period_end"])


@step("months")
def roll_up(work: Work) -> dict:
    """Months of a range of accounts."""
    return {"months": roll_up_months(low=work.payload["low"], high=work.payload["high"], as_of=work.as_of)}


@step("branch_days")
def branch_days(work: Work) -> dict:
    """Days of a branch."""
    first_day = date.fromisoformat(work.payload["first_day"])
    written = services.add_branch_days(
        branch_id=work.payload["branch"], as_of=work.as_of, first_day=first_day
    )
    return {"branch_days": written}


@step("classes")
def classes(work: Work) -> dict:
    """Classes of a range of loans, with the households' levels of the evening before."""
    written, refused = classify_loans(
        low=work.payload["low"],
        high=work.payload["high"],
        as_of=work.as_of,
        levels=judgement.levels_before(),
        job_id=work.job.pk,
    )
    for loan_id in refused:
        work.note_error(
            f"loan {loan_id}", gettext_noop("The loan's facts cannot be read; it keeps its class.")
        )
    return {"classes": written}


@step("ratings")
def ratings(work: Work) -> dict:
    """Ratings of a range of households, and lines frozen where a knock-out stands against one."""
    limits = {"low": work.payload["low"], "high": work.payload["high"], "as_of": work.as_of}
    card = judgement.card_in_force(work.as_of)
    written, refused = rate_households(**limits, card=card, job_id=work.job.pk)
    for household_id in refused:
        work.note_error(
            f"household {household_id}", gettext_noop("The facts contradict each other; it keeps its rating.")
        )
    return {"ratings": written, "lines_frozen": freeze_lines_of_rejected(**limits)}


@step("contribution")
def contribution(work: Work) -> dict:
    """Contribution of a range of customers over the last twelve completed months."""
    period_end = _period_end(work)
    written = compute_contributions(
        low=work.payload["low"],
        high=work.payload["high"],
        period_end=period_end,
        rule=judgement.contribution_rule(work.as_of),
        job_id=work.job.pk,
    )
    return {"contributions": written}


@step("plan_tiers")
def plan_tiers(work: Work) -> dict:
    """Order the tiers by ranges of ranks: as many as there can be active customers."""
    stage, size = STAGES.index("tiers"), RANKS
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_customer WHERE merged_into_id IS NULL")
        customers = cursor.fetchone()[0]
    payloads = [
        {**work.payload, "after": low, "upto": low + size} for low in range(0, max(customers, 1), size)
    ]
    orders = [NewOrder("closing.tiers", f"tiers {p['after']}", stage, p) for p in payloads]
    add_orders(work.job, orders)
    return {}


@step("tiers")
def tiers(work: Work) -> dict:
    """Tiers of a range of ranks in the union."""
    written = assign_tiers(
        after=work.payload["after"],
        upto=work.payload["upto"],
        period_end=_period_end(work),
        rule=judgement.tier_rule(work.as_of),
        job_id=work.job.pk,
    )
    return {"tiers": written}


@step("kpis")
def kpis(work: Work) -> dict:
    """Indicators and score card of a branch."""
    unit = Unit.objects.get(pk=work.payload["branch"])
    return {"figures": services.snapshot_unit(unit=unit, as_of=work.as_of, job_id=work.job.pk)}


@step("union")
def union(work: Work) -> dict:
    """Indicators and score card of the union, from those of its branches."""
    unit = Unit.objects.get(pk=work.payload["branch"])
    return {"figures": services.snapshot_union(union=unit, as_of=work.as_of, job_id=work.job.pk)}


@step("seal")
def seal(work: Work) -> dict:
    """Count and hash of a range of one table's rows, for the ledger.

    Months end at the newest account of today: an account of tomorrow brings months of the past with it.
    """
    given = dict(work.payload)
    days = {name: date.fromisoformat(given[name]) for name in ("first_day", "last_day")}
    if given["table"] == "loans_accountmonth":
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM loans_account")
            given["high"] = min(given["high"], cursor.fetchone()[0])
    job = None if given["table"] in WITHOUT_JOB else work.job.pk
    rows = record_run(Slice(**{**given, **days, "job_id": job}))
    return {"results_sealed": rows} if rows else {}


# -- Digests -----------------------------------------------------------------------------------------------------------

OUTSIDE = frozenset({"id", "job_id", "computed_at", "fact_sheet_id"})
WRITTEN = (
    ("loans_accountmonth", "month >= %(period_start)s AND month < %(period_end)s", "account_id, month"),
    ("kpi_branchday", "day <= %(as_of)s", "branch_id, day"),
    ("loans_loanclassification", "as_of = %(as_of)s", "loan_id, digest"),
    ("ratings_creditrating", "as_of = %(as_of)s", "household_id, digest"),
    ("ratings_contribution", "period_end = %(period_end)s", "customer_id, digest"),
    ("ratings_customertier", "period_end = %(period_end)s", "customer_id, digest"),
    ("kpi_kpisnapshot", "as_of = %(as_of)s", "unit_id, code, digest"),
    ("kpi_scorecard", "as_of = %(as_of)s", "unit_id, digest"),
)


def digests(as_of: date) -> dict[str, tuple[int, str]]:
    """Rows and a SHA-256 per table of what the closing of a day wrote.

    Left out are surrogate ids, moments of computing and job ids: equal rows are equal digests.
    """
    period_end = context_for(as_of, None)["period_end"]
    parameters = {"as_of": as_of, "period_end": period_end, "period_start": add_months(period_end, -12)}
    found = {}
    with connection.cursor() as cursor:
        for table, where, order in WRITTEN:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND table_name = %s ORDER BY column_name",
                [table],
            )
            columns = ", ".join(f'"{name}"' for (name,) in cursor.fetchall() if name not in OUTSIDE)
            cursor.execute(
                f"SELECT count(*), encode(sha256(COALESCE(string_agg(line, ''::bytea ORDER BY place), '')), 'hex')"
                f" FROM (SELECT sha256(convert_to(ROW({columns})::text, 'UTF8')) AS line,"
                f" row_number() OVER (ORDER BY {order}) AS place FROM {table} WHERE {where}) rows_written",
                parameters,
            )
            found[table] = cursor.fetchone()
    return found
