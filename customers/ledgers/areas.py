"""The area tree from a table of villages, and the tree as the village matcher sees it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from branches.choices import AreaLevel
from branches.models import Area
from coopcrm.shared.errors import Refused
from coopcrm.shared.uploads.sheets import records
from customers.ledgers.villages import AreaIndex, Place
from customers.names import place_keys

COLUMNS = ("county_code", "township_code", "township", "village_code", "village")
LEVELS = ("county", "township", "village")
CODE_LENGTH = 12


@dataclass(frozen=True)
class AreasLoaded:
    """How many areas were new and how many took another name."""

    created: int = 0
    renamed: int = 0
    unchanged: int = 0


def full_code(code: str) -> str:
    """Return a code of twelve digits: the levels below are zero."""
    return code.strip().ljust(CODE_LENGTH, "0")


@transaction.atomic
def load_areas(content: bytes) -> AreasLoaded:
    """Create the counties, townships and villages of a table that are missing; loading twice changes nothing."""
    wanted = _areas_in(content)
    known = {area.code: area for area in Area.objects.in_force().filter(code__in=wanted).select_for_update()}
    created = renamed = 0
    for level in (AreaLevel.COUNTY, AreaLevel.TOWNSHIP, AreaLevel.VILLAGE):
        new = [
            _new_area(code, name, level, known.get(parent))
            for code, (name, its_level, parent) in wanted.items()
            if its_level == level and code not in known
        ]
        known |= {area.code: area for area in Area.objects.bulk_create(new)}
        created += len(new)
    for code, (name, level, _) in wanted.items():
        if known[code].name != name and level != AreaLevel.COUNTY:
            area = known[code]
            area.name, (area.pinyin, area.initials) = name, place_keys(name)
            area.save(update_fields=["name", "pinyin", "initials"])
            renamed += 1
    return AreasLoaded(created, renamed, len(wanted) - created - renamed)


def _areas_in(content: bytes) -> dict[str, tuple[str, str, str]]:
    """Return code → (name, level, parent code); the county goes by its code unless a column names it."""
    areas: dict[str, tuple[str, str, str]] = {}
    for row in records(content, COLUMNS, what="The table of areas lacks"):
        values = {name: row[name].strip() for name in (*COLUMNS, "county")}
        county, township, village = (full_code(values[f"{name}_code"]) for name in LEVELS)
        if not _is_nested(county, township, village):
            given = ", ".join(values[f"{name}_code"] or "–" for name in LEVELS)
            raise Refused(
                f"Row {row.number} of the table of areas: {given} are no county, township and village.",
                code="areas_code",
            )
        if not (values["township"] and values["village"]):
            raise Refused(f"Row {row.number} of the table of areas lacks a name.", code="areas_name")
        areas.setdefault(county, (values["county"] or values["county_code"], AreaLevel.COUNTY, ""))
        areas[township] = (values["township"], AreaLevel.TOWNSHIP, county)
        areas[village] = (values["village"], AreaLevel.VILLAGE, township)
    return areas


def _is_nested(county: str, township: str, village: str) -> bool:
    """Whether these are codes of the three levels; each level's own three digits are not zero."""
    codes = (county, township, village)
    digits = all(len(code) == CODE_LENGTH and code.isascii() and code.isdigit() for code in codes)
    own = digits and int(county[:6]) and int(township[6:9]) and int(village[9:])
    return bool(own) and not int(county[6:]) and not int(township[9:])


def _new_area(code: str, name: str, level: str, parent: Area | None) -> Area:
    sound, initials = place_keys(name)
    return Area(code=code, name=name, level=level, parent=parent, pinyin=sound, initials=initials)


def area_index() -> AreaIndex:
    """Return the townships and villages in force, ready for matching."""
    rows = Area.objects.in_force().filter(level__in=[AreaLevel.TOWNSHIP, AreaLevel.VILLAGE])
    values = rows.order_by("code").values_list("code", "name", "level", "parent__code")
    return AreaIndex(Place(code, name, level, parent or "") for code, name, level, parent in values)
