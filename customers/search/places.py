"""Villages in what was typed: the whole text, or one end of it beside a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone

from branches.choices import AreaLevel, UnitKind
from coopcrm.shared.prepared import Prepared
from customers.names import has_han, latin_key, simplified

SHOWN = 5
MOST = 60  # villages of one name
LEAST_LETTERS = 2
SPLITS = (2, 3, 4)  # characters of a name that is written together with its village
FIND = Prepared("""
SELECT t.number, a.id, a.name, coalesce(p.name, ''),
       CASE WHEN u.kind = %(branch)s THEN u.id ELSE u.parent_id END
FROM unnest(%(names)s::text[], %(sounds)s::text[]) WITH ORDINALITY AS t (name, sound, number)
JOIN branches_area a ON (t.name <> '' AND starts_with(a.name, t.name))
     OR (t.sound <> '' AND (starts_with(a.pinyin, t.sound) OR starts_with(a.initials, t.sound)))
LEFT JOIN branches_area p ON p.id = a.parent_id
LEFT JOIN branches_unit u ON u.id = a.unit_id
WHERE a.level = %(village)s AND a.valid_from <= %(today)s AND (a.valid_to IS NULL OR a.valid_to > %(today)s)
ORDER BY t.number, a.pinyin, a.id
""")


@dataclass(frozen=True)
class Village:
    """A village with its township and the branch that serves it."""

    pk: int
    name: str
    township: str
    branch_id: int | None


@dataclass(frozen=True)
class Split:
    """What was typed, read as a name and a village; no name stands for the whole text as a village."""

    words: tuple[str, ...]
    village: str


def splits(words: Sequence[str]) -> list[Split]:
    """The whole text, then every way in which its beginning or its end may name a village."""
    whole = [Split((), " ".join(words))]
    return whole + [split for split in _parts(tuple(words)) if _is_long_enough(split.village)]


def _parts(words: tuple[str, ...]) -> Iterator[Split]:
    if len(words) == 1 and has_han(words[0]):
        for length in SPLITS:
            if len(words[0]) >= length + LEAST_LETTERS:
                yield Split((words[0][:length],), words[0][length:])
    for at in range(len(words) - 1, 0, -1):
        yield Split(words[:at], " ".join(words[at:]))
        yield Split(words[at:], " ".join(words[:at]))


def _is_long_enough(text: str) -> bool:
    return has_han(text) or len(latin_key(text)) >= LEAST_LETTERS


def villages_of(wanted: Sequence[Split], *, first: frozenset[int]) -> list[list[Village]]:
    """The villages of every split, those of the branches ``first`` before the others; one query."""
    values = {
        "names": [simplified(one.village).replace(" ", "") if has_han(one.village) else "" for one in wanted],
        "sounds": ["" if has_han(one.village) else latin_key(one.village) for one in wanted],
        "village": AreaLevel.VILLAGE,
        "branch": UnitKind.BRANCH,
        "today": timezone.localdate(),
    }
    found: list[list[Village]] = [[] for _ in wanted]
    for number, *village in FIND.rows(**values):
        found[number - 1].append(Village(*village))
    for rows in found:
        rows.sort(key=lambda village: village.branch_id not in first)
        del rows[MOST:]
    return found
