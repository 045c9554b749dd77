"""Deeds of portfolios: name a manager, release a portfolio to the director's post, hand it over with three signatures.

Exactly one manager is responsible for a household on every day (handbook §7). The database refuses two at once and,
at the end of the transaction, none; these functions never leave either.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Area, StaffMember, Unit
from branches.services.staff import leave
from coopcrm.shared.errors import require
from customers import registries
from customers.choices import HandoverReason, HandoverState
from customers.models import Handover, HandoverItem, Household, ManagerAssignment
from customers.portfolios import organisations, policies

SAMPLED_PART = Decimal("0.10")  # of the households without a problem loan, visited jointly (handbook §7)

FILL_GAPS = """
    INSERT INTO customers_managerassignment (household_id, staff_id, valid_from, valid_to)
    SELECT h.id, NULL, lower(gap), upper(gap)
    FROM customers_household h,
        LATERAL unnest(datemultirange(daterange(h.valid_from, h.valid_to)) - coalesce((
            SELECT range_agg(daterange(a.valid_from, a.valid_to))
            FROM customers_managerassignment a WHERE a.household_id = h.id
        ), '{}')) AS gap
    WHERE h.id = ANY(%s)
"""


def put_under_director(household_ids: Iterable[int]) -> None:
    """Give days without a manager to the director's post; every writer of new households calls it."""
    with connection.cursor() as cursor:
        cursor.execute(FILL_GAPS, [list(household_ids)])


def under_director(household: Household, *, pk: int) -> ManagerAssignment:
    """What ``put_under_director`` writes for a household that is being opened, not stored yet."""
    return ManagerAssignment(pk=pk, household=household, valid_from=household.valid_from)


def _pass_on(
    households: Collection[int],
    *,
    giver: StaffMember | None,
    taker: StaffMember | None,
    on: date,
    handover: Handover | None = None,
) -> int:
    """End the giver's assignments in force and open the taker's on the same day; returns how many.

    One that began on that very day ends the day it began; one that has not begun by then goes to the taker as it is.
    """
    later = ManagerAssignment.objects.filter(household__in=households, staff=giver, valid_from__gt=on)
    later.update(staff=taker, handover=handover)
    rows = ManagerAssignment.objects.select_for_update().filter(
        Q(valid_to=None) | Q(valid_to__gt=on), household__in=households, staff=giver, valid_from__lte=on
    )
    ended = list(rows.order_by("household_id"))
    ends = {row.household_id: row.valid_to for row in ended}
    for row in ended:
        row.valid_to = on
    ManagerAssignment.objects.bulk_update(ended, ["valid_to"], batch_size=2000)
    ManagerAssignment.objects.bulk_create(
        [
            ManagerAssignment(household_id=pk, staff=taker, valid_from=on, valid_to=end, handover=handover)
            for pk, end in ends.items()
        ],
        batch_size=2000,
    )
    return len(ended)


# -- The director's post -----------------------------------------------------------------------------------------------


@transaction.atomic
def name_manager(
    *, branch: Unit, village: Area | None, manager: StaffMember, from_day: date, by: StaffMember
) -> int:
    """Put households that the director's post manages under a manager; returns how many.

    Households that somebody manages already pass by a handover only.
    """
    require(
        policies.may_arrange(by, branch),
        _("The director of the branch, or the deputy, arranges who manages which households."),
    )
    require(
        policies.may_manage(manager, branch, from_day),
        _("%(name)s holds no post at this branch on that day that manages households.") % {"name": manager},
        code="not_a_manager",
    )
    rows = Household.objects.filter(branch=branch, valid_to=None, valid_from__lte=from_day)
    if village is not None:
        rows = rows.filter(village=village)
    return _pass_on(list(rows.values_list("pk", flat=True)), giver=None, taker=manager, on=from_day)


@transaction.atomic
def release(staff: StaffMember, branch: Unit, *, on: date) -> int:
    """Give all that a person manages at a branch to the director's post; returns how many households, organisations.

    For a post that ends without a handover: nobody's households are ever without a manager.
    """
    rows = ManagerAssignment.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=on), staff=staff, household__branch=branch
    )
    passed = _pass_on(list(rows.values_list("household_id", flat=True)), giver=staff, taker=None, on=on)
    return passed + organisations.pass_on(branch, giver=staff, taker=None, on=on)


@transaction.atomic
def release_household(household: Household, *, on: date) -> None:
    """Give one household to the director's post, as when it passes to another branch."""
    current = household.assignments.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on).first()
    if current is not None and current.staff_id is not None:
        _pass_on([household.pk], giver=current.staff, taker=None, on=on)


def adopt_orphans(*, on: date) -> int:
    """Release every portfolio whose manager no longer holds a post at the branch; returns how many households.

    Safe to repeat; a beat does it every hour, so that the list of orphans is always empty.
    """
    from customers.portfolios.selectors import orphans

    released = 0
    left = set(orphans(on=on).values_list("staff", "household__branch"))
    left |= set(organisations.orphans(on=on).values_list("staff", "organisation__branch"))
    for staff_id, branch_id in sorted(left):
        released += release(StaffMember.objects.get(pk=staff_id), Unit.objects.get(pk=branch_id), on=on)
    return released


# -- Handover ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_handover(
    *,
    branch: Unit,
    giver: StaffMember,
    taker: StaffMember,
    supervisor: StaffMember,
    reason: str,
    effective_on: date,
    by: StaffMember,
    as_of: date,
) -> Handover:
    """Draw up the list of a portfolio: exposure, problem loans, and which households both officers visit."""
    require(
        policies.may_arrange(by, branch),
        _("The director of the branch, or the deputy, arranges who manages which households."),
    )
    require(
        len({giver.pk, taker.pk, supervisor.pk}) == 3,
        _("Who hands over, who takes over and who supervises are three people."),
        code="three_people",
    )
    require(
        policies.may_manage(taker, branch, effective_on),
        _("%(name)s holds no post at this branch on that day that manages households.") % {"name": taker},
        code="not_a_manager",
    )
    require(effective_on >= as_of, _("A handover takes effect today or later."), code="in_the_past")
    require(
        not Handover.objects.filter(branch=branch, giver=giver, state=HandoverState.OPEN).exists(),
        _("A handover of this portfolio is open already."),
        code="open_already",
    )
    mine = ManagerAssignment.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=as_of), staff=giver, household__branch=branch, valid_from__lte=as_of
    )
    households = sorted(mine.values_list("household_id", flat=True))
    require(
        households, _("%(name)s manages no household here.") % {"name": giver}, code="nothing_to_hand_over"
    )
    handover = Handover.objects.create(
        branch=branch,
        giver=giver,
        taker=taker,
        supervisor=supervisor,
        reason=reason,
        effective_on=effective_on,
        created_by=by,
    )
    HandoverItem.objects.bulk_create(_listed(handover, households), batch_size=2000)
    return handover


def _listed(handover: Handover, households: list[int]) -> list[HandoverItem]:
    weights = {}
    for weigh in registries.handover_facts:
        weights |= weigh(households)
    nothing = registries.HandoverFacts()
    items = [
        HandoverItem(
            handover=handover,
            household_id=pk,
            exposure=weights.get(pk, nothing).exposure,
            has_problem_loan=weights.get(pk, nothing).has_problem_loan,
        )
        for pk in households
    ]
    rest = [item for item in items if not item.has_problem_loan]
    sampled = set(random.SystemRandom().sample(range(len(rest)), math.ceil(len(rest) * SAMPLED_PART)))
    for number, item in enumerate(rest):
        item.must_visit = number in sampled
    for item in items:
        item.must_visit = item.must_visit or item.has_problem_loan
    return items


def _locked(handover: Handover) -> Handover:
    current = Handover.objects.select_for_update(of=["self"]).get(pk=handover.pk)
    require(current.is_open, _("This handover is finished already."), code="not_open")
    return current


@transaction.atomic
def note_visit(
    item: HandoverItem, *, visited_on: date, differs: bool, difference: str, by: StaffMember, as_of: date
) -> HandoverItem:
    """Write down what the joint visit found: as recorded, or different and how."""
    handover = _locked(item.handover)
    require(
        by.pk in (handover.giver_id, handover.taker_id, handover.supervisor_id),
        _("The two officers or the supervisor write down what the visit found."),
    )
    require(
        handover.taken_at is None,
        _("The list is signed; what is found later goes into a visit note."),
        code="signed",
    )
    require(visited_on <= as_of, _("The visit lies in the future."), code="in_the_future")
    require(not differs or difference.strip(), _("Say in words what differs."), code="no_words")
    item.visited_on, item.differs, item.noted_by = visited_on, differs, by
    item.difference = difference.strip() if differs else ""
    item.save(update_fields=["visited_on", "differs", "difference", "noted_by"])
    return item


@transaction.atomic
def sign_giving(handover: Handover, *, by: StaffMember) -> Handover:
    """The giver signs; a director signs for a giver who no longer works at the branch."""
    handover = _locked(handover)
    require(
        policies.may_sign_giving(by, handover),
        _("The person who hands over signs; a director only for somebody who has left."),
    )
    require(handover.given_at is None, _("This is signed already."), code="signed")
    handover.given_by, handover.given_at = by, timezone.now()
    handover.save(update_fields=["given_by", "given_at"])
    return handover


@transaction.atomic
def sign_taking(handover: Handover, *, by: StaffMember) -> Handover:
    """The taker signs, once every household that both must visit has been visited."""
    handover = _locked(handover)
    require(by.pk == handover.taker_id, _("The person who takes over signs."))
    require(handover.taken_at is None, _("This is signed already."), code="signed")
    require(handover.given_at is not None, _("The person who hands over signs first."), code="not_given")
    left = handover.items.filter(must_visit=True, visited_on=None).count()
    require(
        not left,
        _("%(count)s households on the list still await the joint visit.") % {"count": left},
        code="visits_left",
    )
    handover.taken_at = timezone.now()
    handover.save(update_fields=["taken_at"])
    return handover


@transaction.atomic
def close_handover(handover: Handover, *, by: StaffMember) -> int:
    """The supervisor closes: from the day of the handover the taker manages. Returns how many households passed.

    What came to the giver after the list was drawn up passes as well; the first responsible person of each loan
    does not change.
    """
    handover = _locked(handover)
    require(by.pk == handover.supervisor_id, _("The supervisor closes the handover."))
    require(
        handover.given_at is not None and handover.taken_at is not None,
        _("Both officers sign before the handover is closed."),
        code="not_signed",
    )
    require(
        policies.may_manage(handover.taker, handover.branch, handover.effective_on),
        _("%(name)s holds no post at this branch on that day that manages households.")
        % {"name": handover.taker},
        code="not_a_manager",
    )
    day = handover.effective_on
    mine = ManagerAssignment.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=day), staff=handover.giver, household__branch=handover.branch
    )
    passed = _pass_on(
        list(mine.values_list("household_id", flat=True)),
        giver=handover.giver,
        taker=handover.taker,
        on=day,
        handover=handover,
    )
    organisations.pass_on(handover.branch, giver=handover.giver, taker=handover.taker, on=day)
    handover.state, handover.closed_at = HandoverState.CLOSED, timezone.now()
    handover.save(update_fields=["state", "closed_at"])
    _let_go(handover)
    return passed


def _let_go(handover: Handover) -> None:
    """Who goes elsewhere loses the posts at this branch with the handover, who leaves the union all of them."""
    reason = handover.reason
    if reason in (HandoverReason.TRANSFER, HandoverReason.ROTATION, HandoverReason.RESIGNATION):
        branch = None if reason == HandoverReason.RESIGNATION else handover.branch
        leave(
            handover.giver,
            branch=branch,
            on=handover.effective_on,
            today=timezone.localdate(),
            reason=handover.get_reason_display(),
        )


@transaction.atomic
def cancel_handover(handover: Handover, *, by: StaffMember) -> None:
    """Drop a handover that is not closed; nothing has passed."""
    handover = _locked(handover)
    require(
        policies.may_arrange(by, handover.branch),
        _("The director of the branch, or the deputy, arranges who manages which households."),
    )
    handover.state = HandoverState.CANCELLED
    handover.save(update_fields=["state"])
