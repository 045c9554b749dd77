"""Registration of the shared app with Django."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SharedConfig(AppConfig):
    name = "coopcrm.shared"
    label = "shared"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coopcrm.shared import checks  # noqa: F401 - registers the system checks

        post_migrate.connect(grant_after_migrate, sender=self)


def grant_after_migrate(using: str, **kwargs) -> None:
    """Give web and worker exactly their rights and rows on what the migrations have made, under the ledger."""
    from django.db import connections

    from coopcrm.shared import audit
    from coopcrm.shared.database import apply_grants
    from coopcrm.shared.row_security import apply_policies

    with connections[using].cursor() as cursor:
        apply_grants(cursor)
        apply_policies(cursor)
        audit.install(cursor)
