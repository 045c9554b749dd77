"""Sign in and open customers through the site, as a person would; the restore drill ends with it."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.test import Client
from django.urls import reverse

from branches.models import StaffMember
from branches.signin import second_factor
from coopcrm.shared import acting
from customers.models import Customer, IdentityDocument

CUSTOMERS = 10
PLAIN_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"


class Command(BaseCommand):
    help = (
        "Sign in as a member of staff under a new random password, open ten customers and their numbers. For the "
        "restored copy of a drill: it refuses servers that are in use."
    )

    def handle(self, **options) -> None:
        if not settings.EMBEDDED:
            raise CommandError("look_around sets a password; it runs on the private copy of a drill alone.")
        if not (
            Path(settings.STATIC_ROOT) / "staticfiles.json"
        ).is_file():  # nobody has collected static files here
            settings.STORAGES["staticfiles"] = {"BACKEND": PLAIN_FILES}
        staff = _somebody_with_customers()
        client = _signed_in(staff)
        with acting.for_staff(staff), transaction.atomic():
            ids = list(Customer.objects.visible_to(staff).values_list("pk", flat=True)[:CUSTOMERS])
        for pk in ids:
            answer = client.get(reverse("customers:customer", args=[pk]))
            if answer.status_code != 200:
                raise CommandError(f"Customer {pk} answers {answer.status_code}.")
        opened = _open_numbers(ids)
        self.stdout.write(f"{len(ids)} customers opened through the site, {opened} of their numbers open.")


def _somebody_with_customers() -> StaffMember:
    """A member of staff whose posts open customers today."""
    with acting.as_system("look_around"), transaction.atomic():
        for staff in StaffMember.objects.filter(is_active=True).order_by("pk"):
            if staff.scope.posts and Customer.objects.visible_to(staff).exists():
                return staff
    raise CommandError("Nobody holds a post that opens a customer.")


def _signed_in(staff: StaffMember) -> Client:
    """Go through the door as a person does: password, then the code of the authenticator app."""
    password = secrets.token_urlsafe(24)
    with acting.as_system("look_around"), transaction.atomic():
        staff.set_password(password)
        staff.first_password_until = None
        staff.save(update_fields=["password", "first_password_until"])
        if not second_factor.is_enrolled(staff):
            second_factor.store_app(staff, second_factor.new_secret())
        code = second_factor.next_code(staff)
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.post(reverse("sign-in"), {"username": staff.username, "password": password})
    client.post(reverse("mfa_authenticate"), {"code": code})
    if client.get(reverse("home")).status_code != 200:
        raise CommandError("Password and second factor do not open the start page.")
    return client


@transaction.atomic
def _open_numbers(customers: list[int]) -> int:
    """Open the sealed numbers of customers; a missing key raises."""
    documents = IdentityDocument.objects.filter(customer__in=customers)
    return sum(bool(document.open("number")) for document in documents)
