"""Seals find every change, and name its place; the chain stops before open transactions."""

import random
import subprocess
import sys
import threading

import psycopg2
import pytest
from django.conf import settings
from django.db import connection, transaction

from branches.models import CalendarDay
from coopcrm import embedded
from coopcrm.shared import acting, audit
from coopcrm.shared.models import AuditEntry, AuditSeal
from coopcrm.shared.verification import verify

pytestmark = pytest.mark.django_db(transaction=True)

TAMPERED = 1000


@pytest.fixture(autouse=True)
def small_seals(monkeypatch):
    """Several seals of one range of transactions, as after a large load."""
    monkeypatch.setattr(audit, "ENTRIES_PER_SEAL", 700)


def write_entries(count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO branches_calendarday (day, kind, name)"
            " SELECT date '1900-01-01' + g, 'holiday', 'day ' || g FROM generate_series(1, %s) g",
            [count],
        )


def sealed_up() -> None:
    while audit.seal_new_entries():
        pass


def places(report) -> set[str]:
    return {finding.place for finding in report.findings}


def test_an_untouched_ledger_has_no_findings():
    write_entries(1500)
    sealed_up()
    CalendarDay.objects.filter(name="day 7").update(name="changed")
    sealed_up()

    report = verify()

    assert report.findings == []
    assert (report.entries, report.unsealed) == (AuditEntry.objects.count(), 0)
    assert report.seals == AuditSeal.objects.count() >= 4


def superuser():
    opened = psycopg2.connect(
        embedded.places().database_url(embedded.SUPERUSER, connection.settings_dict["NAME"])
    )
    opened.autocommit = True
    return opened


INSERTION = (
    "INSERT INTO shared_auditentry SELECT at, {new_id}, position, deed, table_name, key, subject_id, old, new,"
    " actor_id, actor_name, request_id, db_user, purpose, outcome, digest FROM shared_auditentry WHERE id = {id}"
)
EDITS = (
    'UPDATE shared_auditentry SET new = \'{{"name": "other"}}\' WHERE id = {id}',
    "UPDATE shared_auditentry SET old = '{{}}', digest = sha256('{{}}\n') WHERE id = {id}",
    "UPDATE shared_auditentry SET actor_id = 7, actor_name = 'somebody else' WHERE id = {id}",
    "UPDATE shared_auditentry SET at = at - interval '1 second' WHERE id = {id}",
    "UPDATE shared_auditentry SET key = key || '0' WHERE id = {id}",
    "UPDATE shared_auditentry SET outcome = 'failed' WHERE id = {id}",
    "UPDATE shared_auditentry SET position = position + 1000000 WHERE id = {id}",
    "UPDATE shared_auditentry SET old = NULL, new = NULL WHERE id = {id}",
    "UPDATE shared_auditentry SET subject_id = 5 WHERE id = {id}",
    "DELETE FROM shared_auditentry WHERE id = {id}",
    "DELETE FROM shared_auditentry WHERE id = {id}",
    "DELETE FROM shared_auditentry WHERE id = {id}",
    INSERTION,
    INSERTION,
)


def test_a_thousand_changes_by_a_superuser_are_found_with_their_place():
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    write_entries(2 * TAMPERED)
    sealed_up()
    ids = chance.sample(list(AuditEntry.objects.values_list("id", flat=True)), TAMPERED)
    expected, statements = set(), []
    for number, entry in enumerate(ids):
        edit, new_id = chance.choice(EDITS), 10**9 + number
        statements.append(edit.format(id=entry, new_id=new_id))
        expected.add(f"entry {new_id if edit.startswith('INSERT') else entry}")
    opened = superuser()
    with opened.cursor() as cursor:
        cursor.execute(";".join(statements))
    opened.close()

    found = places(verify())

    assert expected - found == set()
    assert found - expected == set()


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE shared_auditseal SET rows = rows - 1 WHERE number = 2", "seal 2"),
        ("UPDATE shared_auditseal SET sealed_at = sealed_at - interval '1 day' WHERE number = 2", "seal 2"),
        ("UPDATE shared_auditseal SET leaves = substr(leaves, 1, 24) WHERE number = 2", "seal 2"),
        ("UPDATE shared_auditseal SET digest = sha256('x') WHERE number = 2", "seal 2"),
        ("DELETE FROM shared_auditseal WHERE number = 2", "seal 2"),
    ],
)
def test_a_changed_or_missing_seal_is_named(statement, place):
    write_entries(2500)
    sealed_up()
    opened = superuser()
    with opened.cursor() as cursor:
        cursor.execute(statement)
    opened.close()

    assert place in places(verify())


def test_a_run_that_makes_no_sense_is_a_finding_and_stops_nothing():
    """Whoever writes nonsense into the ledger does not keep the rest of it from being verified."""
    nonsense = [
        {},
        {"table": "branches_staffmember", "rows": 0, "digest": ""},
        {"table": "ratings_creditrating", "columns": ["nothing"], "day_column": "as_of", "id_column": "id"},
    ]
    entries = [
        audit.record("run", table="x", key=number, detail=each) for number, each in enumerate(nonsense)
    ]
    write_entries(3)
    sealed_up()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shared_auditentry SET actor_name = 'x' WHERE key = %s",
            [str(CalendarDay.objects.get(name="day 2").pk)],
        )
    edited = AuditEntry.objects.get(actor_name="x").id

    assert places(verify()) == {f"entry {entry}" for entry in [*entries, edited]}


def test_a_cut_tail_is_found_by_the_seal_on_paper():
    write_entries(100)
    sealed_up()
    write_entries_later = CalendarDay.objects.filter(name="day 3").update(name="later")
    sealed_up()
    on_paper = verify().last_seal
    opened = superuser()
    with opened.cursor() as cursor:
        cursor.execute(
            "DELETE FROM shared_auditentry e USING shared_auditseal s WHERE s.number = (SELECT max(number)"
            " FROM shared_auditseal) AND e.position >= s.from_position;"
            " DELETE FROM shared_auditseal WHERE number = (SELECT max(number) FROM shared_auditseal)"
        )
    opened.close()

    assert write_entries_later == 1
    assert verify().findings == []
    assert [str(f) for f in verify(expected=on_paper).findings] == [
        f"seal {on_paper.partition(':')[0]}: the seal on paper is not in the chain"
    ]


def test_the_chain_stops_before_an_open_transaction():
    """What a slow transaction writes is sealed after its end, whole, and nothing that came meanwhile is lost."""
    written, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                CalendarDay.objects.create(day="2026-01-01", kind="holiday", name="slow")
                written.set()
                may_end.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    quick = CalendarDay.objects.create(day="2026-01-02", kind="holiday", name="quick")
    sealed_up()
    during = AuditSeal.objects.filter(to_position__gt=entry_of(quick).position).count()
    may_end.set()
    thread.join()
    sealed_up()

    assert during == 0
    assert AuditSeal.objects.filter(to_position__gt=entry_of(quick).position).count() == 1
    assert verify().findings == []
    assert verify().unsealed == 0


def entry_of(day: CalendarDay) -> AuditEntry:
    return AuditEntry.objects.filter(table_name="branches_calendarday", key=str(day.pk)).latest("id")


def test_an_erasure_keeps_the_chain_and_is_on_record():
    write_entries(3)
    day = CalendarDay.objects.get(name="day 2")
    sealed_up()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT coopcrm_ledger_erase('branches_calendarday', %s, 'the right to be forgotten')",
            [str(day.pk)],
        )
    sealed_up()

    assert verify().findings == []
    entry = AuditEntry.objects.get(table_name="branches_calendarday", key=str(day.pk), deed="insert")
    assert (entry.old, entry.new) == (None, None)


def test_open_work_in_another_database_of_the_server_holds_no_seal_back():
    elsewhere = psycopg2.connect(embedded.places().database_url(embedded.SUPERUSER, "postgres"))
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")  # an open transaction that could write
            write_entries(3)
            sealed_up()
    finally:
        elsewhere.close()

    assert verify().unsealed == 0


def test_positions_go_on_rising_in_a_server_that_counts_from_the_start():
    """After a dump was restored elsewhere, transaction numbers are lower than those that are sealed."""
    write_entries(3)
    sealed_up()
    last = AuditSeal.objects.latest("number").to_position
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON FUNCTION coopcrm_ledger_change() IS '{\"base\": -1000000}'")
        audit.install(cursor)

    day = CalendarDay.objects.create(day="2026-01-02", kind="holiday", name="after")
    sealed_up()

    assert entry_of(day).position >= last
    assert verify().findings == []


def dumped(folder) -> list[str]:
    """The ledger as two CSV files, as an auditor takes it out."""
    with connection.cursor() as cursor:
        for name, query in (
            ("entries", "SELECT * FROM shared_auditentry"),
            ("seals", "SELECT * FROM shared_auditseal ORDER BY number"),
        ):
            with (folder / f"{name}.csv").open("w", encoding="utf-8") as file:
                cursor.copy_expert(f"COPY ({query}) TO STDOUT CSV HEADER", file)
    return [str(folder / "entries.csv"), str(folder / "seals.csv")]


def verified_alone(files: list[str]) -> tuple[int, list[str]]:
    """What the script says that shares no code with the product."""
    script = settings.BASE_DIR / "scripts" / "verify_ledger.py"
    done = subprocess.run([sys.executable, "-I", script, *files], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def test_the_script_without_our_code_finds_the_same(tmp_path):
    write_entries(1500)
    with acting.as_system('A "quoted", name\nof two lines \\'):
        audit.record("reading", table="x", key="1", purpose="a,b", detail={"名": "行\n"})
    sealed_up()
    code, said = verified_alone(dumped(tmp_path))
    assert (code, said[-1]) == (0, f"last seal {verify().last_seal}")
    ids = list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
    opened = superuser()
    with opened.cursor() as cursor:
        for number, edit in enumerate(EDITS):
            cursor.execute(edit.format(id=ids[number * 100], new_id=10**9 + number))
    opened.close()

    code, said = verified_alone(dumped(tmp_path))

    assert code == 1
    assert {line.partition(":")[0] for line in said[:-2]} == places(verify())
