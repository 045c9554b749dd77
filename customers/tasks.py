"""What beat does in the registry."""

from celery import shared_task
from django.utils import timezone

from coopcrm.shared import acting
from customers.portfolios import services


@shared_task
def adopt_orphans() -> None:
    """Every hour: households of managers who hold no post any more pass to the director's post."""
    with acting.as_system("portfolios of people who have left"):
        services.adopt_orphans(on=timezone.localdate())
