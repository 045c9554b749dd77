"""Background deeds of branches."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from branches import proposals
from branches.exports.services import end_exports
from branches.services.areas import move_residents, settle_services
from branches.services.staff import tell_of_ended_posts
from branches.signin import limits
from branches.signin.sessions import SessionStore
from coopcrm.shared import acting, files

log = logging.getLogger(__name__)


@shared_task
def expire_proposals() -> None:
    """Close proposals that nobody decided in time."""
    if closed := proposals.expire():
        log.info("closed %d proposals past their end", closed, extra={"count": closed})


@shared_task
def end_files() -> None:
    """Remove the files of lists whose week is over, and what killed processes left behind."""
    if ended := end_exports():
        log.info("ended %d lists", ended, extra={"count": ended})
    files.sweep()


@shared_task
def begin_day() -> None:
    """Let what was dated for today come true: who serves which village, who lives where, whose post ended."""
    today = timezone.localdate()
    with acting.as_system("begin_day"), transaction.atomic():
        served, moved = settle_services(today), move_residents(today)
    ended = tell_of_ended_posts(today)
    if served or moved or ended:
        log.info("%d villages changed hands, %d rows moved, %d posts ended", served, moved, ended)


@shared_task
def forget_sign_ins() -> None:
    """Remove rows of sessions that have ended and failed tries that no longer count."""
    sessions, failures = SessionStore.clear_expired(), limits.forget_old_failures()
    if sessions or failures:
        log.info("cleared %d sessions and %d failed tries", sessions, failures, extra={"count": sessions})
