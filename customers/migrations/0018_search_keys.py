"""What search reads besides the whole name: the pinyin of the given name, the day of birth, organisations by name.

Indexes are built while people work, and the new column is filled in short transactions.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models, transaction

BATCH = 20_000


def fill(apps, schema_editor):
    """Read every given name aloud once, then write it to whom it belongs, range by range."""
    from customers.names import reading_of

    customer = apps.get_model("customers", "Customer").objects.using(schema_editor.connection.alias)
    waiting = customer.exclude(given_key="").filter(given_pinyin="")
    given = list(waiting.order_by().values_list("given_key", flat=True).distinct())
    if not given:
        return
    sounds = [reading_of(key)[:200] for key in given]
    last = customer.order_by("-pk").values_list("pk", flat=True).first()
    for first in range(0, last + 1, BATCH):
        with transaction.atomic(schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE customers_customer c SET given_pinyin = k.sound"
                " FROM unnest(%s::text[], %s::text[]) AS k (given, sound)"
                " WHERE c.given_key = k.given COLLATE \"C\" AND c.id >= %s AND c.id < %s AND k.sound <> ''",
                [given, sounds, first, first + BATCH],
            )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0017_documents_phones_checked")]

    operations = [
        migrations.AddField(
            "customer",
            "given_pinyin",
            models.CharField(blank=True, db_collation="C", db_default="", editable=False, max_length=200),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            "customer", models.Index(fields=["given_pinyin", "id"], name="customer_given_pinyin")
        ),
        AddIndexConcurrently(
            "customer", models.Index(fields=["birth_date", "id"], name="customer_birth_date")
        ),
        AddIndexConcurrently(
            "customer",
            models.Index(fields=["branch", "registered_on", "id"], name="customer_branch_registered"),
        ),
        AddIndexConcurrently(
            "customer",
            models.Index(
                fields=["name_key", "id"],
                name="customer_organisation",
                condition=models.Q(kind="organisation"),
            ),
        ),
        AddIndexConcurrently(
            "household",
            models.Index(
                fields=["register_no"], name="household_register_no", condition=~models.Q(register_no="")
            ),
        ),
    ]
