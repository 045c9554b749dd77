"""What invented people, papers and ledgers said beside the records, some of it disputed; records of mixed quality."""

from __future__ import annotations

from django.db import connection, transaction

from customers.models import Statement
from customers.provenance import bulk
from customers.provenance.rules import rule_on
from customers.standards import ensure_source_rule
from kpi.seeding.plan import Plan

# One person in a hundred, drawn by their place and not by their id: what the record says becomes a statement, and two years later somebody says something else.
ONE_IN, ONE_IN_LARGE = 100, 1_000
PICKED = """
    CREATE TEMPORARY TABLE picked ON COMMIT DROP AS
    SELECT c.id, c.source, c.registered_by_id, c.registered_on, c.created_at, c.birth_date, c.occupation, c.village_id,
        c.branch_id, d.dice, least(c.registered_on + 700 + (d.dice % 200)::int, %(as_of)s::date) AS later
    FROM customers_customer c, (SELECT min(id) AS first FROM customers_customer) f,
        LATERAL (SELECT abs(hashtext(concat(%(seed)s::text, ':said:', c.id - f.first))::bigint) / 7 AS dice) d
    WHERE c.kind = 'person' AND c.state = 'active' AND c.merged_into_id IS NULL AND d.dice % %(one_in)s = 0
"""
FIRST = """
    INSERT INTO customers_statement
        (customer_id, attribute, value, compared, source, author_id, observed_on, recorded_at, reason, settles)
    SELECT p.id, v.attribute, v.value, v.value, p.source, p.registered_by_id, p.registered_on, p.created_at, '', false
    FROM picked p, LATERAL (VALUES ('occupation', p.occupation), ('birth_date', p.birth_date::text),
        ('village', p.village_id::text)) v (attribute, value)
    WHERE COALESCE(v.value, '') <> ''
"""
LATER = """
    INSERT INTO customers_statement
        (customer_id, attribute, value, compared, source, author_id, observed_on, recorded_at, reason, settles)
    SELECT p.id, v.attribute, v.value, v.value, v.source, p.registered_by_id, p.later,
        p.later::timestamp + interval '10 hours', v.reason, false
    FROM picked p LEFT JOIN LATERAL (
        SELECT x.village_id FROM picked x
        WHERE x.branch_id = p.branch_id AND x.village_id <> p.village_id ORDER BY x.id LIMIT 1
    ) near ON true,
    LATERAL (VALUES
        (0, 'occupation', '外出务工', 'said', ''),
        (1, 'birth_date', (p.birth_date + 9)::text, 'document', '户口簿所载'),
        (2, 'village', near.village_id::text, 'seen', '走访时已搬迁'),
        (3, 'birth_date', (p.birth_date - 1)::text, 'said', ''),
        (4, 'occupation', '养殖', 'seen', '走访所见'),
        (4, 'village', near.village_id::text, 'ledger', '')
    ) v (turn, attribute, value, source, reason)
    WHERE v.turn = (p.dice / %(one_in)s) % 5 AND COALESCE(v.value, '') <> '' AND p.later > p.registered_on
"""


def seed_statements(plan: Plan) -> int:
    """Two or three statements about some people, and the shown values decided by the rule; returns how many rows."""
    ensure_source_rule()
    values = {
        "as_of": plan.as_of,
        "seed": plan.seed,
        "one_in": ONE_IN_LARGE if plan.is_large else ONE_IN,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for text in (PICKED, FIRST, LATER):
            cursor.execute(text.replace(" % ", " %% "), values)
        cursor.execute("SELECT id FROM picked")
        people = [pk for (pk,) in cursor.fetchall()]
        cursor.execute("DROP TABLE picked")
    bulk.decide_again(rule_on(plan.as_of), ids=people)
    return Statement.objects.count()
