"""Every decision about a possible duplicate is kept; a pair knows who knows it best and which pairs hang together."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0008_training"),
        ("customers", "0030_a_manager_for_every_organisation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("same", "Same person"),
                            ("different", "Different persons"),
                            ("later", "Ask at the next contact"),
                            ("undone", "Taken back"),
                            ("again", "New evidence: asked again"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[("proposed", "Proposed, waits for a second person"), ("done", "Done")],
                        default="done",
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("proposal", models.BigIntegerField(blank=True, null=True)),
                ("rule", models.CharField(max_length=8)),
                ("outcome", models.CharField(max_length=10)),
                ("weight", models.FloatField()),
                ("levels", models.JSONField(default=dict)),
                ("weights", models.CharField(blank=True, max_length=40)),
                ("seconds", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("records", "What the two records say"),
                            ("paper", "The papers were seen"),
                            ("asked", "The person was asked"),
                            ("known", "I know the family"),
                        ],
                        db_default="records",
                        default="records",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "verbose_name": "decision about a possible duplicate",
                "verbose_name_plural": "decisions about possible duplicates",
            },
        ),
        migrations.AddField(
            model_name="reviewpair",
            name="branch",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="branches.unit",
            ),
        ),
        migrations.AddField(
            model_name="reviewpair",
            name="cluster",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="reviewpair",
            name="placed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="reviewpair",
            name="worth",
            field=models.FloatField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="reviewpair",
            name="priority",
            field=models.FloatField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="pair",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="customers.reviewpair",
            ),
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="proposed_by",
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
            model_name="reviewdecision",
            name="undoes",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_by",
                to="customers.reviewdecision",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewdecision",
            index=models.Index(fields=["decided_by", "-id"], name="review_decision_of_person"),
        ),
        migrations.AddConstraint(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("proposed_by", None),
                    models.Q(("proposed_by", models.F("decided_by")), _negated=True),
                    _connector="OR",
                ),
                name="review_decision_two_persons",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("decided_by__isnull", False), ("decision", "again"), _connector="OR"),
                name="review_decision_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undoes", None), models.Q(("decision", "undone"), _negated=True)),
                    models.Q(("undoes__isnull", False), ("decision", "undone")),
                    _connector="OR",
                ),
                name="review_decision_undoes_one",
            ),
        ),
    ]
