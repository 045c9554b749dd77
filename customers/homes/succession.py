"""The head of a household dies, or another one is chosen (handbook §6.4)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import require
from customers.choices import CustomerState, Relation
from customers.homes import policies, selectors
from customers.homes.choices import EventKind, MarriageEnd, Paper
from customers.homes.deeds import Deed
from customers.homes.steps import end_marriage, succeed, today_or
from customers.models import Customer, Household


@transaction.atomic
def record_death(
    *,
    staff: StaffMember,
    customer: Customer,
    on: date,
    successor: Customer | None = None,
    paper: str = Paper.NONE,
    reason: str = "",
    as_of: date | None = None,
) -> Household | None:
    """A person has died: the membership, the marriage and an absence end that day (handbook §6.4).

    When the head dies the line is frozen until it is reviewed, and the family chooses a successor: now, or later by
    ``change_head``. Returns the household, if the person belonged to one.
    """
    deed = Deed(EventKind.DEATH, staff, on, today_or(as_of), reason, paper)
    [customer] = deed.lock(customer)
    require(
        policies.may_keep_at(staff, customer.branch_id),
        _("The managing branch writes down a death."),
        code="other_branch",
    )
    stay = deed.current(customer)
    marriage = selectors.marriage_on(customer, on)
    household = deed.lock_household(stay.household) if stay else None
    if marriage is not None:
        end_marriage(marriage, on, MarriageEnd.DEATH)
    if household is not None:
        was_head = stay.relation == Relation.HEAD
        stay.household = household
        deed.end(stay)
        away = _end_absence(customer, on)
        deed.about(household, customer)
        deed.note(
            household,
            deceased=customer.pk,
            ended_marriage=marriage.pk if marriage else None,
            ended_absence=away,
        )
        if was_head:
            deed.freeze(household)
    Customer.objects.filter(pk=customer.pk).update(state=CustomerState.DECEASED, deceased_on=on)
    if household is not None and successor is not None:
        succeed(deed, household, successor)
    deed.write()
    return household


def _end_absence(customer: Customer, on: date) -> int | None:
    row = customer.absences.filter(valid_to=None).first()
    if row is None:
        return None
    row.valid_to = max(on, row.valid_from)
    row.save(update_fields=["valid_to"])
    return row.pk


@transaction.atomic
def change_head(
    *,
    staff: StaffMember,
    household: Household,
    head: Customer,
    on: date,
    reason: str = "",
    paper: str = Paper.NONE,
    as_of: date | None = None,
) -> Household:
    """Make another member the head; what the others are to the head is derived anew and dated."""
    deed = Deed(EventKind.NEW_HEAD, staff, on, today_or(as_of), reason, paper)
    [head] = deed.lock(head)
    household = deed.lock_household(household)
    old = selectors.head_on(household, on)
    require(
        old is None or old.customer_id != head.pk,
        _("%(name)s is the head already.") % {"name": head},
        code="is_head",
    )
    succeed(deed, household, head)
    deed.about(household, head, old.customer if old else None)
    deed.write()
    return household
