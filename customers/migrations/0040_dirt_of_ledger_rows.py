import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0039_branches_of_the_manifest"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledgerrow",
            name="dirt",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20), blank=True, db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="ledgerrow",
            name="usable",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10), blank=True, null=True, size=None
            ),
        ),
    ]
