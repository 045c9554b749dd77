"""By what the list of customers can be narrowed; segments and exports stand on the same filters.

Filters are a dictionary of codes, ids and days:

=================  =====================================================================================
``branch``         id of the managing branch
``village``        id of the village
``sex``, ``kind``  codes of ``Sex`` and ``CustomerKind``
``age``            a band of ``AGES``: full years today
``manager``        ``me``, ``post`` (the director's post) or the id of a manager of the household
``phone``          ``yes`` or ``no``: a phone in use
``lacks``          what is not known: a code of ``LACKS``
``quiet``          months without a visit and without a check of the data
``since``          registered on this day or later
``until``          registered on this day or earlier
=================  =====================================================================================

The apps above add theirs through ``registries.list_filters`` (grade, tier, what a person agrees to, tags, ...).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from branches.models import Area, StaffMember, Unit, in_force
from coopcrm.shared import acting
from coopcrm.shared.paging import id_in
from coopcrm.shared.periods import add_months
from customers import registries
from customers.choices import CustomerKind, DocumentState, Sex
from customers.models import Customer, IdentityDocument, ManagerAssignment, Membership, Phone, VisitNote
from customers.registries import ListFilter

AGES: dict[str, tuple[int, int | None]] = {
    "0-17": (0, 18),
    "18-29": (18, 30),
    "30-44": (30, 45),
    "45-59": (45, 60),
    "60-69": (60, 70),
    "70-": (70, None),
}
LACKS = {
    "phone": _("a phone"),
    "number": _("a valid document number"),
    "village": _("the village"),
    "household": _("the household"),
    "birth_date": _("the date of birth"),
}
QUIET = (6, 12, 24, 36)
ME, POST = "me", "post"


def filtered_customers(staff: StaffMember, filters: Mapping[str, Any]) -> QuerySet[Customer]:
    """Customers the person works with, narrowed by filters as this module documents them."""
    return narrowed(Customer.objects.managed_for(staff).current(), filters)


def narrowed(rows: QuerySet[Customer], filters: Mapping[str, Any]) -> QuerySet[Customer]:
    """Customers narrowed by the filters of the list, whoever asks: segments are counted by the system too."""
    if filters.get("branch"):
        rows = rows.filter(branch=filters["branch"])
    if filters.get("village"):
        rows = rows.filter(village=filters["village"])
    for name, narrowing in registries.list_filters.items():
        if value := filters.get(name):
            rows = narrowing.narrow(rows, as_day(value) if narrowing.is_day else value)
    return rows


def as_day(value: Any) -> date:
    """A day, however a filter keeps it."""
    return value if isinstance(value, date) else parse_date(value)


def plain(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Filters as they are kept and sent: ids, codes, days as text; empty ones are left out."""
    found = {name: getattr(value, "pk", value) for name, value in filters.items() if value}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in found.items()}


def in_words(staff: StaffMember, filters: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each filter as ``(name, label, value in words)``; at most two queries, for the branch and the village."""
    words = []
    if filters.get("branch"):
        words.append(("branch", str(_("Branch")), _name_of(Unit, filters["branch"])))
    if filters.get("village"):
        words.append(("village", str(_("Village")), _name_of(Area, filters["village"])))
    for name, narrowing in registries.list_filters.items():
        if value := filters.get(name):
            words.append((name, str(narrowing.label), _value_in_words(staff, narrowing, value)))
    return words


def _name_of(model: Any, value: Any) -> str:
    found = value if isinstance(value, model) else model.objects.filter(pk=value).first()
    return str(found or "?")


def _value_in_words(staff: StaffMember, narrowing: ListFilter, value: Any) -> str:
    if narrowing.is_day:
        return as_day(value).isoformat()
    return str(dict(choices_of(narrowing, staff)).get(value, value))


def choices_of(narrowing: ListFilter, staff: StaffMember) -> list[tuple[str, Any]]:
    """The codes a person may choose from."""
    return narrowing.choices_for(staff) if narrowing.choices_for else narrowing.choices()


# -- The registry's own ------------------------------------------------------------------------------------------------


def _by_age(rows: QuerySet[Customer], band: str) -> QuerySet[Customer]:
    least, below = AGES[band]
    today = timezone.localdate()
    rows = rows.filter(birth_date__lte=add_months(today, -12 * least))
    return rows if below is None else rows.filter(birth_date__gt=add_months(today, -12 * below))


def _of_household(**conditions: Any) -> QuerySet[Membership]:
    return Membership.objects.filter(in_force(timezone.localdate()), customer=OuterRef("pk"), **conditions)


def _by_manager(rows: QuerySet[Customer], whose: str) -> QuerySet[Customer]:
    """Households of one manager; the scope of who asks has narrowed the rows already."""
    current = ManagerAssignment.objects.filter(in_force(timezone.localdate()))
    if whose == POST:
        current = current.filter(staff=None)
    else:
        current = current.filter(staff=(acting.current().actor_id if whose == ME else id_in(str(whose))) or 0)
    return rows.filter(Exists(_of_household(household__in=current.values("household"))))


def _managers(staff: StaffMember) -> list[tuple[str, Any]]:
    return [(ME, _("me")), (POST, _("the director's post"))]


def _by_phone(rows: QuerySet[Customer], answer: str) -> QuerySet[Customer]:
    phone = Exists(Phone.objects.filter(customer=OuterRef("pk"), valid_to=None))
    return rows.filter(phone if answer == "yes" else ~phone)


def _lacking(rows: QuerySet[Customer], what: str) -> QuerySet[Customer]:
    if what == "phone":
        return _by_phone(rows, "no")
    if what == "number":
        held = IdentityDocument.objects.filter(customer=OuterRef("pk"), state=DocumentState.HELD)
        return rows.filter(~Exists(held))
    if what == "household":
        return rows.filter(~Exists(_of_household()))
    return rows.filter(**{what: None})


def _quiet(rows: QuerySet[Customer], months: str) -> QuerySet[Customer]:
    day = add_months(timezone.localdate(), -int(months))
    visited = VisitNote.objects.filter(household=OuterRef("household"), visited_on__gt=day)
    rows = rows.filter(Q(verified_on=None) | Q(verified_on__lte=day))
    return rows.filter(~Exists(_of_household().filter(Exists(visited))))


def _nothing() -> list[tuple[str, Any]]:
    return []


OWN: dict[str, ListFilter] = {
    "sex": ListFilter(_("Sex"), lambda: list(Sex.choices), lambda rows, code: rows.filter(sex=code)),
    "age": ListFilter(_("Age"), lambda: [(band, band.replace("-", "–")) for band in AGES], _by_age),
    "kind": ListFilter(
        _("Kind"), lambda: list(CustomerKind.choices), lambda rows, code: rows.filter(kind=code)
    ),
    "manager": ListFilter(_("Managed by"), lambda: _managers(None), _by_manager, is_main=True),
    "phone": ListFilter(_("Phone on record"), lambda: [("yes", _("yes")), ("no", _("no"))], _by_phone),
    "lacks": ListFilter(_("Still unknown"), lambda: list(LACKS.items()), _lacking),
    "quiet": ListFilter(
        _("No contact for"), lambda: [(str(n), _("%(n)s months") % {"n": n}) for n in QUIET], _quiet
    ),
    "since": ListFilter(
        _("Registered from"), _nothing, lambda rows, day: rows.filter(registered_on__gte=day), is_day=True
    ),
    "until": ListFilter(
        _("Registered until"), _nothing, lambda rows, day: rows.filter(registered_on__lte=day), is_day=True
    ),
}


def register_own_filters() -> None:
    """Offer what the registry itself knows."""
    for name, narrowing in OWN.items():
        registries.list_filters.register(name, narrowing)
