"""Write docs/data-classes.md anew."""

from django.conf import settings
from django.core.management.base import BaseCommand

from coopcrm.shared.classification import page


class Command(BaseCommand):
    help = "Write docs/data-classes.md: the class of every stored field, as the models say it."
    requires_system_checks = []

    def handle(self, **options) -> None:
        path = settings.BASE_DIR / "docs" / "data-classes.md"
        path.write_text(page(), encoding="utf-8")
        self.stdout.write(f"Wrote {path.relative_to(settings.BASE_DIR)}.")
