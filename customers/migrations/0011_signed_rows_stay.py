"""A signed handover stays as it was signed, and a sharing is only shortened, whatever the roles of daily work send."""

from django.db import migrations

GUARD = """
CREATE FUNCTION customers_signed_handover() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_user NOT IN ('coopcrm_web', 'coopcrm_worker') THEN
        RETURN NEW;
    END IF;
    IF OLD.state <> 'open'
        OR (OLD.branch_id, OLD.giver_id, OLD.taker_id, OLD.supervisor_id, OLD.effective_on, OLD.created_by_id)
            IS DISTINCT FROM
            (NEW.branch_id, NEW.giver_id, NEW.taker_id, NEW.supervisor_id, NEW.effective_on, NEW.created_by_id)
        OR (OLD.given_at IS NOT NULL AND (OLD.given_at, OLD.given_by_id) IS DISTINCT FROM (NEW.given_at, NEW.given_by_id))
        OR (OLD.taken_at IS NOT NULL AND OLD.taken_at IS DISTINCT FROM NEW.taken_at) THEN
        RAISE EXCEPTION 'a signed handover stays as it was signed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE FUNCTION customers_signed_list() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_user IN ('coopcrm_web', 'coopcrm_worker') AND EXISTS (
        SELECT FROM customers_handover h
        WHERE h.id IN (NEW.handover_id, OLD.handover_id) AND (h.taken_at IS NOT NULL OR h.state <> 'open')
    ) THEN
        RAISE EXCEPTION 'a signed list stays as it was signed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER handover_stays_as_signed BEFORE UPDATE ON customers_handover
    FOR EACH ROW EXECUTE FUNCTION customers_signed_handover();
CREATE TRIGGER handover_list_stays_as_signed BEFORE INSERT OR UPDATE ON customers_handoveritem
    FOR EACH ROW EXECUTE FUNCTION customers_signed_list();
CREATE TRIGGER sharing_only_shortened BEFORE UPDATE ON customers_sharing
    FOR EACH ROW EXECUTE FUNCTION coopcrm_signed_by_two();
"""
NO_GUARD = """
DROP TRIGGER sharing_only_shortened ON customers_sharing;
DROP TRIGGER handover_list_stays_as_signed ON customers_handoveritem;
DROP TRIGGER handover_stays_as_signed ON customers_handover;
DROP FUNCTION customers_signed_list();
DROP FUNCTION customers_signed_handover();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0010_rights"), ("branches", "0007_signed_rows_stay")]

    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
