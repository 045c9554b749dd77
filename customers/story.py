"""Which rows belong to a person's story in the ledger of deeds although they do not name the person."""

from __future__ import annotations

from django.db import models

from coopcrm.shared import audit
from customers.models import Customer, Household, Membership

MOST_KEYS = 500


def related_rows(person_id: int) -> dict[str, list[int]]:
    """Keys by table: the person's households and what hangs on them, and rows that name the person second."""
    ever = Membership.objects.filter(customer=person_id).values("household")
    households = list(Household.objects.filter(pk__in=ever).values_list("pk", flat=True)[:MOST_KEYS])
    rows = {Household._meta.db_table: households}
    for table, model in audit.audited_models().items():
        first = audit.subject_column(model)
        for field in _relations(model):
            if field.related_model is Customer and field.column != first and model is not Customer:
                _add(rows, table, model.objects.filter(**{field.name: person_id}))
            elif field.related_model is Household and not first and households:
                _add(rows, table, model.objects.filter(**{f"{field.name}__in": households}))
    return {table: keys for table, keys in rows.items() if keys}


def _relations(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.local_concrete_fields if field.is_relation]


def _add(rows: dict[str, list[int]], table: str, found: models.QuerySet) -> None:
    rows.setdefault(table, []).extend(found.order_by("-pk").values_list("pk", flat=True)[:MOST_KEYS])
