# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Taking an import back in the database: what it made is known from the ledger of deeds.

Every row that an import inserted or changed stands in the ledger of deeds under the import's transaction. What nobody
touched since goes, what somebody touched stays and is named. Insert-only rows go as well, which nobody's rights allow:
so functions of the database do it that belong to the owner, made from the models after every migrate. They touch only
what that one import made; the ledger of deeds keeps every row they delete, and the rows of the ledger stay.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from coopcrm.shared import audit
from coopcrm.shared.database import WEB, WORKER
from coopcrm.shared.functions import put_in_place
from customers import registries
from customers.models import (
    Customer,
    FactSheet,
    Household,
    HouseholdQuestion,
    IdentityDocument,
    ManagerAssignment,
    Membership,
    Phone,
    ReviewDecision,
    ReviewPair,
    Statement,
    Task,
)

UNTOUCHED = {
    ReviewPair: (
        "s.state = 'open' AND NOT EXISTS (SELECT FROM customers_reviewdecision d"
        " WHERE d.pair_id = s.id AND d.decided_by_id IS NOT NULL)"
    ),
    HouseholdQuestion: "s.state = 'open'",
    Task: "s.state = 'open' AND s.opened_by_id IS NULL",
}
"""Rows about a person that the machine put there and nobody answered: they go with the person."""

RESTORED = ("customers_customer", "customers_reviewpair")
WHOLE = (Customer, Household)


OWN_MADE = (FactSheet, Statement, Phone, IdentityDocument, Membership, ManagerAssignment)

for _model in OWN_MADE:
    registries.import_made.register(_model._meta.db_table, _model)


def pointing_at(target: type[models.Model]) -> Iterator[tuple[type[models.Model], models.Field]]:
    """Every reference to a model, whichever app it stands in."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model is target and not model._meta.proxy:
                yield model, field


def _is_computed(model: type[models.Model]) -> bool:
    return model._meta.db_table in audit.COMPUTED


def _not_made(model: type[models.Model]) -> str:
    """Whether a row ``s`` came from elsewhere than the import."""
    if not isinstance(model._meta.pk, models.BigAutoField):
        return "true"
    return f"NOT EXISTS (SELECT FROM undo_made x WHERE x.tab = '{model._meta.db_table}' AND x.id = s.id)"


def _kept_by_rows() -> Iterator[str]:
    """Rows of other hands that point to what was made."""
    for model in (*WHOLE, *registries.import_made):
        table = model._meta.db_table
        for other, field in pointing_at(model):
            if model in WHOLE and (_is_computed(other) or not field.db_constraint):
                continue
            theirs = _not_made(other)
            if other in UNTOUCHED:
                theirs = f"NOT ({UNTOUCHED[other]})"
            yield f"""
    INSERT INTO undo_kept SELECT DISTINCT m.tab, m.id, '{other._meta.db_table}'
        FROM undo_made m JOIN {other._meta.db_table} s ON s.{field.column} = m.id
        WHERE m.tab = '{table}' AND {theirs} ON CONFLICT DO NOTHING;"""


def _owners() -> Iterator[tuple[str, str, str]]:
    """(table, column, table of the owner) of what was made for a person or household."""
    for model in registries.import_made:
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model in WHOLE:
                yield model._meta.db_table, field.column, field.related_model._meta.db_table


def _kept_by_parts() -> str:
    return "".join(
        f"""
    INSERT INTO undo_kept SELECT DISTINCT o.tab, o.id, k.why
        FROM undo_kept k JOIN {table} t ON k.tab = '{table}' AND t.id = k.id
        JOIN undo_made o ON o.tab = '{owner}' AND o.id = t.{column} ON CONFLICT DO NOTHING;"""
        for table, column, owner in _owners()
    )


def weigh_sql() -> str:
    """The function that lists what an import made, and what of it stays."""
    return f"""
CREATE OR REPLACE FUNCTION coopcrm_import_weigh(p_run bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_position bigint; v_first bigint; v_last bigint; v_at timestamptz; v_more bigint;
BEGIN
    SELECT e.position, e.id, e.at INTO v_position, v_first, v_at FROM shared_auditentry e
        WHERE e.table_name = 'customers_ledgerimport' AND e.key = p_run::text AND e.deed = 'insert';
    SELECT coalesce(min(e.id), 9223372036854775807) INTO v_last FROM shared_auditentry e
        WHERE e.table_name = 'customers_ledgerimport' AND e.key = p_run::text AND e.deed = 'update'
        AND e.id > v_first AND e.position = v_position;
    DROP TABLE IF EXISTS pg_temp.undo_made, pg_temp.undo_kept, pg_temp.undo_changed;
    CREATE TEMP TABLE undo_made (tab text, id bigint, PRIMARY KEY (tab, id)) ON COMMIT DROP;
    CREATE TEMP TABLE undo_kept (tab text, id bigint, why text, PRIMARY KEY (tab, id)) ON COMMIT DROP;
    CREATE TEMP TABLE undo_changed ON COMMIT DROP AS
        SELECT e.id, e.table_name AS tab, e.key::bigint AS pk, e.old::jsonb AS old, e.new::jsonb AS new
        FROM shared_auditentry e WHERE e.position = v_position AND e.id BETWEEN v_first AND v_last
        AND e.at BETWEEN v_at - interval '1 hour' AND v_at + interval '1 day' AND e.deed = 'update'
        AND e.table_name = ANY('{{{",".join((*RESTORED, *_own_restored()))}}}') AND e.old IS NOT NULL;
    INSERT INTO undo_made SELECT e.table_name, e.key::bigint FROM shared_auditentry e
        WHERE e.position = v_position AND e.id BETWEEN v_first AND v_last
        AND e.at BETWEEN v_at - interval '1 hour' AND v_at + interval '1 day'
        AND e.deed = 'insert' AND e.key ~ '^[0-9]+$' ON CONFLICT DO NOTHING;
    ANALYZE undo_made;
    INSERT INTO undo_kept SELECT DISTINCT ON (m.id) m.tab, m.id, e.table_name
        FROM undo_made m JOIN shared_auditentry e ON e.subject_id = m.id
        WHERE m.tab = 'customers_customer' AND e.actor_id IS NOT NULL AND e.deed IN ('insert', 'update', 'delete')
        AND e.id > v_first AND NOT (e.position = v_position AND e.id <= v_last)
        ORDER BY m.id, e.id ON CONFLICT DO NOTHING;
    INSERT INTO undo_kept SELECT DISTINCT m.tab, m.id, m.tab
        FROM undo_made m JOIN shared_auditentry e ON e.table_name = m.tab AND e.key = m.id::text
        WHERE m.tab = ANY('{{{",".join(_touchable())}}}') AND e.actor_id IS NOT NULL
        AND e.deed IN ('update', 'delete') AND e.id > v_first
        AND NOT (e.position = v_position AND e.id <= v_last) ON CONFLICT DO NOTHING;
{"".join(_kept_by_rows())}
    LOOP  -- who lives in a household that stays, stays; and so does the household of who stays
        SELECT count(*) INTO v_more FROM undo_kept;
{_kept_by_parts()}
        INSERT INTO undo_kept SELECT DISTINCT o.tab, o.id, 'customers_membership'
            FROM undo_made b JOIN customers_membership s ON b.tab = 'customers_membership' AND b.id = s.id
            JOIN undo_made o ON o.tab = 'customers_customer' AND o.id = s.customer_id
            JOIN undo_kept k ON k.tab = 'customers_household' AND k.id = s.household_id ON CONFLICT DO NOTHING;
        INSERT INTO undo_kept SELECT DISTINCT o.tab, o.id, 'customers_membership'
            FROM undo_made b JOIN customers_membership s ON b.tab = 'customers_membership' AND b.id = s.id
            JOIN undo_made o ON o.tab = 'customers_household' AND o.id = s.household_id
            JOIN undo_kept k ON k.tab = 'customers_customer' AND k.id = s.customer_id ON CONFLICT DO NOTHING;
        EXIT WHEN v_more = (SELECT count(*) FROM undo_kept);
    END LOOP;
{_parts_of_what_stays()}
END $$;
"""


def _touchable() -> list[str]:
    return ["customers_household", *(model._meta.db_table for model in registries.import_made)]


def _own_restored() -> list[str]:
    """Tables of the apps above whose rows an import also changes."""
    return [model._meta.db_table for model in registries.import_made if model._meta.app_label != "customers"]


def _parts_of_what_stays() -> str:
    """What was made for a person or household that stays, stays with it."""
    return "".join(
        f"""
    INSERT INTO undo_kept SELECT DISTINCT m.tab, m.id, '{owner}'
        FROM undo_made m JOIN {table} t ON m.tab = '{table}' AND t.id = m.id
        JOIN undo_kept k ON k.tab = '{owner}' AND k.id = t.{column} ON CONFLICT DO NOTHING;"""
        for table, column, owner in _owners()
    )


OUTLOOK = """
CREATE OR REPLACE FUNCTION coopcrm_import_outlook(p_run bigint)
RETURNS TABLE(what text, tab text, subject bigint, why text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF EXISTS (SELECT FROM customers_ledgerimport r WHERE r.id = p_run AND r.undone_at IS NOT NULL) THEN
        RETURN;
    END IF;
    PERFORM coopcrm_import_weigh(p_run);
    RETURN QUERY SELECT 'gone', m.tab, count(*), '' FROM undo_made m WHERE m.tab <> 'customers_ledgerrow'
        AND NOT EXISTS (SELECT FROM undo_kept k WHERE k.tab = m.tab AND k.id = m.id) GROUP BY m.tab;
    RETURN QUERY SELECT 'gone', 'customers_ledgerrow', count(*), '' FROM customers_ledgerrow s
        JOIN customers_ledgerfile f ON f.id = s.file_id AND f.run_id = p_run
        WHERE NOT EXISTS (SELECT FROM undo_kept k WHERE k.tab = 'customers_customer' AND k.id = s.customer_id);
    RETURN QUERY SELECT 'kept', k.tab, k.id, k.why FROM undo_kept k ORDER BY k.tab, k.id;
END $$;
"""


def undo_sql() -> str:
    """The function that takes back what goes; it calls for the same weighing that people were shown."""
    free = "NOT EXISTS (SELECT FROM undo_kept k WHERE k.tab = m.tab AND k.id = m.id)"
    gone = "(SELECT m.id FROM undo_made m WHERE m.tab = '{}' AND " + free + ")"
    people, homes = gone.format("customers_customer"), gone.format("customers_household")
    parts = "".join(
        f"\n    DELETE FROM {model._meta.db_table} s USING undo_made m"
        f" WHERE m.tab = '{model._meta.db_table}' AND m.id = s.id AND {free};"
        for model in reversed([*registries.import_made])
    )
    return f"""
CREATE OR REPLACE FUNCTION coopcrm_import_undo(p_run bigint)
RETURNS TABLE(what text, tab text, subject bigint, why text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_entry record; v_columns text;
BEGIN
    RETURN QUERY SELECT * FROM coopcrm_import_outlook(p_run);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT DISTINCT 'again', 'customers_customer', t.customer_id, '' FROM customers_statement t
        JOIN undo_made m ON m.tab = 'customers_statement' AND m.id = t.id
        WHERE NOT EXISTS (SELECT FROM undo_made x WHERE x.tab = 'customers_customer' AND x.id = t.customer_id);
    UPDATE customers_ledgerrow s SET undone_at = now(), was_customer = s.customer_id,
            was_household = s.household_id, customer_id = NULL, household_id = NULL
        FROM customers_ledgerfile f WHERE f.id = s.file_id AND f.run_id = p_run AND NOT EXISTS (
            SELECT FROM undo_kept k WHERE k.tab = 'customers_customer' AND k.id = s.customer_id);
    UPDATE customers_ledgerrow s SET settled_by_id = n.settled_by_id
        FROM customers_ledgerrow n JOIN customers_ledgerfile f ON f.id = n.file_id AND f.run_id = p_run
        WHERE s.settled_by_id = n.id AND n.undone_at IS NOT NULL;
{"".join(_machines_rows(people, homes))}
    DELETE FROM customers_reviewpair s USING undo_made m WHERE m.tab = 'customers_reviewpair' AND m.id = s.id
        AND {UNTOUCHED[ReviewPair]};
    DELETE FROM customers_householdquestion s USING undo_made m
        WHERE m.tab = 'customers_householdquestion' AND m.id = s.id AND {UNTOUCHED[HouseholdQuestion]};
{parts}
    DELETE FROM customers_household s WHERE s.id IN {homes};
    DELETE FROM customers_customer s WHERE s.id IN {people};
    FOR v_entry IN SELECT c.* FROM undo_changed c WHERE NOT EXISTS (
            SELECT FROM undo_made m WHERE m.tab = c.tab AND m.id = c.pk) ORDER BY c.id DESC LOOP
        SELECT string_agg(quote_ident(key), ', ') INTO v_columns FROM jsonb_object_keys(v_entry.old) AS key;
        EXECUTE format('UPDATE %I t SET (%s) = (SELECT %s FROM jsonb_populate_record(t, $1))'
            ' WHERE t.id = $2 AND to_jsonb(t) @> $3', v_entry.tab, v_columns, v_columns)
            USING v_entry.old, v_entry.pk, v_entry.new - 'placed_at';
    END LOOP;
    UPDATE customers_customer s SET identity_conflict = true WHERE NOT s.identity_conflict
        AND s.id IN (SELECT c.pk FROM undo_changed c WHERE c.tab = 'customers_customer') AND EXISTS (
            SELECT FROM customers_reviewpair p WHERE p.outcome = 'CONFLICT' AND p.state IN ('open', 'later')
            AND s.id IN (p.first_id, p.second_id));
END $$;
"""


def _machines_rows(people: str, homes: str) -> Iterator[str]:
    """What the machine put down about persons and households that go, and nobody answered."""
    for target, ids in ((Customer, people), (Household, homes)):
        for other, field in pointing_at(target):
            where = f"s.{field.column} IN {ids}"
            if other is ReviewPair:
                yield (
                    f"\n    DELETE FROM {ReviewDecision._meta.db_table} d USING customers_reviewpair s"
                    f" WHERE d.pair_id = s.id AND {where} AND {UNTOUCHED[other]};"
                )
            if other in UNTOUCHED:
                yield f"\n    DELETE FROM {other._meta.db_table} s WHERE {where} AND {UNTOUCHED[other]};"
            elif _is_computed(other) and field.db_constraint:
                yield f"\n    DELETE FROM {other._meta.db_table} s WHERE {where};"


FUNCTIONS = (
    ("coopcrm_import_weigh(bigint)", weigh_sql, ()),
    ("coopcrm_import_outlook(bigint)", lambda: OUTLOOK, (WEB, WORKER)),
    ("coopcrm_import_undo(bigint)", undo_sql, (WORKER,)),
)


def install(cursor) -> None:
    """Put the functions in place, where they differ; run by the owner after every migrate."""
    for name, sql, roles in FUNCTIONS:
        put_in_place(cursor, name, sql(), roles=roles)
