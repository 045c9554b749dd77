# ruff: noqa: S608 - the words are our own
"""How common names are in the whole registry: counted by each full scan, read a few at a time."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from customers.choices import NameCountKind
from customers.matching.mentions import Profile
from customers.matching.population import Population
from customers.models import NameCount

PEOPLE = "c.kind = 'person' AND c.merged_into_id IS NULL AND c.state <> 'erased'"
"""Whom a scan compares, as customer ``c``."""

_CUSTOMERS = "customers_customer c"
_WITH_VILLAGE = f"{_CUSTOMERS} JOIN branches_area a ON a.id = c.village_id"
_LETTERS = f"{_CUSTOMERS} CROSS JOIN LATERAL regexp_split_to_table(substr(c.name_key, 2), '') AS l (letter)"

COUNTED = {
    NameCountKind.PEOPLE: ("''", "''", _CUSTOMERS),
    NameCountKind.NAME: ("c.name_key", "''", _CUSTOMERS),
    NameCountKind.SURNAME: ("left(c.name_key, 1)", "''", _CUSTOMERS),
    NameCountKind.GIVEN: ("substr(c.name_key, 2)", "''", _CUSTOMERS),
    NameCountKind.HOME: ("left(c.name_key, 1)", "a.code", _WITH_VILLAGE),
    NameCountKind.VILLAGE: ("''", "a.code", _WITH_VILLAGE),
    NameCountKind.LETTER: ("l.letter", "''", _LETTERS),
}


def count_names() -> int:
    """Count anew; returns how many counts are kept. A name that only one person bears needs none.

    The sums of villagers and of characters stand under an empty word and place.
    """
    table = NameCount._meta.db_table
    kept = 0
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
        for kind, (word, place, source) in COUNTED.items():
            once = "" if kind != NameCountKind.NAME else "HAVING count(*) > 1"
            cursor.execute(
                f"INSERT INTO {table} (kind, word, place, people) SELECT '{kind}', {word}, {place}, count(*)"
                f" FROM {source} WHERE {PEOPLE} GROUP BY 2, 3 {once}"
            )
            kept += cursor.rowcount
        cursor.execute(
            f"INSERT INTO {table} (kind, word, place, people) SELECT kind, '', '', sum(people) FROM {table}"
            " WHERE kind IN (%s, %s) GROUP BY kind",
            [NameCountKind.VILLAGE, NameCountKind.LETTER],
        )
    return kept


def population_for(profiles: Iterable[Profile]) -> Population:
    """How common the names of these people are; one query. Without a count yet, they are each other's population."""
    people = list(profiles)
    names = {name for profile in people for name in profile.names}
    villages = {village for profile in people for village in profile.villages} | {""}
    words = {
        NameCountKind.NAME: names,
        NameCountKind.SURNAME: {name[:1] for name in names},
        NameCountKind.GIVEN: {name[1:] for name in names},
        NameCountKind.LETTER: {letter for name in names for letter in name[1:]} | {""},
    }
    wanted = Q(kind=NameCountKind.PEOPLE) | Q(kind=NameCountKind.VILLAGE, place__in=villages)
    wanted |= Q(kind=NameCountKind.HOME, word__in=words[NameCountKind.SURNAME], place__in=villages)
    for kind, some in words.items():
        wanted |= Q(kind=kind, word__in=some)
    found: dict[str, dict] = {kind: {} for kind in NameCountKind.values}
    for kind, word, place, number in NameCount.objects.filter(wanted).values_list(
        "kind", "word", "place", "people"
    ):
        found[kind][(word, place) if kind == NameCountKind.HOME else word or place] = number
    total = found[NameCountKind.PEOPLE].get("", 0)
    if not total:
        return Population.of(people)
    letters = found[NameCountKind.LETTER].pop("", 0)
    settled = found[NameCountKind.VILLAGE].pop("", 0)
    return Population(
        people=total,
        carriers=dict.fromkeys(names, 1) | found[NameCountKind.NAME],
        surnames=found[NameCountKind.SURNAME],
        given=found[NameCountKind.GIVEN],
        homes=found[NameCountKind.HOME],
        characters=found[NameCountKind.LETTER],
        villagers=found[NameCountKind.VILLAGE],
        letters=letters,
        settled=settled,
    )
