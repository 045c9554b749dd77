"""Correcting what the registry says of a person: one service for every field, with the source of the new value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from customers import facts, identity, policies
from customers.choices import FactSource, PhoneEnded, Sex
from customers.models import Customer, FactSheet, Membership, Phone
from customers.persons.phones import add_phone
from customers.provenance.services import state_values
from customers.services import record_facts

PHONE = "phone"
FACTS = ("population", "labour", "net_income", "gross_income", "living_expenditure", "assets", "liabilities")
WHOLE = ("population", "labour")
SOURCES = (FactSource.SAID, FactSource.DOCUMENT)


def _name(text: str, as_of: date) -> str:
    return " ".join(text.split())


def _day(text: str, as_of: date) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or day > as_of:
        raise Refused(_("Write the day as 1980-05-12; it does not lie in the future."), code="bad_value")
    return day


def _sex(text: str, as_of: date) -> str:
    if text not in Sex.values:
        raise Refused(_("Write F or M."), code="bad_value")
    return text


def _phone(text: str, as_of: date) -> str:
    judged = identity.check_phone(text)
    if not judged.valid:
        raise Refused(_("This is no phone number. Please look at it again."), code="bad_value")
    return judged.normalized


def _amount(text: str, as_of: date) -> Decimal:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= Decimal(10) ** 12:
        raise Refused(_("Write an amount in yuan, such as 12500.00."), code="bad_value")
    return value.quantize(Decimal("0.01"))


def _count(text: str, as_of: date) -> int:
    if not text.isdecimal() or len(text) > 2 or int(text) > 40:
        raise Refused(_("Write a number of people."), code="bad_value")
    return int(text)


@dataclass(frozen=True)
class Correctable:
    """A field that a person may ask to be corrected: its words, how a typed value is read, how long it may be."""

    label: Any
    read: Callable[[str, date], Any]
    longest: int = 200


FIELDS: dict[str, Correctable] = {
    "name": Correctable(gettext_lazy("name"), _name, 100),
    "sex": Correctable(gettext_lazy("sex"), _sex, 1),
    "birth_date": Correctable(gettext_lazy("date of birth"), _day, 10),
    PHONE: Correctable(gettext_lazy("phone"), _phone, 30),
    "group_no": Correctable(gettext_lazy("village group"), _name, 10),
    "address": Correctable(gettext_lazy("address"), _name, 200),
    "occupation": Correctable(gettext_lazy("occupation"), _name, 60),
    **{
        name: Correctable(
            FactSheet._meta.get_field(name).verbose_name, _count if name in WHOLE else _amount, 20
        )
        for name in FACTS
    },
}


def check(field: str, value: str, as_of: date) -> Any:
    """Read a typed value for a field; refuses what cannot stand there."""
    rule = FIELDS.get(field)
    if rule is None:
        raise Refused(_("Choose the field that is wrong."), code="unknown_field")
    text = value.strip()
    if not text or len(text) > rule.longest:
        raise Refused(_("Write the value that should stand there."), code="bad_value")
    return rule.read(text, as_of)


def present_value(customer: Customer, field: str) -> str:
    """What the registry says now, as text."""
    if field == PHONE:
        phone = customer.phones.filter(valid_to=None).order_by("-pk").first()
        return phone.open("number") if phone else ""
    if field in FACTS:
        sheet = _latest_sheet(customer)
        value = getattr(sheet, field) if sheet else None
    else:
        value = getattr(customer, field)
    return "" if value is None else str(value)


def _membership(customer: Customer) -> Membership | None:
    return customer.memberships.filter(valid_to=None).select_related("household").first()


def _latest_sheet(customer: Customer) -> FactSheet | None:
    membership = _membership(customer)
    if membership is None:
        return None
    return membership.household.fact_sheets.order_by("-recorded_on", "-id").first()


@transaction.atomic
def correct(
    *,
    staff: StaffMember,
    customer: Customer,
    field: str,
    value: str,
    source: str,
    as_of: date,
    reason: str = "",
) -> None:
    """Write a corrected value with its source; what stood there before stays among the person's statements.

    A correction settles: it is shown until something newer is observed. A phone is added and the one before ends; a
    fact becomes a new fact sheet of the household.
    """
    require(
        policies.may_correct(staff, customer),
        _("The registry is corrected by the accountant or a director of the managing branch."),
    )
    require(source in SOURCES, _("Say where the value comes from: said or document."), code="source_missing")
    stored = check(field, value, as_of)
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if field == PHONE:
        _correct_phone(staff, customer, stored, as_of)
    elif field in FACTS:
        observed = {field: facts.Observed(stored, source)}
        _correct_fact(staff, customer, observed, as_of)
    else:
        state_values(
            customer=customer,
            values={field: stored},
            source=source,
            on=as_of,
            staff=staff,
            reason=reason or _("Corrected as the person asked."),
            settles=True,
        )


def _correct_phone(staff: StaffMember, customer: Customer, number: str, as_of: date) -> None:
    before = list(customer.phones.filter(valid_to=None).values_list("pk", flat=True))
    added = add_phone(staff=staff, customer=customer, number=number, as_of=as_of, is_main=True)
    ended = Phone.objects.filter(pk__in=before).exclude(pk=added.pk)
    ended.update(valid_to=as_of, ended_because=PhoneEnded.CHANGED)


def _correct_fact(
    staff: StaffMember, customer: Customer, observed: dict[str, facts.Observed], as_of: date
) -> None:
    membership = _membership(customer)
    if membership is None:
        raise Refused(
            _("This person belongs to no household; there are no facts to correct."), code="no_household"
        )
    record_facts(
        staff=staff,
        household=membership.household,
        observed=observed,
        observed_on=as_of,
        as_of=as_of,
    )
