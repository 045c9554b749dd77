"""One figure opened: what it is made of, how it moved, what was known before, and the rows behind it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property

from branches.models import StaffMember, Unit
from kpi import words
from kpi.dashboard import MONTHS, closing_dates, latest_snapshots
from kpi.models import KpiSnapshot, ScoreCard
from kpi.rows import PAGE_ROWS, RowPage, rows_behind
from kpi.selectors import targets_in_force


class FigurePage:
    """What the page of one figure says; the score is made of achievements instead of rows."""

    def __init__(self, staff: StaffMember, unit: Unit, code: str, as_of: date) -> None:
        self.staff, self.unit, self.code, self.as_of = staff, unit, code, as_of
        self.words = words.words_for(code)
        self.is_score = code == words.SCORE.code

    # -- the value -----------------------------------------------------------------------------------------------

    @cached_property
    def stored(self) -> list:
        """Results for this unit and day, the last computed first."""
        if self.is_score:
            rows = ScoreCard.objects.visible_to(self.staff).filter(unit=self.unit, as_of=self.as_of)
        else:
            rows = KpiSnapshot.objects.visible_to(self.staff)
            rows = rows.filter(unit=self.unit, as_of=self.as_of, code=self.code)
        return list(rows.order_by("-id")[:12])

    @property
    def latest(self):
        return self.stored[0] if self.stored else None

    def _value_of(self, row) -> Decimal | None:
        return (row.score if self.is_score else row.value) if row else None

    @property
    def value(self) -> Decimal | None:
        return self._value_of(self.latest)

    @property
    def text(self) -> str | None:
        return None if self.value is None else words.shown(self.code, self.value)

    @property
    def n(self) -> int | None:
        return None if self.is_score or not self.latest else self.latest.n

    @property
    def reason_text(self) -> str:
        """Why there is no value; empty where there is one."""
        if self.value is not None:
            return ""
        reason = getattr(self.latest, "reason", "")
        return str(words.REASONS.get(reason, words.NOT_COMPUTED))

    @property
    def inputs(self) -> list[tuple[str, str]]:
        """The inputs of the formula, in words."""
        if self.is_score or not self.latest:
            return []
        return words.inputs_in_words(self.latest.inputs)

    @property
    def rules(self) -> str:
        return self.latest.rules if self.latest else ""

    @property
    def computed_at(self):
        return self.latest.computed_at if self.latest else None

    @property
    def versions(self) -> list[dict]:
        """What was known on this day's figure before it was computed anew."""
        return [
            {"at": row.computed_at, "text": words.shown(self.code, self._value_of(row))}
            for row in self.stored
        ]

    # -- trend and target ----------------------------------------------------------------------------------------

    @cached_property
    def trend(self) -> list[dict]:
        """The last twelve closings up to this day."""
        days = [day for day in closing_dates(self.staff) if day <= self.as_of][:MONTHS]
        if self.is_score:
            cards = ScoreCard.objects.visible_to(self.staff).filter(unit=self.unit, as_of__in=days)
            values = dict(cards.order_by("id").values_list("as_of", "score"))
        else:
            rows = latest_snapshots(self.staff).filter(unit=self.unit, code=self.code, as_of__in=days)
            values = dict(rows.values_list("as_of", "value"))
        found = [(day, values.get(day)) for day in sorted(days)]
        return [{"as_of": day, "value": value, "text": words.shown(self.code, value)} for day, value in found]

    @property
    def before(self) -> str:
        """The value of the closing before, in words; empty where there is none."""
        earlier = [point for point in self.trend if point["as_of"] < self.as_of]
        return earlier[-1]["text"] if earlier else ""

    @property
    def chart(self) -> dict | None:
        """The trend as a line; none for fewer than two values."""
        known = [point for point in self.trend if point["value"] is not None]
        if len(known) < 2:
            return None
        factor = 100 if self.words.kind == "ratio" else 1
        values = [None if p["value"] is None else round(float(p["value"]) * factor, 2) for p in self.trend]
        return {
            "kind": "line",
            "y": "%" if factor == 100 else str(self.words.short),
            "labels": [point["as_of"].strftime("%Y-%m") for point in self.trend],
            "series": [{"name": str(self.words.short), "values": values}],
        }

    @cached_property
    def _targets(self) -> dict[str, dict]:
        return targets_in_force(self.as_of).items

    @property
    def target(self) -> str:
        """What all aim at; empty for information alone."""
        item = self._targets.get(self.code)
        return words.shown(self.code, Decimal(str(item["target"]))) if item else ""

    @property
    def floor(self) -> str:
        """Where achievement begins."""
        item = self._targets.get(self.code)
        return words.shown(self.code, Decimal(str(item["floor"]))) if item else ""

    @property
    def weight(self) -> str:
        """The weight in the score card."""
        return str(self._targets.get(self.code, {}).get("weight", ""))

    @cached_property
    def achievements(self) -> list[dict]:
        """For the score: each indicator's achievement, weight and points."""
        if not self.is_score or not self.latest:
            return []
        figures = latest_snapshots(self.staff).filter(unit=self.unit, as_of=self.as_of)
        actual = dict(figures.values_list("code", "value"))
        used = Decimal(str(self.latest.weight_used or 0))
        rows = []
        for code, item in self._targets.items():
            reached = self.latest.achievement.get(code)
            weight = Decimal(str(item["weight"]))
            share = None if reached is None or not used else Decimal(str(reached)) * weight * 100 / used
            rows.append(
                {
                    "code": code,
                    "name": words.words_for(code).name,
                    "actual": words.shown(code, actual.get(code)),
                    "target": words.shown(code, Decimal(str(item["target"]))),
                    "floor": words.shown(code, Decimal(str(item["floor"]))),
                    "achieved": reached,
                    "weight": item["weight"],
                    "points": share,
                }
            )
        return rows

    # -- rows ----------------------------------------------------------------------------------------------------

    def rows(self, *, part: str = "", after: str = "", before: str = "", size: int = PAGE_ROWS) -> RowPage:
        """A page of the rows that add up to the figure."""
        if self.is_score:
            return RowPage()
        return rows_behind(self.unit, self.code, self.as_of, part=part, after=after, before=before, size=size)
