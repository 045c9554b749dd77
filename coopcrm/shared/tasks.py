"""Messages that wake workers. They carry nothing: the orders are rows."""

from celery import shared_task

from coopcrm.shared import audit, work


@shared_task
def wake() -> None:
    """Do what is to be done; when time is up and work is left, wake the next."""
    if work.work_until_idle():
        work.send_wakes(1)


@shared_task
def sweep() -> None:
    """Every 20 seconds: settle jobs whose worker died and wake workers for orders nobody announced."""
    work.sweep()


@shared_task
def seal() -> None:
    """Every minute: seal the ledger's new entries; make the months that will be needed."""
    audit.look_after_months()
    audit.seal_new_entries()
