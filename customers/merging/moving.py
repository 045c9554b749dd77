# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Finding rows that point to a record, and letting them point to another.

Signed and insert-only rows move as well, which nobody's rights allow. So one function of the database moves, made from
the registered relations after every migrate: it belongs to the owner and changes nothing but the reference, only
between the two sides of a merge that stands in ``customers_merge``. The ledger of deeds has every row it moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from coopcrm.shared.database import WEB, WORKER
from coopcrm.shared.functions import put_in_place
from customers import registries
from customers.merging.relations import MOVE, STAY, relation, relations
from customers.models import Customer, Merge
from customers.registries import MergeRelation

FUNCTION = "coopcrm_merge_move(bigint, text, bigint[], bigint, bigint)"


# -- The function ------------------------------------------------------------------------------------------------------


def function_sql() -> str:
    """The function of the database, from the registered relations that move."""
    places = ",\n        ".join(
        f"('{one.label}', '{one.model._meta.db_table}', '{one.column}', {_is_customer(one)})"
        for one in registries.merge_relations
        if one.how == MOVE
    )
    return f"""
CREATE OR REPLACE FUNCTION coopcrm_merge_move(
    p_merge bigint, p_relation text, p_ids bigint[], p_from bigint, p_to bigint
) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_table text;
    v_column text;
    v_of_customers boolean;
    v_sides bigint[];
BEGIN
    SELECT place.tab, place.col, place.of_customers INTO v_table, v_column, v_of_customers FROM (VALUES
        {places}
    ) AS place (label, tab, col, of_customers) WHERE place.label = p_relation;
    IF v_table IS NULL THEN
        RAISE EXCEPTION 'rows of % do not move', p_relation USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF v_of_customers THEN
        WITH RECURSIVE ends (id) AS (
            SELECT m.survivor_id FROM customers_merge m WHERE m.id = p_merge
            UNION SELECT m.survivor_id FROM customers_merge m JOIN ends e ON m.other_id = e.id
            WHERE m.state = 'done'
        ) SELECT array_agg(s.id) INTO v_sides FROM (
            SELECT e.id FROM ends e UNION SELECT m.other_id FROM customers_merge m WHERE m.id = p_merge
        ) s;
    ELSE
        WITH RECURSIVE ends (id) AS (
            SELECT m.household_id FROM customers_merge m WHERE m.id = p_merge
            UNION SELECT m.household_id FROM customers_merge m JOIN ends e ON m.other_household_id = e.id
            WHERE m.state = 'done'
        ) SELECT array_agg(s.id) INTO v_sides FROM (
            SELECT e.id FROM ends e UNION SELECT m.other_household_id FROM customers_merge m WHERE m.id = p_merge
        ) s;
    END IF;
    IF v_sides IS NULL OR NOT (p_from = ANY(v_sides) AND p_to = ANY(v_sides)) THEN
        RAISE EXCEPTION 'merge % is not between % and %', p_merge, p_from, p_to
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY EXECUTE format(
        'UPDATE %I SET %I = $1 WHERE id = ANY($2) AND %I = $3 RETURNING id', v_table, v_column, v_column
    ) USING p_to, p_ids, p_from;
END $$;
"""


def _is_customer(relation: MergeRelation) -> str:
    return "true" if relation.target is Customer else "false"


def install(cursor) -> None:
    """Put the function in place, when it differs; run by the owner after every migrate."""
    put_in_place(cursor, FUNCTION, function_sql(), roles=[WEB, WORKER])


def moves(label: str) -> bool:
    """Whether rows of this relation are moved by the function."""
    found = relation(label)
    return found is not None and found.how == MOVE


def move(merge: Merge, one: MergeRelation, ids: Iterable[int], *, source: int, target: int) -> list[int]:
    """Let rows that point to ``source`` point to ``target``; returns those that did."""
    ids = list(ids)
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM coopcrm_merge_move(%s, %s, %s, %s, %s)",
            [merge.pk, one.label, ids, source, target],
        )
        return sorted(pk for (pk,) in cursor.fetchall())


# -- What points where -------------------------------------------------------------------------------------------------


def marks(target: type[models.Model]) -> dict[str, int]:
    """The highest id of every table that may point to a customer (or household) now, in one query."""
    found = list(relations(target))
    parts = [f"SELECT %s, (SELECT max({one.key}) FROM {one.model._meta.db_table})" for one in found]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [one.label for one in found])
        return {label: highest or 0 for label, highest in cursor.fetchall()}


def pointing_at(
    target: type[models.Model], pk: int, *, after: Mapping[str, int] | None = None
) -> dict[str, list[int]]:
    """By relation the rows that point to a record, of those that move or stay, in one query; ``after`` marks alone."""
    found = [one for one in relations(target, MOVE, STAY) if after is None or (one.asks and one.how == MOVE)]
    parts, values = [], []
    for one in found:
        newer = "" if after is None else f" AND {one.key} > %s"
        parts.append(f"SELECT %s, {one.key} FROM {one.model._meta.db_table} WHERE {one.column} = %s{newer}")
        values += [one.label, pk] if after is None else [one.label, pk, after.get(one.label, 0)]
    rows: dict[str, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts) + " ORDER BY 1, 2", values)
        for label, row in cursor.fetchall():
            rows.setdefault(label, []).append(row)
    return rows


def colliding(one: MergeRelation, ids: Iterable[int], target: int) -> list[int]:
    """Of these rows those that may not point to ``target``: it has their like, and the database allows one alone."""
    rows = one.model._base_manager.filter(pk__in=list(ids))
    clash = Q(pk__in=[])
    field = one.model._meta.get_field(one.field)
    mine = one.model._base_manager.filter(**{one.field: target})
    if field.unique:
        clash |= Q(Exists(mine))
    for constraint in one.model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            clash |= _clash_of_values(constraint, one.field, mine)
        elif isinstance(constraint, ExclusionConstraint):
            clash |= _clash_of_periods(constraint, one.field, mine)
    return sorted(rows.filter(clash).values_list("pk", flat=True))


def _clash_of_values(constraint: models.UniqueConstraint, field: str, mine: QuerySet) -> Q:
    if field not in constraint.fields or "id" in constraint.fields:
        return Q(pk__in=[])
    condition = constraint.condition or Q()
    equal = {name: OuterRef(name) for name in constraint.fields if name != field}
    return Q(Exists(mine.filter(condition, **equal))) & condition


def _clash_of_periods(constraint: ExclusionConstraint, field: str, mine: QuerySet) -> Q:
    names = [one for one, _operator in constraint.expressions if isinstance(one, str)]
    if field not in names:
        return Q(pk__in=[])
    condition = constraint.condition or Q()
    equal = {name: OuterRef(name) for name in names if name != field}
    period = next(one for one, _operator in constraint.expressions if not isinstance(one, str))
    since, until = (part.name for part in period.get_source_expressions()[:2])
    lasts = Q(**{until: None}) | Q(**{f"{until}__gt": F(since)})
    overlaps = Q(**{f"{since}__lt": Coalesce(OuterRef(until), Value(date.max))})
    overlaps &= Q(**{until: None}) | Q(**{f"{until}__gt": OuterRef(since)})
    return Q(Exists(mine.filter(condition, lasts, overlaps, **equal))) & condition & lasts
