"""Hits as lines that people read: the name with the part that matched, where the person lives, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coopcrm.shared.templatetags.look import icon
from customers.models import Customer, Household
from customers.names import syllables_of
from customers.search.places import Village
from customers.search.ranking import HOUSEHOLDS, Found, Hit
from customers.search.roads import Road
from customers.sharing import KnownElsewhere

Marked = list[tuple[str, bool]]
"""A text in pieces; True where a piece is what was typed."""

SOUNDS = {"pinyin", "initials", "given_pinyin"}


@dataclass(frozen=True)
class Line:
    """One thing found: where it leads and what stands there."""

    url: str
    html: SafeString


def lines_of(found: Found, known: dict[int, KnownElsewhere]) -> list[Line]:
    """Households by number, people, households of those who head one, villages."""
    icons = {name: icon(name) for name in ("user", "lock", "home", "map-pin", "building-bank")}
    lines = [_household(household, icons["home"]) for household in found.households]
    lines += [_person(hit, known.get(hit.customer.pk), icons) for hit in found.hits]
    lines += [_headed(hit, icons["home"]) for hit in found.hits if hit.household][:HOUSEHOLDS]
    return lines + [_village(village, icons["map-pin"]) for village in found.villages]


def _line(url: str, drawing: SafeString, name: Any, muted: Sequence[Any], badge: Any = "") -> Line:
    """``muted`` texts stand one after the other; empty ones are left out."""
    beside = format_html_join(" · ", "{}", ((text,) for text in muted if text))
    html = format_html(
        '{}<span class="strong">{}</span> <span class="muted">{}</span>', drawing, name, beside
    )
    return Line(url, html + format_html('<span class="badge">{}</span>', badge) if badge else html)


def _person(hit: Hit, elsewhere: KnownElsewhere | None, icons: dict[str, SafeString]) -> Line:
    customer = hit.customer
    url = reverse("customers:customer", args=[customer.pk])
    if elsewhere is not None:
        last = _("last contact %(month)s") % {"month": elsewhere.last_contact}
        where = [_("known elsewhere"), elsewhere.village, elsewhere.branch, last]
        return _line(url, icons["lock"], elsewhere.name, where, hit.reason)
    drawing = icons["building-bank" if customer.kind == "organisation" else "user"]
    born = [
        customer.get_sex_display() if customer.sex else "",
        customer.birth_date and customer.birth_date.year,
    ]
    who = " ".join(str(one) for one in born if one)
    where = [_shown(sound_of(customer, hit.road)), who, customer.village, customer.branch]
    return _line(url, drawing, _shown(name_of(customer, hit.road)), where, hit.reason)


def _headed(hit: Hit, drawing: SafeString) -> Line:
    url = reverse("customers:household", args=[hit.household])
    words = _("Household #%(no)s") % {"no": hit.household}
    return _line(url, drawing, words, [hit.customer.name, hit.customer.village], _("head of the household"))


def _household(household: Household, drawing: SafeString) -> Line:
    words = _("Household #%(no)s") % {"no": household.pk}
    where = [household.head, household.village, household.branch]
    return _line(reverse("customers:household", args=[household.pk]), drawing, words, where)


def _village(village: Village, drawing: SafeString) -> Line:
    url = f"{reverse('customers:list')}?village={village.pk}"
    return _line(url, drawing, village.name, [village.township, _("people of this village")])


# -- What of it matched ------------------------------------------------------------------------------------------------


def _shown(pieces: Marked) -> SafeString:
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", text) if is_typed else text,) for text, is_typed in pieces)
    )


def name_of(customer: Customer, road: Road | None) -> Marked:
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
        (text, is_typed)
        for text, is_typed in ((name[:start], False), (name[start:end], True), (name[end:], False))
        if text
    ]


def sound_of(customer: Customer, road: Road | None) -> Marked:
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
    return [(text, is_typed) for text, is_typed in pieces if text]


def _initials(syllables: Sequence[str], length: int) -> Marked:
    pieces: Marked = []
    for number, syllable in enumerate(syllables):
        pieces += [(syllable[:1], number < length), (syllable[1:] + " ", False)]
    return pieces
