"""The ledger of deeds, in one partition a month, and its seals. Functions and triggers come after every migrate."""

from django.db import migrations, models

import coopcrm.shared.models

CREATE = """
CREATE SEQUENCE shared_auditentry_id_seq AS bigint;
CREATE TABLE shared_auditentry (
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    id bigint NOT NULL DEFAULT nextval('shared_auditentry_id_seq') CHECK (id > 0),
    position bigint NOT NULL,
    deed varchar(20) NOT NULL,
    table_name varchar(63) NOT NULL,
    key varchar(200) NOT NULL,
    subject_id bigint,
    old json,
    new json,
    actor_id bigint,
    actor_name varchar(100) NOT NULL,
    request_id varchar(64) NOT NULL,
    db_user varchar(63) NOT NULL,
    purpose varchar(200) NOT NULL,
    outcome varchar(10) NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
ALTER SEQUENCE shared_auditentry_id_seq OWNED BY shared_auditentry.id;
CREATE TABLE shared_auditentry_rest PARTITION OF shared_auditentry DEFAULT;
CREATE INDEX audit_row ON shared_auditentry (table_name, key);
CREATE INDEX audit_subject ON shared_auditentry (subject_id) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_actor ON shared_auditentry (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_deed ON shared_auditentry (deed, id) WHERE deed NOT IN ('insert', 'update', 'delete');
CREATE INDEX audit_position ON shared_auditentry USING brin (position, at) WITH (autosummarize = on);
"""

DROP = """
DROP FUNCTION IF EXISTS coopcrm_ledger_change() CASCADE;
DROP FUNCTION IF EXISTS coopcrm_ledger_insert() CASCADE;
DROP FUNCTION IF EXISTS coopcrm_ledger_truncate() CASCADE;
DROP FUNCTION IF EXISTS coopcrm_ledger_erase(text, text, text);
DROP FUNCTION IF EXISTS coopcrm_ledger_record(text, text, text, bigint, text, text, text);
DROP FUNCTION IF EXISTS coopcrm_ledger_seal(int);
DROP FUNCTION IF EXISTS coopcrm_ledger_months(int);
DROP FUNCTION IF EXISTS coopcrm_ledger_without(json, text[]);
DROP FUNCTION IF EXISTS coopcrm_ledger_plain(text, int);
DROP TABLE shared_auditentry;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("shared", "0002_statistics"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, DROP)],
            state_operations=[
                migrations.CreateModel(
                    name="AuditEntry",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "id", "at", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("id", models.BigIntegerField()),
                        ("at", models.DateTimeField(verbose_name="time")),
                        ("position", models.BigIntegerField()),
                        (
                            "deed",
                            models.CharField(
                                choices=[
                                    ("insert", "entered"),
                                    ("update", "changed"),
                                    ("delete", "deleted"),
                                    ("truncate", "table emptied"),
                                    ("reading", "full value read"),
                                    ("export", "list exported"),
                                    ("refusal", "refused"),
                                    ("sign_in", "signed in"),
                                    ("sign_in_failed", "sign-in failed"),
                                    ("sign_out", "signed out"),
                                    ("session_ended", "session ended"),
                                    ("role_change", "post changed"),
                                    ("erasure", "content erased"),
                                    ("backup", "backup made"),
                                    ("key_rotation", "keys renewed"),
                                    ("run", "results computed"),
                                    ("load", "table loaded"),
                                ],
                                max_length=20,
                                verbose_name="deed",
                            ),
                        ),
                        ("table_name", models.CharField(blank=True, max_length=63, verbose_name="table")),
                        ("key", models.CharField(blank=True, max_length=200, verbose_name="row")),
                        ("subject_id", models.BigIntegerField(blank=True, null=True)),
                        ("old", coopcrm.shared.models.PlainJSONField(blank=True, null=True)),
                        ("new", coopcrm.shared.models.PlainJSONField(blank=True, null=True)),
                        ("actor_id", models.BigIntegerField(blank=True, null=True)),
                        ("actor_name", models.CharField(blank=True, max_length=100, verbose_name="who")),
                        ("request_id", models.CharField(blank=True, max_length=64, verbose_name="request")),
                        ("db_user", models.CharField(max_length=63, verbose_name="database role")),
                        ("purpose", models.CharField(blank=True, max_length=200, verbose_name="purpose")),
                        (
                            "outcome",
                            models.CharField(
                                choices=[("done", "done"), ("refused", "refused"), ("failed", "failed")],
                                max_length=10,
                                verbose_name="outcome",
                            ),
                        ),
                        ("digest", models.BinaryField(max_length=32)),
                    ],
                    options={
                        "verbose_name": "ledger entry",
                        "verbose_name_plural": "ledger of deeds",
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                ("sealed_at", models.DateTimeField(verbose_name="sealed")),
                ("from_position", models.BigIntegerField()),
                ("to_position", models.BigIntegerField()),
                ("after_id", models.BigIntegerField()),
                ("upto_id", models.BigIntegerField()),
                ("rows", models.IntegerField(verbose_name="entries")),
                ("leaves", models.BinaryField()),
                ("digest", models.BinaryField(max_length=32, verbose_name="digest")),
            ],
            options={
                "verbose_name": "seal",
                "verbose_name_plural": "seals",
                "ordering": ["number"],
            },
        ),
    ]
