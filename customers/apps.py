"""Registration of the app with Django, of its persons with the ledger, and of what it tells on a timeline."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
<<<<<<< HEAD
        from customers import exports, rotation, timeline  # noqa: F401 - registers the orders it does
=======
        from coopcrm.shared import audit
        from customers import exports, timeline  # noqa: F401 - registers the orders it does
>>>>>>> e57e58b (shared: Record every change of a business table by one trigger)
        from customers.ledgers import jobs  # noqa: F401 - registers the orders it does
        from customers.models import Customer
        from customers.registries import timeline_sources

<<<<<<< HEAD
        rotation.register()
=======
        audit.subjects_are(Customer)
>>>>>>> e57e58b (shared: Record every change of a business table by one trigger)
        for source in (timeline.registration, timeline.visits, timeline.feedback, timeline.ledger_rows):
            timeline_sources.register(f"customers.{source.__name__}", source)
