"""Rows of a ledger that came back corrected: which row settles which, and which rows an uploaded file brings back."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0041_rows_of_imports_taken_back")]

    operations = [
        migrations.AddField(
            "ledgerrow",
            "settled_by",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="settles",
                to="customers.ledgerrow",
            ),
        ),
        AddIndexConcurrently(
            "ledgerrow",
            models.Index(
                fields=["settled_by"],
                condition=models.Q(settled_by__isnull=False),
                name="ledger_row_settled",
            ),
        ),
        migrations.AddField(
            "uploadfile",
            "corrects_rows",
            models.JSONField(blank=True, db_default={}, default=dict),
        ),
    ]
