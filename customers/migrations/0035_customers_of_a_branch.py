"""The customers of a branch in the order of their ids, for lists by cursor; two indexes that others contain go."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0034_merges")]

    operations = [
        AddIndexConcurrently("customer", models.Index(fields=["branch", "id"], name="customer_branch")),
        migrations.AlterField(
            "customer",
            "branch",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="customers",
                to="branches.unit",
                verbose_name="managing branch",
            ),
        ),
        migrations.AlterField(
            "customer",
            "village",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="customers",
                to="branches.area",
            ),
        ),
    ]
