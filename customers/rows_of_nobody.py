# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Ledger rows that belong to nobody lose their cells after a time (handbook §6.6).

A row that was refused, or whose import was taken back together with its person, has no relation whose end could be
awaited. Its cells go when identity records would go, counted from the day the row came in or was taken back; what the
ledger of deeds holds about such a row and its person loses its content the same night. One function of the database
does it, for the same reasons as in ``erasure.py``.
"""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from coopcrm.shared.database import WORKER
from coopcrm.shared.functions import put_in_place
from coopcrm.shared.work import NewOrder, Work, add_orders, handles
from customers import retention
from customers.choices import RuleKey

KIND = "customers.erase_rows"
PER_ORDER = 5_000
FUNCTION = "coopcrm_erase_rows_of_nobody(date, integer)"
FORGET = """
    WITH gone AS (
        UPDATE shared_auditentry e SET old = NULL, new = NULL
        WHERE {where} AND e.deed IN ('insert', 'update', 'delete') AND (e.old IS NOT NULL OR e.new IS NOT NULL)
        RETURNING e.id
    ) SELECT v_forgotten || coalesce(array_agg(gone.id ORDER BY gone.id), '{{}}') INTO v_forgotten FROM gone;"""
FORGOTTEN = (
    "e.table_name = 'customers_ledgerrow' AND e.key = ANY(v_rows::text[])",
    "e.subject_id = ANY(v_people)",
    "e.table_name = 'customers_household' AND e.key = ANY(v_homes::text[])",
)


def function_sql() -> str:
    """The function of the database: the oldest rows first, at most so many; returns how many."""
    return f"""
CREATE OR REPLACE FUNCTION coopcrm_erase_rows_of_nobody(p_day date, p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_rows bigint[]; v_people bigint[]; v_homes bigint[]; v_forgotten bigint[] := '{{}}';
BEGIN
    IF p_day > current_date THEN
        RAISE EXCEPTION 'erasure of a day that has not come' USING ERRCODE = 'insufficient_privilege';
    END IF;
    v_rows := ARRAY(
        SELECT r.id FROM customers_ledgerrow r JOIN customers_ledgerfile f ON f.id = r.file_id
            JOIN customers_ledgerimport i ON i.id = f.run_id
        WHERE r.customer_id IS NULL AND octet_length(r.raw) > 0
        AND NOT EXISTS (SELECT FROM customers_customer c WHERE c.id = r.was_customer)
        AND (coalesce(r.undone_at, i.started_at)::date + {retention.years(RuleKey.IDENTITY_YEARS, "p_day")}) <= p_day
        ORDER BY r.id LIMIT p_most
    );
    v_people := ARRAY(SELECT DISTINCT r.was_customer FROM customers_ledgerrow r
        WHERE r.id = ANY(v_rows) AND r.was_customer IS NOT NULL);
    v_homes := ARRAY(SELECT DISTINCT r.was_household FROM customers_ledgerrow r WHERE r.id = ANY(v_rows)
        AND NOT EXISTS (SELECT FROM customers_household h WHERE h.id = r.was_household));
    UPDATE customers_ledgerrow r SET raw = ''::bytea, account_key = ''::bytea WHERE r.id = ANY(v_rows);
{"".join(FORGET.format(where=where) for where in FORGOTTEN)}
    IF cardinality(v_forgotten) > 0 THEN  -- the seals' check asks who took the content of these entries away
        PERFORM coopcrm_ledger_record('erasure', 'customers_ledgerrow', '', NULL, 'retention', 'done',
            json_build_object('entries', v_forgotten)::text);
    END IF;
    RETURN cardinality(v_rows);
END $$;
"""


def install(cursor) -> None:
    """Put the function in place, where it differs; run by the owner after every migrate."""
    put_in_place(cursor, FUNCTION, function_sql(), roles=[WORKER])


@transaction.atomic
def erase_due(*, on: date, limit: int = PER_ORDER) -> int:
    """Empty up to ``limit`` rows whose time is over on a business date; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coopcrm_erase_rows_of_nobody(%s, %s)", [on, limit])
        return cursor.fetchone()[0]


@handles(KIND)
def erase(work: Work) -> dict[str, int]:
    """Empty one set of rows in one transaction, and order the next while there are more."""
    emptied = erase_due(on=work.as_of)
    if emptied == PER_ORDER:
        add_orders(work.job, [NewOrder(KIND, key=f"rows {int(work.order.key.split()[-1]) + 1}")])
    return {"rows emptied": emptied}


COUNTS = (gettext_noop("rows emptied"),)
