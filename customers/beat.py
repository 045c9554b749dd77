"""What beat does in the registry."""

from celery import shared_task
from django.utils import timezone

from coopcrm.shared import acting
from customers import erasure
from customers.portfolios import services


@shared_task
def adopt_orphans() -> None:
    """Every hour: households of managers who hold no post any more pass to the director's post."""
    with acting.as_system("portfolios of people who have left"):
        services.adopt_orphans(on=timezone.localdate())


@shared_task
def look_after_retention() -> None:
    """Every night: order the removal of expired copies and the erasures of the business date."""
    with acting.as_system("retention"):
        erasure.order_nightly(as_of=timezone.localdate())
