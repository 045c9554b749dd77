# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Erasing what names a person once the retention is over, in every table at once, with proof.

One function of the database does it, made from ``registries.personal_tables`` after every migrate. It belongs to the
owner, since signed rows and the ledger may be changed by nobody else, and only the worker may call it; it refuses a
person whose retention is not over. What stays are ids, codes, days and figures. The ledger keeps its digests and loses
the content.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.models import StaffMember
from coopcrm.shared import audit, files
from coopcrm.shared.crypto import keyed
from coopcrm.shared.database import WORKER
from coopcrm.shared.errors import require
from coopcrm.shared.fields import SealedField
from coopcrm.shared.functions import put_in_place
from coopcrm.shared.models import Job, StoredFile
from coopcrm.shared.work import NewOrder, Work, add_orders, handles, order_work
from customers import personal, policies, retention, rows_of_nobody
from customers.models import Customer, ErasureProof
from customers.personal import PersonalTable

KIND = "customers.retention"
ERASE = "customers.erase"
PER_ORDER = 200
LEAST_WORD = 2
FUNCTION = "coopcrm_erase_people(bigint[], date, jsonb)"

STRIKE = """
CREATE OR REPLACE FUNCTION coopcrm_struck_out(given text, words text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    word text;
BEGIN
    FOREACH word IN ARRAY coalesce(words, '{}') LOOP
        given := replace(given, word, '＊＊');
    END LOOP;
    RETURN given;
END $$;
"""


SAME_ROWS = """
    UPDATE customers_ledgerrow t SET raw = ''::bytea, account_key = ''::bytea FROM customers_ledgerrow o
        WHERE o.customer_id = ANY(p_people) AND t.row_key = o.row_key AND t.branch_id = o.branch_id
        AND t.kind = o.kind AND t.sheet = o.sheet AND t.undone_at IS NOT NULL AND t.customer_id IS NULL;"""
"""The same rows of an import that was taken back and brought in anew: what they had become is gone."""


# -- The function ------------------------------------------------------------------------------------------------------


def function_sql() -> str:
    """The function of the database, from the registered tables."""
    steps = "\n".join(step for table in personal.tables() for step in _steps(table))
    due = retention.relations_sql(f"c.id = ANY(p_people) AND ({retention.LEAVING})", "p_day")
    return f"""
CREATE OR REPLACE FUNCTION coopcrm_erase_people(p_people bigint[], p_day date, p_words jsonb)
RETURNS TABLE(person bigint, place text, erased bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_refused bigint;
    v_households bigint[];
    v_empty bigint[];
    v_words text[];
    v_forgotten bigint[] := '{{}}';
BEGIN
    IF p_day > current_date THEN
        RAISE EXCEPTION 'erasure of a day that has not come' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT p INTO v_refused FROM unnest(p_people) AS p WHERE p NOT IN (
        SELECT d.person FROM ({due}) d WHERE NOT d.is_open AND d.due_on <= p_day
    ) LIMIT 1;
    IF v_refused IS NOT NULL THEN
        RAISE EXCEPTION 'the retention of person % is not over', v_refused USING ERRCODE = 'insufficient_privilege';
    END IF;
    p_people := p_people || ARRAY(SELECT c.id FROM customers_customer c WHERE c.merged_into_id = ANY(p_people));
    v_words := ARRAY(SELECT DISTINCT jsonb_array_elements_text(e.value) FROM jsonb_each(p_words) e);
    v_households := ARRAY(
        SELECT m.household_id FROM customers_membership m WHERE m.customer_id = ANY(p_people)
        UNION SELECT h.id FROM customers_household h WHERE h.head_id = ANY(p_people)
    );
    v_empty := ARRAY(
        SELECT h.id FROM customers_household h LEFT JOIN customers_customer c ON c.id = h.head_id
        WHERE h.id = ANY(v_households) AND (c.id IS NULL OR c.state = 'erased' OR c.id = ANY(p_people))
        AND NOT EXISTS (
            SELECT FROM customers_membership m JOIN customers_customer c ON c.id = m.customer_id
            WHERE m.household_id = h.id AND c.state <> 'erased' AND NOT c.id = ANY(p_people)
        )
    );
{SAME_ROWS}
{steps}
    {_forgotten("e.subject_id = ANY(p_people)")}
    IF cardinality(v_forgotten) > 0 THEN  -- the seals' check asks who took the content of these entries away
        PERFORM coopcrm_ledger_record('erasure', 'customers_customer', '', NULL, 'retention', 'done',
            json_build_object('entries', v_forgotten)::text);
    END IF;
END $$;
"""


def _steps(table: PersonalTable) -> Iterator[str]:
    """The statements for one table: what is the person's, and what is the household's."""
    only = "".join(f" AND t.{column} = '{value}'" for column, value in table.only.items())
    if table.erases:
        sets = ", ".join(f"{column} = {value}" for column, value in table.erases.items())
        for owner in table.owners:
            column = table.model._meta.pk.column if owner == "pk" else _column(table, owner)
            if column is None:
                raise ValueError(f"{table.table}: {owner} is no column; erase where the person is named.")
            yield _counted(table, sets, f"t.{column} = ANY(p_people){only}", f"t.{column}")
    if not (table.household and (table.scrubs or table.empties)):
        return
    column = table.model._meta.pk.column if table.household == "pk" else _column(table, table.household)
    whose = (
        "(SELECT min(m.customer_id) FROM customers_membership m"
        f" WHERE m.household_id = t.{column} AND m.customer_id = ANY(p_people))"
    )
    key = f"SELECT k.{table.model._meta.pk.column}::text FROM {table.table} k WHERE k.{column}"
    if table.scrubs:
        struck = ", ".join(f"{name} = coopcrm_struck_out(t.{name}, v_words)" for name in table.scrubs)
        differs = " OR ".join(f"t.{name} <> coopcrm_struck_out(t.{name}, v_words)" for name in table.scrubs)
        where = f"t.{column} = ANY(v_households) AND NOT t.{column} = ANY(v_empty) AND ({differs})"
        yield _counted(table, struck, where, whose)
        yield _forget(
            table,
            f"{key} = ANY(v_households)",
            "EXISTS (SELECT FROM unnest(v_words) w WHERE strpos(concat(e.old::text, e.new::text), w) > 0)",
        )
    sets = ", ".join(f"{name} = {value}" for name, value in table.empties.items())
    yield _counted(table, sets, f"t.{column} = ANY(v_empty)", whose)
    yield _forget(table, f"{key} = ANY(v_empty)", "true")


def _column(table: PersonalTable, name: str) -> str | None:
    return next((field.column for field in table.model._meta.concrete_fields if field.name == name), None)


def _counted(table: PersonalTable, sets: str, where: str, whose: str) -> str:
    """An update that says how many rows of whom it has changed."""
    return f"""
    RETURN QUERY WITH done AS (UPDATE {table.table} t SET {sets} WHERE {where} RETURNING {whose} AS whom)
        SELECT done.whom, '{table.table}'::text, count(*) FROM done GROUP BY done.whom;"""


def _forget(table: PersonalTable, keys: str, which: str) -> str:
    """The ledger forgets the content of entries about these rows."""
    return _forgotten(f"e.table_name = '{table.table}' AND e.key IN ({keys}) AND {which}")


def _forgotten(where: str) -> str:
    """The ledger keeps the digests of these entries and loses their content; which they were is noted."""
    return f"""
    WITH gone AS (
        UPDATE shared_auditentry e SET old = NULL, new = NULL
        WHERE {where} AND e.deed IN ('insert', 'update', 'delete') AND (e.old IS NOT NULL OR e.new IS NOT NULL)
        RETURNING e.id
    ) SELECT v_forgotten || coalesce(array_agg(gone.id ORDER BY gone.id), '{{}}') INTO v_forgotten FROM gone;"""


def install(cursor) -> None:
    """Put the function in place, when it differs; run by the owner after every migrate."""
    put_in_place(cursor, FUNCTION, STRIKE, function_sql(), roles=[WORKER])


# -- The deed ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def erase_due(*, on: date, limit: int = PER_ORDER, job_id: int | None = None) -> int:
    """Erase up to ``limit`` persons whose retention is over on a business date; returns how many."""
    with connection.cursor() as cursor:  # a night and an order by hand take turns
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('coopcrm_erase_people'))")
    found = {relation.person: relation for relation in retention.due(on=on, limit=limit)}
    if not found:
        return 0
    stored = files_of(found)
    counts = _erase(list(found), on)
    files.remove(stored)
    StoredFile.objects.filter(pk__in=[file.pk for file in stored]).update(
        taken_at=None, latitude=None, longitude=None
    )
    rules = retention.figures(on=on)
    proofs = []
    for person, relation in found.items():
        row = ErasureProof(
            customer_id=person,
            erased_on=on,
            relation_ended_on=relation.relation_ended_on,
            due_on=relation.due_on,
            rules=rules,
            counts=counts.get(person, {}),
            job_id=job_id,
        )
        row.digest = digest_of(row)
        proofs.append(row)
    ErasureProof.objects.bulk_create(proofs)
    for proof in proofs:
        audit.record(
            "erasure", subject=Customer(pk=proof.customer_id), purpose="retention", detail=proof.counts
        )
    return len(proofs)


def _erase(people: list[int], on: date) -> dict[int, dict[str, int]]:
    """Call the database's function; returns rows erased by person and table."""
    words = json.dumps(words_of(people), ensure_ascii=False)
    survivors = _survivors(people)
    counts: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM coopcrm_erase_people(%s, %s, %s::jsonb)", [people, on, words])
        for person, table, rows in cursor.fetchall():
            mine = counts.setdefault(survivors.get(person, person), {})
            mine[table] = mine.get(table, 0) + rows
    return counts


def files_of(people: Iterable[int]) -> list[StoredFile]:
    """Photos and other stored files of these people."""
    ids = [*people, *_survivors(people)]
    roads = [(table, owner) for table in personal.tables() if table.files for owner in table.owners]
    found = [
        list(table.model._base_manager.filter(**{f"{owner}__in": ids}).values_list(table.files, flat=True))
        for table, owner in roads
    ]
    return list(StoredFile.objects.filter(pk__in=[pk for pks in found for pk in pks]))


def _survivors(people: Iterable[int]) -> dict[int, int]:
    """Records that were merged into one of these people, with the record that stands for them."""
    return dict(Customer.objects.filter(merged_into__in=people).values_list("pk", "merged_into"))


def words_of(people: Iterable[int]) -> dict[int, list[str]]:
    """By person the name and every number, longest first: what is struck out of texts that stay."""
    merged = _survivors(people)
    ids = [*people, *merged]
    words: dict[int, set[str]] = {person: set() for person in people}
    for person, name in Customer.objects.filter(pk__in=ids).values_list("pk", "name"):
        words[merged.get(person, person)].add(name)
    for table in personal.tables():
        sealed = [f.name for f in table.model._meta.concrete_fields if isinstance(f, SealedField)]
        if "number" not in sealed:
            continue
        for owner in table.owners:
            for row in table.model._base_manager.filter(**{f"{owner}__in": ids}):
                person = getattr(row, f"{owner}_id")
                words[merged.get(person, person)].add(row.open("number"))
    return {
        person: sorted((word for word in mine if len(word) >= LEAST_WORD), key=len, reverse=True)
        for person, mine in words.items()
    }


def digest_of(proof: ErasureProof) -> bytes:
    """The keyed digest of a proof's own content."""
    content = [
        proof.customer_id,
        proof.erased_on.isoformat(),
        proof.relation_ended_on.isoformat(),
        proof.due_on.isoformat(),
        proof.rules,
        proof.counts,
    ]
    return keyed("erasure proof", json.dumps(content, sort_keys=True))


# -- The nightly order -------------------------------------------------------------------------------------------------


def order_nightly(*, as_of: date) -> Job:
    """Order what a night does for a business date; the same date is the same job."""
    return _order(as_of, key=as_of.isoformat())


def order_erasure(*, as_of: date, staff: StaffMember | None = None) -> Job:
    """Order the same by hand; ``staff`` is empty when a command does."""
    may = staff is None or policies.may_order_erasure(staff)
    require(may, _("Erasures are ordered by the union's risk desk."))
    return _order(as_of, staff=staff)


def _order(as_of: date, *, key: str = "", staff: StaffMember | None = None) -> Job:
    return order_work(
        kind=KIND,
        key=key,
        title=gettext_noop("Retention on %(day)s"),
        title_params={"day": as_of.isoformat()},
        as_of=as_of,
        orders=[
            NewOrder(KIND, key="copies"),
            NewOrder(ERASE, key="erase 1"),
            NewOrder(rows_of_nobody.KIND, key="rows 1"),
        ],
        started_by=staff,
    )


@handles(ERASE)
def erase(work: Work) -> dict:
    """Erase one set of persons in one transaction, and order the next while there are more."""
    erased = erase_due(on=work.as_of, job_id=work.job.pk)
    if erased == PER_ORDER:
        add_orders(work.job, [NewOrder(ERASE, key=f"erase {int(work.order.key.split()[-1]) + 1}")])
    return {"erased": erased}


COUNTS = (gettext_noop("erased"), gettext_noop("copies removed"))
