"""Documents with validity and their end, phones with theirs, other names. Quick on a big table; the next does the rest."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0015_tasks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OtherName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("former", "Former name"),
                            ("alias", "Also called"),
                            ("traditional", "Traditional spelling"),
                            ("spelling", "As spelt in a ledger"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("name_key", models.CharField(db_collation="C", editable=False, max_length=100)),
                ("given_key", models.CharField(blank=True, db_collation="C", editable=False, max_length=100)),
                ("pinyin", models.CharField(blank=True, db_collation="C", editable=False, max_length=200)),
                ("initials", models.CharField(blank=True, db_collation="C", editable=False, max_length=60)),
                ("until_on", models.DateField(blank=True, null=True, verbose_name="until")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("said", "said"),
                            ("document", "document"),
                            ("seen", "seen"),
                            ("ledger", "ledger"),
                            ("core", "core system"),
                        ],
                        default="said",
                        max_length=10,
                    ),
                ),
                ("recorded_on", models.DateField()),
                ("removed_on", models.DateField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "other name",
                "verbose_name_plural": "other names",
            },
        ),
        migrations.AddField(
            model_name="documentphoto",
            name="side",
            field=models.CharField(
                choices=[("front", "Front"), ("back", "Back")],
                db_default="front",
                default="front",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="identitydocument",
            name="is_long_term",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="identitydocument",
            name="issued_by",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=100, verbose_name="issued by"
            ),
        ),
        migrations.AddField(
            model_name="identitydocument",
            name="retired_because",
            field=models.CharField(
                blank=True,
                choices=[
                    ("renewed", "A new one was issued"),
                    ("lost", "Lost or stolen"),
                    ("returned", "Given back or cancelled by the authority"),
                    ("wrong", "Recorded by mistake"),
                    ("settled", "Belongs to another person, as the paper showed"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="identitydocument",
            name="retired_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="identitydocument",
            name="retired_note",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="identitydocument",
            name="retired_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="identitydocument",
            name="warning",
            field=models.CharField(
                blank=True,
                choices=[
                    ("LEGACY15", "The card shows the old form of 15 digits; ask for the new card"),
                    (
                        "ORG_CHECK",
                        "The organisation code inside does not pass its own check; look at the licence",
                    ),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="phone",
            name="confirmed_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="phone",
            name="confirmed_on",
            field=models.DateField(blank=True, null=True, verbose_name="confirmed on"),
        ),
        migrations.AddField(
            model_name="phone",
            name="ended_because",
            field=models.CharField(
                blank=True,
                choices=[
                    ("changed", "Has a new number"),
                    ("unreachable", "Out of service"),
                    ("others", "Belongs to somebody else now"),
                    ("unwanted", "Does not want calls here"),
                    ("wrong", "Recorded by mistake"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="phone",
            name="invalid_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=12),
        ),
        migrations.AddField(
            model_name="phone",
            name="is_main",
            field=models.BooleanField(db_default=False, default=False),
        ),
        AddConstraintNotValid(
            model_name="identitydocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_on", None), ("is_long_term", False), _connector="OR"),
                name="document_expires_or_never",
            ),
        ),
        AddConstraintNotValid(
            model_name="identitydocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("retired_because", ""), ("state", "RETIRED"), _connector="OR"),
                name="document_retired_why",
            ),
        ),
        AddConstraintNotValid(
            model_name="phone",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_main", False), ("valid_to", None), _connector="OR"),
                name="phone_main_in_use",
            ),
        ),
        AddConstraintNotValid(
            model_name="phone",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_because", ""), ("valid_to__isnull", False), _connector="OR"),
                name="phone_ended_why",
            ),
        ),
        migrations.AddField(
            model_name="othername",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="other_names",
                to="customers.customer",
            ),
        ),
        migrations.AddField(
            model_name="othername",
            name="recorded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="othername",
            index=models.Index(fields=["name_key", "id"], name="other_name_name"),
        ),
        migrations.AddIndex(
            model_name="othername",
            index=models.Index(fields=["given_key", "id"], name="other_name_given"),
        ),
        migrations.AddIndex(
            model_name="othername",
            index=models.Index(fields=["pinyin", "id"], name="other_name_pinyin"),
        ),
        migrations.AddIndex(
            model_name="othername",
            index=models.Index(fields=["initials", "id"], name="other_name_initials"),
        ),
        migrations.AddConstraint(
            model_name="othername",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="other_name_has_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="othername",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_on", None)),
                fields=("customer", "kind", "name"),
                name="other_name_once_per_kind",
            ),
        ),
    ]
