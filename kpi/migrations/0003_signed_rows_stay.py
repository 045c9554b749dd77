"""A version of rules is written with two signatures and only ended: the database refuses the roles of daily work."""

from django.db import migrations

GUARD = """
CREATE TRIGGER indicator_set_signed_by_two BEFORE INSERT OR UPDATE ON kpi_indicatorset
    FOR EACH ROW EXECUTE FUNCTION coopcrm_signed_by_two();
"""
NO_GUARD = "DROP TRIGGER indicator_set_signed_by_two ON kpi_indicatorset"


class Migration(migrations.Migration):
    dependencies = [("kpi", "0002_rules_signed_by_two"), ("branches", "0007_signed_rows_stay")]

    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
