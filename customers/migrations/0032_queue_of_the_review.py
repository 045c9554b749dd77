"""The index of the review queue, built while the counters work."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0031_review_decisions")]

    operations = [
        AddIndexConcurrently(
            "reviewpair",
            models.Index(
                fields=["branch", "-priority", "cluster", "id"],
                name="review_pair_queue",
                condition=models.Q(("state__in", ("open", "later"))),
            ),
        ),
    ]
