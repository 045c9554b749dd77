"""What two people have signed is written by two and only shortened: the database refuses the roles of daily work."""

from django.db import migrations

GUARD = """
CREATE FUNCTION coopcrm_signed_by_two() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user NOT IN ('coopcrm_web', 'coopcrm_worker') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.confirmed_by_id IS NULL THEN
            RAISE EXCEPTION 'it takes two signatures' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF OLD.valid_to IS NOT NULL AND (NEW.valid_to IS NULL OR NEW.valid_to > OLD.valid_to) THEN
        RAISE EXCEPTION 'what has an end gets no later one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER post_signed_by_two BEFORE INSERT OR UPDATE ON branches_post
    FOR EACH ROW EXECUTE FUNCTION coopcrm_signed_by_two();
"""
NO_GUARD = """
DROP TRIGGER post_signed_by_two ON branches_post;
DROP FUNCTION coopcrm_signed_by_two();
"""


class Migration(migrations.Migration):
    dependencies = [("branches", "0006_exports")]

    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
