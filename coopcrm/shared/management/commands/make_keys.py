"""Create the key files that are missing."""

from django.conf import settings
from django.core.management.base import BaseCommand

from coopcrm.shared.crypto import make_keys


class Command(BaseCommand):
    help = "Create the key files that are missing in COOPCRM_KEYS; existing ones are never touched."
    requires_system_checks = []

    def handle(self, **options) -> None:
        made = make_keys(settings.COOPCRM_KEYS)
        self.stdout.write(
            f"Made {', '.join(made)} in {settings.COOPCRM_KEYS}." if made else "All keys are there."
        )
