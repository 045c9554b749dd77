"""Roads for words: the ways in which a name, its pinyin or its initials can match, the surest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.names import has_han, latin_key, name_key


@dataclass(frozen=True)
class Road:
    """One way in which customers match: the rows, the key they are ordered by, and the way in words."""

    reason: Any
    rows: QuerySet
    key: str


def roads(text: str, scope) -> Iterator[Road]:
    people = Customer.objects.current().unlocked_for(scope)
    if has_han(text):
        key = name_key(text)
        yield Road(_("name"), people.filter(name_key__startswith=key), "name_key")
        given = people.filter(given_key__startswith=key).exclude(name_key__startswith=key)
        yield Road(_("given name"), given, "given_key")
        return
    key = latin_key(text)
    if not key:
        return
    yield Road(_("pinyin"), people.filter(pinyin__startswith=key), "pinyin")
    if len(key) == 1:  # whose initials begin with it, their pinyin does
        return
    initials = people.filter(initials__startswith=key).exclude(pinyin__startswith=key)
    yield Road(_("initials"), initials, "initials")
