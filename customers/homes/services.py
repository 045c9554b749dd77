"""Deeds in the life of a household (handbook §6.4): open, join, leave, move, split.

Marriage stands in ``couples``, death and the choice of a head in ``succession``. The rating and the line belong to the
household, the signature to persons: whoever moves takes their debts along as signer, and the line stays with the
household.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import Area, StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from customers.homes import selectors
from customers.homes.choices import EventKind, Paper
from customers.homes.deeds import Deed, require_living_person
from customers.homes.steps import move_out, open_home, take_leave, today_or
from customers.models import Customer, Household, Membership


def open_within(
    *,
    staff: StaffMember,
    head: Customer,
    on: date,
    branch: Unit | None = None,
    register_no: str = "",
    village: Area | None = None,
    group_no: str | None = None,
    address: str | None = None,
    as_of: date | None = None,
    reason: str = "",
    is_new_head: bool = False,
) -> Household:
    """Open a household with its head, at the head's address unless another is given.

    A head who belongs to another household leaves it first; the director's post manages until somebody is named.
    With ``is_new_head`` the head was written in this very transaction: nobody else can hold the row or know where the
    person lives, so that nothing is locked or looked up. The caller holds the transaction.
    """
    deed = Deed(EventKind.OPENED, staff, on, today_or(as_of), reason)
    if is_new_head:
        require_living_person(head, on)
    else:
        [head] = deed.lock(head)
        _require_homeless(deed, head)
    place = {
        "village": village or head.village,
        "group_no": head.group_no if group_no is None else group_no,
        "address": head.address if address is None else address,
    }
    household = open_home(deed, head, branch or head.branch, register_no, place)
    deed.write()
    return household


open_household = transaction.atomic(open_within)


def _require_homeless(deed: Deed, person: Customer) -> None:
    current = deed.current(person)
    if current is None:
        return
    text = _("%(name)s belongs to household #%(no)s. Write down first that the person leaves it.")
    raise Refused(text % {"name": person, "no": current.household_id}, code="lives_elsewhere")


@transaction.atomic
def join_household(
    *,
    staff: StaffMember,
    customer: Customer,
    household: Household,
    relation: str,
    on: date,
    reason: str = "",
    as_of: date | None = None,
    is_new: bool = False,
) -> Membership:
    """Let a person who belongs nowhere belong to a household from a day on.

    With ``is_new`` the person was written in this very transaction, as the head of ``open_household`` may be.
    """
    deed = Deed(EventKind.JOINED, staff, on, today_or(as_of), reason)
    if is_new:
        require_living_person(customer, on)
    else:
        [customer] = deed.lock(customer)
        _require_homeless(deed, customer)
    household = deed.lock_household(household)
    deed.branch_takes(customer, household)
    membership = deed.begin(household, customer, relation)
    deed.about(household, customer)
    deed.write()
    return membership


@transaction.atomic
def leave_household(
    *, staff: StaffMember, customer: Customer, on: date, reason: str = "", as_of: date | None = None
) -> Membership:
    """End a person's membership on a day; the person belongs nowhere from then on."""
    deed = Deed(EventKind.LEFT, staff, on, today_or(as_of), reason)
    [customer] = deed.lock(customer)
    membership = take_leave(deed, customer)
    require(membership, _("%(name)s belongs to no household.") % {"name": customer}, code="no_household")
    deed.write()
    return membership


@transaction.atomic
def move_member(
    *,
    staff: StaffMember,
    customer: Customer,
    household: Household,
    relation: str,
    on: date,
    reason: str = "",
    as_of: date | None = None,
) -> Membership:
    """Let a person leave one household and join another on the same day."""
    deed = Deed(EventKind.MOVED, staff, on, today_or(as_of), reason)
    [customer] = deed.lock(customer)
    left = deed.current(customer)
    require(
        left is None or left.household_id != household.pk,
        _("%(name)s belongs to this household already.") % {"name": customer},
        code="lives_here",
    )
    take_leave(deed, customer)
    home = deed.lock_household(household)
    deed.branch_takes(customer, home)
    membership = deed.begin(home, customer, relation)
    deed.about(home, customer)
    deed.write()
    return membership


@transaction.atomic
def split_household(
    *,
    staff: StaffMember,
    household: Household,
    head: Customer,
    members: Iterable[Customer] = (),
    on: date,
    register_no: str = "",
    successor: Customer | None = None,
    reason: str = "",
    paper: str = Paper.NONE,
    as_of: date | None = None,
) -> Household:
    """Let ``head`` open a household of their own with ``members`` of the old one (分户, handbook §6.4).

    The new household starts unrated; the line of the old one is frozen until it is reviewed; debts stay with the
    signers. ``successor`` is the old household's next head when its head is who moves out.
    """
    deed = Deed(EventKind.SPLIT, staff, on, today_or(as_of), reason, paper)
    members = [person for person in members if person.pk != head.pk]
    head, *members = deed.lock(head, *members)
    old = deed.lock_household(household)
    for person in (head, *members):
        stay = deed.current(person)
        require(
            stay is not None and stay.household_id == old.pk,
            _("%(name)s does not belong to household #%(no)s.") % {"name": person, "no": old.pk},
            code="not_a_member",
        )
    left = set(selectors.members_on(old, on).values_list("customer", flat=True))
    require(
        left - {head.pk, *(person.pk for person in members)},
        _("Somebody stays in the old household. If all move, write down the new place instead."),
        code="nobody_stays",
    )
    new = move_out(deed, head, members, register_no=register_no, successor=successor)
    deed.write()
    return new
