"""Registration of the app with Django, of its persons with the ledger, and of what it tells on a timeline."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coopcrm.shared import audit
        from customers import exports, rotation, timeline  # noqa: F401 - registers the orders it does
        from customers.ledgers import jobs  # noqa: F401 - registers the orders it does
        from customers.models import Customer
        from customers.registries import timeline_sources

        audit.subjects_are(Customer)
        rotation.register()
        for source in (timeline.registration, timeline.visits, timeline.feedback, timeline.ledger_rows):
            timeline_sources.register(f"customers.{source.__name__}", source)
