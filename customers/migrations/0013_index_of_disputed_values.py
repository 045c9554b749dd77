"""The index of the few people with a disputed value, built while the counters work."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0012_statements")]

    operations = [
        AddIndexConcurrently(
            "customer",
            models.Index(
                fields=["branch", "village", "id"],
                name="customer_disputed",
                condition=models.Q(("disputed", []), _negated=True),
            ),
        ),
    ]
