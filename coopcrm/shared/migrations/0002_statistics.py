"""A way for workers, who own no table, to renew the planner's statistics of tables they have just filled."""

from django.db import migrations

CREATE = """
CREATE FUNCTION coopcrm_analyze(tables text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('ANALYZE public.%I', name);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("shared", "0001_work_table")]

    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION coopcrm_analyze(text[])")]
