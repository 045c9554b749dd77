"""Tables, columns and values of the ledger in people's words, as far as the models know them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from coopcrm.shared.fields import KeyField, SealedField
from coopcrm.shared.models import AuditEntry

LONGEST = 300


@dataclass(frozen=True)
class Change:
    """One column of an entry: its name, and its value before and after in words."""

    label: str
    before: str
    after: str


@cache
def model_of(table: str) -> type[models.Model] | None:
    """The model whose rows a table holds."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table == table:
            return model
    return None


@cache
def field_of(table: str, column: str) -> models.Field | None:
    """The field behind a column."""
    model = model_of(table)
    fields = model._meta.local_concrete_fields if model else ()
    return next((field for field in fields if field.column == column), None)


def table_in_words(table: str) -> str:
    """The name of a kind of row."""
    model = model_of(table)
    return capfirst(str(model._meta.verbose_name)) if model else table


def column_in_words(table: str, column: str) -> str:
    """The name of a column."""
    field = field_of(table, column)
    return capfirst(str(field.verbose_name)) if field else column


def value_in_words(table: str, column: str, value: Any) -> str:
    """A value for reading: labels for codes, no ciphertext, nothing endless."""
    field = field_of(table, column)
    if value is None or value == "":
        return "–"
    if isinstance(field, SealedField | KeyField):
        return _("(sealed)")
    if value is True or value is False:
        return _("yes") if value else _("no")
    if field is not None and field.is_relation:
        return f"#{value}"
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def changes_of(entry: AuditEntry) -> list[Change]:
    """What an entry says, column by column in the order of the row."""
    old, new = entry.old or {}, entry.new or {}
    columns = list(dict.fromkeys([*old, *new]))
    return [
        Change(
            column_in_words(entry.table_name, column),
            value_in_words(entry.table_name, column, old.get(column)),
            value_in_words(entry.table_name, column, new.get(column)),
        )
        for column in columns
        if old.get(column) not in (None, "") or new.get(column) not in (None, "")
    ]


def row_in_words(entry: AuditEntry) -> str:
    """Which row an entry is about."""
    if not entry.table_name:
        return ""
    return (
        f"{table_in_words(entry.table_name)} #{entry.key}" if entry.key else table_in_words(entry.table_name)
    )
