"""No organisation is ever without a manager: the director's post until somebody is named, checked from now on."""

from django.db import migrations

FILL = """
    INSERT INTO customers_organisationmanager (organisation_id, staff_id, valid_from)
    SELECT id, NULL, registered_on FROM customers_customer WHERE kind = 'organisation'
"""

CHECK = """
CREATE FUNCTION customers_require_organisation_manager(the_organisation bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    missing datemultirange;
BEGIN
    SELECT datemultirange(daterange(c.registered_on, NULL)) - coalesce((
            SELECT range_agg(daterange(m.valid_from, m.valid_to))
            FROM customers_organisationmanager m WHERE m.organisation_id = c.id
        ), '{}')
    INTO missing FROM customers_customer c WHERE c.id = the_organisation AND c.kind = 'organisation';
    IF missing IS NOT NULL AND NOT isempty(missing) THEN
        RAISE EXCEPTION 'organisation % has no manager in %', the_organisation, missing
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_manager_for_every_organisation';
    END IF;
END $$;

CREATE FUNCTION customers_organisation_has_manager() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM customers_require_organisation_manager(NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION customers_organisation_manager_leaves_no_gap() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM customers_require_organisation_manager(OLD.organisation_id);
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER a_manager_for_every_organisation AFTER INSERT OR UPDATE OF kind, registered_on
    ON customers_customer DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'organisation') EXECUTE FUNCTION customers_organisation_has_manager();

CREATE CONSTRAINT TRIGGER no_gap_between_managers_of_an_organisation AFTER UPDATE OR DELETE
    ON customers_organisationmanager DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION customers_organisation_manager_leaves_no_gap();
"""

NO_CHECK = """
DROP TRIGGER no_gap_between_managers_of_an_organisation ON customers_organisationmanager;
DROP TRIGGER a_manager_for_every_organisation ON customers_customer;
DROP FUNCTION customers_organisation_manager_leaves_no_gap();
DROP FUNCTION customers_organisation_has_manager();
DROP FUNCTION customers_require_organisation_manager(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0029_organisations")]

    operations = [
        migrations.RunSQL(FILL, "DELETE FROM customers_organisationmanager"),
        migrations.RunSQL(CHECK, NO_CHECK),
    ]
