"""Whatever road a change takes, the ledger has one entry for each changed row."""

import io

import psycopg2
import pytest
from django.db import connection

from branches.choices import PostCode
from branches.models import CalendarDay, Post, Unit
from coopcrm import embedded
from coopcrm.shared import audit
from coopcrm.shared.models import AuditEntry
from customers.models import Customer
from tests.factories import make_branch, make_customer, make_staff

ROWS = 3


@pytest.fixture
def superuser(db):
    """A superuser's transaction, undone at the end, in which nothing but the ledger's own triggers fires.

    ``session_replication_role`` switches off foreign keys and every ordinary trigger; the ledger's are always on.
    """
    url = embedded.places().database_url(embedded.SUPERUSER, connection.settings_dict["NAME"])
    opened = psycopg2.connect(url)
    cursor = opened.cursor()
    cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '10s'")
    yield cursor
    opened.rollback()
    opened.close()


def columns_of(cursor, table: str) -> list[tuple[str, str, int | None]]:
    """Name, type and greatest length of the columns of a table; generated ones left out."""
    cursor.execute(
        "SELECT attname, format_type(atttypid, NULL), CASE WHEN atttypmod > 4 THEN atttypmod - 4 END FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [table],
    )
    return cursor.fetchall()


def value_of(kind: str, length: int | None, n: int) -> str | None:
    """A value of a type as text, different for each ``n``."""
    if kind.endswith("[]"):
        return "{}"
    if kind in ("character varying", "text", "character"):
        return f"{n:06d}"[-(length or 6) :]
    if kind in ("bigint", "integer", "smallint"):
        return str(n)
    if kind in ("numeric", "double precision", "real"):
        return f"{n / 1000:.6f}"
    return {
        "boolean": "f",
        "bytea": f"\\x{n:016x}",
        "date": f"2001-{n // 28 + 1:02d}-{n % 28 + 1:02d}",
        "timestamp with time zone": f"2001-01-{n % 28 + 1:02d} 00:00:00+00",
        "time without time zone": f"{n % 24:02d}:00",
        "interval": f"{n} days",
        "json": f'{{"n": {n}}}',
        "jsonb": f'{{"n": {n}}}',
        "uuid": f"00000000-0000-0000-0000-{n:012d}",
        "inet": f"10.0.0.{n % 250}",
        "daterange": f"[2001-01-{n % 28 + 1:02d},)",
    }[kind]


class Table:
    """Writes to one table by plain SQL and counts what the ledger says of it."""

    def __init__(self, cursor, name: str) -> None:
        self.cursor, self.name = cursor, name
        self.key = audit.audited_models()[name]._meta.pk.column
        self.columns = columns_of(cursor, name)
        self.n = 0
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'x')",
            [name],
        )
        for (constraint,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{name}" DROP CONSTRAINT "{constraint}"')
        cursor.execute("SELECT coalesce(max(id), 0) FROM shared_auditentry")
        self.seen = cursor.fetchone()[0]

    def rows(self) -> list[list[str | None]]:
        start, self.n = self.n + 1, self.n + ROWS
        return [
            [value_of(kind, length, 100 + n) for _, kind, length in self.columns]
            for n in range(start, self.n + 1)
        ]

    @property
    def names(self) -> str:
        return ", ".join(f'"{name}"' for name, _, _ in self.columns)

    def insert(self) -> None:
        places = ", ".join(["%s"] * len(self.columns))
        for row in self.rows():
            self.cursor.execute(f'INSERT INTO "{self.name}" ({self.names}) VALUES ({places})', row)

    def bulk_insert(self, more: str = "", rows: list | None = None) -> None:
        rows = rows or self.rows()
        place = f"({', '.join(['%s'] * len(self.columns))})"
        places = ", ".join([place] * len(rows))
        statement = f'INSERT INTO "{self.name}" ({self.names}) VALUES {places} {more}'
        self.cursor.execute(statement, [value for row in rows for value in row])

    def copy(self) -> None:
        lines = "\n".join("\t".join(value.replace("\\", "\\\\") for value in row) for row in self.rows())
        self.cursor.copy_expert(f'COPY "{self.name}" ({self.names}) FROM STDIN', io.StringIO(lines + "\n"))

    def changed(self) -> str:
        """An assignment that changes one column of every row."""
        for name, kind, length in self.columns:
            if name != self.key and kind in ("character varying", "text") and (length or 9) >= 8:
                return f'"{name}" = \'y\' || "{name}"'
        for name, kind, _ in self.columns:
            if name != self.key and kind in ("bigint", "integer", "smallint", "numeric"):
                return f'"{name}" = "{name}" + 50'
        raise AssertionError(f"{self.name} has no column to change")

    def noted(self) -> list[tuple[str, int]]:
        """Deeds since the last look, with their number."""
        self.cursor.execute(
            "SELECT deed, count(*), max(id) FROM shared_auditentry WHERE id > %s AND table_name = %s GROUP BY deed"
            " ORDER BY deed",
            [self.seen, self.name],
        )
        found = self.cursor.fetchall()
        self.seen = max([self.seen, *(last for _, _, last in found)])
        return [(deed, number) for deed, number, _ in found]


def test_every_table_has_an_entry_for_each_changed_row_by_plain_sql(superuser):
    """Insert, bulk insert, COPY, update, update without change, upsert and delete of every table."""
    tables = sorted(audit.audited_models())
    assert len(tables) > 30
    for name in tables:
        table = Table(superuser, name)
        table.insert()
        assert (name, table.noted()) == (name, [("insert", ROWS)])
        table.bulk_insert()
        assert (name, table.noted()) == (name, [("insert", ROWS)])
        table.copy()
        assert (name, table.noted()) == (name, [("insert", ROWS)])
        superuser.execute(f'UPDATE "{name}" SET {table.changed()}')
        changed = superuser.rowcount
        assert (name, table.noted()) == (name, [("update", changed)])
        superuser.execute(f'UPDATE "{name}" SET "{table.key}" = "{table.key}"')
        assert (name, table.noted()) == (name, [])
        again = f'ON CONFLICT ("{table.key}") DO UPDATE SET {table.changed().replace("= ", f"= {name}.", 1)}'
        again = again.replace(f"= {name}.'y' || ", f"= 'y' || {name}.")
        table.n = 0
        table.bulk_insert(again)
        assert (name, table.noted()) == (name, [("update", ROWS)])
        superuser.execute(
            f'DELETE FROM "{name}" WHERE "{table.key}" IN (SELECT "{table.key}" FROM "{name}" LIMIT 2)'
        )
        assert (name, table.noted()) == (name, [("delete", 2)])


def test_an_emptied_table_leaves_the_number_of_its_rows(superuser):
    table = Table(superuser, "branches_calendarday")
    table.bulk_insert()
    table.noted()

    superuser.execute("TRUNCATE branches_calendarday")

    assert table.noted() == [("truncate", 1)]
    superuser.execute("SELECT old FROM shared_auditentry WHERE id = %s", [table.seen])
    assert superuser.fetchone() == ({"rows": ROWS},)


def noted(model) -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(table_name=model._meta.db_table).order_by("id")
    return list(entries.values_list("deed", "key"))


@pytest.mark.django_db
def test_every_road_through_the_models():
    day = CalendarDay.objects.create(day="2026-01-01", kind="holiday")
    day.name = "New Year"
    day.save()
    day.save()
    two = CalendarDay.objects.bulk_create(
        [CalendarDay(day="2026-01-02", kind="holiday"), CalendarDay(day="2026-01-03", kind="holiday")]
    )
    for row in two:
        row.name = "bridge"
    CalendarDay.objects.bulk_update(two, ["name"])
    CalendarDay.objects.update(kind="extra_workday")
    CalendarDay.objects.bulk_create(
        [CalendarDay(day="2026-01-01", kind="holiday"), CalendarDay(day="2026-01-04", kind="holiday")],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["kind"],
    )
    CalendarDay.objects.update_or_create(day="2026-01-02", defaults={"kind": "holiday"})
    CalendarDay.objects.filter(name="bridge").delete()

    first, second, third = str(day.pk), str(two[0].pk), str(two[1].pk)
    fourth = str(CalendarDay.objects.get(day="2026-01-04").pk)
    found = noted(CalendarDay)
    assert found[:6] == [
        ("insert", first),
        ("update", first),
        ("insert", second),
        ("insert", third),
        ("update", second),
        ("update", third),
    ]
    assert sorted(found[6:9]) == sorted(("update", key) for key in (first, second, third))
    assert found[9:12] == [("update", first), ("insert", fourth), ("update", second)]
    assert sorted(found[12:]) == sorted([("delete", second), ("delete", third)])


@pytest.mark.django_db
def test_rows_that_go_with_another_are_on_record():
    staff = make_staff(PostCode.CASHIER, make_branch())
    post = staff.posts.get()
    staff.groups.create(name="old")

    staff.groups.clear()
    Post.objects.filter(staff=staff).delete()

    assert noted(Post)[-1] == ("delete", str(post.pk))
    assert [deed for deed, _ in noted(type(staff).groups.through)] == ["insert", "delete"]


@pytest.mark.django_db
def test_an_entry_holds_who_what_and_the_person_it_is_about():
    customer = make_customer("张桂兰", address="老街 1 号")
    unit = Unit.objects.get(pk=customer.branch_id)
    Customer.objects.filter(pk=customer.pk).update(address="新村 7 号")

    entry = AuditEntry.objects.filter(table_name="customers_customer").latest("id")

    assert (entry.deed, entry.key, entry.subject_id) == ("update", str(customer.pk), customer.pk)
    assert (entry.old, entry.new) == ({"address": "老街 1 号"}, {"address": "新村 7 号"})
    assert entry.db_user == "coopcrm_owner"
    made = AuditEntry.objects.filter(table_name="branches_unit", key=str(unit.pk)).earliest("id")
    assert (made.old, made.new["code"]) == (None, unit.code)


INSERTION = (
    "INSERT INTO shared_auditentry (position, deed, table_name, key, actor_name, request_id, db_user, purpose,"
    " outcome, digest) VALUES (1, 'reading', '', '', '', '', '', '', 'done', '')"
)


@pytest.mark.parametrize("role", ["coopcrm_web", "coopcrm_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        INSERTION,
        "UPDATE shared_auditentry SET actor_id = 1",
        "DELETE FROM shared_auditentry",
        "TRUNCATE shared_auditentry",
        "DELETE FROM shared_auditseal",
        "INSERT INTO shared_auditseal VALUES (1, now(), 0, 1, 0, 1, 0, '', '')",
        "ALTER TABLE branches_unit DISABLE TRIGGER coopcrm_ledger",
        "DROP TRIGGER coopcrm_ledger ON branches_unit",
        "SELECT coopcrm_ledger_record('insert', 'branches_unit', '1', NULL, '', 'done', NULL)",
        "SET session_replication_role = replica",
        "DROP FUNCTION coopcrm_ledger_change() CASCADE",
        "ALTER TABLE branches_unit DISABLE TRIGGER coopcrm_ledger_insert",
        "DROP FUNCTION coopcrm_ledger_insert() CASCADE",
    ],
)
def test_daily_roles_cannot_write_change_or_switch_off_the_ledger(db, role, statement):
    opened = psycopg2.connect(embedded.places().database_url(role, connection.settings_dict["NAME"]))
    with opened.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)
    opened.close()


def test_the_web_seals_and_erases_nothing(db):
    opened = psycopg2.connect(embedded.places().database_url("coopcrm_web", connection.settings_dict["NAME"]))
    opened.autocommit = True
    with opened.cursor() as cursor:
        for statement in (
            "SELECT coopcrm_ledger_seal(1)",
            "SELECT coopcrm_ledger_erase('x', '1', '')",
            "SELECT coopcrm_ledger_months(1)",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
    opened.close()


def test_the_auditor_reads_ledger_and_seals_and_nothing_else(db):
    opened = psycopg2.connect(
        embedded.places().database_url("coopcrm_auditor", connection.settings_dict["NAME"])
    )
    opened.autocommit = True
    with opened.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shared_auditentry")
        cursor.execute("SELECT count(*) FROM shared_auditseal")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT count(*) FROM customers_identitydocument")
    opened.close()
