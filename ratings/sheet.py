"""The rating sheet: a stored rating explained from what it was made of (handbook §1.4–§1.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import StaffMember
from customers.choices import BONUS, FACT_CODES, MALUS, CreditReport, FactSource
from customers.models import FactSheet
from ratings import scorecard, words
from ratings.choices import RatingStatus
from ratings.models import CreditRating, RuleSet

SHEET_FACTS = (
    "population",
    "labour",
    "residence_years",
    "net_income",
    "living_expenditure",
    "income_sources",
    "assets",
    "liabilities",
    "guarantees_given",
    "other_unsecured",
    "credit_report",
    "bonus",
    "malus",
    "flags",
    "second_investigator",
)
BOOK_FACTS = ("worst_overdue_days_36m", "current_overdue_days", "deposit_years")
PANEL_FACTS = ("panel_votes", "panel_village_reps", "panel_vetoes")
AMOUNTS = {
    "net_income",
    "living_expenditure",
    "assets",
    "liabilities",
    "guarantees_given",
    "other_unsecured",
    "county_income_ref",
    "county_net_asset_ref",
}
OLD_DAYS = 365


@dataclass(frozen=True)
class Evidence:
    """Where a fact comes from and how old it was on the rating's day."""

    source: str
    text: str
    is_old: bool = False


@dataclass(frozen=True)
class FactorLine:
    """One bar of the sheet; points may be unknown."""

    code: str
    label: str
    points: Decimal | None
    most: int
    evidence: str
    tone: str = ""
    before: Decimal | None = None

    @property
    def change(self) -> Decimal | None:
        """Points more than in the rating before; None where either is unknown."""
        return None if self.points is None or self.before is None else self.points - self.before


@lru_cache(maxsize=32)
def _card_of_data(version: str) -> scorecard.Card | None:
    stored = RuleSet.objects.filter(kind=RuleSet.Kind.SCORECARD, version=version).first()
    return scorecard.card_from_json(stored.data) if stored else None


def card_of(version: str) -> scorecard.Card:
    """Return the version of the card a rating was made with: a stored one, else one that travels with the product."""
    if version == scorecard.RC_1.code:
        return scorecard.RC_1
    try:
        return scorecard.load_card(version)
    except FileNotFoundError:
        return _card_of_data(version) or scorecard.RC_1


def facts_of(rating: CreditRating) -> dict[str, Any]:
    """The inputs of a stored rating as they were used: its fact sheet and what came from elsewhere."""
    sheet = rating.fact_sheet
    facts = {name: getattr(sheet, name) for name in SHEET_FACTS} if sheet else {}
    if sheet and sheet.oldest_core_on:
        facts["info_age_days"] = max(0, (rating.as_of - sheet.oldest_core_on).days)
    others = {name: _exact(value) for name, value in rating.other_facts.items()}
    facts |= others.pop("params", {}) | others | {"as_of": rating.as_of}
    if others.get("repayment_known"):
        facts.setdefault(scorecard.REPAYMENT, None)  # known, and none borrowed
    return facts


def _exact(value: Any) -> Any:
    """A stored number without the binary fraction that JSON gave it."""
    return Decimal(str(value)) if isinstance(value, float) else value


def points_of(rating: CreditRating, card: scorecard.Card) -> dict[str, Decimal | None]:
    """Points by factor; stored as tenths in the order of the card."""
    codes = [factor.code for factor in card.factors] + [card.panel.code]
    tenths = list(rating.points) + [None] * (len(codes) - len(rating.points))
    return {
        code: None if value is None else Decimal(value) / 10
        for code, value in zip(codes, tenths, strict=False)
    }


def evidence_for(
    name: str, sheet: FactSheet | None, as_of: date, staff: Mapping[int, str]
) -> Evidence | None:
    """Where one fact of the sheet comes from; None where nothing is recorded."""
    entry = (sheet.sources or {}).get(name) if sheet else None
    if not entry:
        return None
    source, staff_id, observed = [*entry, None, None, None][:3]
    label = FactSource(source).label if source in FactSource.values else source
    parts = [str(label)]
    if staff_id in staff:
        parts.append(staff[staff_id])
    is_old = False
    if observed:
        days = (as_of - date.fromisoformat(str(observed)[:10])).days
        is_old = days > OLD_DAYS
        parts.append(age_in_words(days))
    return Evidence(source, " · ".join(parts), is_old)


def age_in_words(days: int) -> str:
    """``3 months old`` rather than ``97 days``, for evidence beside a bar."""
    if days <= 0:
        return _("of the same day")
    if days < 60:
        return ngettext("%(n)d day old", "%(n)d days old", days) % {"n": days}
    months = days // 30
    return ngettext("%(n)d month old", "%(n)d months old", months) % {"n": months}


class Sheet:
    """Everything the page of one rating says; made from the row, its fact sheet, and the rating before."""

    def __init__(self, rating: CreditRating, before: CreditRating | None = None) -> None:
        self.rating, self.before = rating, before
        self.card = card_of(rating.card)
        self.facts = facts_of(rating)
        self.points = points_of(rating, self.card)
        self.points_before = points_of(before, card_of(before.card)) if before else {}
        self.staff = self._names_of_investigators()

    def _names_of_investigators(self) -> dict[int, str]:
        sources = self.rating.fact_sheet.sources if self.rating.fact_sheet else {}
        ids = {entry[1] for entry in sources.values() if len(entry) > 1 and entry[1]}
        return dict(StaffMember.objects.filter(pk__in=ids).values_list("pk", "full_name")) if ids else {}

    # -- the score -----------------------------------------------------------------------------------------------

    def groups(self) -> list[dict]:
        """Factors in the order of the card, grouped by their letter, with the group's sum."""
        lines = [self._line(f.code, f.name, f.top, (f.of, f.less, *f.per)) for f in self.card.factors]
        lines.append(
            self._line(self.card.panel.code, self.card.panel.name, self.card.panel.top, ("panel_votes",))
        )
        grouped: dict[str, list[FactorLine]] = {}
        for line in lines:
            grouped.setdefault(line.code[0], []).append(line)
        return [
            {
                "label": words.GROUPS.get(letter, letter),
                "lines": found,
                "points": _sum([line.points for line in found]),
                "most": sum(line.most for line in found),
            }
            for letter, found in grouped.items()
        ]

    def _line(self, code: str, name: str, most: int, facts: Sequence[str | None]) -> FactorLine:
        points = self.points.get(code)
        notes, is_old = self._evidence(facts)
        share = None if points is None else points / most
        tone = (
            ""
            if share is None or share >= Decimal("0.5")
            else ("danger" if share < Decimal("0.25") else "warn")
        )
        return FactorLine(
            code=code,
            label=str(words.FACTORS.get(code, name)),
            points=points,
            most=most,
            evidence=notes + (f" · {_('over a year old')}" if is_old else ""),
            tone=tone,
            before=self.points_before.get(code),
        )

    def _evidence(self, facts: Sequence[str | None]) -> tuple[str, bool]:
        texts, is_old = [], False
        for name in dict.fromkeys(filter(None, facts)):
            if name in BOOK_FACTS:
                texts.append(_("from our own books"))
            elif name == "panel_votes":
                texts.append(self._votes())
            elif found := evidence_for(name, self.rating.fact_sheet, self.rating.as_of, self.staff):
                texts.append(found.text)
                is_old = is_old or found.is_old
        return "; ".join(dict.fromkeys(texts)), is_old

    def _votes(self) -> str:
        votes = self.facts.get("panel_votes") or []
        if not votes:
            return _("no panel yet")
        return ngettext("%(n)d vote: %(votes)s", "%(n)d votes: %(votes)s", len(votes)) % {
            "n": len(votes),
            "votes": " ".join(str(vote) for vote in votes),
        }

    def merits(self) -> list[dict]:
        """Bonus and malus codes with their points."""
        lines = []
        for codes, labels, extras, sign in (
            (self.facts.get("bonus"), BONUS, self.card.bonus, 1),
            (self.facts.get("malus"), MALUS, self.card.malus, -1),
        ):
            for code in codes or ():
                points = extras.points.get(code, 0) * sign
                lines.append({"code": code, "label": str(labels.get(code, code)), "points": points})
        return lines

    def steps(self) -> list[dict]:
        """How the total came about: base, panel, merits, demerits."""
        rating = self.rating
        panel = self.points.get(self.card.panel.code)
        return [
            {"label": _("Facts"), "value": rating.base},
            {"label": _("Panel"), "value": panel},
            {"label": _("Merits"), "value": rating.bonus},
            {"label": _("Demerits"), "value": -rating.malus if rating.malus else rating.malus},
        ]

    # -- grade and limit -----------------------------------------------------------------------------------------

    def reasons(self) -> list[dict]:
        """Knock-outs and caps in words."""
        found = [
            {"code": c, "text": words.KNOCKOUTS.get(c, c), "tone": "danger"} for c in self.rating.knockouts
        ]
        return found + [
            {"code": c, "text": words.SOFT_CAPS.get(c, c), "tone": "warn"} for c in self.rating.soft_caps
        ]

    def cuts(self) -> list[dict]:
        """Grades of the card with the total that each needs."""
        return [
            {"grade": cut.grade, "at_least": cut.at_least, "is_ours": cut.grade == self.rating.grade}
            for cut in self.card.grades
        ]

    def caps(self) -> list[dict]:
        """The three caps of the limit, drawn against the largest."""
        rating = self.rating
        amounts = {"grade": rating.cap_grade, "income": rating.cap_income, "asset": rating.cap_asset}
        if any(amount is None for amount in amounts.values()):
            return []
        most = max(*amounts.values(), Decimal(rating.limit or 0), Decimal(1))
        return [
            {
                "name": name,
                "label": words.CAPS[name],
                "formula": self._cap_formula(name),
                "amount": amount,
                "most": most,
                "is_binding": name == rating.binding,
            }
            for name, amount in amounts.items()
        ]

    def _cap_formula(self, name: str) -> str:
        cut = next((cut for cut in self.card.grades if cut.grade == self.rating.grade), None)
        if name == "grade":
            return _("for grade %(grade)s") % {"grade": self.rating.grade}
        if name == "income":
            return _("%(share)s × net income") % {"share": cut.income_share if cut else ""}
        return _("%(share)s × (assets − debts)") % {"share": self.card.asset_share}

    @property
    def limit_step(self) -> int:
        """The limit is rounded down to whole steps of so many yuan."""
        return self.card.limit_step

    @property
    def other_unsecured(self) -> Decimal | None:
        """Unsecured debt elsewhere, taken off the smallest cap."""
        value = self.facts.get("other_unsecured")
        return None if value is None else Decimal(value)

    # -- what next -----------------------------------------------------------------------------------------------

    def missing(self) -> list[dict]:
        """Facts that are unknown, each with the question to ask."""
        return [
            {
                "name": name,
                "label": str(words.FACTS.get(name, name)),
                "question": str(words.QUESTIONS.get(name, _("Find out and record it with its source."))),
            }
            for name in self.rating.missing
        ]

    def improvements(self) -> list[dict]:
        """Up to three concrete steps with the points they bring."""
        if self.rating.status == RatingStatus.INCOMPLETE:
            return []
        try:
            found = scorecard.what_would_raise(self.facts, self.card)
        except scorecard.InvalidFacts:
            return []
        return [{"text": words.next_step(line), "points": self._gain(line)} for line in found]

    def _gain(self, line: scorecard.Improvement) -> int:
        """Points of a step; a first credit report or loan is told with all it can bring."""
        if (line.factor, line.from_band) not in words.FIRST_STEPS:
            return line.points
        factor = next(each for each in self.card.factors if each.code == line.factor)
        return factor.top - int(self.points.get(line.factor) or 0)

    def comparison(self) -> list[FactorLine]:
        """Factors whose points differ from the rating before."""
        lines = [line for group in self.groups() for line in group["lines"]]
        return [line for line in lines if line.change]

    def inputs(self) -> list[dict]:
        """Every input as it was used, with its source."""
        rows = []
        for name, label in words.FACTS.items():
            if name not in self.facts:
                continue
            found = evidence_for(name, self.rating.fact_sheet, self.rating.as_of, self.staff)
            known = name in BOOK_FACTS or self.facts[name] is not None
            source = found.text if found else (_("from our own books") if name in BOOK_FACTS else "")
            rows.append(
                {
                    "label": label,
                    "value": value_in_words(name, self.facts[name]),
                    "source": source,
                    "is_known": known,
                }
            )
        return rows


def value_in_words(name: str, value: Any) -> str:
    """A fact as people read it; nothing known is a dash, "none" is a fact."""
    from coopcrm.shared.templatetags.look import yuan

    if name == "worst_overdue_days_36m" and value is None:
        return _("none borrowed")
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "credit_report":
        return str(CreditReport(value).label) if value in CreditReport.values else str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(FACT_CODES.get(each, each)) for each in value) or _("none")
    return yuan(value) if name in AMOUNTS else str(value)


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None
