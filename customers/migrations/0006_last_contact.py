"""The one thing the masked card tells of another branch's visits: the month of the last one."""

from django.db import migrations

CREATE = """
CREATE FUNCTION coopcrm_last_visit_month(customer bigint) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT date_trunc('month', max(v.visited_on))::date
    FROM customers_visitnote v JOIN customers_membership m ON m.household_id = v.household_id
    WHERE m.customer_id = customer
$$;
"""
DROP = "DROP FUNCTION coopcrm_last_visit_month(bigint);"


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_a_manager_on_every_day")]

    operations = [migrations.RunSQL(CREATE, DROP)]
