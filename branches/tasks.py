"""Background deeds of branches."""

from __future__ import annotations

import logging

from celery import shared_task

from branches import proposals

log = logging.getLogger(__name__)


@shared_task
def expire_proposals() -> None:
    """Close proposals that nobody decided in time."""
    if closed := proposals.expire():
        log.info("closed %d proposals past their end", closed, extra={"count": closed})
