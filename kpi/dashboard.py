"""The figures of a union or a branch for one month, read from summary rows alone in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from branches.choices import UnitKind
from branches.models import StaffMember, Unit
from kpi import words
from kpi.models import KpiSnapshot, ScoreCard
from kpi.selectors import targets_in_force

TILES = (
    "PROFIT_COMPLETION",
    "NPL_RATIO",
    "DEP_ADB_GROWTH",
    "RETENTION",
    "CSAT",
    "HIGH_END_SHARE",
    "VISIT_COVERAGE",
)
COLUMNS = (
    "PROFIT_COMPLETION",
    "NPL_RATIO",
    "DEP_ADB_GROWTH",
    "RETENTION",
    "CSAT",
    "VISIT_COVERAGE",
    "DATA_QUALITY",
)
MONTHS = 12
CHANGES_SHOWN = 6
FEW = 30


@dataclass(frozen=True)
class Figure:
    """One indicator of a unit on a date, beside the month before and its trend."""

    unit_id: int
    code: str
    as_of: date
    value: Decimal | None
    reason: str = ""
    n: int | None = None
    inputs: dict = field(default_factory=dict)
    before: Decimal | None = None
    series: tuple = ()

    @property
    def words(self) -> words.Words:
        return words.words_for(self.code)

    @property
    def text(self) -> str | None:
        """The value as people read it; None where there is none."""
        return None if self.value is None else words.shown(self.code, self.value)

    @property
    def change(self) -> Decimal | None:
        return words.change(self.code, self.value, self.before)

    @property
    def trend(self) -> Decimal | None:
        """The change as the arrow of a tile shows it; what rounds to nothing points nowhere."""
        return None if self.change is None else round(self.change, 1) + 0

    @property
    def change_text(self) -> str:
        """The change with its sign and unit."""
        return words.change_in_words(self.code, self.change)

    @property
    def is_small(self) -> bool:
        """Too few cases to rank by: shown in grey with its n."""
        return self.reason == "SMALL_SAMPLE" or (self.n is not None and self.n < FEW)

    @property
    def note(self) -> str:
        """What stands under the value: why there is none, or how many cases are behind it."""
        if self.value is None:
            reason = str(words.REASONS.get(self.reason, words.NOT_COMPUTED))
            return f"{reason} n {self.n}" if self.n is not None else reason
        return f"n {words.plain(self.n, 0)}" if self.n is not None else ""


def closing_dates(staff: StaffMember, limit: int = 36) -> list[date]:
    """Dates for which figures stand, one a month (the last of it), the newest first."""
    days = KpiSnapshot.objects.order_by("-as_of").values_list("as_of", flat=True).distinct()[: limit * 3]
    return [next(group) for _month, group in groupby(days, key=lambda day: (day.year, day.month))][:limit]


def latest_snapshots(staff: StaffMember) -> QuerySet[KpiSnapshot]:
    """The last computed snapshot of each unit, date and code that a person sees."""
    visible = KpiSnapshot.objects.visible_to(staff)
    return visible.order_by("unit_id", "as_of", "code", "-id").distinct("unit_id", "as_of", "code")


def latest_cards(staff: StaffMember) -> QuerySet[ScoreCard]:
    """The last computed score card of each unit and date that a person sees."""
    return (
        ScoreCard.objects.visible_to(staff).order_by("unit_id", "as_of", "-id").distinct("unit_id", "as_of")
    )


class Dashboard:
    """Figures of all units a person sees, for one date and the one it is compared with."""

    def __init__(self, staff: StaffMember, *, as_of: date, before: date | None, dates: list[date]) -> None:
        self.staff, self.as_of, self.before = staff, as_of, before
        self.months = sorted(day for day in dates if day <= as_of)[-MONTHS:]
        self.units = list(Unit.objects.filter(kind__in=[UnitKind.UNION, UnitKind.BRANCH]).order_by("code"))
        if not staff.scope.sees_union:
            self.units = [unit for unit in self.units if unit.pk in staff.scope.branch_ids]
        self.union = next((unit for unit in self.units if unit.kind == UnitKind.UNION), None)
        self.branches = [unit for unit in self.units if unit.kind == UnitKind.BRANCH]
        for unit, short in zip(
            self.branches, short_names([unit.name for unit in self.branches]), strict=True
        ):
            unit.short = short

    # -- the rows ------------------------------------------------------------------------------------------------

    @cached_property
    def snapshots(self) -> dict[tuple[int, str, date], dict]:
        """Snapshots of the two dates, by unit, code and date."""
        rows = latest_snapshots(self.staff).filter(as_of__in=filter(None, (self.as_of, self.before)))
        fields = ("unit_id", "code", "as_of", "value", "reason", "n", "inputs", "computed_at")
        return {(row["unit_id"], row["code"], row["as_of"]): row for row in rows.values(*fields)}

    @cached_property
    def cards(self) -> dict[int, dict[date, ScoreCard]]:
        """Score cards of the last twelve months, by unit and date."""
        found: dict[int, dict[date, ScoreCard]] = defaultdict(dict)
        for card in latest_cards(self.staff).filter(as_of__in=self.months):
            found[card.unit_id][card.as_of] = card
        return found

    def trends(self, unit: Unit) -> dict[str, tuple]:
        """Values of the last twelve months of one unit, by code."""
        rows = latest_snapshots(self.staff).filter(unit=unit, as_of__in=self.months)
        found: dict[str, dict] = defaultdict(dict)
        for code, as_of, value in rows.values_list("code", "as_of", "value"):
            found[code][as_of] = value
        return {code: tuple(values.get(day) for day in self.months) for code, values in found.items()}

    @property
    def computed_at(self):
        """When the newest of the figures shown was computed."""
        return max((row["computed_at"] for row in self.snapshots.values()), default=None)

    # -- figures -------------------------------------------------------------------------------------------------

    def figure(self, unit: Unit, code: str, series: tuple = ()) -> Figure:
        """One figure of a unit; the score comes from its card."""
        if code == words.SCORE.code:
            return self._score(unit)
        row = self.snapshots.get((unit.pk, code, self.as_of), {})
        before = self.snapshots.get((unit.pk, code, self.before), {})
        return Figure(
            unit_id=unit.pk,
            code=code,
            as_of=self.as_of,
            value=row.get("value"),
            reason=row.get("reason", ""),
            n=row.get("n"),
            inputs=row.get("inputs", {}),
            before=before.get("value"),
            series=series,
        )

    def _score(self, unit: Unit) -> Figure:
        cards = self.cards.get(unit.pk, {})
        now, before = cards.get(self.as_of), cards.get(self.before)
        series = tuple(cards[day].score if day in cards else None for day in self.months)
        return Figure(
            unit_id=unit.pk,
            code=words.SCORE.code,
            as_of=self.as_of,
            value=now.score if now else None,
            before=before.score if before else None,
            series=series,
        )

    def tiles(self, unit: Unit) -> list[Figure]:
        """The score and the figures that a glance must catch, hard ones first."""
        trends = self.trends(unit)
        tiles = [self.figure(unit, code, trends.get(code, ())) for code in TILES]
        score = self._score(unit)
        return [score, *tiles] if score.value is not None else tiles

    def all_figures(self, unit: Unit) -> list[dict]:
        """Every indicator of a unit, hard beside soft."""
        trends = self.trends(unit)
        figures = [self.figure(unit, code, trends.get(code, ())) for code in words.INDICATORS]
        halves = ((_("Hard indicators"), True), (_("Soft indicators"), False))
        return [
            {"label": label, "figures": [each for each in figures if each.words.is_hard == hard]}
            for label, hard in halves
        ]

    # -- parts of the page ---------------------------------------------------------------------------------------

    def ranking(self, code: str) -> dict:
        """Branches best first with their move since the month before; what cannot be ranked stands apart."""
        figures = {unit.pk: self.figure(unit, code) for unit in self.branches}
        down = words.words_for(code).good == "down"
        now = _places(
            {pk: f.value for pk, f in figures.items() if f.value is not None and not f.is_small}, down
        )
        then = _places({pk: f.before for pk, f in figures.items() if f.before is not None}, down)
        lines = [
            {
                "unit": unit,
                "figure": figures[unit.pk],
                "place": now.get(unit.pk),
                "move": then[unit.pk] - now[unit.pk] if unit.pk in then and unit.pk in now else None,
            }
            for unit in self.branches
        ]
        ranked = sorted(
            (line for line in lines if line["place"]), key=lambda line: (line["place"], line["unit"].code)
        )
        return {"ranked": ranked, "unranked": [line for line in lines if not line["place"]]}

    def scatter(self, address) -> dict | None:
        """Hard score against soft score, sized by active customers."""
        points = []
        for unit in self.branches:
            card = self.cards.get(unit.pk, {}).get(self.as_of)
            if not card or card.hard_score is None or card.soft_score is None:
                continue
            active = self.figure(unit, "HIGH_END_SHARE").n or 1
            point = {
                "name": unit.short,
                "x": float(card.hard_score),
                "y": float(card.soft_score),
                "size": active,
            }
            points.append({**point, "url": address(unit)})
        if not points:
            return None
        return {"kind": "scatter", "x": _("Hard score"), "y": _("Soft score"), "points": points}

    def changes(self, unit: Unit) -> list[dict]:
        """What moved most since the month before, and which branches moved it."""
        if not self.before:
            return []
        found = []
        for code, about in words.INDICATORS.items():
            figure = self.figure(unit, code)
            if figure.change and not figure.is_small:
                found.append((self._weight(figure), figure, about))
        found.sort(key=lambda line: (-line[0], line[1].code))
        return [
            {
                "figure": figure,
                "is_good": (figure.change > 0) == (about.good == "up"),
                "why": self._why(figure, unit),
            }
            for _weight, figure, about in found[:CHANGES_SHOWN]
        ]

    def _weight(self, figure: Figure) -> Decimal:
        """How much of the way from floor to target a change covers; without targets, of the value itself."""
        item = self.targets.get(figure.code)
        step = figure.value - figure.before
        if item:
            reach = abs(Decimal(str(item["target"])) - Decimal(str(item["floor"]))) or Decimal(1)
            return abs(step) / reach
        return abs(step) / (abs(figure.before) or Decimal(1))

    def _why(self, figure: Figure, unit: Unit) -> str:
        """Name what stands behind a change: the inputs that moved, or the branches that moved most."""
        if unit.kind != UnitKind.UNION:
            return self._inputs_moved(figure)
        moved = []
        for branch in self.branches:
            of_branch = self.figure(branch, figure.code)
            if of_branch.change and (of_branch.change > 0) == (figure.change > 0):
                moved.append((abs(of_branch.change), branch, of_branch))
        moved.sort(key=lambda line: (-line[0], line[1].code))
        return ", ".join(f"{branch.short} {of.change_text}" for _size, branch, of in moved[:2])

    def _inputs_moved(self, figure: Figure) -> str:
        before = self.snapshots.get((figure.unit_id, figure.code, self.before), {}).get("inputs", {})
        texts = []
        for name, value in figure.inputs.items():
            label, now = words.input_in_words(name, value)
            then = words.input_in_words(name, before.get(name))[1]
            if name in before and then != now:
                texts.append(f"{label} {then} → {now}")
        return ", ".join(texts[:2])

    @cached_property
    def targets(self) -> Mapping[str, Mapping]:
        """Targets and floors by code."""
        return targets_in_force(self.as_of).items

    def table(self) -> list[dict]:
        """Branches with the figures of the columns."""
        return [
            {"unit": unit, "figures": [self.figure(unit, code) for code in (words.SCORE.code, *COLUMNS)]}
            for unit in self.branches
        ]


ENDINGS = ("农村信用社", "信用社", "分社", "储蓄所", "支行")


def short_names(names: list[str]) -> list[str]:
    """Names without the word for a branch that all of them end in, when enough is left to know them by."""
    for ending in ENDINGS:
        if len(names) > 1 and all(name.endswith(ending) and len(name) - len(ending) > 1 for name in names):
            return [name.removesuffix(ending) for name in names]
    return names


def _places(values: dict[int, Decimal], down: bool) -> dict[int, int]:
    """Places from 1; equal values share a place."""
    ordered: Iterable = sorted(values.items(), key=lambda pair: pair[1] if down else -pair[1])
    places: dict[int, int] = {}
    last_value, last_place = None, 0
    for index, (pk, value) in enumerate(ordered, start=1):
        last_place = last_place if value == last_value else index
        places[pk], last_value = last_place, value
    return places
