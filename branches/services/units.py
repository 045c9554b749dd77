"""Deeds on units: open, change, close; their hours and the number of people they should have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches import policies, registries
from branches.choices import UnitKind
from branches.models import OpeningException, OpeningHours, PlannedPost, Post, StaffMember, Unit, in_force
from branches.opening import Stretch
from branches.services.areas import hand_over_areas, served_from
from branches.services.staff import end_post
from coopcrm.shared.errors import Refused, require

ABOVE = {
    UnitKind.BRANCH: (UnitKind.UNION,),
    UnitKind.SUB_BRANCH: (UnitKind.BRANCH,),
    UnitKind.COUNTER: (UnitKind.BRANCH,),
}


def check_place(kind: str, parent: Unit | None) -> None:
    """Refuse a unit that would hang in the wrong place of the tree."""
    if kind == UnitKind.UNION:
        require(parent is None, _("The county union stands at the top."), code="unit_place")
        return
    if parent is None or parent.kind not in ABOVE[kind]:
        words = {
            UnitKind.BRANCH: _("A branch reports to the county union."),
            UnitKind.SUB_BRANCH: _("A sub-branch reports to a branch."),
            UnitKind.COUNTER: _("A counter reports to a branch."),
        }
        raise Refused(words[kind], code="unit_place")


def check_move(unit: Unit, parent: Unit | None, today: date) -> None:
    """Refuse to hang a unit elsewhere while people hold posts there: one person would open another branch to them."""
    if not unit.pk or parent is None:
        return
    stays = Unit.objects.filter(pk=unit.pk, parent=parent).exists()
    if not stays and Post.objects.filter(unit=unit).exclude(valid_to__lte=today).exists():
        raise Refused(
            _("People hold posts here. End these first; a post under another branch takes two signatures."),
            code="posts_left",
        )


@transaction.atomic
def open_unit(*, by: StaffMember, **fields) -> Unit:
    """Create a unit below another; ``fields`` are those of the model."""
    require(policies.may_keep_organisation(by), _("Administrators keep the units."))
    check_place(fields["kind"], fields.get("parent"))
    return Unit.objects.create(**fields)


@transaction.atomic
def change_unit(*, unit: Unit, by: StaffMember, today: date, **fields) -> Unit:
    """Change what stands on a unit's page; code and kind stay for ever."""
    require(policies.may_keep_organisation(by), _("Administrators keep the units."))
    unit = Unit.objects.select_for_update(of=["self"]).get(pk=unit.pk)
    parent = fields.get("parent", unit.parent)
    check_place(unit.kind, parent)
    if parent and unit.kind != UnitKind.UNION and parent.pk == unit.pk:
        raise Refused(_("A unit does not report to itself."), code="unit_place")
    check_move(unit, parent, today)
    for name, value in fields.items():
        setattr(unit, name, value)
    unit.save(update_fields=list(fields))
    return unit


@transaction.atomic
def close_unit(
    *, unit: Unit, on: date, villages_to: Unit | None, by: StaffMember, today: date, reason: str = ""
) -> Unit:
    """Close a unit: from ``on`` its villages are served by ``villages_to``, and its posts end.

    Refused while units below are open, while customers are managed here, and while villages have no heir. Where
    people go on working is a new post, asked for and confirmed like every other.
    """
    require(policies.may_keep_organisation(by), _("Administrators keep the units."))
    unit = Unit.objects.select_for_update(of=["self"]).get(pk=unit.pk)
    if unit.kind == UnitKind.UNION:
        raise Refused(_("The county union is not closed."), code="union_stays")
    if unit.closed_on is not None:
        raise Refused(_("This unit has its last day already."), code="closed_already")
    if unit.opened_on is not None and on < unit.opened_on:
        raise Refused(_("It cannot close before it opened."), code="closes_before_opening")
    if unit.children.not_closed_on(on).exists():
        raise Refused(_("Close or move the units below first."), code="units_below")
    for obstacle in registries.closing_obstacles:
        if words := obstacle(unit.pk):
            raise Refused(words, code="business_left")
    _hand_over_villages(unit, villages_to, on=on, by=by, today=today)
    for post in Post.objects.filter(unit=unit).exclude(valid_to__lte=on):
        end_post(
            post=post, on=max(on, post.valid_from), by=by, today=today, reason=reason or _("unit closed")
        )
    unit.closed_on = on
    unit.save(update_fields=["closed_on"])
    return unit


def _hand_over_villages(unit: Unit, heir: Unit | None, *, on: date, by: StaffMember, today: date) -> None:
    areas = served_from(unit, on)
    if not areas:
        return
    if heir is None:
        words = ngettext(
            "It serves %(count)d village. Say which unit serves it then.",
            "It serves %(count)d villages. Say which unit serves them then.",
            len(areas),
        )
        raise Refused(words % {"count": len(areas)}, code="villages_left")
    if heir.pk == unit.pk or heir.is_closed_on(on):
        raise Refused(_("Choose a unit that is open then."), code="heir_closed")
    hand_over_areas(areas=areas, unit=heir, on=on, by=by, today=today)


# -- Hours -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_opening_hours(
    *, unit: Unit, week: Mapping[int, Sequence[Stretch]], valid_from: date, by: StaffMember
) -> list[OpeningHours]:
    """Give a unit hours from a day on, by ISO weekday; what held before ends that day and stays on record."""
    require(
        policies.may_set_hours(by, unit), _("Hours are set by the branch's director and by administrators.")
    )
    Unit.objects.select_for_update(of=["self"]).get(pk=unit.pk)
    if unit.opening_hours.filter(valid_from__gt=valid_from).exclude(valid_to=F("valid_from")).exists():
        raise Refused(_("Later hours are set already. Choose a later day."), code="later_hours")
    unit.opening_hours.filter(in_force(valid_from)).update(valid_to=valid_from)
    rows = [
        OpeningHours(unit=unit, weekday=day, opens=one.opens, closes=one.closes, valid_from=valid_from)
        for day, stretches in week.items()
        for one in stretches
    ]
    return OpeningHours.objects.bulk_create(rows)


@transaction.atomic
def except_day(
    *, unit: Unit, day: date, opens: time | None, closes: time | None, reason: str, by: StaffMember
) -> OpeningException:
    """Give one day its own hours, or none; a second exception for the day replaces the first."""
    require(
        policies.may_set_hours(by, unit), _("Hours are set by the branch's director and by administrators.")
    )
    if (opens is None) != (closes is None) or (opens is not None and closes <= opens):
        raise Refused(
            _("Give both times, the later one second, or none for a closed day."), code="hours_order"
        )
    values = {"opens": opens, "closes": closes, "reason": reason}
    row, _created = OpeningException.objects.update_or_create(unit=unit, day=day, defaults=values)
    return row


@transaction.atomic
def drop_exception(*, exception: OpeningException, by: StaffMember) -> None:
    """Let a day follow the week again."""
    may = policies.may_set_hours(by, exception.unit)
    require(may, _("Hours are set by the branch's director and by administrators."))
    exception.delete()


# -- Planned posts -----------------------------------------------------------------------------------------------------


@transaction.atomic
def plan_posts(*, unit: Unit, places: Mapping[str, int], by: StaffMember) -> None:
    """Write how many people the unit should have, by post; a post that is left out has no plan."""
    require(policies.may_keep_organisation(by), _("Administrators keep the units."))
    wrong = [code for code in places if not policies.fits(code, unit)]
    if wrong:
        raise Refused(_("This post does not belong to this kind of unit."), code="post_misplaced")
    known = {row.code: row for row in unit.planned_posts.select_for_update()}
    for code in {*known, *places}:
        PlannedPost.objects.update_or_create(unit=unit, code=code, defaults={"places": places.get(code, 0)})
