"""Facts of a household into points, grade and limit, with every reason named (handbook §1.4–§1.6).

The card is versioned data (``ratings/cards/*.json``); this module knows how to read one, not what it says.
No ORM and no clock: the facts carry ``as_of``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from coopcrm.shared.errors import Refused
from coopcrm.shared.money import ZERO, round_down_to, rounded, to_decimal, yuan
from coopcrm.shared.periods import add_months, completed_years, to_date
from coopcrm.shared.plain import Result, plain

CARDS = Path(__file__).parent / "cards"

RATED, REJECTED, PENDING_PANEL, INCOMPLETE = "RATED", "REJECTED", "PENDING_PANEL", "INCOMPLETE"

COUNTS = ("population", "labour", "income_sources", "current_overdue_days", "info_age_days")
AMOUNTS = ("living_expenditure", "assets", "liabilities", "guarantees_given", "other_unsecured")
YEARS = ("residence_years", "deposit_years")
COUNTY = ("county_income_ref", "county_net_asset_ref")
CODES = ("bonus", "malus", "flags")
REPAYMENT = "worst_overdue_days_36m"
REQUIRED = (
    "birth_date", *COUNTS, *AMOUNTS, *YEARS, *COUNTY, *CODES, "net_income", "credit_report", "second_investigator",
)  # fmt: skip


class InvalidFacts(Refused, ValueError):
    """The facts contradict each other or the card: an error to correct, not a score (handbook §1.4)."""

    code = "rating_facts_invalid"


class InvalidCard(ValueError):
    """The card's data contradict themselves."""


# --- the card ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Test:
    """One comparison: ``value <kind> threshold`` with kind at_least, above, at_most or below."""

    __test__: ClassVar[bool] = False  # the name is the domain's; this is no test case of pytest
    kind: str
    threshold: Decimal

    def holds(self, value: Decimal | int, base: Decimal | int = 1) -> bool:
        """Compare ``value / base`` with the threshold by multiplying out, so that nothing is rounded."""
        edge = self.threshold if base == 1 else self.threshold * base
        if self.kind == "at_least":
            return value >= edge
        if self.kind == "above":
            return value > edge
        return value <= edge if self.kind == "at_most" else value < edge


@dataclass(frozen=True)
class Band(Test):
    """A comparison and the points of whoever meets it first."""

    points: int


@dataclass(frozen=True)
class Factor:
    """One line of the card: (``of`` − ``less``) / product of ``per`` → points of the first band that fits."""

    code: str
    name: str
    of: str
    top: int
    less: str | None = None
    per: tuple[str, ...] = ()
    bands: tuple[Band, ...] = ()
    table: Mapping[str, int] = field(default_factory=dict)
    when_null: int | None = None
    without_base: tuple[int, int] = (0, 0)
    improvable: bool = False

    def value(self, facts: Mapping[str, Any]) -> Any:
        return facts[self.of] - facts[self.less] if self.less else facts[self.of]

    def base(self, facts: Mapping[str, Any]) -> Decimal | int:
        base: Decimal | int = 1
        for name in self.per:
            base = base * facts[name]
        return base

    def points(self, facts: Mapping[str, Any]) -> int:
        """Points of a household; a base of zero or less has its own points for a zero and for any other value."""
        value = self.value(facts)
        if self.table:
            return self.table[value]
        if value is None:
            return self.when_null or 0
        base = self.base(facts)
        if base <= 0:
            return self.without_base[1 if value else 0]
        return next((band.points for band in self.bands if band.holds(value, base)), 0)


@dataclass(frozen=True)
class Panel:
    """How the credit panel's votes become points, and when there are enough of them."""

    code: str
    name: str
    top: int
    scale: Decimal
    highest_vote: int
    quorum_votes: int
    quorum_village_reps: int

    def has_quorum(self, facts: Mapping[str, Any]) -> bool:
        votes = len(facts["panel_votes"])
        return votes >= self.quorum_votes and facts["panel_village_reps"] >= self.quorum_village_reps

    def points(self, votes: tuple[int, ...]) -> Decimal:
        """Drop one highest and one lowest, mean of the rest × scale, rounded to 0.1."""
        kept = sum(votes) - max(votes) - min(votes)
        return rounded(kept * self.scale / (len(votes) - 2), 1)


@dataclass(frozen=True)
class Extras:
    """Bonus or malus: points per code, each once, together at most so many."""

    points: Mapping[str, int]
    at_most: int

    def total(self, codes: frozenset[str]) -> int:
        return min(sum(self.points[code] for code in codes), self.at_most)


@dataclass(frozen=True)
class Condition:
    """One condition of a knock-out or cap: a flag, a set of texts, a null, a false, or a comparison."""

    fact: str = ""
    flag: str = ""
    test: Test | None = None
    times: str | None = None
    one_of: tuple[str, ...] = ()
    is_null: bool = False
    is_false: bool = False

    def holds(self, facts: Mapping[str, Any]) -> bool:
        if self.flag:
            return self.flag in facts["flags"]
        value = facts[self.fact]
        if self.is_null or self.is_false:
            return value is None if self.is_null else not value
        if self.one_of:
            return value in self.one_of
        return value is not None and self.test.holds(value, facts[self.times] if self.times else 1)


@dataclass(frozen=True)
class Trigger:
    """A knock-out (any condition) or a cap on the grade (all conditions); ``veto_share`` asks the panel."""

    code: str
    any_of: tuple[Condition, ...] = ()
    all_of: tuple[Condition, ...] = ()
    veto_share: tuple[int, int] | None = None
    grade: str = ""

    def fires(self, facts: Mapping[str, Any], quorum: bool) -> bool:
        if self.veto_share:
            share, whole = self.veto_share
            return quorum and facts["panel_vetoes"] * whole >= len(facts["panel_votes"]) * share
        if self.any_of:
            return any(condition.holds(facts) for condition in self.any_of)
        return all(condition.holds(facts) for condition in self.all_of)


@dataclass(frozen=True)
class GradeCut:
    """A grade, the total it needs, its level in the classification matrix and its caps; no cap: no credit."""

    grade: str
    at_least: Decimal
    matrix_level: str
    cap: Decimal | None = None
    income_share: Decimal | None = None


@dataclass(frozen=True)
class Card:
    """A version of the scorecard as data."""

    code: str
    factors: tuple[Factor, ...]
    panel: Panel
    bonus: Extras
    malus: Extras
    grades: tuple[GradeCut, ...]
    knockouts: tuple[Trigger, ...]
    soft_caps: tuple[Trigger, ...]
    asset_share: Decimal
    limit_step: int
    validity_months: int
    review_months: int

    @cached_property
    def grade_rank(self) -> dict[str, int]:
        return {cut.grade: rank for rank, cut in enumerate(self.grades)}

    @cached_property
    def flags(self) -> frozenset[str]:
        """The flags that any knock-out or cap of this card reads."""
        rules = [*self.knockouts, *self.soft_caps]
        return frozenset(c.flag for rule in rules for c in (*rule.any_of, *rule.all_of) if c.flag)

    @cached_property
    def credit_reports(self) -> frozenset[str]:
        return frozenset(key for f in self.factors if f.of == "credit_report" for key in f.table)

    def cut_for(self, total: Decimal) -> GradeCut:
        return next(cut for cut in self.grades if total >= cut.at_least)


def _comparison(data: Mapping[str, Any]) -> tuple[str, Decimal] | None:
    kinds = [kind for kind in ("at_least", "above", "at_most", "below") if kind in data]
    if len(kinds) > 1:
        raise InvalidCard(f"one comparison at a time: {data}")
    return (kinds[0], Decimal(data[kinds[0]])) if kinds else None


def _band(data: Mapping[str, Any]) -> Band:
    comparison = _comparison(data)
    if comparison is None:
        raise InvalidCard(f"a band needs a comparison: {data}")
    return Band(*comparison, points=data["points"])


def _factor(data: Mapping[str, Any]) -> Factor:
    without = data.get("without_base", {"none": 0, "some": 0})
    factor = Factor(
        code=data["code"],
        name=data["name"],
        of=data["of"],
        top=data["max"],
        less=data.get("less"),
        per=tuple(data.get("per", ())),
        bands=tuple(_band(band) for band in data.get("bands", ())),
        table=MappingProxyType(dict(data.get("table", {}))),
        when_null=data.get("when_null"),
        without_base=(without["none"], without["some"]),
        improvable=data.get("improvable", False),
    )
    reachable = max([*(b.points for b in factor.bands), *factor.table.values(), *factor.without_base])
    if reachable != factor.top:
        raise InvalidCard(f"{factor.code} reaches {reachable} points, its maximum says {factor.top}")
    return factor


def _condition(data: Mapping[str, Any]) -> Condition:
    comparison = _comparison(data)
    return Condition(
        fact=data.get("fact", ""),
        flag=data.get("flag", ""),
        test=Test(*comparison) if comparison else None,
        times=data.get("times"),
        one_of=tuple(data.get("one_of", ())),
        is_null=data.get("is_null", False),
        is_false=data.get("is_false", False),
    )


def _trigger(data: Mapping[str, Any]) -> Trigger:
    return Trigger(
        code=data["code"],
        any_of=tuple(_condition(c) for c in data.get("any", ())),
        all_of=tuple(_condition(c) for c in data.get("all", ())),
        veto_share=tuple(data["veto_share"]) if "veto_share" in data else None,
        grade=data.get("grade", ""),
    )


def _grade_cut(data: Mapping[str, Any]) -> GradeCut:
    cap, share = data.get("cap"), data.get("income_share")
    return GradeCut(
        grade=data["grade"],
        at_least=Decimal(data["at_least"]),
        matrix_level=data["matrix_level"],
        cap=None if cap is None else Decimal(cap),
        income_share=None if share is None else Decimal(share),
    )


def card_from_json(source: str | Path | Mapping[str, Any]) -> Card:
    """Read a card from JSON text, a file or parsed JSON; refuse one that contradicts itself."""
    if isinstance(source, Path):
        source = source.read_text(encoding="utf-8")
    data = json.loads(source) if isinstance(source, str) else source
    card = Card(
        code=data["code"],
        factors=tuple(_factor(f) for f in data["factors"]),
        panel=Panel(
            code=data["panel"]["code"],
            name=data["panel"]["name"],
            top=data["panel"]["max"],
            scale=Decimal(data["panel"]["scale"]),
            highest_vote=data["panel"]["highest_vote"],
            quorum_votes=data["panel"]["quorum_votes"],
            quorum_village_reps=data["panel"]["quorum_village_reps"],
        ),
        bonus=Extras(MappingProxyType(dict(data["bonus"]["points"])), data["bonus"]["at_most"]),
        malus=Extras(MappingProxyType(dict(data["malus"]["points"])), data["malus"]["at_most"]),
        grades=tuple(_grade_cut(g) for g in data["grades"]),
        knockouts=tuple(_trigger(t) for t in data["knockouts"]),
        soft_caps=tuple(_trigger(t) for t in data["soft_caps"]),
        asset_share=Decimal(data["limit"]["asset_share"]),
        limit_step=data["limit"]["step"],
        validity_months=data["validity_months"],
        review_months=data["review_months"],
    )
    _check_card(card)
    return card


def _check_card(card: Card) -> None:
    cuts = [cut.at_least for cut in card.grades]
    if cuts != sorted(cuts, reverse=True) or cuts[-1] > 0 or len(set(cuts)) != len(cuts):
        raise InvalidCard("grades come from the highest total down to zero")
    if sum(f.top for f in card.factors) + card.panel.top != 100:
        raise InvalidCard("the maxima of a card add up to 100")
    if card.panel.quorum_votes < 3:
        raise InvalidCard("a quorum under three votes leaves none after the highest and the lowest")
    if card.panel.highest_vote * card.panel.scale != card.panel.top:
        raise InvalidCard("the highest vote times the scale is the panel's maximum")
    unknown = {t.grade for t in card.soft_caps} - set(card.grade_rank)
    if unknown:
        raise InvalidCard(f"caps name grades that the card does not have: {sorted(unknown)}")
    codes = [item.code for item in (*card.factors, card.panel, *card.knockouts, *card.soft_caps)]
    if len(set(codes)) != len(codes):
        raise InvalidCard("every line of a card has its own code")


def load_card(code: str) -> Card:
    """Read one of the cards that travel with the product, such as ``RC-1``."""
    return card_from_json(CARDS / f"{code.lower()}.json")


RC_1 = load_card("RC-1")


# --- the result ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rating(Result):
    """A household's rating; amounts in yuan, ``limit`` in whole steps, dates are days."""

    age: int | None
    points: Mapping[str, int | Decimal | None]
    base: int | None
    bonus: int | None
    malus: int | None
    total: Decimal | None
    knockouts: tuple[str, ...]
    soft_caps: tuple[str, ...]
    score_grade: str | None
    status: str
    grade: str | None
    cap_grade: Decimal | None
    cap_income: Decimal | None
    cap_asset: Decimal | None
    binding: str | None
    limit: int | None
    review_due: date | None
    valid_until: date | None
    matrix_level: str | None
    missing: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class IncompleteRating(Rating):
    """A rating that cannot be made yet: the facts in ``missing`` are unknown and nothing is scored."""

    missing: tuple[str, ...] = ()  # type: ignore[misc]


@dataclass(frozen=True)
class Improvement(Result):
    """What a household could change: reach ``to_band`` on this factor and gain ``points``."""

    factor: str
    name: str
    from_band: str
    to_band: str
    points: int


# --- the judgement -------------------------------------------------------------------------------------------


def _unknown(facts: Mapping[str, Any]) -> tuple[str, ...]:
    missing = [name for name in REQUIRED if facts.get(name) is None]
    if REPAYMENT not in facts or facts.get("repayment_known", True) is not True:
        missing.append(REPAYMENT)
    if facts.get("panel_votes"):
        missing += [name for name in ("panel_village_reps", "panel_vetoes") if facts.get(name) is None]
    return tuple(sorted(missing))


def _refuse(message: str) -> None:
    raise InvalidFacts(message)


def _whole(value: Any) -> int:
    """A count from a whole number or its text; 2.5 people are a mistake and not two."""
    if type(value) is int:
        return value
    number = to_decimal(value)
    if number != int(number):
        raise ValueError(f"{value!r} is not a whole number")
    return int(number)


def _parsed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Exact values of everything that is known; what is unknown stays None."""
    try:
        facts = {name: None if given.get(name) is None else _whole(given[name]) for name in COUNTS}
        for name in (*AMOUNTS, *YEARS, *COUNTY, "net_income"):
            facts[name] = None if given.get(name) is None else to_decimal(given[name])
        for name in CODES:
            facts[name] = None if given.get(name) is None else frozenset(given[name])
        worst = given.get(REPAYMENT)
        facts[REPAYMENT] = None if worst is None else _whole(worst)
        facts["panel_votes"] = tuple(_whole(vote) for vote in given.get("panel_votes") or ())
        facts["panel_village_reps"] = _whole(given.get("panel_village_reps") or 0)
        facts["panel_vetoes"] = _whole(given.get("panel_vetoes") or 0)
        facts["as_of"] = to_date(given["as_of"])
        born = given.get("birth_date")
        facts["birth_date"] = None if born is None else to_date(born)
    except (TypeError, ValueError, ArithmeticError, KeyError) as error:
        raise InvalidFacts(f"A fact cannot be read: {error!r}") from error
    facts["credit_report"] = given.get("credit_report")
    facts["second_investigator"] = given.get("second_investigator")
    facts["age"] = None if born is None else completed_years(facts["birth_date"], facts["as_of"])
    return facts


def _check(facts: Mapping[str, Any], card: Card) -> None:
    """Input checks of handbook §1.4 on everything that is known."""

    def below(name: str, least: int) -> bool:
        return facts[name] is not None and facts[name] < least

    if below("population", 1):
        _refuse("A household has at least one member.")
    for name in (*COUNTS, *AMOUNTS, *YEARS, REPAYMENT, "panel_village_reps", "panel_vetoes"):
        if below(name, 0):
            _refuse(f"{name} cannot be negative.")
    if None not in (facts["population"], facts["labour"]) and facts["labour"] > facts["population"]:
        _refuse("There cannot be more workers than members.")
    if any(facts[name] is not None and facts[name] <= 0 for name in COUNTY):
        _refuse("The county's references are above zero.")
    if any(not 0 <= vote <= card.panel.highest_vote for vote in facts["panel_votes"]):
        _refuse(f"A vote lies between 0 and {card.panel.highest_vote}.")
    if facts["age"] is not None and facts["birth_date"] > facts["as_of"]:
        _refuse("The birth date lies after the rating date.")
    if facts["credit_report"] is not None and facts["credit_report"] not in card.credit_reports:
        _refuse(f"Unknown credit report {facts['credit_report']!r}.")
    for name, known in (("bonus", card.bonus.points), ("malus", card.malus.points), ("flags", card.flags)):
        if facts[name] and not facts[name].issubset(known):
            _refuse(f"Unknown codes among {name}.")


def _flat(facts: Mapping[str, Any] | Any) -> Mapping[str, Any]:
    """The facts as one mapping: county parameters may come nested under ``params``."""
    if not isinstance(facts, Mapping):
        facts = vars(facts)
    params = facts.get("params")
    return {**facts, **params} if params else facts


def _incomplete(facts: Mapping[str, Any], missing: tuple[str, ...]) -> IncompleteRating:
    empty: dict[str, Any] = dict.fromkeys(item.name for item in fields(Rating))
    empty |= {"age": facts["age"], "points": {}, "knockouts": (), "soft_caps": (), "status": INCOMPLETE}
    return IncompleteRating(**empty, missing=missing)


@dataclass(frozen=True)
class Limit:
    """Caps in yuan rounded to fen, the smallest one's name, and the limit that is left of it."""

    cap_grade: Decimal | None = None
    cap_income: Decimal | None = None
    cap_asset: Decimal | None = None
    binding: str | None = None
    limit: int = 0


def credit_limit(facts: Mapping[str, Any], cut: GradeCut, card: Card) -> Limit:
    """The limit a grade, an income and net assets support, less unsecured debt elsewhere (handbook §1.6)."""
    if cut.cap is None:
        return Limit()
    caps = {
        "grade": cut.cap,
        "income": cut.income_share * max(facts["net_income"], ZERO),
        "asset": card.asset_share * max(facts["assets"] - facts["liabilities"], ZERO),
    }
    binding = min(caps, key=caps.__getitem__)  # the first of the order above on a tie
    limit = int(round_down_to(caps[binding] - facts["other_unsecured"], card.limit_step))
    return Limit(*(yuan(cap) for cap in caps.values()), binding=binding, limit=limit)


def rate(facts: Mapping[str, Any] | Any, card: Card | str = RC_1) -> Rating:
    """Rate a household by a card (handbook §1.4–§1.6).

    ``facts`` holds the inputs by name; a key that is absent is unknown, and so is None, except that a
    ``worst_overdue_days_36m`` of None says "never borrowed". Unknown facts give status INCOMPLETE; no panel votes
    are no quorum. Contradictions raise ``InvalidFacts``. Amounts are yuan, points whole except the panel's.
    """
    card = load_card(card) if isinstance(card, str) else card
    given = _flat(facts)
    parsed = _parsed(given)
    _check(parsed, card)
    if missing := _unknown(given):
        return _incomplete(parsed, missing)

    return _judged(parsed, card)


def _grade(status: str, scored: GradeCut | None, caps: list[Trigger], card: Card) -> GradeCut | None:
    """The grade after knock-outs and caps; None while the panel is awaited."""
    if status == REJECTED:
        return card.grades[-1]
    if scored is None:
        return None
    return card.grades[max(card.grade_rank[grade] for grade in (scored.grade, *(cap.grade for cap in caps)))]


def _judged(facts: Mapping[str, Any], card: Card) -> Rating:
    """Points, reasons, grade and limit of complete facts."""
    quorum = card.panel.has_quorum(facts)
    points: dict[str, int | Decimal | None] = {f.code: f.points(facts) for f in card.factors}
    base = sum(points.values())
    panel = points[card.panel.code] = card.panel.points(facts["panel_votes"]) if quorum else None
    bonus, malus = card.bonus.total(facts["bonus"]), card.malus.total(facts["malus"])
    total = (
        None if panel is None else min(max(base + panel + bonus - malus, Decimal("0.0")), Decimal("100.0"))
    )
    scored = None if total is None else card.cut_for(total)

    knockouts = tuple(t.code for t in card.knockouts if t.fires(facts, quorum))
    caps = [t for t in card.soft_caps if t.fires(facts, quorum)]
    status = REJECTED if knockouts else (RATED if quorum else PENDING_PANEL)
    cut = _grade(status, scored, caps, card)
    line = credit_limit(facts, cut, card) if status == RATED else Limit()
    return Rating(
        age=facts["age"],
        points=points,
        base=base,
        bonus=bonus,
        malus=malus,
        total=total,
        knockouts=knockouts,
        soft_caps=tuple(cap.code for cap in caps),
        score_grade=scored and scored.grade,
        status=status,
        grade=cut and cut.grade,
        cap_grade=line.cap_grade,
        cap_income=line.cap_income,
        cap_asset=line.cap_asset,
        binding=line.binding,
        limit=None if cut is None else line.limit,
        review_due=add_months(facts["as_of"], card.review_months) if line.limit else None,
        valid_until=add_months(facts["as_of"], card.validity_months) if line.limit else None,
        matrix_level=cut and cut.matrix_level,
    )


# --- the slip ------------------------------------------------------------------------------------------------

SIGNS = {"at_least": "≥", "above": ">", "at_most": "≤", "below": "<"}


def _label(test: Test) -> str:
    return f"{SIGNS[test.kind]} {plain(test.threshold)}"


def _ladder(factor: Factor, facts: Mapping[str, Any]) -> tuple[str, list[tuple[str, int]]]:
    """The step a household stands on, and every step of the factor with its points."""
    value = factor.value(facts)
    if factor.table:
        return str(value), list(factor.table.items())
    steps = [(_label(band), band.points) for band in factor.bands]
    if value is None:
        return "none", steps
    base = factor.base(facts)
    if base <= 0:
        return "without_base", steps
    reached = next((band for band in factor.bands if band.holds(value, base)), None)
    return (_label(reached) if reached else "otherwise"), steps


def what_would_raise(
    facts: Mapping[str, Any] | Any, card: Card | str = RC_1, lines: int = 3
) -> list[Improvement]:
    """Up to three next steps a household can take, the most points first (for the slip that explains a grade).

    Each is the nearest better band of a factor the card marks as improvable; nothing for incomplete facts.
    """
    card = load_card(card) if isinstance(card, str) else card
    given = _flat(facts)
    parsed = _parsed(given)
    _check(parsed, card)
    if _unknown(given):
        return []
    found = []
    for factor in card.factors:
        if not factor.improvable:
            continue
        now = factor.points(parsed)
        here, steps = _ladder(factor, parsed)
        better = [(points, band) for band, points in steps if points > now]
        if better:
            # Whoever never borrowed aims at punctuality, not at the nearest band, which is a small delay.
            nearest = max if parsed[factor.of] is None else min
            points, band = nearest(better, key=lambda step: step[0])
            found.append(Improvement(factor.code, factor.name, here, band, points - now))
    return sorted(found, key=lambda line: -line.points)[:lines]
