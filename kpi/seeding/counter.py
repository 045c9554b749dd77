"""The counter of the first branch: slips of the people it has registered last, and two forms nobody has finished."""

from __future__ import annotations

import uuid
from datetime import datetime, time

from django.utils import timezone

from branches.models import StaffMember
from branches.selectors import branches_of
from customers.counter import drafts, slips
from customers.models import Customer

SLIPS = 20
UNFINISHED = (
    {"name": ["周桂芳"], "phone": ["139 0376 2210"], "group_no": ["4"]},
    {"number": ["41152219760815"], "name": ["吴大江"]},
)


def seed_counter() -> int:
    """Slips and unfinished forms of the demonstration's cashier; returns how many rows."""
    cashier = StaffMember.objects.filter(username="cashier").first()
    branch = branches_of(cashier).first() if cashier else None
    if branch is None:
        return 0
    registered = Customer.objects.filter(branch=branch, registered_by=cashier, state="active")
    people = registered.prefetch_related("documents", "phones").order_by("-registered_on", "-pk")[:SLIPS]
    for person in reversed(people):
        what = slips.Registered(
            documents=[(one.kind, one.open("number")) for one in person.documents.all()],
            phones=[one.open("number") for one in person.phones.all()],
        )
        day = timezone.make_aware(datetime.combine(person.registered_on, time(10, 42)))
        slips.issue(staff=cashier, customer=person, branch=branch, what=what, at=day)
    for number, typed in enumerate(UNFINISHED):
        key = uuid.uuid5(uuid.NAMESPACE_OID, f"unfinished {number}")
        drafts.keep(staff=cashier, branch=branch, form_key=key, typed=typed)
    return len(people) + len(UNFINISHED)
