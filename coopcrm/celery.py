"""The worker's Celery app. A message only wakes a worker; the order itself is a row (coopcrm.shared.work)."""

import os

from celery import Celery
from celery.signals import setup_logging

from coopcrm import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coopcrm.settings")
os.environ.setdefault("COOPCRM_ROLE", "worker")
embedded.attach()

app = Celery("coopcrm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**kwargs) -> None:
    """Keep the JSON log lines of the settings instead of Celery's own format."""
