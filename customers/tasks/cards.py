"""Tasks on the pages of a person and a household."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers.models import Customer, Household
from customers.policies import may_read_fully
from customers.registries import PageAction
from customers.tasks import policies, selectors


def tasks_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """What is still to be done for the person and their household."""
    thing = customer or household
    if thing is None or not policies.may_see_tasks(staff) or not may_read_fully(staff, thing):
        return None
    rows = list(selectors.tasks_about(staff, customer, household)[: selectors.CARD + 1])
    today = timezone.localdate()
    context = {
        "customer": customer,
        "household": household,
        "lines": selectors.lines_of(staff, rows[: selectors.CARD], today),
        "has_more": len(rows) > selectors.CARD,
        "new_url": new_task_url(customer, household) if policies.may_open(staff, thing.branch) else "",
    }
    return "customers/tasks/_card.html", context


def new_task_url(customer: Customer | None, household: Household | None) -> str:
    """Where a task about somebody is opened."""
    about = f"customer={customer.pk}" if customer else f"household={household.pk}"
    return f"{reverse('customers:new-task')}?{about}"


def new_task_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """Open a task about the person or household."""
    thing = customer or household
    if thing is None or not policies.may_open(staff, thing.branch):
        return None
    return PageAction(_("New task"), new_task_url(customer, household), "list-check")
