"""Finding the rows of imports that were taken back, and those of nobody, when their time is over."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

TAKEN_BACK = models.Q(undone_at__isnull=False)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0042_rows_settled_by_corrections")]

    operations = [
        AddIndexConcurrently(
            "ledgerrow",
            models.Index(fields=["was_customer"], condition=TAKEN_BACK, name="ledger_row_had_become"),
        ),
        AddIndexConcurrently(
            "ledgerrow", models.Index(fields=["row_key"], condition=TAKEN_BACK, name="ledger_row_taken_back")
        ),
        AddIndexConcurrently(
            "ledgerrow",
            models.Index(fields=["file"], condition=models.Q(customer=None), name="ledger_row_of_nobody"),
        ),
    ]
