"""Where the shown values of a person come from, and what was said before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, NullIf
from django.urls import reverse
from django.utils import timezone

from branches.models import Area
from customers.choices import FactSource
from customers.models import Customer, Statement
from customers.provenance.attributes import ATTRIBUTES, Attribute, present_texts
from customers.provenance.rules import rule_on
from customers.provenance.services import as_said
from customers.provenance.survivorship import decide, standing

SOURCE_WORDS = dict(FactSource.choices)


@dataclass(frozen=True)
class Line:
    """One statement in words; ``pk`` is 0 for what the record itself says."""

    pk: int
    text: str
    source: str
    source_words: Any
    who: str
    observed_on: date
    recorded_at: datetime
    reason: str = ""
    settles: bool = False
    is_shown: bool = False
    is_contradicting: bool = False
    is_standing: bool = True


@dataclass(frozen=True)
class Provenance:
    """Where the shown value of an attribute comes from, and every statement about it, newest first."""

    attribute: Attribute
    shown: Line
    lines: tuple[Line, ...]
    is_disputed: bool
    url: str

    @property
    def source(self) -> str:
        """Code of the source, as the dot shows it."""
        return self.shown.source

    @property
    def text(self) -> str:
        """Source, person and day in one line."""
        return words_of(self.shown)

    @property
    def earlier(self) -> tuple[Line, ...]:
        """The other statements, newest first."""
        return tuple(line for line in self.lines if not line.is_shown)


def words_of(line: Line) -> str:
    """Source, person and day in one line."""
    words = [line.source_words, line.who, line.observed_on.isoformat()]
    return " · ".join(str(word) for word in words if word)


def sources_of(customer: Customer, codes: Iterable[str] = ()) -> dict[str, Provenance]:
    """By attribute where its shown value comes from, in one query; attributes nobody ever filled are left out.

    An attribute without statements stands by the record's own source, registered_on and registered_by.
    """
    codes = list(codes) or list(ATTRIBUTES)
    rows = _with_places(Statement.objects.filter(customer=customer, attribute__in=codes))
    by_attribute: dict[str, list[Statement]] = defaultdict(list)
    for row in rows.select_related("author").order_by("pk"):
        by_attribute[row.attribute].append(row)
    rule = None
    found = {}
    for code, text in present_texts(customer, codes).items():
        if statements := by_attribute.get(code):
            rule = rule or rule_on(timezone.localdate())
            found[code] = _told(customer, ATTRIBUTES[code], statements, rule.of(code))
        elif text:
            line = _of_the_record(customer, ATTRIBUTES[code])
            found[code] = Provenance(ATTRIBUTES[code], line, (line,), False, _url(customer, code))
    return found


def _url(customer: Customer, code: str) -> str:
    return reverse("customers:source", args=[customer.pk, code])


def _with_places(rows: QuerySet[Statement]) -> QuerySet[Statement]:
    """With the names of the places that statements speak of, in the same query."""
    places = [code for code, attribute in ATTRIBUTES.items() if attribute.field.is_relation]
    number = Cast(NullIf(F("value"), Value("")), BigIntegerField())
    area = Case(When(Q(attribute__in=places), then=number), output_field=BigIntegerField())
    names = Area.objects.filter(pk=OuterRef("area_id")).values("name")
    return rows.annotate(area_id=area).annotate(place=Subquery(names))


def _told(customer: Customer, attribute: Attribute, statements: list[Statement], rule: Any) -> Provenance:
    said = [as_said(row) for row in statements]
    decision = decide(said, rule)
    left = {one.pk for one in standing(said)}
    lines = tuple(
        Line(
            pk=row.pk,
            text=attribute.shown(row.value, {row.value: row.place or "–"}),
            source=row.source,
            source_words=SOURCE_WORDS[row.source],
            who=str(row.author or ""),
            observed_on=row.observed_on,
            recorded_at=row.recorded_at,
            reason=row.reason,
            settles=row.settles,
            is_shown=row.pk == decision.pk,
            is_contradicting=row.pk in left and row.value in decision.against,
            is_standing=row.pk in left,
        )
        for row in sorted(statements, key=lambda row: (row.observed_on, row.pk), reverse=True)
    )
    shown = next(line for line in lines if line.is_shown)
    return Provenance(attribute, shown, lines, decision.is_disputed, _url(customer, attribute.code))


def _of_the_record(customer: Customer, attribute: Attribute) -> Line:
    text = attribute.text_of(getattr(customer, attribute.column))
    places = {text: customer.village.name} if attribute.code == "village" else {}
    return Line(
        pk=0,
        text=attribute.shown(text, places),
        source=customer.source,
        source_words=SOURCE_WORDS[customer.source],
        who=str(customer.registered_by or ""),
        observed_on=customer.registered_on,
        recorded_at=customer.created_at,
        is_shown=True,
    )
