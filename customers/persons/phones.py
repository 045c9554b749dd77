"""Deeds of phones: add, confirm, choose the main one, end. A phone is a hint and never a key; many may share one."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.inserting import insert
from customers import identity, numbers
from customers.choices import FactSource, PhoneEnded, PhoneKind
from customers.models import Customer, Phone
from customers.persons import policies, words


@transaction.atomic
def add_phone(
    *,
    staff: StaffMember,
    customer: Customer,
    number: str,
    as_of: date,
    is_main: bool = False,
    keep: bool = False,
    source: str = FactSource.SAID,
) -> Phone:
    """Add a phone to a customer; one that is in use already is returned as it is.

    A number that does not stand is refused with the reason in words until ``keep`` says that it was given so; then it
    is kept as typed with the reason (a landline without its area code).
    """
    _allow(policies.may_keep(staff, customer))
    judged = identity.check_phone(number)
    text = judged.normalized or identity.normalize_code(number)
    require(text, _("Write the phone number."), code="phone_missing")
    if judged.reason and not keep:
        raise Refused(words.phone_reason(judged.reason), code="number_invalid")
    Customer.objects.select_for_update().get(pk=customer.pk)
    key = numbers.phone_keys(text).number_key
    known = customer.phones.filter(number_key=key, valid_to=None).first()
    if known is None:
        known = new_phone(customer, number, as_of=as_of, source=source)
        insert(known)
    if is_main or not customer.phones.filter(is_main=True).exists():
        _make_main(known)
    return known


@transaction.atomic
def confirm_phone(*, staff: StaffMember, phone: Phone, as_of: date) -> Phone:
    """Note that the person was asked and said that this phone is theirs."""
    phone = _in_use(staff, phone)
    phone.confirmed_on, phone.confirmed_by = as_of, staff
    phone.save(update_fields=["confirmed_on", "confirmed_by"])
    return phone


@transaction.atomic
def make_main(*, staff: StaffMember, phone: Phone) -> Phone:
    """Let this be the phone that is called first."""
    phone = _in_use(staff, phone)
    _make_main(phone)
    return phone


@transaction.atomic
def end_phone(*, staff: StaffMember, phone: Phone, because: str, as_of: date) -> Phone:
    """Note that a phone is no longer used and why; the row stays."""
    require(because in PhoneEnded.values, _("Choose why the phone is no longer used."), code="no_reason")
    phone = _in_use(staff, phone)
    was_main = phone.is_main
    phone.valid_to, phone.ended_because, phone.is_main = max(as_of, phone.valid_from), because, False
    phone.save(update_fields=["valid_to", "ended_because", "is_main"])
    left = (
        Phone.objects.filter(customer=phone.customer_id, valid_to=None)
        .order_by("-confirmed_on", "pk")
        .first()
    )
    if was_main and left is not None:
        _make_main(left)
    return phone


def new_phone(
    customer: Customer,
    typed: str,
    *,
    as_of: date,
    source: str,
    is_main: bool = False,
    pk: int | None = None,
) -> Phone:
    """A phone as it was said, not stored yet: normalised where it can be, with the keys by which it is found."""
    judged = identity.check_phone(typed)
    text = judged.normalized or identity.normalize_code(typed)
    phone = Phone(
        pk=pk,
        customer=customer,
        kind=judged.kind or PhoneKind.UNKNOWN,
        **numbers.phone_keys(text)._asdict(),
        valid_from=as_of,
        source=source,
        invalid_reason=judged.reason or "",
        is_main=is_main,
    )
    phone.seal("number", text)
    return phone


def _allow(may: bool) -> None:
    require(may, _("The managing branch keeps a customer's phones."))


def _in_use(staff: StaffMember, phone: Phone) -> Phone:
    _allow(policies.may_keep(staff, phone.customer))
    rows = Phone.objects.select_for_update(of=["self"]).select_related("customer")
    phone = rows.get(pk=phone.pk)
    require(phone.valid_to is None, _("This phone is no longer used."), code="ended_already")
    return phone


def _make_main(phone: Phone) -> None:
    Phone.objects.filter(customer=phone.customer_id, is_main=True).exclude(pk=phone.pk).update(is_main=False)
    Phone.objects.filter(pk=phone.pk).update(is_main=True)
    phone.is_main = True
