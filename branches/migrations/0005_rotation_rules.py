"""Rotation as the handbook states it, and the services of villages as they stand."""

from datetime import date

from django.db import migrations

# post: years, years with a reason, years at one branch, working days of leave
RULES = {
    "loan_officer": (3, 4, 8, 5),
    "customer_manager": (3, 4, 8, 5),
    "deputy_director": (6, None, None, 5),
    "director": (6, None, None, 5),
    "accountant": (None, None, None, 5),
    "cashier": (None, None, None, 5),
}
SERVICES = """
    INSERT INTO branches_areaservice (area_id, unit_id, valid_from, valid_to)
    SELECT id, unit_id, valid_from, valid_to FROM branches_area WHERE unit_id IS NOT NULL
"""


def write_rules(apps, schema_editor):
    rule = apps.get_model("branches", "RotationRule")
    for code, (years, reason, branch, leave) in RULES.items():
        rule.objects.create(
            code=code,
            valid_from=date(2000, 1, 1),
            years=years,
            years_with_reason=reason,
            years_at_branch=branch,
            leave_days=leave,
        )


def drop_rules(apps, schema_editor):
    apps.get_model("branches", "RotationRule").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("branches", "0004_organisation")]

    operations = [
        migrations.RunPython(write_rules, drop_rules),
        migrations.RunSQL(SERVICES, "DELETE FROM branches_areaservice"),
    ]
