"""Who is responsible for an organisation: one manager on every day, the director's post until somebody is named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from branches.models import StaffMember, Unit, in_force
from branches.selectors import posts_on
from coopcrm.shared.errors import require
from customers.choices import CustomerKind, CustomerState
from customers.models import Customer, OrganisationManager
from customers.portfolios import policies

FILL_GAPS = """
    INSERT INTO customers_organisationmanager (organisation_id, staff_id, valid_from, valid_to)
    SELECT c.id, NULL, lower(gap), upper(gap)
    FROM customers_customer c,
        LATERAL unnest(datemultirange(daterange(c.registered_on, NULL)) - coalesce((
            SELECT range_agg(daterange(m.valid_from, m.valid_to))
            FROM customers_organisationmanager m WHERE m.organisation_id = c.id
        ), '{}')) AS gap
    WHERE c.kind = 'organisation' AND c.id = ANY(%s)
"""


def put_under_director(organisation_ids: Iterable[int]) -> None:
    """Give days without a manager to the director's post; every writer of new organisations calls it."""
    with connection.cursor() as cursor:
        cursor.execute(FILL_GAPS, [list(organisation_ids)])


def responsible_on(organisation: Customer, day: date) -> OrganisationManager | None:
    """Who was responsible for an organisation on a day; without a person the director's post was."""
    return organisation.managers.filter(in_force(day)).select_related("staff").first()


def managed_by(staff: StaffMember, *, on: date) -> QuerySet[Customer]:
    """Organisations for which a person is responsible on a day."""
    rows = OrganisationManager.objects.filter(in_force(on), staff=staff)
    return Customer.objects.filter(pk__in=rows.values("organisation"))


def counts(staff: StaffMember, *, on: date) -> dict[tuple[int, int | None], int]:
    """By branch and manager (None: the director's post) how many organisations, of the branches a person works with."""
    rows = (
        OrganisationManager.objects.visible_to(staff)
        .filter(in_force(on), organisation__state=CustomerState.ACTIVE)
        .values("organisation__branch", "staff")
        .annotate(n=Count("pk"))
    )
    return {(row["organisation__branch"], row["staff"]): row["n"] for row in rows}


@transaction.atomic
def name_manager(*, organisation: Customer, manager: StaffMember, from_day: date, by: StaffMember) -> None:
    """Put one organisation under a manager from a day on; who was responsible before ends on that day."""
    require(
        policies.may_arrange(by, organisation.branch),
        _("The director of the branch, or the deputy, arranges who manages which households."),
    )
    require(
        policies.may_manage(manager, organisation.branch, from_day),
        _("%(name)s holds no post at this branch on that day that manages households.") % {"name": manager},
        code="not_a_manager",
    )
    require(
        organisation.kind == CustomerKind.ORGANISATION, _("This is no organisation."), code="no_organisation"
    )
    require(from_day >= organisation.registered_on, _("It was not registered yet."), code="too_early")
    Customer.objects.select_for_update().get(pk=organisation.pk)
    later = organisation.managers.filter(valid_from__gt=from_day)
    require(not later.exists(), _("Somebody is named from a later day already."), code="named_later")
    _follow([organisation.pk], manager, from_day)


def pass_on(branch: Unit, *, giver: StaffMember, taker: StaffMember | None, on: date) -> int:
    """Pass what a person manages at a branch to another, or to the director's post; returns how many organisations."""
    rows = OrganisationManager.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=on), staff=giver, organisation__branch=branch
    )
    begun = rows.filter(valid_from__gte=on).update(staff=taker)
    ids = list(rows.filter(valid_from__lt=on).values_list("organisation", flat=True))
    _follow(ids, taker, on)
    return begun + len(ids)


def release(organisation: Customer, *, on: date) -> None:
    """Give one organisation to the director's post, as when it passes to another branch."""
    current = responsible_on(organisation, on)
    if current is not None and current.staff_id is not None:
        _follow([organisation.pk], None, on)


def orphans(*, on: date) -> QuerySet[OrganisationManager]:
    """Assignments in force whose manager holds no managing post at the branch; meant to be empty."""
    held = posts_on(on).filter(
        Q(unit=OuterRef("organisation__branch")) | Q(unit__parent=OuterRef("organisation__branch")),
        staff=OuterRef("staff"),
        code__in=policies.MANAGING,
    )
    rows = OrganisationManager.objects.filter(in_force(on)).exclude(staff=None)
    return rows.filter(~Exists(held))


def _follow(organisation_ids: list[int], taker: StaffMember | None, on: date) -> None:
    """End what is in force on a day and let the taker follow; an assignment that begins that day changes hands."""
    rows = OrganisationManager.objects.select_for_update().filter(
        Q(valid_to=None) | Q(valid_to__gt=on), organisation__in=organisation_ids, valid_from__lte=on
    )
    ended = list(rows)
    for row in ended:
        until = row.valid_to
        if row.valid_from == on:
            row.staff = taker
            row.save(update_fields=["staff"])
            continue
        row.valid_to = on
        row.save(update_fields=["valid_to"])
        OrganisationManager.objects.create(
            organisation_id=row.organisation_id, staff=taker, valid_from=on, valid_to=until
        )
