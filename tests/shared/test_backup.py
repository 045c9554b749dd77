"""A backup is complete, says what was in it, notices damage, and comes back into an empty server."""

import json
from contextlib import closing
from datetime import date

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from coopcrm import embedded
from coopcrm.shared import backup, database
from coopcrm.shared.models import AuditEntry, Job
from tests.factories import branch_of, make_customer, make_household, make_staff, resident_number

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


@pytest.fixture
def target(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media" / "exports").mkdir(parents=True)
    (tmp_path / "media" / "exports" / "list.csv").write_text("customer_id\n1\n")
    folder = tmp_path / "backups"
    folder.mkdir(mode=0o700)
    return folder


@transaction.atomic
def make_county() -> None:
    staff = make_staff()
    for name in ("张桂兰", "王建国", "李秀英"):
        person = make_customer(name, branch=branch_of(staff), number=resident_number(), phone="13912345678")
        make_household(person)


def test_a_backup_knows_its_tables_files_and_seal(target):
    make_county()

    made = backup.make(target)

    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["tables"]["customers_customer"]["rows"] == 3
    assert set(manifest["tables"]) == set(connection.introspection.table_names()) - partitions()
    assert "media/exports/list.csv" in manifest["files"]
    assert backup.read_manifest(made) == manifest
    assert (made.stat().st_mode & 0o777, manifest["key_id"]) == (0o700, 1)
    job = Job.objects.get(kind="backup")
    assert (job.state, job.result["files"]) == ("done", len(manifest["files"]))
    assert AuditEntry.objects.filter(deed="backup").count() == 1


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind IN ('r', 'p')")
        return {name for (name,) in cursor.fetchall()}


def test_content_differs_when_one_cell_differs_and_not_when_rows_stand_in_another_order(target):
    make_county()
    kept = backup.read_manifest(backup.make(target))

    def said() -> list[str]:
        with backup._reading(backup.address()) as cursor:
            return [text for text in backup.differences(kept, backup.content(cursor)) if "customers_" in text]

    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET occupation = occupation")  # the row moves to the end
        assert said() == []
        cursor.execute("UPDATE customers_customer SET occupation = '农' WHERE name = '王建国'")
        assert said() == ["customers_customer has the same number of rows, but other content."]
    make_customer("赵铁柱")
    assert said() == ["customers_customer has 4 rows, the backup 3."]


def test_a_changed_or_missing_file_is_noticed(target):
    made = backup.make(target)
    (made / "media" / "exports" / "list.csv").write_text("customer_id\n2\n")
    with pytest.raises(backup.BackupError, match="changed after the backup"):
        backup.read_manifest(made)
    (made / "media" / "exports" / "list.csv").unlink()
    with pytest.raises(backup.BackupError, match="1 files are missing"):
        backup.read_manifest(made)
    (made / "manifest.json").unlink()
    with pytest.raises(backup.BackupError, match="no readable manifest"):
        backup.read_manifest(made)


def test_old_backups_go_and_nothing_else_does(target, monkeypatch):
    for name in ("2026-01-01T000000Z", "2026-01-02T000000Z", "letters"):
        (target / name).mkdir()
        (target / name / "manifest.json").write_text("{}")

    made = backup.make(target, keep=2)

    assert sorted(path.name for path in target.iterdir()) == ["2026-01-02T000000Z", made.name, "letters"]


def test_an_open_folder_or_one_beside_the_keys_is_refused(target, settings):
    target.chmod(0o755)
    with pytest.raises(CommandError, match="chmod 700"):
        call_command("backup", str(target))
    for place in (settings.COOPCRM_KEYS, settings.COOPCRM_KEYS / "backups"):
        with pytest.raises(backup.BackupError, match="must lie apart"):
            backup._refuse_unfit(place)
    with pytest.raises(backup.BackupError, match="uploaded files"):
        backup._refuse_unfit(settings.MEDIA_ROOT / "backups")
    (settings.COOPCRM_KEYS / "backups").rmdir()


def test_the_backup_role_reads_everything_and_writes_nothing(target):
    with closing(psycopg2.connect(backup.address())) as opened, opened.cursor() as cursor:
        cursor.execute("SELECT rolbypassrls AND NOT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (True,)
        cursor.execute(
            "SELECT count(*) FILTER (WHERE NOT has_table_privilege(oid, 'SELECT')),"
            " count(*) FILTER (WHERE has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))"
            " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')"
        )
        assert cursor.fetchone() == (0, 0)


def test_a_role_that_does_not_see_every_row_makes_no_backup(target, monkeypatch):
    name = connection.settings_dict["NAME"]
    monkeypatch.setattr(backup, "address", lambda: embedded.places().database_url(database.WEB, name))

    with pytest.raises(backup.BackupError, match="coopcrm_web does not see every row"):
        backup.make(target)

    assert list(target.iterdir()) == []


def test_nothing_is_restored_over_something(target):
    make_customer(registered_on=date(2024, 1, 1))
    made = backup.make(target)

    with pytest.raises(backup.BackupError, match="not empty"):
        backup.restore(made)


def test_the_drill_brings_a_county_back_into_an_empty_server(target, own_var, capfd):
    make_county()

    call_command("drill", str(backup.make(target)), "--folder", str(own_var))

    said = capfd.readouterr().out
    assert "3 customers opened through the site, 3 of their numbers open." in said
    assert "equal to the backup" in said.splitlines()[-1]
    assert list(own_var.iterdir()) == []
