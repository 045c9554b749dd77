"""Lists of the registry: customers of one's branches, and the report of a ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_noop

from branches import exports
from branches.models import StaffMember
from coopcrm.shared import crypto
from coopcrm.shared.errors import Refused
from coopcrm.shared.fields import SealedRow
from coopcrm.shared.lists import Value
from coopcrm.shared.paging import id_in
from coopcrm.shared.templatetags.look import badge
from customers import masking, policies
from customers.choices import DocumentState, ListOrder
from customers.consents import contactable
from customers.lists import columns
from customers.lists.filters import filtered_customers, plain
from customers.models import Customer, IdentityDocument, LedgerFile, LedgerRow, Phone

CUSTOMERS, LEDGER_REPORT = "customers.list", "customers.ledger_report"
CHUNK = 2_000
FIELDS = {
    "customer_id": "pk",
    "name": "name",
    "sex": "sex",
    "birth_date": "birth_date",
    "branch_code": "branch__code",
    "branch": "branch__name",
    "village_code": "village__code",
    "village": "village__name",
    "group": "group_no",
    "registered_on": "registered_on",
    "verified_on": "verified_on",
}
"""Columns of a list without a choice: the name in the file, and where it stands."""
REPORT = ("sheet", "row_number", "outcome", "customer_id", "household_id", "reason")


# -- Customers ---------------------------------------------------------------------------------------------------------


def filters_given(staff: StaffMember, given: Mapping[str, str]) -> dict[str, Any]:
    """The filters of the list page as ids and codes; refuses what the page does not offer."""
    from customers.lists.forms import ListForm, LookForm

    data = QueryDict(mutable=True)
    data.update(given)
    data.setlist("column", [code for code in given.get("columns", "").split(",") if code])
    form, look = ListForm(data, staff=staff), LookForm(data, staff=staff)
    errors = {**form.errors, **look.errors}
    if errors:
        raise Refused(
            "; ".join(f"{name}: {found[0]}" for name, found in errors.items()), code="export_filter"
        )
    chosen = {name: value for name, value in look.cleaned_data.items() if value}
    return {**plain(form.cleaned_data), **chosen}


def _customers(staff: StaffMember, params: dict) -> QuerySet[Customer]:
    rows = filtered_customers(staff, params)
    return contactable(rows, on=timezone.localdate()) if params.get("use") == exports.CONTACT else rows


def _count_customers(staff: StaffMember, params: dict, most: int) -> int:
    return _customers(staff, params).order_by()[: most + 1].count()


def _customer_table(staff: StaffMember, params: dict, with_numbers: bool) -> exports.Table:
    """What the list shows: the columns chosen there, or all the registry's own with numbers masked."""
    rows = _customers(staff, params)
    if params.get("order") == ListOrder.NEWEST:
        rows = rows.order_by(F("registered_on").desc(), F("pk").desc())
    else:
        rows = rows.order_by("pinyin", "pk")
    if chosen := params.get("column"):
        return _chosen_table(staff, rows, chosen, with_numbers)
    heads = [*FIELDS, "document_number", "phone"]
    return exports.Table(heads, rows_with_numbers(rows, in_full=with_numbers))


def rows_with_numbers(rows: QuerySet[Customer], *, in_full: bool) -> Iterator[list[Value]]:
    """Plain values from a cursor of the server, numbers at the end."""
    held = IdentityDocument.objects.filter(customer=OuterRef("pk"), state=DocumentState.HELD).order_by("pk")
    phone = Phone.objects.filter(customer=OuterRef("pk"), valid_to=None).order_by("-pk")
    number, number_of = Subquery(held.values("number")[:1]), Subquery(held.values("pk")[:1])
    phone_text, phone_of = Subquery(phone.values("number")[:1]), Subquery(phone.values("pk")[:1])
    read = rows.annotate(n=number, n_of=number_of, p=phone_text, p_of=phone_of)
    for row in read.values_list(*FIELDS.values(), "n", "n_of", "p", "p_of").iterator(chunk_size=CHUNK):
        values, (sealed, document, sealed_phone, phone_pk) = list(row[:-4]), row[-4:]
        number = _opened(IdentityDocument, sealed, document)
        phone = _opened(Phone, sealed_phone, phone_pk)
        values += (number, phone) if in_full else (masking.mask_id(number), masking.mask_phone(phone))
        yield values


def _opened(model: type[SealedRow], sealed: bytes | None, pk: int | None) -> str:
    return crypto.unseal(sealed, table=model._meta.db_table, column="number", row=pk) if sealed else ""


def _chosen_table(
    staff: StaffMember, rows: QuerySet[Customer], chosen: list[str], with_numbers: bool
) -> exports.Table:
    """The columns of the page, a thousand customers at a time; numbers only when full ones were asked for."""
    heads, _none = columns.table(staff, [], chosen)
    names = ["customer_id", "name", *(str(head.label) for head in heads)]

    def read() -> Iterator[list[Value]]:
        people = columns.readable(rows).iterator(chunk_size=CHUNK)
        while some := list(islice(people, CHUNK)):
            numbers = _numbers(some) if with_numbers else {}
            for row in columns.table(staff, some, chosen)[1]:
                cells = [str(badge(*cell.badge)["label"] if cell.badge else cell.text) for cell in row.cells]
                yield [row.customer.pk, row.customer.name, *cells, *numbers.get(row.customer.pk, ())]

    return exports.Table([*names, *(("document_number", "phone") if with_numbers else ())], read())


def _numbers(people: list[Customer]) -> dict[int, tuple[str, str]]:
    ids = [person.pk for person in people]
    documents = IdentityDocument.objects.filter(customer__in=ids, state=DocumentState.HELD).order_by("-pk")
    phones = Phone.objects.filter(customer__in=ids, valid_to=None).order_by("pk")
    held = {row.customer_id: row.open("number") for row in documents}
    last = {row.customer_id: row.open("number") for row in phones}
    return {pk: (held.get(pk, ""), last.get(pk, "")) for pk in ids}


exports.kind(
    CUSTOMERS,
    title=gettext_noop("List of customers"),
    clean=filters_given,
    may_order=lambda staff, params: policies.may_export_customers(staff),
    may_take_numbers=policies.may_export_numbers,
    count=_count_customers,
    table=_customer_table,
    file_name="customers",
    asks_use=True,
)


# -- What became of the rows of a ledger: ids and reasons alone --------------------------------------------------------


def file_given(staff: StaffMember, given: Mapping[str, str]) -> dict[str, int]:
    """The ledger file that a form names."""
    number = id_in(given.get("file", ""))
    if number is None:
        raise Refused("There is no such ledger.", code="export_filter")
    return {"file": number}


def may_report(staff: StaffMember, params: dict) -> bool:
    """Who sees the ledger takes lists of its rows."""
    if not policies.may_see_ledgers(staff):
        return False
    return LedgerFile.objects.visible_to(staff).filter(pk=params["file"]).exists()


def _report_rows(staff: StaffMember, params: dict) -> QuerySet[LedgerRow]:
    return LedgerRow.objects.visible_to(staff).filter(file=params["file"])


def _report_table(staff: StaffMember, params: dict, with_numbers: bool) -> exports.Table:
    name = LedgerFile.objects.visible_to(staff).get(pk=params["file"]).name
    rows = _report_rows(staff, params).order_by("pk").values_list(*REPORT).iterator(chunk_size=CHUNK)
    return exports.Table(("source_file", *REPORT), ((name, *values) for values in rows))


exports.kind(
    LEDGER_REPORT,
    title=gettext_noop("Report of a ledger"),
    clean=file_given,
    may_order=may_report,
    count=lambda staff, params, most: _report_rows(staff, params)[: most + 1].count(),
    table=_report_table,
    file_name="ledger-report",
)
