"""Where a question belongs: the branch that knows the two best, how much it is worth, and with what it hangs together.

Done set-based for all undecided pairs, by the system: it looks at visits and ledger rows of every branch, which nobody
at a counter may. Until it has looked, a pair stands in the queue of both branches.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from customers import registries
from customers.models import ReviewPair
from customers.review.grouping import clusters

VISITS_COUNT = 3
"""A visit says more about who knows a family than a line in a ledger: it counts as three of them."""

BASE_WORTH = 1.0

# {worth} are the selects of the apps above: customer_id, worth.
PLACED = """
    WITH people AS (
        SELECT first_id AS id FROM customers_reviewpair WHERE state IN ('open', 'later')
        UNION SELECT second_id FROM customers_reviewpair WHERE state IN ('open', 'later')
    ), asked AS (
        SELECT c.id, coalesce(c.merged_into_id, c.id) AS customer_id, c.branch_id
        FROM people JOIN customers_customer c USING (id)
    ), rows_of AS (
        SELECT r.customer_id, count(*) AS n FROM customers_ledgerrow r
        WHERE r.customer_id IN (SELECT customer_id FROM asked) GROUP BY 1
    ), visits AS (
        SELECT m.customer_id, count(*) AS n FROM customers_membership m
        JOIN customers_visitnote v ON v.household_id = m.household_id
        WHERE m.customer_id IN (SELECT customer_id FROM asked) AND m.valid_to IS NULL GROUP BY 1
    ), worths AS (
        SELECT w.customer_id, sum(w.worth) AS worth FROM ({worth}) w GROUP BY 1
    ), asked_about AS (
        SELECT a.id, a.branch_id, coalesce(r.n, 0) + %(visits)s * coalesce(v.n, 0) AS known,
            coalesce(w.worth, 0)::float AS worth
        FROM asked a
        LEFT JOIN rows_of r ON r.customer_id = a.customer_id
        LEFT JOIN visits v ON v.customer_id = a.customer_id
        LEFT JOIN worths w ON w.customer_id = a.customer_id
    ), led AS (
        SELECT * FROM unnest(%(people)s::bigint[], %(leaders)s::bigint[]) AS l (id, leader)
    ), weighed AS (
        SELECT p.id, l.leader,
            CASE WHEN b.known > a.known THEN b.branch_id ELSE a.branch_id END AS branch_id,
            greatest(a.worth, b.worth) AS worth,
            (%(base)s + greatest(a.worth, b.worth))
                / (1 + power(2.0, least(greatest(-p.weight, -40), 40))) AS priority
        FROM customers_reviewpair p
        JOIN asked_about a ON a.id = p.first_id
        JOIN asked_about b ON b.id = p.second_id
        JOIN led l ON l.id = p.first_id
        WHERE p.state IN ('open', 'later')
    ), ranked AS (
        SELECT id, leader, branch_id, worth, max(priority) OVER (PARTITION BY leader) AS priority FROM weighed
    )
    UPDATE customers_reviewpair p
    SET branch_id = r.branch_id, cluster = r.leader, worth = r.worth, priority = round(r.priority::numeric, 4),
        placed_at = %(now)s
    FROM ranked r
    WHERE r.id = p.id AND (p.placed_at IS NULL OR p.cluster <> r.leader OR p.branch_id IS DISTINCT FROM r.branch_id
        OR p.worth <> r.worth OR abs(p.priority - r.priority) > 0.0001)
"""

NOTHING = "SELECT NULL::bigint AS customer_id, 0.0 AS worth WHERE false"


def needs_placing() -> bool:
    """Whether a question came since the last look."""
    return ReviewPair.objects.undecided().filter(placed_at=None).exists()


@transaction.atomic
def place_pairs() -> int:
    """Place every undecided pair; returns how many changed. Run by the system, safe to repeat."""
    edges = ReviewPair.objects.undecided().values_list("first", "second")
    leaders = clusters(edges.iterator(chunk_size=20_000))
    if not leaders:
        return 0
    worth = " UNION ALL ".join(registries.review_worth) or NOTHING
    values = {
        "people": list(leaders),
        "leaders": list(leaders.values()),
        "visits": VISITS_COUNT,
        "base": BASE_WORTH,
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(PLACED.format(worth=worth), values)
        return cursor.rowcount
