"""Registration of the app with Django, and of what it tells on a customer's timeline."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from customers import exports, rotation, timeline  # noqa: F401 - registers the orders it does
        from customers.ledgers import jobs  # noqa: F401 - registers the orders it does
        from customers.registries import timeline_sources

        rotation.register()
        for source in (timeline.registration, timeline.visits, timeline.feedback, timeline.ledger_rows):
            timeline_sources.register(f"customers.{source.__name__}", source)
