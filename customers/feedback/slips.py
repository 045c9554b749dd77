"""The question at the foot of the slip that a registration prints."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from branches.models import StaffMember
from customers.choices import CustomerState
from customers.feedback import policies, qr, services
from customers.feedback.occasions import REGISTRATION, Served
from customers.models import Customer, Invitation


def slip_part(staff: StaffMember, customer: Customer) -> tuple[str, dict] | None:
    """The link, made when the slip is shown for the first time; looking at the slip again makes no other.

    Without ``COOPCRM_PUBLIC_URL`` there is no address by which a customer would reach the page.
    """
    may = policies.may_invite(staff, customer) and customer.state == CustomerState.ACTIVE
    if not settings.PUBLIC_URL or not may or customer.is_locked:
        return None
    if Invitation.objects.filter(occasion=REGISTRATION.code, key=str(customer.pk)).exists():
        return None
    served = Served(customer, customer.registered_at_id, customer.registered_by)
    issued = services.invite(
        served=served,
        occasion=REGISTRATION.code,
        key=str(customer.pk),
        on=timezone.localdate(),
        by=staff,
    )
    link = f"{settings.PUBLIC_URL}{reverse('customers:feedback-answer', args=[issued.token])}"
    context = {"invitation": issued.invitation, "link": link, "drawing": qr.drawing_of(link)}
    return "customers/feedback/_question.html", context
