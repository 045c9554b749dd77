"""Write a first password for somebody, when nobody is there yet who could do it in the browser."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from branches.models import StaffMember
from branches.signin.services import issue_first_password


class Command(BaseCommand):
    help = "Give a person a random first password, shown once; it opens for 24 hours and must be changed."

    def add_arguments(self, parser) -> None:
        parser.add_argument("name", help="the sign-in name")

    def handle(self, *, name: str, **options) -> None:
        staff = StaffMember.objects.filter(username=name).first()
        if staff is None:
            raise CommandError(
                f"Nobody signs in as {name!r}. Create the person first: manage.py createsuperuser."
            )
        password = issue_first_password(by=None, staff=staff)
        self.stdout.write(
            f"{password}\nOpens until {staff.first_password_until:%Y-%m-%d %H:%M}; it is shown once."
        )
