"""Deeds on areas: new codes, changed codes and mergers, and which unit serves which village from when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from branches import policies, registries
from branches.choices import AreaLevel
from branches.models import Area, AreaService, StaffMember, Unit, in_force
from coopcrm.shared.errors import Refused, require

CODE_LENGTH = 12
USED_DIGITS = {AreaLevel.COUNTY: 6, AreaLevel.TOWNSHIP: 9, AreaLevel.VILLAGE: 12}
PARENT_LEVEL = {AreaLevel.TOWNSHIP: AreaLevel.COUNTY, AreaLevel.VILLAGE: AreaLevel.TOWNSHIP}

# Today's server is written on the area itself, where lists and searches read it.
SETTLE = """
    UPDATE branches_area a SET unit_id = s.unit_id
    FROM (
        SELECT v.id, (
            SELECT unit_id FROM branches_areaservice x
            WHERE x.area_id = v.id AND x.valid_from <= %(day)s AND (x.valid_to IS NULL OR x.valid_to > %(day)s)
        ) AS unit_id
        FROM branches_area v WHERE v.id IN (SELECT area_id FROM branches_areaservice)
    ) s
    WHERE a.id = s.id AND a.unit_id IS DISTINCT FROM s.unit_id
"""


def check_code(code: str, level: str) -> None:
    """Refuse a code that is not twelve digits of its level."""
    if len(code) != CODE_LENGTH or not (code.isascii() and code.isdigit()):
        raise Refused(_("A code has twelve digits."), code="area_code")
    if level in USED_DIGITS:
        used = USED_DIGITS[level]
        if code[used:] != "0" * (CODE_LENGTH - used) or not int(code[used - 3 : used]):
            words = {
                AreaLevel.COUNTY: _("A county's code ends in six zeros."),
                AreaLevel.TOWNSHIP: _(
                    "A township's code ends in three zeros, with its own three digits before."
                ),
                AreaLevel.VILLAGE: _("A village's code ends in its own three digits, not in zeros."),
            }
            raise Refused(words[level], code="area_code")


def parent_of(code: str, level: str, day: date) -> Area | None:
    """The area above in force on a day, found by the code; None for a county. Raises ``Refused``."""
    if level not in PARENT_LEVEL:
        return None
    keep = 6 if level == AreaLevel.TOWNSHIP else 9
    above = Area.objects.in_force(day).filter(code=code[:keep].ljust(CODE_LENGTH, "0")).first()
    if above is None or above.level != PARENT_LEVEL[level]:
        raise Refused(
            _("Its code names a place above that is not known yet. Enter that one first."), code="area_parent"
        )
    return above


@transaction.atomic
def add_area(
    *,
    code: str,
    name: str,
    level: str,
    by: StaffMember,
    valid_from: date,
    today: date,
    households: int | None = None,
    unit: Unit | None = None,
) -> Area:
    """Enter an area with the code that holds from a day on."""
    require(policies.may_keep_organisation(by), _("Administrators keep the areas."))
    check_code(code, level)
    clash = Area.objects.filter(code=code).exclude(valid_to__lte=valid_from)
    if clash.exists():
        raise Refused(_("This code is in use then."), code="area_code_taken")
    pinyin, initials = registries.keys_of_place(name)
    area = Area.objects.create(
        code=code,
        name=name,
        level=level,
        parent=parent_of(code, level, max(valid_from, today)),
        pinyin=pinyin,
        initials=initials,
        valid_from=valid_from,
        registered_households=households,
    )
    if unit is not None:
        assign_area(area=area, unit=unit, valid_from=valid_from, by=by, today=today)
    return area


@transaction.atomic
def change_area(*, area: Area, name: str, households: int | None, by: StaffMember) -> Area:
    """Correct an area's name or its count in the village register; its code changes by a successor."""
    require(policies.may_keep_organisation(by), _("Administrators keep the areas."))
    area = Area.objects.select_for_update(of=["self"]).get(pk=area.pk)
    area.name, area.registered_households = name, households
    area.pinyin, area.initials = registries.keys_of_place(name)
    area.save(update_fields=["name", "registered_households", "pinyin", "initials"])
    return area


@transaction.atomic
def succeed_area(
    *,
    area: Area,
    by: StaffMember,
    valid_from: date,
    today: date,
    into: Area | None = None,
    code: str = "",
    name: str = "",
) -> Area:
    """Let a code end: the area goes on under another code, or joins ``into`` (a merger), from a day on.

    The old version keeps its name and its rows and points to what it became. What lies inside a township moves
    under the successor on the same day.
    """
    require(policies.may_keep_organisation(by), _("Administrators keep the areas."))
    area = Area.objects.select_for_update(of=["self"]).get(pk=area.pk)
    if area.valid_to is not None:
        raise Refused(_("This code has ended already."), code="area_ended")
    if valid_from <= area.valid_from:
        raise Refused(_("The change comes after the day this code began."), code="area_period")
    _write_down_servers([area.pk], valid_from)
    if into is not None:
        _check_merger(area, into, valid_from)
        _end_version(area, valid_from)
        moved = area.registered_households
        if moved and into.registered_households is not None:
            into.registered_households += moved
            into.save(update_fields=["registered_households"])
        successor = into
    else:
        _end_version(area, valid_from)
        successor = _next_version(
            area, code or area.code, name or area.name, valid_from=valid_from, by=by, today=today
        )
    area.successor = successor
    area.save(update_fields=["successor", "valid_to"])
    area.children.filter(valid_to=None).update(parent=successor)
    settle_services(today)
    move_residents(today)
    return successor


def _check_merger(area: Area, into: Area, valid_from: date) -> None:
    if into.pk == area.pk or into.level != area.level:
        raise Refused(_("It joins another area of its own level."), code="area_merger")
    if into.valid_to is not None or into.valid_from > valid_from:
        raise Refused(_("The other area's code is not in force then."), code="area_merger")


def _end_version(area: Area, on: date) -> None:
    area.valid_to = on
    area.save(update_fields=["valid_to"])
    area.services.filter(valid_from__gte=on).update(valid_to=F("valid_from"))
    area.services.filter(in_force(on)).update(valid_to=on)


def _next_version(
    area: Area, code: str, name: str, *, valid_from: date, by: StaffMember, today: date
) -> Area:
    server = area.services.filter(valid_to=valid_from).order_by("-valid_from").first()
    successor = add_area(
        code=code,
        name=name,
        level=area.level,
        by=by,
        valid_from=valid_from,
        today=today,
        households=area.registered_households,
        unit=server.unit if server else None,
    )
    successor.latitude, successor.longitude = area.latitude, area.longitude
    successor.save(update_fields=["latitude", "longitude"])
    return successor


# -- Who serves --------------------------------------------------------------------------------------------------------


def served_from(unit: Unit, day: date) -> list[Area]:
    """Areas that the unit serves on a day or later."""
    planned = unit.area_services.exclude(valid_to__lte=day).exclude(valid_to=F("valid_from"))
    unplanned = Q(unit=unit, services=None, valid_to=None)
    return list(Area.objects.filter(Q(pk__in=planned.values("area")) | unplanned))


@transaction.atomic
def assign_area(*, area: Area, unit: Unit, valid_from: date, by: StaffMember, today: date) -> AreaService:
    """Let a unit serve an area from a day on; whoever served it until then stops that day."""
    hand_over_areas(areas=[area], unit=unit, on=valid_from, by=by, today=today)
    return area.services.filter(in_force(valid_from)).get()


@transaction.atomic
def hand_over_areas(*, areas: Iterable[Area], unit: Unit, on: date, by: StaffMember, today: date) -> int:
    """Let a unit serve areas from a day on; later plans for them are dropped. Returns how many changed hands."""
    require(policies.may_keep_organisation(by), _("Administrators keep the areas."))
    if unit.is_closed_on(on):
        raise Refused(_("This unit is closed then."), code="unit_closed")
    ids = [area.pk for area in areas]
    _write_down_servers(ids, on)
    rows = AreaService.objects.filter(area__in=ids).select_for_update(of=["self"])
    served = {
        row.area_id for row in rows if row.unit_id == unit.pk and _holds(row, on) and row.valid_to is None
    }
    changing = [pk for pk in ids if pk not in served]
    affected = AreaService.objects.filter(area__in=changing)
    affected.filter(valid_from__gte=on).update(valid_to=F("valid_from"))
    affected.filter(in_force(on)).update(valid_to=on)
    AreaService.objects.bulk_create(AreaService(area_id=pk, unit=unit, valid_from=on) for pk in changing)
    settle_services(today)
    return len(changing)


def _write_down_servers(ids: list[int], on: date) -> None:
    """Give areas that came with their server alone (lists, ledgers) the service that it stands for."""
    bare = Area.objects.filter(pk__in=ids, services=None, unit__isnull=False, valid_from__lt=on)
    AreaService.objects.bulk_create(
        AreaService(area=area, unit_id=area.unit_id, valid_from=area.valid_from) for area in bare
    )


def _holds(row: AreaService, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or row.valid_to > day)


def move_residents(today: date) -> int:
    """Let people and households of codes that have ended live under what the codes became; safe to repeat."""
    ended = Area.objects.filter(valid_to__lte=today, successor__isnull=False)
    became = dict(ended.values_list("pk", "successor"))
    successors = {}
    for old in became:
        new = old
        while new in became:
            new = became[new]
        successors[old] = new
    return sum(follow(successors) for follow in registries.area_followers) if successors else 0


def settle_services(today: date) -> int:
    """Write today's server on every area whose service has begun or ended; one statement, safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, {"day": today})
        return cursor.rowcount
