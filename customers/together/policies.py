"""Who acts on many customers at once, one sentence each."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from branches.models import StaffMember
from coopcrm.shared.models import Job
from customers.policies import may_register_somewhere
from customers.tasks.policies import may_open_somewhere

TAKE_BACK_DAYS = timedelta(days=7)


def may_tag_many(staff: StaffMember) -> bool:
    """Whoever hangs tags on one customer hangs them on many."""
    return may_register_somewhere(staff)


def may_act(staff: StaffMember) -> bool:
    """Whoever hangs tags or opens tasks does so for many at once."""
    return may_tag_many(staff) or may_open_somewhere(staff)


def may_take_back(staff: StaffMember, job: Job) -> bool:
    """Whoever did it takes it back within a week, once it has ended."""
    return (
        job.started_by == staff.pk
        and not job.is_open
        and job.created_at > timezone.now() - TAKE_BACK_DAYS
        and may_act(staff)
    )
