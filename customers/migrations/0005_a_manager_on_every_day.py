"""Nobody is ever without a manager: fill what is open with the director's post, and check it from now on."""

from django.db import migrations

FILL = """
    INSERT INTO customers_managerassignment (household_id, staff_id, valid_from, valid_to)
    SELECT h.id, NULL, lower(gap), upper(gap)
    FROM customers_household h,
        LATERAL unnest(datemultirange(daterange(h.valid_from, h.valid_to)) - coalesce((
            SELECT range_agg(daterange(a.valid_from, a.valid_to))
            FROM customers_managerassignment a WHERE a.household_id = h.id
        ), '{}')) AS gap
"""

CHECK = """
CREATE FUNCTION customers_require_manager(the_household bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    missing datemultirange;
BEGIN
    SELECT datemultirange(daterange(h.valid_from, h.valid_to)) - coalesce((
            SELECT range_agg(daterange(a.valid_from, a.valid_to))
            FROM customers_managerassignment a WHERE a.household_id = h.id
        ), '{}')
    INTO missing FROM customers_household h WHERE h.id = the_household;
    IF missing IS NOT NULL AND NOT isempty(missing) THEN
        RAISE EXCEPTION 'household % has no manager in %', the_household, missing
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_manager_on_every_day';
    END IF;
END $$;

CREATE FUNCTION customers_household_has_manager() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM customers_require_manager(NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION customers_assignment_leaves_no_gap() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM customers_require_manager(OLD.household_id);
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER a_manager_on_every_day AFTER INSERT OR UPDATE OF valid_from, valid_to
    ON customers_household DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION customers_household_has_manager();

CREATE CONSTRAINT TRIGGER no_gap_between_managers AFTER UPDATE OR DELETE
    ON customers_managerassignment DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION customers_assignment_leaves_no_gap();
"""

NO_CHECK = """
DROP TRIGGER no_gap_between_managers ON customers_managerassignment;
DROP TRIGGER a_manager_on_every_day ON customers_household;
DROP FUNCTION customers_assignment_leaves_no_gap();
DROP FUNCTION customers_household_has_manager();
DROP FUNCTION customers_require_manager(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_handovers")]

    operations = [
        migrations.RunSQL(FILL, "DELETE FROM customers_managerassignment WHERE staff_id IS NULL"),
        migrations.RunSQL(CHECK, NO_CHECK),
    ]
