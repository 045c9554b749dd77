"""What officers learn in the village: facts, visits, panel votes, and what customers answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta

from customers.choices import CreditReport, Relation
from kpi.seeding import words
from kpi.seeding.chance import Dice
from kpi.seeding.families import Family
from kpi.seeding.lending import Credit
from kpi.seeding.plan import County, VillagePlan

CORE = ("population", "labour", "net_income", "living_expenditure", "assets", "liabilities")


@dataclass(slots=True)
class Sheet:
    """One fact sheet; amounts in yuan, None is "not known"."""

    recorded_on: date
    facts: dict
    staff_id: int
    oldest_core_on: date | None
    sources: str


@dataclass(slots=True)
class Visit:
    """One visit note."""

    officer_id: int
    second_officer_id: int | None
    visited_on: date
    minutes: int | None
    distance_m: int | None
    summary: str
    is_duplicate: bool = False


@dataclass(slots=True)
class Meeting:
    """One panel: votes as (member, staff id, is village representative, vote, veto)."""

    held_on: date
    votes: list[tuple[str, int | None, bool, int, bool]] = field(default_factory=list)


@dataclass(slots=True)
class Answer:
    """One customer's answer about the service."""

    person: int
    given_on: date
    satisfaction: int | None
    recommendation: int | None
    words: str


class FieldWorker:
    """Surveys, visits and panels of one household after another."""

    def __init__(self, county: County, rng: Dice, feedback_rate: float):
        self.county, self.rng, self.as_of = county, rng, county.plan.as_of
        self.feedback_rate = feedback_rate
        self.last_note = ""

    # -- facts ---------------------------------------------------------------------------------------------------------

    def sheets_of(
        self, family: Family, village: VillagePlan, credit: Credit, wealth: float, since: date
    ) -> list[Sheet]:
        """Fact sheets, oldest first: complete for seven in ten, with gaps for others, none for a few."""
        rng = self.rng
        roll = rng.random()
        if roll > 0.95:
            return []
        facts = self._facts(family, village, credit, wealth)
        recorded = self.as_of - timedelta(
            days=rng.randrange(14, 345) if rng.random() > 0.08 else rng.randrange(380, 900)
        )
        recorded = max(recorded, since)
        gaps = (
            ()
            if roll < 0.74
            else rng.sample(
                (
                    "credit_report",
                    "guarantees_given",
                    "other_unsecured",
                    "living_expenditure",
                    "assets",
                    "liabilities",
                ),
                rng.choice((1, 1, 2, 3)),
            )
        )
        for gap in gaps:
            facts[gap] = None
        manager = village.portfolio.manager_on(recorded)
        out = []
        earlier = recorded - timedelta(days=rng.randrange(300, 420))
        if not self.county.plan.is_large and rng.random() < 0.55 and earlier >= since:
            out.append(
                self._sheet(self._a_year_earlier(facts), earlier, village.portfolio.manager_on(earlier), None)
            )
        carried = out[-1].recorded_on if out and rng.random() < 0.12 else None
        out.append(self._sheet(facts, recorded, manager, carried))
        return out

    def _sheet(self, facts: dict, recorded: date, manager: int, carried: date | None) -> Sheet:
        rng = self.rng
        seen = recorded - timedelta(days=rng.randrange(0, 12))
        paper = ["document", None, str(recorded)]
        said, looked = ["said", manager, str(seen)], ["seen", manager, str(seen)]
        sources = {}
        for name, value in facts.items():
            if value is None or name == "livestock":
                continue
            if name in ("population", "credit_report", "land_mu"):
                sources[name] = paper
            elif name in (
                "net_income",
                "gross_income",
                "living_expenditure",
                "income_sources",
                "guarantees_given",
                "other_unsecured",
            ):
                sources[name] = said
            else:
                sources[name] = looked
        if carried:
            sources["assets"] = ["seen", manager, str(carried)]
        oldest = carried or (min(seen, recorded) if any(facts[name] is not None for name in CORE) else None)
        return Sheet(recorded, facts, manager, oldest, json.dumps(sources, separators=(",", ":")))

    def _facts(self, family: Family, village: VillagePlan, credit: Credit, wealth: float) -> dict:
        rng = self.rng
        people = [person for person in family.people if person.deceased_on is None]
        labour = sum(1 for person in people if 17 <= person.age <= 64 and rng.random() < 0.93)
        labour += sum(1 for person in people if 64 < person.age < 72 and rng.random() < 0.4)
        retired = len(people) - labour
        round_to = rng.choice((100, 100, 500, 1000, 1000, 10_000))
        earned = self.county.income_ref * 1.5 * labour * wealth * rng.uniform(0.75, 1.3)
        net = earned + retired * rng.uniform(2_000, 5_500) + rng.uniform(800, 4_000)
        if rng.random() < 0.012:
            net = -net * 0.2
        living = len(people) * 0.5 * self.county.income_ref * wealth**0.55 * rng.uniform(0.7, 1.25)
        own_debt = sum(loan.outstanding for loan in credit.loans) / 100
        other_unsecured = rng.randrange(2, 30) * 1000 if rng.random() < 0.09 else 0
        private = rng.randrange(3, 60) * 1000 if rng.random() < 0.18 else 0
        assets = (60_000 + 42_000 * len(people)) * wealth**1.1 * rng.lognormvariate(0.1, 0.45)
        if rng.random() < 0.015:
            assets *= 0.15
        mu = rng.triangular(1, 22, 6.5)
        beasts = {}
        if rng.random() < 0.42 and labour:
            name, _, least, most = rng.choice(words.BEASTS)
            beasts[name] = rng.randrange(least, most)
        return {
            "population": max(1, len(people)),
            "labour": min(labour, len(people)),
            "residence_years": round(min(max(person.age for person in people), rng.triangular(2, 60, 35)), 1)
            if rng.random() > 0.03
            else round(rng.uniform(0.4, 4.8), 1),
            "net_income": _round(net, round_to),
            "gross_income": _round(abs(net) * rng.uniform(1.2, 1.9), round_to),
            "living_expenditure": _round(living, 100 if round_to < 1000 else 1000),
            "income_sources": min(4, rng.choice((1, 1, 2, 2, 2, 3, 3, 4)) + bool(beasts)) if labour else rng.choice((0, 1)),
            "assets": _round(assets, max(1000, round_to)),
            "liabilities": _round(own_debt + other_unsecured + private, 100),
            "guarantees_given": rng.randrange(1, 13) * 5000 if rng.random() < 0.13 else 0,
            "other_unsecured": other_unsecured,
            "credit_report": self._credit_report(credit),
            "land_mu": round(mu, 1),
            "livestock": beasts,
            "bonus": self._codes(
                ("LAND_CERT", 0.62), ("AGRI_INSURED", 0.38), ("COOP_MEMBER", 0.16), ("HONOUR", 0.05),
                ("CREDIT_VILLAGE", 1.0 if village.is_credit_village else 0.0),
            ),
            "malus": self._codes(("DISPUTE", 0.02), ("LEVY_ARREARS", 0.025), ("INFO_CONFLICT", 0.006), ("PURPOSE_DRIFT", 0.012)),
            "flags": self._codes(
                ("dishonest_debtor", 0.004), ("illegal_activity", 0.0012), ("outside_service_area", 0.004),
                ("no_civil_capacity", 0.001), ("fraud", 0.0004),
            ),
            "second_investigator": rng.random() < 0.9,
        }  # fmt: skip

    def _credit_report(self, credit: Credit) -> str:
        roll = self.rng.random()
        if any(loan.written_off_on for loan in credit.loans):
            return CreditReport.ADVERSE
        if roll < 0.07:
            return CreditReport.NOT_QUERIED
        if not credit.loans:
            return CreditReport.THIN if roll < 0.6 else CreditReport.CLEAN
        if credit.payer == "sloppy":
            return CreditReport.MINOR if roll < 0.7 else CreditReport.CLEAN
        return (
            CreditReport.ADVERSE
            if roll > 0.995
            else CreditReport.MINOR
            if roll > 0.975
            else CreditReport.CLEAN
        )

    def _codes(self, *chances: tuple[str, float]) -> list[str]:
        return [code for code, chance in chances if self.rng.random() < chance]

    def _a_year_earlier(self, facts: dict) -> dict:
        rng = self.rng
        earlier = dict(facts)
        for name in ("net_income", "gross_income", "living_expenditure", "assets"):
            if earlier[name] is not None:
                earlier[name] = _round(earlier[name] * rng.uniform(0.84, 0.99), 100)
        return earlier

    # -- panels --------------------------------------------------------------------------------------------------------

    def meetings_of(
        self, village: VillagePlan, sheets: list[Sheet], credit: Credit, surnames: list[str]
    ) -> list[Meeting]:
        """A panel some weeks after each survey; a few lack a quorum, a few never met."""
        return [
            self._meeting(village, day, credit, surnames)
            for sheet in sheets
            if self.rng.random() < 0.95
            and (
                day := self.county.workday_from(sheet.recorded_on + timedelta(days=self.rng.randrange(4, 40)))
            )
            <= self.as_of
        ]

    def _meeting(self, village: VillagePlan, day: date, credit: Credit, surnames: list[str]) -> Meeting:
        rng, branch = self.rng, village.branch
        opinion = rng.gauss(8.5, 0.9) - (1.6 if credit.payer == "sloppy" else 0)
        if any(loan.written_off_on or loan.flags for loan in credit.loans):
            opinion -= 2.5
        people = [
            ("主任", branch.director_id, False),
            ("信贷员", village.portfolio.manager_on(day), False),
            ("监督员", branch.supervisor_id, False),
        ]
        representatives = 1 if rng.random() < 0.03 else rng.choice((2, 2, 3, 3, 4))
        for index in range(representatives):
            people.append((f"村民代表{'一二三四'[index]}（{rng.choice(surnames)}某）", None, True))
        meeting, seen = Meeting(day), set()
        for title, member_id, is_village in people:
            staff_id = None if member_id in seen else member_id
            seen.add(member_id)
            vote = max(0, min(10, round(opinion + rng.gauss(0, 0.7))))
            meeting.votes.append((title, staff_id, is_village, vote, vote <= 3 and rng.random() < 0.5))
        return meeting

    # -- visits --------------------------------------------------------------------------------------------------------

    def visits_of(
        self, family: Family, village: VillagePlan, sheets: list[Sheet], since: date
    ) -> list[Visit]:
        """Visits of the years that are kept: one at each survey, others as often as the branch is diligent."""
        rng, plan = self.rng, self.county.plan
        start = max(since, self.as_of - timedelta(days=plan.visit_days))
        days = [sheet.recorded_on for sheet in sheets if sheet.recorded_on >= start]
        mean_gap = 330 / village.branch.diligence
        if rng.random() > village.branch.diligence * 1.05:
            mean_gap *= 4
        day = start + timedelta(days=int(rng.expovariate(1 / mean_gap)))
        while day <= self.as_of:
            days.append(day)
            day += timedelta(days=int(rng.expovariate(1 / mean_gap)) + 20)
        facts = sheets[-1].facts if sheets else {}
        return [self._visit(family, village, day, facts) for day in sorted(set(days))]

    def _visit(self, family: Family, village: VillagePlan, day: date, facts: dict) -> Visit:
        rng = self.rng
        day = day if day.weekday() < 6 else day - timedelta(days=1)
        officer = village.portfolio.manager_on(day)
        others = [p.staff_id for p in village.branch.portfolios if p.staff_id != officer]
        second = rng.choice(others or [village.branch.cashier_ids[0]]) if rng.random() < 0.55 else None
        minutes = int(rng.triangular(10, 75, 26)) if rng.random() < 0.955 else rng.randrange(2, 10)
        distance: int | None = int(rng.expovariate(1 / 70)) + 3
        roll = rng.random()
        if roll < 0.025:
            distance = None
        elif roll < 0.05:
            distance = rng.randrange(1100, 9000)
        roll = rng.random()
        if roll < 0.035:
            return Visit(officer, second, day, minutes, distance, rng.choice(words.SHORT_NOTES))
        if roll < 0.05 and self.last_note:
            return Visit(officer, second, day, minutes, distance, self.last_note, is_duplicate=True)
        self.last_note = self._note(family, day, facts)
        return Visit(officer, second, day, minutes, distance, self.last_note)

    def _note(self, family: Family, day: date, facts: dict) -> str:
        rng = self.rng
        crop = rng.choice(words.CROPS)
        filled = {
            "crop": crop,
            "mu": max(
                1, round(float(facts.get("land_mu") or rng.triangular(1, 20, 6)) * rng.uniform(0.5, 1))
            ),
            "state": rng.choice(("不错", "正常", "一般", "偏旱", "较好", "稍差")),
            "income": rng.randrange(12, 160) * 500,
            "price": rng.choice(("略高", "持平", "低一些", "跌了一成", "涨了两成")),
            "place": rng.choice(words.WORK_PLACES),
            "trade": rng.choice(words.TRADES),
            "shop": rng.choice(words.SHOPS),
            "flow": rng.randrange(2, 40) * 50,
            "season": rng.choice(("年前", "中秋前", "下月", "开春")),
        }
        parts = [rng.choice(words.VISIT_OPENINGS), rng.choice(words.VISIT_FIELDS)]
        if beasts := facts.get("livestock"):
            name, count = next(iter(beasts.items()))
            unit = next(unit for beast, unit, *_ in words.BEASTS if beast == name)
            count = count if unit == "亩" else max(1, round(count * rng.uniform(0.8, 1.15)))
            wordings = words.VISIT_PONDS if unit == "亩" else words.VISIT_BEASTS
            filled |= {"beast": name, "count": count, "unit": unit}
            parts.append(rng.choice(wordings))
        grown = any(p.relation in (Relation.SON, Relation.OTHER) and p.age > 18 for p in family.people)
        if rng.random() < 0.7:
            work = words.VISIT_WORK if grown else words.VISIT_WORK[2:5] + words.VISIT_WORK[6:]
            parts.append(rng.choice(work))
        money = rng.choice(words.VISIT_MONEY)
        parts += [money, rng.choice(words.VISIT_CLOSINGS)]
        return "".join(parts).format(**filled)

    # -- answers -------------------------------------------------------------------------------------------------------

    def answers_of(self, family: Family, village: VillagePlan) -> list[Answer]:
        """Answers of some adults, more of them in the last year than before."""
        rng, out = self.rng, []
        for index, person in enumerate(family.people):
            if person.age < 18 or person.deceased_on or rng.random() > self.feedback_rate:
                continue
            days = rng.randrange(0, 365) if rng.random() < 0.8 else rng.randrange(365, 1000)
            mood = rng.gauss(3.55 + 0.95 * village.branch.friendliness, 0.8)
            satisfaction = max(1, min(5, round(mood)))
            recommendation = max(0, min(10, round(mood * 2 + rng.gauss(0.1, 1.1))))
            text = ""
            if rng.random() < 0.25:
                text = rng.choice(words.PRAISE if satisfaction >= 4 else words.COMPLAINTS)
            out.append(
                Answer(
                    index,
                    self.as_of - timedelta(days=days),
                    None if rng.random() < 0.03 else satisfaction,
                    None if rng.random() < 0.08 else recommendation,
                    text,
                )
            )
        return out


def _round(value: float, step: int) -> int:
    return round(value / step) * step
