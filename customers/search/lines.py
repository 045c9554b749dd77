"""Hits as lines that people read: the name with the part that matched, where the person lives, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coopcrm.shared.markup import text
from coopcrm.shared.templatetags.look import icon
from customers.choices import CustomerKind, Sex
from customers.models import Household
from customers.names import syllables_of
from customers.search.people import Person
from customers.search.places import Village
from customers.search.ranking import HOUSEHOLDS, Found, Hit
from customers.search.roads import Road
from customers.sharing import KnownElsewhere

Marked = list[tuple[str, bool]]
"""A text in pieces; True where a piece is what was typed."""

OPTION = (
    '<a class="found-line" id="found-{}" role="option" aria-selected="false" tabindex="-1" href="{}">{}</a>'
)
SOUNDS = {"pinyin", "initials", "given_pinyin"}


@dataclass(frozen=True)
class Line:
    """One thing found: where it leads and what stands there."""

    url: str
    html: SafeString


def lines_of(found: Found, known: dict[int, KnownElsewhere]) -> list[Line]:
    """Households by number, people, households of those who head one, villages; before its people the village."""
    words = _Words()
    lines = [_household(household, words) for household in found.households]
    lines += [_person(hit, known.get(hit.customer.pk), words) for hit in found.hits]
    heads = [hit.customer for hit in found.hits if hit.is_own and hit.customer.household]
    villages = [_village(village, words) for village in found.villages]
    if found.is_village:
        return villages + lines
    return lines + [_headed(person, words) for person in heads[:HOUSEHOLDS]] + villages


def options_of(lines: Sequence[Line]) -> SafeString:
    """The lines as options of the list below the box, drawn in one go: it is drawn anew with every key."""
    return SafeString("".join(OPTION.format(n, text(line.url), line.html) for n, line in enumerate(lines, 1)))


class _Words:
    """What every line repeats, looked up once: drawings, addresses, words in the language of the page."""

    def __init__(self) -> None:
        self.icons = {name: icon(name) for name in ("user", "lock", "home", "map-pin", "building-bank")}
        self.customer = reverse("customers:customer", args=[0]).replace("0", "{}")
        self.household = reverse("customers:household", args=[0]).replace("0", "{}")
        self.list = reverse("customers:list")
        self.sexes = {code: str(label) for code, label in Sex.choices}
        self.reasons: dict[Any, str] = {}

    def reason(self, reason: Any) -> str:
        """The words of a reason; lazy texts are translated once."""
        if not isinstance(reason, str):
            reason = self.reasons.setdefault(id(reason), str(reason))
        return reason


def _line(url: str, drawing: SafeString, name: Any, muted: Sequence[Any], badge: str = "") -> Line:
    """``muted`` texts stand one after the other; empty ones are left out."""
    beside = " · ".join(text(words) for words in muted if words)
    badged = f'<span class="badge">{text(badge)}</span>' if badge else ""
    told = f'<span class="strong">{text(name)}</span> <span class="muted">{beside}</span>{badged}'
    return Line(url, SafeString(f"{drawing}{told}"))


def _person(hit: Hit, elsewhere: KnownElsewhere | None, words: _Words) -> Line:
    person, reason = hit.customer, words.reason(hit.reason)
    url = words.customer.format(person.pk)
    if elsewhere is not None:
        last = _("last contact %(month)s") % {"month": elsewhere.last_contact}
        where = [_("known elsewhere"), elsewhere.village, elsewhere.branch, last]
        return _line(url, words.icons["lock"], elsewhere.name, where, reason)
    is_person = person.kind == CustomerKind.PERSON
    born = f" {person.birth_date.year}" if person.birth_date else ""
    who = f"{words.sexes.get(person.sex, '')}{born}".strip()
    where = [_shown(sound_of(person, hit.road)), who, person.village, person.branch]
    drawing = words.icons["user" if is_person else "building-bank"]
    return _line(url, drawing, _shown(name_of(person, hit.road)), where, reason)


def _headed(person: Person, words: _Words) -> Line:
    name = _("Household #%(no)s") % {"no": person.household}
    url = words.household.format(person.household)
    return _line(url, words.icons["home"], name, [person.name, person.village], _("head of the household"))


def _household(household: Household, words: _Words) -> Line:
    name = _("Household #%(no)s") % {"no": household.pk}
    where = [household.head, household.village, household.branch]
    return _line(words.household.format(household.pk), words.icons["home"], name, where)


def _village(village: Village, words: _Words) -> Line:
    url = f"{words.list}?village={village.pk}"
    return _line(url, words.icons["map-pin"], village.name, [village.township, _("people of this village")])


# -- What of it matched ------------------------------------------------------------------------------------------------


def _shown(pieces: Marked) -> SafeString:
    parts = (f"<mark>{text(piece)}</mark>" if is_typed else text(piece) for piece, is_typed in pieces)
    return SafeString("".join(parts))


def name_of(customer: Person, road: Road | None) -> Marked:
    """The name; what was typed of its characters is marked."""
    name = customer.name
    if road is None or len(name) != len(customer.name_key):
        return [(name, False)]
    start = {"name": 0, "surname": 0, "given": len(name) - len(customer.given_key)}.get(road.code)
    if road.code == "village" and road.key in ("name_key", "given_key"):
        start = 0 if road.key == "name_key" else len(name) - len(customer.given_key)
    if start is None:
        return [(name, False)]
    end = start + road.length
    return [
        (piece, is_typed)
        for piece, is_typed in ((name[:start], False), (name[start:end], True), (name[end:], False))
        if piece
    ]


def sound_of(customer: Person, road: Road | None) -> Marked:
    """The pinyin in syllables where it is what matched; what was typed of it is marked."""
    if road is None or road.code not in SOUNDS:
        return []
    syllables = syllables_of(customer.name)
    if "".join(syllables) != customer.pinyin:
        return [(customer.pinyin, False)]
    if road.code == "initials":
        return _initials(syllables, road.length)
    skipped = len(customer.pinyin) - len(customer.given_pinyin) if road.code == "given_pinyin" else 0
    pieces: Marked = []
    at = 0
    for syllable in syllables:
        start = min(max(skipped - at, 0), len(syllable))
        end = min(max(skipped + road.length - at, start), len(syllable))
        pieces += [(syllable[:start], False), (syllable[start:end], True), (syllable[end:] + " ", False)]
        at += len(syllable)
    return [(piece, is_typed) for piece, is_typed in pieces if piece]


def _initials(syllables: Sequence[str], length: int) -> Marked:
    pieces: Marked = []
    for number, syllable in enumerate(syllables):
        pieces += [(syllable[:1], number < length), (syllable[1:] + " ", False)]
    return pieces
