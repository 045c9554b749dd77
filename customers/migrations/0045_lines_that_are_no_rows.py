"""A further kind of sealed pieces of an upload: lines of its files that are no rows. No statement is run."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0044_accounts_of_ledger_rows")]

    operations = [
        migrations.AlterField(
            model_name="uploadpart",
            name="kind",
            field=models.CharField(
                choices=[
                    ("original", "The file as it came"),
                    ("rows", "Its rows as read"),
                    ("plan", "What it would write"),
                    ("areas", "The list of villages beside it"),
                    ("others", "Its lines that are no rows"),
                ],
                max_length=10,
            ),
        ),
    ]
