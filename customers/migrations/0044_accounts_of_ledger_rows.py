"""The account number that a row of a ledger names, as a keyed digest: who shares one may be one person."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import coopcrm.shared.fields


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0043_cells_of_rows_taken_back")]

    operations = [
        migrations.AddField(
            "ledgerrow",
            "account_key",
            coopcrm.shared.fields.KeyField(db_default=b"", default=b"", max_length=16),
        ),
        AddIndexConcurrently(
            "ledgerrow",
            models.Index(
                fields=["account_key"], condition=~models.Q(account_key=b""), name="ledger_row_account"
            ),
        ),
    ]
