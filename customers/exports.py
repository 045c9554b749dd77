"""Lists of the registry: customers of one's branches, and the report of a ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_noop

from branches import exports
from branches.models import StaffMember
from coopcrm.shared.errors import Refused
from coopcrm.shared.lists import Value
from coopcrm.shared.paging import id_in
from customers import masking, policies
from customers.choices import DocumentState
from customers.lists.filters import filtered_customers, plain
from customers.models import Customer, IdentityDocument, LedgerFile, LedgerRow, Phone
from customers.resources import CustomerResource

CUSTOMERS, LEDGER_REPORT = "customers.list", "customers.ledger_report"
CHUNK = 2_000
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
    return filtered_customers(staff, params)


def _count_customers(staff: StaffMember, params: dict, most: int) -> int:
    return _customers(staff, params).order_by()[: most + 1].count()


def _customer_table(staff: StaffMember, params: dict, with_numbers: bool) -> exports.Table:
    resource = CustomerResource()
    fields = resource.get_export_fields()
    heads = [*(field.column_name for field in fields), "document_number", "phone"]

    def rows() -> Iterator[list[Value]]:
        for customer in _with_numbers(_customers(staff, params)).iterator(chunk_size=CHUNK):
            values = [resource.export_field(field, customer) for field in fields]
            yield [*values, *_numbers_of(customer, in_full=with_numbers)]

    return exports.Table(heads, rows())


def _with_numbers(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    held = IdentityDocument.objects.filter(state=DocumentState.HELD).order_by("pk")
    phones = Phone.objects.filter(valid_to=None).order_by("-pk")
    return (
        rows.select_related("branch", "village")
        .prefetch_related(Prefetch("documents", held, "held"), Prefetch("phones", phones, "in_use"))
        .order_by("pinyin", "pk")
    )


def _numbers_of(customer: Customer, *, in_full: bool) -> tuple[str, str]:
    document = customer.held[0].open("number") if customer.held else ""
    phone = customer.in_use[0].open("number") if customer.in_use else ""
    if in_full:
        return document, phone
    return masking.mask_id(document), masking.mask_phone(phone)


exports.kind(
    CUSTOMERS,
    title=gettext_noop("List of customers"),
    clean=filters_given,
    may_order=lambda staff, params: policies.may_export_customers(staff),
    may_take_numbers=policies.may_export_numbers,
    count=_count_customers,
    table=_customer_table,
    file_name="customers",
)


# -- What became of the rows of a ledger: ids and reasons alone --------------------------------------------------------


def _file_given(staff: StaffMember, given: Mapping[str, str]) -> dict[str, int]:
    number = id_in(given.get("file", ""))
    if number is None:
        raise Refused("There is no such ledger.", code="export_filter")
    return {"file": number}


def _may_report(staff: StaffMember, params: dict) -> bool:
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
    clean=_file_given,
    may_order=_may_report,
    count=lambda staff, params, most: _report_rows(staff, params)[: most + 1].count(),
    table=_report_table,
    file_name="ledger-report",
)
