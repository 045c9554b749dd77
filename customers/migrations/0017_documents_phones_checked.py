"""Indexes and checks of documents and phones, made while people work: outside a transaction, each can be repeated."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

REGISTERS_TOO = """
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS document_held_once_new ON customers_identitydocument
        (kind, number_key) WHERE state = 'HELD' AND NOT kind IN ('marriage', 'household_register');
    DROP INDEX CONCURRENTLY IF EXISTS document_held_once;
    ALTER INDEX document_held_once_new RENAME TO document_held_once
"""
MARRIAGES_ALONE = """
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS document_held_once_new ON customers_identitydocument
        (kind, number_key) WHERE state = 'HELD' AND NOT kind = 'marriage';
    DROP INDEX CONCURRENTLY IF EXISTS document_held_once;
    ALTER INDEX document_held_once_new RENAME TO document_held_once
"""
WHILE_IN_USE = """
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS phone_once_in_use ON customers_phone
        (customer_id, number_key) WHERE valid_to IS NULL;
    ALTER TABLE customers_phone DROP CONSTRAINT IF EXISTS phone_once_per_customer;
    ALTER INDEX phone_once_in_use RENAME TO phone_once_per_customer
"""
EVER = """
    DROP INDEX phone_once_per_customer;
    ALTER TABLE customers_phone ADD CONSTRAINT phone_once_per_customer UNIQUE (customer_id, number_key)
"""
ONE_MAIN = """
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS phone_main_once_per_customer ON customers_phone
        (customer_id) WHERE is_main
"""


def statements(text: str) -> list[str]:
    """One by one, because an index made while people work tolerates no transaction around it."""
    return [statement.strip() for statement in text.split(";")]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0016_documents_phones_names")]

    operations = [
        AddIndexConcurrently(
            "identitydocument",
            models.Index(
                fields=["expires_on", "id"],
                name="document_expiring",
                condition=Q(state="HELD") & ~Q(expires_on=None),
            ),
        ),
        AddIndexConcurrently(
            "identitydocument",
            models.Index(fields=["id"], name="document_disputed", condition=Q(state="DISPUTED")),
        ),
        migrations.RunSQL(
            statements(REGISTERS_TOO),
            statements(MARRIAGES_ALONE),
            state_operations=[
                migrations.RemoveConstraint("identitydocument", "document_held_once"),
                migrations.AddConstraint(
                    "identitydocument",
                    models.UniqueConstraint(
                        fields=["kind", "number_key"],
                        condition=Q(state="HELD") & ~Q(kind__in=["marriage", "household_register"]),
                        name="document_held_once",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            statements(WHILE_IN_USE),
            statements(EVER),
            state_operations=[
                migrations.RemoveConstraint("phone", "phone_once_per_customer"),
                migrations.AddConstraint(
                    "phone",
                    models.UniqueConstraint(
                        fields=["customer", "number_key"],
                        condition=Q(valid_to=None),
                        name="phone_once_per_customer",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            ONE_MAIN,
            "DROP INDEX phone_main_once_per_customer",
            state_operations=[
                migrations.AddConstraint(
                    "phone",
                    models.UniqueConstraint(
                        fields=["customer"], condition=Q(is_main=True), name="phone_main_once_per_customer"
                    ),
                )
            ],
        ),
        ValidateConstraint("identitydocument", "document_expires_or_never"),
        ValidateConstraint("identitydocument", "document_retired_why"),
        ValidateConstraint("phone", "phone_main_in_use"),
        ValidateConstraint("phone", "phone_ended_why"),
    ]
