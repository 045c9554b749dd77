"""Say whether this process could work; the exit code is the answer (health checks of workers)."""

from django.core.management.base import BaseCommand, CommandError

from coopcrm.shared.health import why_not_ready


class Command(BaseCommand):
    help = "Exit with 0 when work can be done, else with 1 and the reasons; the same question as /readyz."
    requires_system_checks = []

    def handle(self, **options) -> None:
        if reasons := why_not_ready():
            raise CommandError("; ".join(reasons))
        self.stdout.write("ready")
