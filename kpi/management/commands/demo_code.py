"""Show the code that opens the demonstration now."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kpi.seeding.people import code_now


class Command(BaseCommand):
    help = "Show the second factor's code of this moment, the same for all people of the demonstration."

    def handle(self, **options) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError("This is no demonstration; everybody has a secret of their own.")
        left = 30 - int(time.time()) % 30
        self.stdout.write(f"{code_now()}  (for another {left} s; each person uses a code once)")
