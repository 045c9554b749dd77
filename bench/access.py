"""What row-level security costs: the same reads by the owner, whom no policy binds, and by the web role.

    python -m bench.access --customers 1000000 [--keep] [--json FILE]

Reads by key are made one household, loan or account at a time; lists are those of the pages, through the same
selectors with their own filter in place. Both roles take turns in every round; their fastest rounds are compared, which
other work on the machine disturbs least. Limits: reads by key 1.1 times, lists of a branch 1.5 times, head office no
slower than that.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from bench.closing import close
from bench.county import rows_in, seeded_county

DATABASE = "coopcrm_bench_access"
ROUNDS = 15
READS = 200
LIMITS = {"key": 1.1, "list": 1.5, "union": 1.5}
BOOK = ("customers_customer", "customers_household", "loans_account", "loans_loan", "ratings_creditrating")


def let_the_owner_step_into_the_web_role() -> None:
    """For this measurement alone: both roles on one connection, with the same caches."""
    import psycopg2

    from coopcrm import embedded

    opened = psycopg2.connect(embedded.places().database_url(embedded.SUPERUSER, "postgres"))
    with opened, opened.cursor() as cursor:
        cursor.execute("GRANT coopcrm_web TO coopcrm_owner")
    opened.close()


@contextmanager
def as_role(role: str):
    """Run the statements of the block as a database role."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def reads_by_key(branch) -> dict[str, Callable[[], object]]:
    """Reads of one thing after the other, all of one branch."""
    from customers.models import FactSheet, Household, VisitNote
    from loans.models import Account, AccountMonth, Loan
    from ratings.models import CreditRating

    homes = list(Household.objects.filter(branch=branch, valid_to=None).values_list("pk", "head")[:READS])
    loans = list(Loan.objects.filter(branch=branch).values_list("pk", flat=True)[:READS])
    accounts = list(Account.objects.filter(branch=branch).values_list("pk", flat=True)[:READS])

    def each(keys, read) -> Callable[[], None]:
        def run() -> None:
            for key in keys:
                list(read(key))

        return run

    households, heads = [pk for pk, _ in homes], [head for _, head in homes]
    return {
        "a loan": each(loans, lambda pk: Loan.objects.filter(pk=pk)),
        "accounts of a customer": each(heads, lambda pk: Account.objects.filter(customer=pk)),
        "months of an account": each(accounts, lambda pk: AccountMonth.objects.filter(account=pk)[:12]),
        "visits of a household": each(households, lambda pk: VisitNote.objects.filter(household=pk)),
        "last fact sheet": each(
            households,
            lambda pk: FactSheet.objects.filter(household=pk).order_by("-recorded_on", "-id")[:1],
        ),
        "last rating": each(
            households, lambda pk: CreditRating.objects.filter(household=pk).order_by("-as_of", "-id")[:1]
        ),
    }


def lists_for(staff) -> dict[str, Callable[[], object]]:
    """The lists and sums of the pages, for one person."""
    from loans import overview as loans
    from loans.models import Account
    from ratings import overview as ratings

    day, rated_on = loans.last_classified_on(), ratings.last_rated_on()
    ends = ratings.periods(staff)
    accounts = Account.objects.visible_to(staff).order_by("-id")
    found = {
        "accounts": lambda: list(accounts[:50]),
        "loans": lambda: loans.LIST_ORDER.page(loans.with_names(loans.open_loans(staff, day)), size=50).rows,
        "loans by class": lambda: loans.by_class(loans.open_loans(staff, day)),
        "ratings": lambda: (
            ratings.LIST_ORDER.page(ratings.with_names(ratings.current_ratings(staff)), size=50).rows
        ),
        "ratings by grade": lambda: ratings.spread(staff, rated_on),
    }
    if ends:
        found["tiers"] = lambda: ratings.TIER_ORDER.page(ratings.tiers_in(staff, ends[0]), size=50).rows
        found["tiers by kind"] = lambda: ratings.by_tier(ratings.tiers_in(staff, ends[0]))
    return found


def compared(name: str, kind: str, deed: Callable[[], object], acting_as) -> dict:
    """The fastest rounds of both roles, taken in turns."""
    from django.db import transaction

    times: dict[str, list[float]] = {"coopcrm_owner": [], "coopcrm_web": []}
    for number in range(ROUNDS + 1):
        for role in sorted(times, reverse=bool(number % 2)):
            with as_role(role), acting_as(), transaction.atomic():
                started = time.perf_counter()
                deed()
                if number:
                    times[role].append(time.perf_counter() - started)
    without, with_policies = (min(times[role]) for role in ("coopcrm_owner", "coopcrm_web"))
    ratio = with_policies / without
    print(f"  {name:<28} {without * 1000:9.2f} ms {with_policies * 1000:9.2f} ms  x {ratio:.2f}", flush=True)
    return {
        "kind": kind,
        "without_ms": round(without * 1000, 3),
        "with_ms": round(with_policies * 1000, 3),
        "ratio": round(ratio, 3),
        "within": ratio <= LIMITS[kind],
    }


def measure() -> dict:
    """All reads of one county."""
    from django.db import connection

    from branches.models import StaffMember, Unit
    from coopcrm.shared import acting

    director = StaffMember.objects.get(username="director")
    head_office = StaffMember.objects.get(username="head_office")
    branch = Unit.objects.get(pk=min(director.scope.branch_ids))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    figures: dict[str, dict] = {}

    def person(staff):
        return lambda: acting.for_staff(staff)

    with acting.for_staff(director):
        reads, lists = reads_by_key(branch), lists_for(director)
    with acting.for_staff(head_office):
        union = lists_for(head_office)
    for title, kind, deeds, staff in (
        ("reads by key", "key", reads, director),
        ("lists of a branch", "list", lists, director),
        ("lists of head office", "union", union, head_office),
    ):
        print(f"{title}: without and with policies", flush=True)
        for name, deed in deeds.items():
            figures[f"{kind}: {name}"] = compared(name, kind, deed, person(staff))
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.access", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--day-rows", type=float, default=2)
    parser.add_argument("--keep", action="store_true", help="keep the database")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with seeded_county(DATABASE, given.customers, given.day_rows, keep=given.keep):
        from kpi.seeding import DEMO_AS_OF

        let_the_owner_step_into_the_web_role()
        close(DEMO_AS_OF, 2)
        figures = {"rows": rows_in(*BOOK), "reads": measure()}
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
