"""Events of households; one head at a time, nobody a member after death, nobody married twice, all by the database."""

import uuid

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import branches.models.ranges
import coopcrm.shared.fields

HEADS = """
    UPDATE customers_membership m SET relation = 'other'
    WHERE m.relation = 'head' AND EXISTS (
        SELECT FROM customers_membership o
        WHERE o.household_id = m.household_id AND o.relation = 'head' AND o.id < m.id
        AND daterange(o.valid_from, o.valid_to) && daterange(m.valid_from, m.valid_to)
    )
"""

ENDS_WITH_DEATH = """
    UPDATE customers_membership m SET valid_to = greatest(m.valid_from, c.deceased_on)
    FROM customers_customer c
    WHERE c.id = m.customer_id AND c.deceased_on IS NOT NULL
    AND daterange(m.valid_from, m.valid_to) && daterange(c.deceased_on, NULL)
"""

RULES = """
CREATE FUNCTION customers_nobody_after_death() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    SELECT m.id INTO found FROM written m JOIN customers_customer c ON c.id = m.customer_id
    WHERE c.deceased_on IS NOT NULL AND daterange(m.valid_from, m.valid_to) && daterange(c.deceased_on, NULL) LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'membership % goes on after death', found
            USING ERRCODE = 'check_violation', CONSTRAINT = 'no_member_after_death';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION customers_death_ends_membership() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM customers_membership m WHERE m.customer_id = NEW.id
        AND daterange(m.valid_from, m.valid_to) && daterange(NEW.deceased_on, NULL)
    ) THEN
        RAISE EXCEPTION 'person % is still a member on the day of death', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'no_member_after_death';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION customers_event_within_household() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written e JOIN customers_household h ON h.id = e.household_id
        WHERE e.happened_on < h.valid_from AND e.kind <> 'undone'
    ) THEN
        RAISE EXCEPTION 'nothing happens to a household before it is there'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'no_event_before_the_household';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION customers_one_marriage() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    PERFORM FROM customers_customer WHERE id IN (
        SELECT first_id FROM written UNION SELECT second_id FROM written
    ) ORDER BY id FOR NO KEY UPDATE;
    SELECT w.id INTO found FROM written w JOIN customers_marriage m ON m.id <> w.id
        AND (m.first_id IN (w.first_id, w.second_id) OR m.second_id IN (w.first_id, w.second_id))
        AND daterange(m.valid_from, m.valid_to) && daterange(w.valid_from, w.valid_to) LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'marriage %: one of the two is married already', found
            USING ERRCODE = 'check_violation', CONSTRAINT = 'one_marriage_at_a_time';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER no_member_after_death AFTER INSERT ON customers_membership
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION customers_nobody_after_death();
CREATE TRIGGER no_member_after_death_later AFTER UPDATE ON customers_membership
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION customers_nobody_after_death();
CREATE TRIGGER death_ends_membership AFTER UPDATE OF deceased_on ON customers_customer
    FOR EACH ROW WHEN (NEW.deceased_on IS NOT NULL) EXECUTE FUNCTION customers_death_ends_membership();
CREATE TRIGGER no_event_before_the_household AFTER INSERT ON customers_householdevent
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION customers_event_within_household();
CREATE TRIGGER one_marriage_at_a_time AFTER INSERT ON customers_marriage
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION customers_one_marriage();
CREATE TRIGGER one_marriage_at_a_time_later AFTER UPDATE ON customers_marriage
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION customers_one_marriage();
"""

NO_RULES = """
DROP TRIGGER one_marriage_at_a_time_later ON customers_marriage;
DROP TRIGGER one_marriage_at_a_time ON customers_marriage;
DROP TRIGGER no_event_before_the_household ON customers_householdevent;
DROP TRIGGER death_ends_membership ON customers_customer;
DROP TRIGGER no_member_after_death_later ON customers_membership;
DROP TRIGGER no_member_after_death ON customers_membership;
DROP FUNCTION customers_one_marriage();
DROP FUNCTION customers_event_within_household();
DROP FUNCTION customers_death_ends_membership();
DROP FUNCTION customers_nobody_after_death();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0013_index_of_disputed_values"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HouseholdEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("deed", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Household opened"),
                            ("joined", "Somebody joined"),
                            ("left", "Somebody left"),
                            ("moved", "Somebody moved to another household"),
                            ("marriage", "Marriage"),
                            ("divorce", "Divorce"),
                            ("split", "Household split"),
                            ("death", "Death"),
                            ("new_head", "Another head"),
                            ("migration", "Somebody works away"),
                            ("return", "Somebody came back"),
                            ("empty", "Empty registration"),
                            ("lived_in", "Lived in again"),
                            ("place", "Household moved to another place"),
                            ("register", "New register number"),
                            ("closed", "Household closed"),
                            ("reviewed", "Reviewed after a change"),
                            ("undone", "Event taken back"),
                        ],
                        max_length=12,
                        verbose_name="event",
                    ),
                ),
                ("happened_on", models.DateField(verbose_name="day")),
                (
                    "paper",
                    models.CharField(
                        choices=[
                            ("none", "No paper, as the family says"),
                            ("marriage", "Marriage certificate"),
                            ("divorce", "Divorce certificate"),
                            ("death", "Death certificate"),
                            ("register", "Household register"),
                            ("village", "Statement of the village committee"),
                        ],
                        default="none",
                        max_length=12,
                        verbose_name="paper shown",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("changes", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name": "event of a household",
                "verbose_name_plural": "events of households",
            },
        ),
        migrations.AddField(
            model_name="marriage",
            name="end_number",
            field=coopcrm.shared.fields.SealedField(db_default=b"", default=b""),
        ),
        migrations.AddField(
            model_name="marriage",
            name="end_number_key",
            field=coopcrm.shared.fields.KeyField(db_default=b"", default=b"", max_length=16),
        ),
        migrations.AddField(
            model_name="marriage",
            name="ended_by",
            field=models.CharField(
                blank=True,
                choices=[("divorce", "Divorce"), ("death", "Death"), ("undone", "Recorded by mistake")],
                db_default="",
                default="",
                max_length=10,
                verbose_name="ended by",
            ),
        ),
        migrations.AddField(
            model_name="marriage",
            name="state",
            field=models.CharField(
                choices=[
                    ("HELD", "Held"),
                    ("DISPUTED", "Claimed by two persons"),
                    ("UNVERIFIED", "Kept as typed, not valid"),
                    ("RETIRED", "No longer in use"),
                ],
                db_default="HELD",
                default="HELD",
                max_length=10,
            ),
        ),
        migrations.RunSQL(HEADS, migrations.RunSQL.noop),
        migrations.RunSQL(ENDS_WITH_DEATH, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="membership",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("relation", "head")),
                expressions=[
                    ("household", "="),
                    (branches.models.ranges.DateRange("valid_from", "valid_to", models.Value("[)")), "&&"),
                ],
                name="one_head_at_a_time",
            ),
        ),
        migrations.AddField(
            model_name="householdevent",
            name="customer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.customer",
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="householdevent",
            name="household",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="customers.household"
            ),
        ),
        migrations.AddField(
            model_name="householdevent",
            name="partner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.customer",
                verbose_name="other person",
            ),
        ),
        migrations.AddField(
            model_name="householdevent",
            name="recorded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="householdevent",
            name="undoes",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_by",
                to="customers.householdevent",
                verbose_name="takes back",
            ),
        ),
        migrations.AddIndex(
            model_name="householdevent",
            index=models.Index(fields=["household", "-happened_on", "-id"], name="household_event_latest"),
        ),
        migrations.AddIndex(
            model_name="householdevent",
            index=models.Index(fields=["deed"], name="household_event_deed"),
        ),
        migrations.AddConstraint(
            model_name="householdevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "undone"), ("undoes__isnull", False)),
                    models.Q(models.Q(("kind", "undone"), _negated=True), ("undoes", None)),
                    _connector="OR",
                ),
                name="household_event_undoes",
            ),
        ),
        migrations.RunSQL(RULES, NO_RULES),
    ]
