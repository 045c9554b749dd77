"""What is written down of a household without anybody moving out: who is away, empty registrations, place, number."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import Area, StaffMember
from coopcrm.shared.errors import require
from customers.choices import FactSource
from customers.homes import policies, selectors
from customers.homes.choices import EventKind, Paper
from customers.homes.deeds import Deed
from customers.homes.steps import today_or
from customers.models import Absence, Customer, EmptyRegistration, Household
from customers.provenance.services import state_values

# -- Migrants ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def move_away(
    *,
    staff: StaffMember,
    customer: Customer,
    on: date,
    where_to: str = "",
    reason: str = "",
    as_of: date | None = None,
) -> Absence:
    """A member works or lives elsewhere for a while and stays a member, marked as migrant since that day."""
    deed = Deed(EventKind.MIGRATION, staff, on, today_or(as_of), reason)
    [customer] = deed.lock(customer)
    stay = deed.current(customer)
    require(stay, _("%(name)s belongs to no household.") % {"name": customer}, code="no_household")
    household = deed.lock_household(stay.household)
    away = customer.absences.filter(valid_to=None).first()
    require(
        away is None,
        _("%(name)s is marked as away already.") % {"name": customer},
        code="away_already",
    )
    require(
        not customer.absences.filter(valid_to__gt=on).exists(),
        _("%(name)s came back later than that day. Choose a later day.") % {"name": customer},
        code="later_events",
    )
    row = Absence.objects.create(
        household=household,
        customer=customer,
        where_to=" ".join(where_to.split()),
        valid_from=on,
        recorded_on=deed.as_of,
        recorded_by=staff,
    )
    deed.about(household, customer)
    deed.note(household, began_absence=row.pk)
    deed.write()
    return row


@transaction.atomic
def come_back(
    *, staff: StaffMember, customer: Customer, on: date, reason: str = "", as_of: date | None = None
) -> Absence:
    """A migrant lives in the household again."""
    deed = Deed(EventKind.RETURN, staff, on, today_or(as_of), reason)
    [customer] = deed.lock(customer)
    row = customer.absences.filter(valid_to=None).select_related("household").first()
    require(row, _("%(name)s is not marked as away.") % {"name": customer}, code="not_away")
    require(
        row.valid_from <= on,
        _("%(name)s went away on %(day)s. Choose a later day.") % {"name": customer, "day": row.valid_from},
        code="before_the_absence",
    )
    household = deed.lock_household(row.household)
    row.valid_to = on
    row.save(update_fields=["valid_to"])
    deed.about(household, customer)
    deed.note(household, ended_absence=row.pk)
    deed.write()
    return row


# -- Empty registrations -----------------------------------------------------------------------------------------------


@transaction.atomic
def mark_empty(
    *, staff: StaffMember, household: Household, on: date, reason: str, as_of: date | None = None
) -> EmptyRegistration:
    """Nobody lives in a registered household (空挂户). It counts in coverage until a director decides otherwise."""
    deed = Deed(EventKind.EMPTY, staff, on, today_or(as_of), reason)
    require(deed.reason, _("Say how it is known that nobody lives there."), code="reason_missing")
    household = deed.lock_household(household)
    require(
        not household.empty_registrations.filter(valid_to=None).exists(),
        _("The household is marked as empty already."),
        code="empty_already",
    )
    row = EmptyRegistration.objects.create(
        household=household, valid_from=on, reason=deed.reason, recorded_on=deed.as_of, recorded_by=staff
    )
    deed.note(household, began_empty=row.pk)
    deed.write()
    return row


@transaction.atomic
def leave_out_of_coverage(
    *, staff: StaffMember, household: Household, on: date, decision: str
) -> EmptyRegistration:
    """A director decides that an empty registration no longer counts in coverage; not who marked it."""
    row = selectors.empty_mark(household)
    require(row, _("The household is not marked as empty."), code="not_empty")
    require(
        policies.may_review(staff, household) and row.recorded_by_id != staff.pk,
        _("A director of the branch decides, and not who marked the household as empty."),
    )
    require(row.left_out_on is None, _("This is decided already."), code="decided_already")
    decision = " ".join(decision.split())
    require(decision, _("Say why it is left out."), code="reason_missing")
    row.left_out_on, row.decision, row.decided_by = on, decision, staff
    row.save(update_fields=["left_out_on", "decision", "decided_by"])
    return row


@transaction.atomic
def mark_lived_in(
    *, staff: StaffMember, household: Household, on: date, reason: str = "", as_of: date | None = None
) -> EmptyRegistration:
    """Somebody lives in the household again; the decision about coverage ends with the mark."""
    deed = Deed(EventKind.LIVED_IN, staff, on, today_or(as_of), reason)
    household = deed.lock_household(household)
    row = selectors.empty_mark(household)
    require(row, _("The household is not marked as empty."), code="not_empty")
    require(
        row.valid_from <= on,
        _("The household was marked as empty on %(day)s. Choose a later day.") % {"day": row.valid_from},
        code="before_the_mark",
    )
    row.valid_to = on
    row.save(update_fields=["valid_to"])
    deed.note(household, ended_empty=row.pk)
    deed.write()
    return row


# -- Place and register number -----------------------------------------------------------------------------------------


@transaction.atomic
def move_household(
    *,
    staff: StaffMember,
    household: Household,
    village: Area | None,
    on: date,
    group_no: str = "",
    address: str = "",
    reason: str = "",
    as_of: date | None = None,
) -> Household:
    """The whole household lives elsewhere within the branch; its members at home move along.

    To another branch it is handed over (``sharing.ask_for_transfer``): both branches agree first.
    """
    deed = Deed(EventKind.PLACE, staff, on, today_or(as_of), reason)
    household = deed.lock_household(household)
    require(
        village is None or village.unit_id in (None, household.branch_id),
        _("%(village)s belongs to another branch. Ask for the transfer on the page of the head.")
        % {"village": village},
        code="other_branch",
    )
    before = [household.village_id, household.group_no, household.address]
    place = {"village": village, "group_no": group_no.strip(), "address": " ".join(address.split())}
    for name, value in place.items():
        setattr(household, name, value)
    household.save(update_fields=list(place))
    after = [household.village_id, household.group_no, household.address]
    require(before != after, _("The household lives there already."), code="same_place")
    away = set(Absence.objects.filter(household=household, valid_to=None).values_list("customer", flat=True))
    for stay in selectors.members_on(household, on):
        if stay.customer_id not in away:
            state_values(
                customer=stay.customer,
                values={name: value for name, value in place.items() if value},
                source=FactSource.SAID,
                on=on,
                staff=staff,
                reason=deed.reason or _("The household moved."),
            )
    deed.note(household, place=[before, after])
    deed.write()
    return household


@transaction.atomic
def set_register_no(
    *,
    staff: StaffMember,
    household: Household,
    register_no: str,
    on: date,
    reason: str = "",
    as_of: date | None = None,
) -> Household:
    """Write down a new number of the household register; the earlier one stays in the household's events."""
    deed = Deed(EventKind.REGISTER, staff, on, today_or(as_of), reason, Paper.REGISTER)
    household = deed.lock_household(household)
    number = "".join(register_no.split())
    require(number, _("Write the number of the household register."), code="number_missing")
    require(number != household.register_no, _("This is the number known already."), code="same_number")
    deed.note(household, register_no=[household.register_no, number])
    household.register_no = number[:30]
    household.save(update_fields=["register_no"])
    deed.write()
    return household
