"""The ledger of deeds: which tables are under its trigger, how triggers come there, and how other deeds are recorded.

Every change of a business table is recorded by the trigger, whatever road it took; nobody calls :func:`record` for
it. Readings, exports, refusals, sign-ins and the like are recorded by the service that does them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import connection, connections, models, transaction

from coopcrm.shared import audit_sql
from coopcrm.shared.classification import DataClass, class_of
from coopcrm.shared.models import AuditEntry, Deed, Outcome

# -- Which tables ------------------------------------------------------------------------------------------------------

# Computed tables: insert-only by grant (database.RESULTS); each run puts count and hash of its rows into the ledger.
COMPUTED: dict[str, str] = {
    "customers_computedtag": "computed every night by the rule of its tag",
    "loans_accountday": "facts of the core system, loaded by the million and never changed here",
    "loans_accountmonth": "rolled up from the days by the closing",
    "loans_loanclassification": "computed by the closing",
    "customers_segmentmember": "computed from the filters of a segment by each count",
    "ratings_creditrating": "computed from facts by a rule version",
    "ratings_contribution": "computed by the closing",
    "ratings_customertier": "computed by the closing",
    "kpi_branchday": "computed by the closing",
    "kpi_kpisnapshot": "computed by the closing",
    "kpi_scorecard": "computed by the closing",
}

# The frame's own tables: no business in them, or written by the ledger itself.
FRAME: dict[str, str] = {
    "django_migrations": "written by migrate",
    "django_content_type": "written by migrate",
    "auth_permission": "written by migrate",
    "branches_session": "comes and goes; sign-ins, sign-outs and ended sessions are deeds of their own",
    "axes_accessattempt": "counts failed sign-ins for a quarter of an hour; they are deeds of their own",
    "axes_accessattemptexpiration": "the same",
    "axes_accessfailurelog": "counts failed sign-ins for a day; they are deeds of their own",
    "axes_accesslog": "stays empty: sign-ins are deeds of their own",
    "account_emailaddress": "stays empty: staff have no mail address here",
    "account_emailconfirmation": "stays empty: staff have no mail address here",
    "django_admin_log": "the back office's own diary of what the trigger has recorded",
    "shared_job": "progress of background work; what it does to business tables is recorded there",
    "shared_workorder": "progress of background work",
    "shared_joberrorrow": "progress of background work",
    "shared_keptanswer": "ids answered to a call, gone after 35 days; what the call wrote is recorded there",
    "shared_auditentry": "the ledger itself",
    "shared_auditseal": "the seals of the ledger",
    "customers_counterdraft": "half-typed forms, sealed, gone within a week; what is registered is recorded there",
    "customers_matchingcandidate": "ids a scan is about to compare, gone when it ends; what it asks is recorded there",
    "customers_namecount": "how common names are, counted anew by each full scan",
    "customers_uploadpart": "sealed pieces of uploaded ledgers, gone within a week; what is taken in is recorded there",
    "customers_stagedrow": "the preview of uploaded ledgers; what is taken in is recorded there",
    "branches_listimport": "rows of an uploaded list and their preview; what is taken from them is recorded there",
}

CHANGES = ("coopcrm_ledger", "coopcrm_ledger_insert")
TRIGGERS = (*CHANGES, "coopcrm_ledger_truncate")

RelatedRows = Callable[[int], dict[str, list[int]]]


@dataclass(frozen=True)
class Subjects:
    """The registry's persons: their model, the name of their page, and what else belongs to one of them.

    ``related`` returns keys by table of rows about a person that do not name the person themselves.
    """

    model: type[models.Model]
    url_name: str
    related: RelatedRows


_subjects: list[Subjects] = []


def subjects_are(model: type[models.Model], *, url_name: str, related: RelatedRows) -> None:
    """Name the registry's persons: entries about a row that points to one carry the person's id."""
    _subjects[:] = [Subjects(model, url_name, related)]


def subjects() -> Subjects:
    """Who the persons of the registry are."""
    return _subjects[0]


def subject_model() -> type[models.Model] | None:
    """The model of the registry's persons; None while no app has named it."""
    return _subjects[0].model if _subjects else None


def audited_models() -> dict[str, type[models.Model]]:
    """Every table under the trigger with its model: all but the computed ones and the frame's."""
    return {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and model._meta.db_table not in COMPUTED
        and model._meta.db_table not in FRAME
    }


def subject_column(model: type[models.Model]) -> str:
    """The column that names the person a row is about: its own key for persons, else the first that points to one."""
    persons = subject_model()
    if persons is None or model is persons:
        return model._meta.pk.column if persons else ""
    relations = (field for field in model._meta.local_concrete_fields if field.is_relation)
    return next((field.column for field in relations if field.related_model is persons), "")


def secret_columns(model: type[models.Model]) -> tuple[str, ...]:
    """Columns of class C3: secret even as a hash, so the ledger says that they changed, not to what."""
    fields = model._meta.local_concrete_fields
    return tuple(field.column for field in fields if class_of(field) is DataClass.C3)


def trigger_arguments(model: type[models.Model]) -> tuple[str, ...]:
    """What the trigger of a table is told: column of the key, column of the person, secret columns."""
    return (model._meta.pk.column, subject_column(model), *secret_columns(model))


# -- Putting functions and triggers in place (by the owner, after every migrate) ---------------------------------------

_FUNCTION_RIGHTS = (
    ("coopcrm_ledger_record(text, text, text, bigint, text, text, text)", ("coopcrm_web", "coopcrm_worker")),
    ("coopcrm_ledger_seal(int)", ("coopcrm_worker",)),
    ("coopcrm_ledger_months(int)", ("coopcrm_worker",)),
    ("coopcrm_ledger_erase(text, text, text)", ()),
    ("coopcrm_ledger_change()", ()),
    ("coopcrm_ledger_insert()", ()),
    ("coopcrm_ledger_truncate()", ()),
)
MONTHS_AHEAD = 24


def install(cursor) -> None:
    """Make the functions, the months ahead and the trigger of every audited table; does nothing when all is there."""
    cursor.execute("SELECT to_regclass('public.shared_auditentry')")
    if cursor.fetchone()[0] is None:
        return
    _install_functions(cursor)
    cursor.execute("SELECT coopcrm_ledger_months(%s)", [MONTHS_AHEAD])
    _install_triggers(cursor)


def _install_functions(cursor) -> None:
    cursor.execute("SELECT obj_description(to_regprocedure('coopcrm_ledger_change()'), 'pg_proc')")
    note = json.loads(cursor.fetchone()[0] or "{}")
    base = _base(cursor, note.get("base", 0))
    said = "".join(audit_sql.FUNCTIONS) + repr(_FUNCTION_RIGHTS)
    version = hashlib.sha256(said.encode()).hexdigest()[:16]
    if note == {"version": version, "base": base}:
        return
    for text in audit_sql.FUNCTIONS:
        cursor.execute(text.replace("{base}", str(base)))
    cursor.execute("SELECT rolname FROM pg_roles")
    roles = {name for (name,) in cursor.fetchall()}
    for function, may_call in _FUNCTION_RIGHTS:
        cursor.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        for role in sorted(roles & {"coopcrm_web", "coopcrm_worker"}):
            words = ("GRANT", "TO") if role in may_call else ("REVOKE", "FROM")
            cursor.execute(f"{words[0]} EXECUTE ON FUNCTION {function} {words[1]} {role}")
    note = json.dumps({"version": version, "base": base})
    cursor.execute("COMMENT ON FUNCTION coopcrm_ledger_change() IS %s", [note])


def _base(cursor, base: int) -> int:
    """What transaction numbers are raised by: more than before when a restored server counts from the start again."""
    cursor.execute(
        "SELECT greatest((SELECT max(to_position) FROM shared_auditseal),"
        " (SELECT max(position) FROM shared_auditentry"
        "  WHERE at >= coalesce((SELECT max(sealed_at) FROM shared_auditseal), '-infinity'))),"
        " pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    )
    highest, now = cursor.fetchone()
    return base if highest is None or base + now >= highest else highest + 1 - now


def _install_triggers(cursor) -> None:
    cursor.execute(
        "SELECT c.relname, t.tgname, t.tgenabled, encode(t.tgargs, 'escape') FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = ANY(%s) AND c.relnamespace = 'public'::regnamespace",
        [list(TRIGGERS)],
    )
    present = {(table, name): (enabled, arguments) for table, name, enabled, arguments in cursor.fetchall()}
    cursor.execute(
        "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0"
        " AND NOT a.attisdropped GROUP BY 1"
    )
    columns = dict(cursor.fetchall())
    for table, model in audited_models().items():
        arguments = trigger_arguments(model)
        if not {name for name in arguments if name} <= set(columns.get(table, ())):
            continue  # a migration that is not applied yet
        written = "".join(f"{argument}\\000" for argument in arguments)
        wanted = {(table, name): ("A", written) for name in CHANGES} | {(table, TRIGGERS[-1]): ("A", "")}
        if any(present.get(place) != state for place, state in wanted.items()):
            _install_trigger(cursor, table, arguments)


def _install_trigger(cursor, table: str, arguments: Iterable[str]) -> None:
    """``ENABLE ALWAYS``: the session setting that switches ordinary triggers off does not reach these."""
    listed = ", ".join(f"'{argument}'" for argument in arguments)
    change, insert, truncate = TRIGGERS
    cursor.execute(
        "".join(f'DROP TRIGGER IF EXISTS {name} ON "{table}"; ' for name in TRIGGERS)
        + f'CREATE TRIGGER {change} AFTER UPDATE OR DELETE ON "{table}"'
        f" FOR EACH ROW EXECUTE FUNCTION coopcrm_ledger_change({listed});"
        f' CREATE TRIGGER {insert} AFTER INSERT ON "{table}" REFERENCING NEW TABLE AS inserted'
        f" FOR EACH STATEMENT EXECUTE FUNCTION coopcrm_ledger_insert({listed});"
        f' CREATE TRIGGER {truncate} BEFORE TRUNCATE ON "{table}"'
        f" FOR EACH STATEMENT EXECUTE FUNCTION coopcrm_ledger_truncate();"
        f' ALTER TABLE "{table}" ' + ", ".join(f"ENABLE ALWAYS TRIGGER {name}" for name in TRIGGERS)
    )


# -- Deeds that are no change of a row ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """What a deed is about: a row of a table, and the person in the registry behind it."""

    table: str = ""
    key: str = ""
    subject_id: int | None = None


def place_of(subject: models.Model | None, table: str = "", key: object = None) -> Place:
    """The place of a model's row, or the one that is named."""
    if subject is None:
        return Place(table, "" if key is None else str(key))
    column = subject_column(type(subject))
    person = None
    if column:
        person = subject.pk if column == subject._meta.pk.column else _value(subject, column)
    return Place(subject._meta.db_table, str(subject.pk), person)


def _value(subject: models.Model, column: str) -> int | None:
    return next(
        getattr(subject, f.attname) for f in subject._meta.local_concrete_fields if f.column == column
    )


def record(
    deed: Deed | str,
    *,
    subject: models.Model | None = None,
    table: str = "",
    key: object = None,
    purpose: str = "",
    detail: dict | None = None,
    outcome: Outcome | str = Outcome.DONE,
    using: str = "default",
) -> int:
    """Write one entry in the current transaction and return its id; actor and request are those of ``acting``.

    ``subject`` is the row the deed is about, or ``table`` and ``key`` name it. ``detail`` holds ids, codes and
    counts, never names or numbers.
    """
    place = place_of(subject, table, key)
    text = json.dumps(detail, ensure_ascii=False, default=str) if detail else None
    values = [str(deed), place.table, place.key, place.subject_id, purpose, str(outcome), text]
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT coopcrm_ledger_record(%s, %s, %s, %s, %s, %s, %s)", values)
        return cursor.fetchone()[0]


def record_apart(deed: Deed | str, *, outcome: Outcome | str = Outcome.REFUSED, **given) -> int:
    """Write one entry that stays when the current transaction is rolled back."""
    if not connection.in_atomic_block:
        return record(deed, outcome=outcome, **given)
    apart = connection.copy(alias="ledger apart")
    connections["ledger apart"] = apart
    try:
        return record(deed, outcome=outcome, using="ledger apart", **given)
    finally:
        apart.close()
        del connections["ledger apart"]


# -- Sealing -----------------------------------------------------------------------------------------------------------

ENTRIES_PER_SEAL = 10_000
MOST_SEALS_AT_ONCE = 200


def seal_new_entries(most_seals: int = MOST_SEALS_AT_ONCE) -> int:
    """Seal what no open transaction can add to any more, one transaction a seal; returns how many entries."""
    sealed = 0
    for _ in range(most_seals):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT coopcrm_ledger_seal(%s)", [ENTRIES_PER_SEAL])
            rows = cursor.fetchone()[0]
        if not rows:
            break
        sealed += rows
    return sealed


def look_after_months() -> int:
    """Make the ledger's partitions of the months ahead; returns how many were missing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT coopcrm_ledger_months(%s)", [MONTHS_AHEAD])
        return cursor.fetchone()[0]


def reading_alias() -> str:
    """The connection that audit pages read through: the auditor's own role where one is configured."""
    return "auditor" if "auditor" in settings.DATABASES else "default"


def entries():
    """The ledger as its readers see it."""
    return AuditEntry.objects.using(reading_alias())
