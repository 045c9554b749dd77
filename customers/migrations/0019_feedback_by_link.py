"""A customer answers by a one-time link: the invitation, the answer, and the one narrow way in for the web role."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION coopcrm_invitation(link bytea) RETURNS TABLE (branch text, invited_on date, occasion text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT u.name::text, i.invited_on, i.occasion::text
    FROM customers_invitation i JOIN branches_unit u ON u.id = i.branch_id
    WHERE i.token_digest = link AND i.expires_on >= CURRENT_DATE
        AND NOT EXISTS (SELECT FROM customers_feedback f WHERE f.invitation_id = i.id)
$$;
CREATE FUNCTION coopcrm_answer_invitation(
    link bytea, satisfied smallint, recommends smallint, said text, calls boolean, device bytea
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    asked customers_invitation;
    answer bigint;
BEGIN
    SELECT * INTO asked FROM customers_invitation i
    WHERE i.token_digest = link AND i.expires_on >= CURRENT_DATE FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO customers_feedback
        (customer_id, branch_id, invitation_id, given_on, given_at, satisfaction, recommendation, words, wishes_call,
        origin)
    VALUES (asked.customer_id, asked.branch_id, asked.id, CURRENT_DATE, clock_timestamp(), satisfied, recommends, said,
        calls, device)
    ON CONFLICT (invitation_id) DO NOTHING RETURNING id INTO answer;
    RETURN answer;
END
$$;
REVOKE ALL ON FUNCTION coopcrm_invitation(bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION coopcrm_answer_invitation(bytea, smallint, smallint, text, boolean, bytea) FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'coopcrm_web') THEN
        GRANT EXECUTE ON FUNCTION coopcrm_invitation(bytea) TO coopcrm_web;
        GRANT EXECUTE ON FUNCTION
            coopcrm_answer_invitation(bytea, smallint, smallint, text, boolean, bytea) TO coopcrm_web;
    END IF;
END
$$;
"""
NO_FUNCTIONS = """
DROP FUNCTION coopcrm_answer_invitation(bytea, smallint, smallint, text, boolean, bytea);
DROP FUNCTION coopcrm_invitation(bytea);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0007_signed_rows_stay"),
        ("customers", "0018_search_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="feedback",
            name="given_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="given at"),
        ),
        migrations.AddField(
            model_name="feedback",
            name="origin",
            field=models.BinaryField(db_default=b"", default=b"", max_length=16),
        ),
        migrations.AddField(
            model_name="feedback",
            name="wishes_call",
            field=models.BooleanField(db_default=False, default=False, verbose_name="wishes a call"),
        ),
        migrations.AlterField(
            model_name="feedback",
            name="given_on",
            field=models.DateField(verbose_name="given on"),
        ),
        migrations.AlterField(
            model_name="feedback",
            name="recommendation",
            field=models.SmallIntegerField(blank=True, null=True, verbose_name="recommendation"),
        ),
        migrations.AlterField(
            model_name="feedback",
            name="satisfaction",
            field=models.SmallIntegerField(blank=True, null=True, verbose_name="satisfaction"),
        ),
        migrations.AlterField(
            model_name="feedback",
            name="words",
            field=models.CharField(blank=True, max_length=500, verbose_name="words"),
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("occasion", models.CharField(max_length=20, verbose_name="occasion")),
                (
                    "key",
                    models.CharField(
                        editable=False, help_text="The row that the occasion is.", max_length=40
                    ),
                ),
                ("channel", models.CharField(max_length=10, verbose_name="handed over")),
                ("token_digest", models.BinaryField(max_length=32, unique=True)),
                ("invited_on", models.DateField(verbose_name="invited on")),
                ("expires_on", models.DateField(verbose_name="last day")),
                ("issued", models.PositiveSmallIntegerField(default=1, verbose_name="times printed")),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="branches.unit",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="customers.customer",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
            },
        ),
        migrations.AddField(
            model_name="feedback",
            name="invitation",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answer",
                to="customers.invitation",
            ),
        ),
        migrations.AddIndex(
            model_name="feedback",
            index=models.Index(fields=["branch", "-id"], name="feedback_branch_newest"),
        ),
        migrations.AddConstraint(
            model_name="feedback",
            constraint=models.CheckConstraint(
                condition=models.Q(("satisfaction", None), ("satisfaction__range", (1, 5)), _connector="OR"),
                name="feedback_satisfaction_1_to_5",
            ),
        ),
        migrations.AddConstraint(
            model_name="feedback",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("recommendation", None), ("recommendation__range", (0, 10)), _connector="OR"
                ),
                name="feedback_recommendation_0_to_10",
            ),
        ),
        migrations.AddConstraint(
            model_name="feedback",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("invitation", None),
                    ("satisfaction__isnull", False),
                    ("recommendation__isnull", False),
                    models.Q(("words", ""), _negated=True),
                    _connector="OR",
                ),
                name="feedback_says_something",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["branch", "invited_on"], name="invitation_branch_day"),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["customer", "-id"], name="invitation_customer"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                fields=("occasion", "key"), name="invitation_once_an_occasion"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("occasion", ""), _negated=True), models.Q(("key", ""), _negated=True)
                ),
                name="invitation_names_its_occasion",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_on__gte", models.F("invited_on"))),
                name="invitation_ends_after_it_began",
            ),
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
    ]
