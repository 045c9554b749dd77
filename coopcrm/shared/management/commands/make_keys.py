"""Create the key files that are missing, or those of the next rotation."""

from django.conf import settings
from django.core.management.base import BaseCommand

from coopcrm.shared.crypto import make_keys, make_next_keys


class Command(BaseCommand):
    help = "Create the key files that are missing in COOPCRM_KEYS; existing ones are never touched."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--next", action="store_true", help="the pair of keys that rotate_keys will take into use"
        )

    def handle(self, *, next: bool, **options) -> None:  # noqa: A002 - named as people type it
        made = (make_next_keys if next else make_keys)(settings.COOPCRM_KEYS)
        self.stdout.write(
            f"Made {', '.join(made)} in {settings.COOPCRM_KEYS}." if made else "All keys are there."
        )
