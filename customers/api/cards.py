"""The registry cards of a page of the API, told from plain rows: a list is asked for often, and by programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from django.db.models import F, QuerySet

from branches.scopes import Scope
from coopcrm.shared import crypto
from customers import masking
from customers.choices import DocumentState
from customers.models import IdentityDocument, Organisation, Phone

COLUMNS = (
    "id",
    "kind",
    "name",
    "sex",
    "birth_date",
    "branch_id",
    "state",
    "merged_into_id",
    "registered_on",
)
SHOWN_STATES = (DocumentState.HELD, DocumentState.DISPUTED, DocumentState.UNVERIFIED)
DOCUMENT = ("kind", "state", "issued_on", "expires_on", "is_long_term")
PHONE = ("kind", "valid_from", "is_main", "confirmed_on")
ORGANISATION = ("category", "legal_form", "founded_on", "business_scope")


def rows_of(customers: QuerySet) -> QuerySet:
    """What a card is told from."""
    return customers.values(*COLUMNS, village_code=F("village__code"))


def cards(rows: Sequence[dict], scope: Scope) -> list[dict]:
    """Cards as :class:`customers.api.serializers.CustomerOut` describes them, in at most three queries.

    Sex, day of birth, documents, phones and register entry belong to the managing branch, like the whole name.
    """
    ours = [row["id"] for row in rows if _is_ours(row, scope)]
    documents = phones = organisations = {}
    if ours:
        shown = IdentityDocument.objects.filter(state__in=SHOWN_STATES)
        documents = _numbered(shown, DOCUMENT, masking.mask_id, ours)
        phones = _numbered(Phone.objects.filter(valid_to=None), PHONE, masking.mask_phone, ours)
        entries = Organisation.objects.filter(customer__in=ours).values("customer_id", *ORGANISATION)
        organisations = {entry.pop("customer_id"): entry for entry in entries}
    told = []
    for row in rows:
        key, is_ours = row["id"], _is_ours(row, scope)
        told.append(
            {
                "id": key,
                "kind": row["kind"],
                "name": row["name"] if is_ours else masking.mask_name(row["name"]),
                "is_masked": not is_ours,
                "sex": row["sex"] if is_ours else "",
                "birth_date": row["birth_date"] if is_ours else None,
                "branch": row["branch_id"],
                "village": row["village_code"],
                "state": row["state"],
                "merged_into": row["merged_into_id"],
                "registered_on": row["registered_on"],
                "documents": documents.get(key, []),
                "phones": phones.get(key, []),
                "organisation": organisations.get(key),
            }
        )
    return told


def _is_ours(row: dict, scope: Scope) -> bool:
    return scope.sees_union or row["branch_id"] in scope.branch_ids


def _numbered(
    rows: QuerySet, columns: Iterable[str], mask: Callable[[str], str], customers: Sequence[int]
) -> dict[int, list[dict]]:
    """Documents or phones by customer, in the order they were taken, with their numbers masked."""
    found, table = defaultdict(list), rows.model._meta.db_table
    for row in (
        rows.filter(customer__in=customers).order_by("pk").values("pk", "customer_id", "number", *columns)
    ):
        number = crypto.unseal(row["number"], table=table, column="number", row=row.pop("pk"))
        found[row.pop("customer_id")].append({**row, "number": mask(number)})
    return found
