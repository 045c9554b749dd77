"""Deeds on segments: make, change the filters, count, end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.models import StaffMember, Unit
from coopcrm.shared import audit
from coopcrm.shared.errors import require
from coopcrm.shared.models import Deed, Job
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers.campaigns import policies
from customers.choices import CustomerState
from customers.lists.filters import narrowed
from customers.models import Customer, Segment, SegmentDay, SegmentVersion

COUNT = "customers.count_segment"

ENTER = """
    INSERT INTO customers_segmentmember (segment_id, customer_id, valid_from)
    SELECT %s, q.id, %s FROM ({rows}) q(id)
    ON CONFLICT (segment_id, customer_id) WHERE valid_to IS NULL DO NOTHING
"""
LEAVE = """
    UPDATE customers_segmentmember m SET valid_to = %s
    WHERE m.segment_id = %s AND m.valid_to IS NULL
        AND NOT EXISTS (SELECT FROM ({rows}) q(id) WHERE q.id = m.customer_id)
"""


def customers_of(segment: Segment, version: SegmentVersion) -> QuerySet[Customer]:
    """Living, unlocked customers that a version of a segment describes today."""
    rows = Customer.objects.current().filter(is_locked=False, state=CustomerState.ACTIVE)
    if segment.branch_id is not None:
        rows = rows.filter(branch=segment.branch_id)
    return narrowed(rows, version.filters)


def present_version(segment: Segment) -> SegmentVersion:
    """The filters in force."""
    return segment.versions.order_by("-number").first()


@transaction.atomic
def make_segment(
    *, staff: StaffMember, name: str, filters: Mapping[str, Any], branch: Unit | None
) -> Segment:
    """Keep filters under a name, and count them in the background."""
    may = policies.may_plan_for(staff, branch.pk if branch else None)
    require(may, _("Directors keep segments of their branch, head office those of the union."))
    name = " ".join(name.split())
    require(name, _("Give the segment a name."), code="name_missing")
    taken = Segment.objects.filter(branch=branch, name=name, ended_on=None).exists()
    require(not taken, _("There is a segment of that name already."), code="name_taken")
    segment = Segment.objects.create(name=name, branch=branch, created_by=staff)
    SegmentVersion.objects.create(segment=segment, number=1, filters=dict(filters), made_by=staff)
    order_count(segment, on=timezone.localdate(), by=staff)
    return segment


@transaction.atomic
def change_filters(*, staff: StaffMember, segment: Segment, filters: Mapping[str, Any]) -> SegmentVersion:
    """Put other filters in force; the earlier ones stay readable. The same filters change nothing."""
    require(policies.may_change(staff, segment), _("Another branch keeps this segment."))
    segment = Segment.objects.select_for_update(of=["self"]).get(pk=segment.pk)
    require(segment.ended_on is None, _("The segment has ended."), code="ended")
    last = present_version(segment)
    if last.filters == dict(filters):
        return last
    version = SegmentVersion.objects.create(
        segment=segment, number=last.number + 1, filters=dict(filters), made_by=staff
    )
    order_count(segment, on=timezone.localdate(), by=staff, again=version.number)
    return version


@transaction.atomic
def end_segment(*, staff: StaffMember, segment: Segment, on: date) -> None:
    """No more counts; what was counted stays."""
    require(policies.may_change(staff, segment), _("Another branch keeps this segment."))
    Segment.objects.filter(pk=segment.pk, ended_on=None).update(ended_on=on)


# -- Counting ----------------------------------------------------------------------------------------------------------


def order_count(segment: Segment, *, on: date, by: StaffMember | None = None, again: int = 0) -> Job:
    """Let a worker count a segment; ``again`` tells apart counts of one day."""
    key = f"{segment.pk}:{on}:{again}" if by is None else f"{segment.pk}:{timezone.now().timestamp()}"
    order = NewOrder(COUNT, payload={"segment": segment.pk, "on": on.isoformat()})
    return order_work(
        kind=COUNT,
        title=gettext_noop("Count of a segment"),
        orders=[order],
        key=key,
        as_of=on,
        started_by=by,
        unit_id=segment.branch_id,
    )


def order_counts(*, on: date) -> int:
    """Every night: count every segment that has not ended; returns how many."""
    found = list(Segment.objects.filter(ended_on=None))
    for segment in found:
        order_count(segment, on=on)
    return len(found)


@handles(COUNT)
def count_in_background(work: Work) -> dict:
    """Do one ordered count."""
    segment = Segment.objects.filter(pk=work.payload["segment"]).first()
    if segment is None or segment.ended_on is not None:
        return {}
    day = count_segment(segment, on=date.fromisoformat(work.payload["on"]))
    return {"size": day.size, "entered": day.entered, "gone": day.gone}


@transaction.atomic
def count_segment(segment: Segment, *, on: date) -> SegmentDay:
    """Bring the members up to today's customers, in two statements; a second count of a day adds to the first."""
    segment = Segment.objects.select_for_update(of=["self"]).get(pk=segment.pk)
    version = present_version(segment)
    sql, params = customers_of(segment, version).order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(LEAVE.format(rows=sql), [on, segment.pk, *params])
        gone = cursor.rowcount
        cursor.execute(ENTER.format(rows=sql), [segment.pk, on, *params])
        entered = cursor.rowcount
        cursor.execute(
            "SELECT count(*) FROM customers_segmentmember WHERE segment_id = %s AND valid_to IS NULL",
            [segment.pk],
        )
        size = cursor.fetchone()[0]
    day, is_new = SegmentDay.objects.get_or_create(
        segment=segment,
        as_of=on,
        defaults={"version": version, "size": size, "entered": entered, "gone": gone},
    )
    if not is_new:
        day.version, day.size = version, size
        day.entered, day.gone = day.entered + entered, day.gone + gone
        day.save(update_fields=["version", "size", "entered", "gone"])
    detail = {"as_of": on.isoformat(), "size": size, "entered": entered, "gone": gone}
    audit.record(Deed.RUN, table="customers_segmentmember", key=segment.pk, detail=detail)
    return day
