# ruff: noqa: S608 - the words are our own
"""How common names are in the whole registry: counted by each full scan, read a few at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from customers.choices import NameCountKind
from customers.matching.mentions import Profile
from customers.matching.population import Population
from customers.models import NameCount

PEOPLE = "c.kind = 'person' AND c.merged_into_id IS NULL AND c.state <> 'erased'"
"""Whom a scan compares, as customer ``c``."""

COUNTED = {
    NameCountKind.PEOPLE: ("''", "''"),
    NameCountKind.NAME: ("c.name_key", "''"),
    NameCountKind.SURNAME: ("left(c.name_key, 1)", "''"),
    NameCountKind.GIVEN: ("substr(c.name_key, 2)", "''"),
    NameCountKind.HOME: ("left(c.name_key, 1)", "coalesce(a.code, '')"),
}


def count_names() -> int:
    """Count anew; returns how many counts are kept. A name that only one person bears needs none."""
    table = NameCount._meta.db_table
    kept = 0
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
        for kind, (word, place) in COUNTED.items():
            cursor.execute(
                f"INSERT INTO {table} (kind, word, place, people)"
                f" SELECT '{kind}', {word}, {place}, count(*) FROM customers_customer c"
                f" LEFT JOIN branches_area a ON a.id = c.village_id WHERE {PEOPLE}"
                f" GROUP BY 2, 3 HAVING count(*) > 1 OR '{kind}' = 'people'"
            )
            kept += cursor.rowcount
    return kept


def population_for(profiles: Iterable[Profile]) -> Population:
    """How common the names of these people are; one query. Without a count yet, they are each other's population."""
    people = list(profiles)
    names = {name for profile in people for name in profile.names}
    villages = {village for profile in people for village in profile.villages}
    surnames, given = {name[:1] for name in names}, {name[1:] for name in names}
    rows = NameCount.objects.filter(
        Q(kind=NameCountKind.PEOPLE)
        | Q(kind=NameCountKind.NAME, word__in=names)
        | Q(kind=NameCountKind.SURNAME, word__in=surnames)
        | Q(kind=NameCountKind.GIVEN, word__in=given)
        | Q(kind=NameCountKind.HOME, word__in=surnames, place__in=villages)
    ).values_list("kind", "word", "place", "people")
    found: dict[str, Counter] = {kind: Counter() for kind in NameCountKind.values}
    for kind, word, place, number in rows:
        found[kind][(word, place) if kind == NameCountKind.HOME else word] = number
    total = found[NameCountKind.PEOPLE][""]
    if not total:
        return Population.of(people)
    return Population(
        people=total,
        carriers=Counter({name: found[NameCountKind.NAME][name] or 1 for name in names}),
        surnames=Counter({name: found[NameCountKind.SURNAME][name] or 1 for name in surnames}),
        given=Counter({name: found[NameCountKind.GIVEN][name] or 1 for name in given}),
        homes=found[NameCountKind.HOME],
    )
