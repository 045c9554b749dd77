"""The registry compared with itself: a job of orders that finds pairs, weighs them and asks people; it joins nobody.

By night only those are compared about whom something was written since the scan before; the whole registry on order,
and the first time. A killed worker's order is done again by another one: pairs and questions are written once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.models import StaffMember
from coopcrm.shared.errors import require
from coopcrm.shared.models import OPEN_JOB_STATES, Job
from coopcrm.shared.work import NewOrder, Work, add_orders, handles, order_work
from customers.choices import CustomerState
from customers.identity import check_phone
from customers.kinship import nightly as homes
from customers.matching import policies, roads, tallies
from customers.matching.judging import Verdict, by_table, judge
from customers.matching.mentions import Profile
from customers.matching.records import KnownPerson, known_people
from customers.matching.versions import weights_on
from customers.models import Customer, MatchingCandidate, MatchingScan, ReviewPair
from customers.review.questions import Asked, ask

KIND = "matching"
STEPS = ("count", "find", "homes", "cut", "compare", "village", "finish")
COUNT, FIND, HOMES, CUT, COMPARE, VILLAGE, FINISH = (f"matching.{step}" for step in STEPS)
MET = "pairs met"
RESULTS = (
    gettext_noop("pairs met"),
    gettext_noop("found"),
    gettext_noop("blocks cut"),
    gettext_noop("blocks left out"),
    gettext_noop("pairs"),
    gettext_noop("compared"),
    gettext_noop("asked"),
    gettext_noop("weightier than before"),
    gettext_noop("villages looked at"),
    gettext_noop("people without a household"),
    gettext_noop("household questions"),
    *(gettext_noop("rule R1N"), gettext_noop("rule R2"), gettext_noop("rule R4"), gettext_noop("rule R4N")),
    *(gettext_noop("rule R5"), gettext_noop("rule R6"), gettext_noop("rule R7"), gettext_noop("rule R7N")),
    gettext_noop("rule NAME"),
)
"""What the orders count, as the page of the job names it."""
STAGES = [
    gettext_noop("Count names"),
    gettext_noop("Find pairs"),
    gettext_noop("Compare"),
    gettext_noop("Finish"),
]
PER_ORDER = 2_000
VILLAGES_PER_ORDER = 5
# A road reads whole tables: hash joins, whatever the planner believes about a list it has just made.
WHOLE_TABLES = "SET LOCAL work_mem = '96MB'; SET LOCAL jit = off; SET LOCAL enable_nestloop = off"
AS_USUAL = "SET LOCAL work_mem TO DEFAULT; SET LOCAL jit TO DEFAULT; SET LOCAL enable_nestloop TO DEFAULT"


# -- Ordering ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def order_scan(*, as_of: date, is_full: bool = False, started_by: StaffMember | None = None) -> MatchingScan:
    """Order a scan; without an earlier one everybody is compared. Refused while another is under way."""
    if started_by is not None:
        require(policies.may_order_scan(started_by), policies.SCANNING_IS_FOR_HEAD_OFFICE)
    require(
        not is_under_way(), _("A comparison is under way. Wait until it has ended."), code="scan_under_way"
    )
    before = MatchingScan.objects.exclude(finished_at=None).order_by("-pk").first()
    is_full = is_full or before is None
    last_ids, position = roads.state_now()
    scan = MatchingScan.objects.create(
        is_full=is_full,
        as_of=as_of,
        started_by=started_by,
        position=position,
        last_ids=last_ids,
        weights=weights_on(as_of).version,
    )
    since = None if is_full else {**before.last_ids, "since": before.position}
    orders = [NewOrder(COUNT, key="count", payload={"scan": scan.pk})] if is_full else []
    orders += [
        NewOrder(FIND, key=name, stage=1, payload={"scan": scan.pk, "road": name, "since": since})
        for name in roads.ROADS
    ]
    orders.append(NewOrder(HOMES, key="homes", stage=1, payload={"scan": scan.pk, "since": since}))
    orders.append(NewOrder(CUT, key="cut", stage=2, payload={"scan": scan.pk}))
    orders.append(NewOrder(FINISH, key="finish", stage=3, payload={"scan": scan.pk}))
    title = (
        gettext_noop("Comparison of the whole registry") if is_full else gettext_noop("Nightly comparison")
    )
    job = order_work(
        kind=KIND,
        key=f"{KIND}:{scan.pk}",
        title=title,
        as_of=as_of,
        stage_names=STAGES,
        orders=orders,
        started_by=started_by,
    )
    MatchingScan.objects.filter(pk=scan.pk).update(job_id=job.pk)
    scan.job_id = job.pk
    return scan


# -- Doing -------------------------------------------------------------------------------------------------------------


@handles(COUNT)
def _count(work: Work) -> dict:
    with _whole_tables():
        return {"names counted": tallies.count_names()}


@handles(FIND)
def _find(work: Work) -> dict:
    scan = MatchingScan.objects.get(pk=work.payload["scan"])
    with _whole_tables():
        return roads.find(scan, work.payload["road"], work.payload["since"])


@handles(CUT)
def _cut(work: Work) -> dict:
    """Give the pairs out in orders of a few thousand, neighbours by their first customer together."""
    rows = MatchingCandidate.objects.filter(scan=work.payload["scan"]).order_by("first", "second")
    firsts = list(rows.values_list("first", flat=True))
    starts = sorted(set(firsts[::PER_ORDER]))
    scan = work.payload["scan"]
    add_orders(
        work.job,
        [
            NewOrder(COMPARE, f"compare {low}", 2, {"scan": scan, "low": low, "below": below})
            for low, below in pairwise([*starts, None])
        ],
    )
    return {"pairs": len(firsts)}


@handles(COMPARE)
def _compare(work: Work) -> dict:
    """Weigh the pairs of a range of first customers and write what people are asked."""
    rows = MatchingCandidate.objects.filter(scan=work.payload["scan"], first__gte=work.payload["low"])
    if work.payload["below"] is not None:
        rows = rows.filter(first__lt=work.payload["below"])
    pairs = list(rows.order_by("first", "second").values_list("first", "second"))
    return _weigh(pairs, work.as_of)


def _weigh(pairs: list[tuple[int, int]], as_of: date) -> dict[str, int]:
    verdicts = verdicts_on(pairs, as_of=as_of)
    asked = write_questions(verdicts)
    by_rule = Counter(f"rule {verdict.rule}" for verdict in verdicts.values())
    return {
        "compared": len(pairs),
        "asked": asked.new + asked.again,
        "weightier than before": asked.weightier,
        **by_rule,
    }


@handles(HOMES)
def _homes(work: Work) -> dict:
    """Give out the villages in which somebody belongs to no household."""
    scan, since = MatchingScan.objects.get(pk=work.payload["scan"]), work.payload["since"]
    touched = None if since is None else roads.touched(scan, since)
    places = homes.villages_with_homeless(touched)
    add_orders(
        work.job,
        [
            NewOrder(VILLAGE, f"village {places[i]}", 2, {"villages": places[i : i + VILLAGES_PER_ORDER]})
            for i in range(0, len(places), VILLAGES_PER_ORDER)
        ],
    )
    return {"villages looked at": len(places)}


@handles(VILLAGE)
def _villages(work: Work) -> dict:
    """Ask who lives with whom in some villages."""
    total: Counter = Counter()
    for village in work.payload["villages"]:
        total.update(homes.ask_about(village))
    return dict(total)


@handles(FINISH)
def _finish(work: Work) -> dict:
    scan = MatchingScan.objects.get(pk=work.payload["scan"])
    scan.counts = counts_of(work.job)
    scan.finished_at = timezone.now()
    scan.save(update_fields=["counts", "finished_at"])
    MatchingCandidate.objects.filter(scan=scan).delete()
    return {}


@contextmanager
def _whole_tables() -> Iterator[None]:
    """Memory and plans for statements that read whole tables, for the length of a block."""
    with connection.cursor() as cursor:
        cursor.execute(WHOLE_TABLES)
        yield
        cursor.execute(AS_USUAL)


def counts_of(job: Job) -> dict:
    """What the orders of a scan counted: sums, and how many pairs each road found."""
    total: Counter = Counter()
    by_road: dict[str, int] = {}
    for kind, key, result in job.orders.values_list("kind", "key", "result"):
        total.update({name: value for name, value in (result or {}).items() if name != MET})
        if kind == FIND and result:
            by_road[key] = result["found"]
    return dict(total) | {"roads": by_road}


def scan_at_once(*, as_of: date, most_villages: int = 60) -> MatchingScan:
    """Compare everybody here and now, in the caller's transaction: for a registry that was just filled.

    Who lives with whom is asked in the first villages alone; the night goes on.
    """
    last_ids, position = roads.state_now()
    scan = MatchingScan.objects.create(
        is_full=True, as_of=as_of, position=position, last_ids=last_ids, weights=weights_on(as_of).version
    )
    counts: Counter = Counter()
    by_road = {}
    for name in roads.ROADS:
        with _whole_tables():
            found = roads.find(scan, name, None)
        by_road[name] = found["found"]
        counts.update({what: number for what, number in found.items() if what != MET})
    pairs = list(scan.candidates.order_by("first", "second").values_list("first", "second"))
    for start in range(0, len(pairs), PER_ORDER):
        counts.update(_weigh(pairs[start : start + PER_ORDER], as_of))
    for village in homes.villages_with_homeless()[:most_villages]:
        counts.update(homes.ask_about(village))
    scan.candidates.all().delete()
    scan.counts, scan.finished_at = dict(counts) | {"roads": by_road}, timezone.now()
    scan.save(update_fields=["counts", "finished_at"])
    return scan


# -- Comparing ---------------------------------------------------------------------------------------------------------


def verdicts_on(pairs: Iterable[tuple[int, int]], *, as_of: date) -> dict[tuple[int, int], Verdict]:
    """What the engine says of pairs of customers; a pair that needs nobody's eyes is left out."""
    wanted = list(pairs)
    people = known_people({pk for pair in wanted for pk in pair})
    profiles = {pk: Profile([person.mention(pk, as_of)]) for pk, person in people.items()}
    population, weights = tallies.population_for(profiles.values()), weights_on(as_of)
    found = {}
    for first, second in wanted:
        a, b = people.get(first), people.get(second)
        if a is None or b is None or _is_gone(a.customer) or _is_gone(b.customer):
            continue
        shared = next(iter(sorted(a.phones & b.phones)), None)
        table = by_table(a.records(as_of, _compared(a, shared)), b.records(as_of, _compared(b, shared)))
        if verdict := judge(table, profiles[first], profiles[second], population, weights):
            found[first, second] = verdict
    return found


def _is_gone(customer: Customer) -> bool:
    return customer.merged_into_id is not None or customer.state == CustomerState.ERASED


def _compared(person: KnownPerson, shared: str | None) -> str | None:
    """Of several phones the one that is shared, else any: the table asks whether they are the same."""
    return shared or next((phone for phone in sorted(person.phones) if check_phone(phone).normalized), None)


@transaction.atomic
def write_questions(verdicts: dict[tuple[int, int], Verdict]) -> Asked:
    """Put verdicts before people; what is known of a pair, and what was decided, is respected by ``ask``.

    A number that two names claim marks both, as an import does (handbook §6.3 R2).
    """
    rows = [
        ReviewPair(
            first_id=first,
            second_id=second,
            rule=verdict.rule,
            outcome=verdict.outcome,
            weight=verdict.weight,
            evidence=verdict.evidence,
        )
        for (first, second), verdict in sorted(verdicts.items())
    ]
    claimed = {pk for row in rows if row.outcome == "CONFLICT" for pk in (row.first_id, row.second_id)}
    Customer.objects.filter(pk__in=claimed, identity_conflict=False).update(identity_conflict=True)
    return ask(rows)


def is_under_way() -> bool:
    """Whether a scan is still at work."""
    return Job.objects.filter(kind=KIND, state__in=OPEN_JOB_STATES).exists()
