"""The worker's Celery app. A message only wakes a worker; the order itself is a row (coopcrm.shared.work)."""

import gc
import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import (
    beat_init,
    celeryd_init,
    heartbeat_sent,
    setup_logging,
    worker_init,
    worker_ready,
    worker_shutdown,
)

from coopcrm import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coopcrm.settings")
os.environ.setdefault("COOPCRM_ROLE", "worker")

warnings.filterwarnings("ignore", category=SecurityWarning)  # about pickle under root; messages are JSON only
app = Celery("coopcrm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="beat")


@setup_logging.connect
def use_django_logging(**kwargs) -> None:
    """Keep the JSON log lines of the settings instead of Celery's own format."""


@celeryd_init.connect
@beat_init.connect
def use_servers(**kwargs) -> None:
    """Worker and beat use the private servers when no real ones are named."""
    embedded.attach()


@worker_init.connect
def refuse_unsafe_start(**kwargs) -> None:
    """A worker with a too powerful database role, or of a real site with invented people, does not start."""
    from coopcrm.shared import acting, database

    acting.begin_process("worker")
    try:
        database.refuse_unsafe_start()
    except (database.MightyRole, database.InventedPeople) as reason:
        raise SystemExit(str(reason)) from None


@worker_init.connect
def keep_what_is_loaded(**kwargs) -> None:
    """What is loaded stays for the life of the processes that are forked: none of them looks through it for garbage."""
    gc.collect()
    gc.freeze()


@worker_ready.connect
@heartbeat_sent.connect
def say_alive(**kwargs) -> None:
    """Leave a sign that expires, so that commands know whether a worker is there."""
    from coopcrm.shared import waiting

    waiting.worker_is_alive()


@worker_shutdown.connect
def say_goodbye(**kwargs) -> None:
    """Take the sign away."""
    from coopcrm.shared import waiting

    waiting.worker_has_ended()
