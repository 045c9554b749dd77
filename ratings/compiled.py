# ruff: noqa: S608 - names and numbers come from a checked card; the source is named by the caller, never typed in
"""A scorecard as one SQL SELECT: the same ratings as ``ratings.scorecard.rate``, for a whole book at once.

The source relation has a column for every fact, named as in handbook §1.4, plus ``household_id``,
``repayment_known`` (false: the record of 36 months is unknown; true with a null: never borrowed) and the two county
references. Amounts are ``numeric`` with two decimals; null means unknown.

The SELECT gives ``household_id, as_of, age, status, missing, points, base, bonus, malus, total, knockouts, soft_caps,
score_grade, grade, cap_grade, cap_income, cap_asset, binding, "limit", review_due, valid_until, matrix_level``.
``points`` are tenths in the card's factor order, the panel last and null without a quorum. A household whose facts
contradict each other, for which ``rate`` raises, has the status INVALID and nothing else.

Arithmetic is on whole fen and multiplied out, so no ratio is rounded before it is compared. Every step stands in a
subquery fenced by OFFSET 0; without the fence the planner repeats a score in each arm that reads it.
"""

from __future__ import annotations

from math import ceil, lcm

from ratings.scorecard import (
    AMOUNTS,
    CODES,
    COUNTS,
    COUNTY,
    REPAYMENT,
    REQUIRED,
    YEARS,
    Card,
    Condition,
    Factor,
    Test,
    Trigger,
)

INVALID = "INVALID"
MONEY = frozenset({*AMOUNTS, *COUNTY, "net_income"})
OPERATORS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
FEN_OF_YUAN = 100

COLUMNS = (
    "household_id", "as_of", "age", "status", "missing", "points", "base", "bonus", "malus", "total", "knockouts",
    "soft_caps", "score_grade", "grade", "cap_grade", "cap_income", "cap_asset", "binding", '"limit"', "review_due",
    "valid_until", "matrix_level",
)  # fmt: skip


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _texts(values) -> str:
    return "ARRAY[" + ", ".join(_text(value) for value in sorted(values)) + "]::text[]"


def _chosen(pairs: list[tuple[str, str]]) -> str:
    """An array of the codes whose condition holds, in order; the usual empty one costs nothing."""
    if not pairs:
        return "'{}'::text[]"
    some = " OR ".join(condition for condition, _ in pairs)
    arms = ", ".join(f"CASE WHEN {condition} THEN {_text(code)} END" for condition, code in pairs)
    return f"CASE WHEN {some} THEN array_remove(ARRAY[{arms}]::text[], NULL) ELSE '{{}}'::text[] END"


def _case(arms: list[tuple[str, str]], otherwise: str) -> str:
    if not arms:
        return otherwise
    return "CASE " + " ".join(f"WHEN {when} THEN {then}" for when, then in arms) + f" ELSE {otherwise} END"


def _compared(test: Test, value: str, base: str | None, *, value_is_money: bool, base_money: int) -> str:
    """``value / base`` against a threshold, multiplied out in whole numbers; money counts in fen on both sides."""
    upper, lower = test.threshold.as_integer_ratio()
    upper *= FEN_OF_YUAN ** int(value_is_money)
    lower *= FEN_OF_YUAN**base_money
    number = str(upper) if abs(upper) < 2**31 else f"{upper}::bigint"
    left = value if lower == 1 else f"{value} * {lower}"
    right = number if base is None else (f"{base} * {number}" if upper != 1 else base)
    return f"{left} {OPERATORS[test.kind]} {right}"


def _points(factor: Factor) -> str:
    """SQL of one factor's points."""
    if factor.table:
        arms = " ".join(f"WHEN {_text(key)} THEN {points}" for key, points in factor.table.items())
        return f"CASE {factor.of} {arms} ELSE 0 END"
    value = f"({factor.of} - {factor.less})" if factor.less else factor.of
    base = " * ".join(factor.per) if factor.per else None
    money = factor.of in MONEY
    base_money = sum(name in MONEY for name in factor.per)
    if money and base_money:
        money, base_money = False, base_money - 1
    arms = [
        (_compared(band, value, base, value_is_money=money, base_money=base_money), str(band.points))
        for band in factor.bands
    ]
    if base is not None:
        none, some = factor.without_base
        arms.insert(
            0,
            (
                f"{base} <= 0",
                str(some) if none == some else f"CASE WHEN {value} = 0 THEN {none} ELSE {some} END",
            ),
        )
    if factor.when_null is not None:
        arms.insert(0, (f"{value} IS NULL", str(factor.when_null)))
    return _case(arms, "0")


def _condition(condition: Condition) -> str:
    if condition.flag:
        return f"(flags <> '{{}}' AND {_text(condition.flag)} = ANY (flags))"
    if condition.is_null:
        return f"{condition.fact} IS NULL"
    if condition.is_false:
        return f"NOT {condition.fact}"
    if condition.one_of:
        return f"{condition.fact} IN ({', '.join(map(_text, condition.one_of))})"
    money = condition.fact in MONEY
    base_money = int(condition.times in MONEY)
    if money and base_money:
        money, base_money = False, 0
    return _compared(
        condition.test, condition.fact, condition.times, value_is_money=money, base_money=base_money
    )


def _fires(trigger: Trigger) -> str:
    if trigger.veto_share:
        share, whole = trigger.veto_share
        return f"(quorum AND panel_vetoes * {whole} >= votes * {share})"
    conditions, joint = (trigger.any_of, " OR ") if trigger.any_of else (trigger.all_of, " AND ")
    return "(" + joint.join(_condition(condition) for condition in conditions) + ") IS TRUE"


def _extras(codes: str, points, at_most: int) -> str:
    summed = " + ".join(
        f"CASE WHEN {_text(code)} = ANY ({codes}) THEN {n} ELSE 0 END" for code, n in points.items()
    )
    return f"CASE WHEN {codes} = '{{}}' THEN 0 ELSE LEAST({summed or '0'}, {at_most}) END"


def _read(card: Card, source: str) -> str:
    """The facts as they are computed with: fen as bigint, votes counted, ages in completed years."""
    fen = ", ".join(f"({name} * {FEN_OF_YUAN})::bigint AS {name}" for name in sorted(MONEY))
    plain = ", ".join([*COUNTS, *YEARS, *CODES, REPAYMENT, "credit_report", "second_investigator"])
    return f"""
SELECT household_id, as_of, birth_date, date_part('year', age(as_of::timestamp, birth_date::timestamp))::int AS age,
       {plain}, {fen}, repayment_known IS TRUE AS repayment_known,
       panel_village_reps AS given_reps, panel_vetoes AS given_vetoes,
       coalesce(panel_village_reps, 0)::int AS panel_village_reps, coalesce(panel_vetoes, 0)::int AS panel_vetoes,
       v.votes, v.known_votes, v.summed, v.highest, v.lowest,
       v.votes >= {card.panel.quorum_votes} AND panel_village_reps >= {card.panel.quorum_village_reps} AS quorum
FROM {source}, LATERAL (
    SELECT count(*)::int AS votes, count(vote)::int AS known_votes, sum(vote)::int AS summed, max(vote)::int AS highest,
           min(vote)::int AS lowest
    FROM unnest(panel_votes) AS vote) v
OFFSET 0"""


def _invalid(card: Card) -> str:
    """What ``rate`` refuses; a null compares as unknown and never as a breach."""
    below_zero = [
        f"{name} < 0" for name in (*COUNTS, *AMOUNTS, *YEARS, REPAYMENT, "panel_village_reps", "panel_vetoes")
    ]
    breaches = [
        "population < 1",
        "labour > population",
        *below_zero,
        *(f"{name} <= 0" for name in COUNTY),
        f"highest > {card.panel.highest_vote}",
        "lowest < 0",
        "known_votes < votes",
        "birth_date > as_of",
        "as_of IS NULL",
        f"credit_report NOT IN ({', '.join(map(_text, sorted(card.credit_reports)))})",
        f"(bonus <> '{{}}' AND NOT bonus <@ {_texts(card.bonus.points)})",
        f"(malus <> '{{}}' AND NOT malus <@ {_texts(card.malus.points)})",
        f"(flags <> '{{}}' AND NOT flags <@ {_texts(card.flags)})",
    ]
    return "(" + " OR ".join(breaches) + ") IS TRUE"


def _missing() -> str:
    """The unknown facts in alphabetical order."""
    unknown = [(f"{name} IS NULL", name) for name in REQUIRED]
    unknown += [("NOT repayment_known", REPAYMENT)]
    unknown += [
        ("(votes > 0 AND given_reps IS NULL)", "panel_village_reps"),
        ("(votes > 0 AND given_vetoes IS NULL)", "panel_vetoes"),
    ]
    arms = ", ".join(
        f"CASE WHEN {c} THEN {_text(n)} END" for c, n in sorted(unknown, key=lambda pair: pair[1])
    )
    panel = "(votes > 0 AND num_nulls(given_reps, given_vetoes) > 0)"
    some = f"num_nulls({', '.join(REQUIRED)}) > 0 OR NOT repayment_known OR {panel}"
    return f"CASE WHEN {some} THEN array_remove(ARRAY[{arms}]::text[], NULL) END"


def _scored(card: Card, source: str) -> str:
    """Points, triggers, quorum, and what stands against a rating."""
    panel = card.panel
    upper, lower = panel.scale.as_integer_ratio()
    divisor = f"({lower} * (votes - 2))"
    factors = ",\n       ".join(f"{_points(f)} AS p_{f.code.lower()}" for f in card.factors)
    knocks = ",\n       ".join(f"{_fires(t)} AS k_{t.code.lower()}" for t in card.knockouts)
    caps = ",\n       ".join(f"{_fires(t)} AS s_{t.code.lower()}" for t in card.soft_caps)
    columns = [line for line in (factors, knocks, caps) if line]
    return f"""
SELECT household_id, as_of, age, net_income, assets - liabilities AS net_assets, other_unsecured,
       quorum, {_invalid(card)} AS invalid, {_missing()} AS missing,
       CASE WHEN quorum THEN ({20 * upper} * (summed - highest - lowest) + {divisor}) / (2 * {divisor}) END AS panel,
       {_extras("bonus", card.bonus.points, card.bonus.at_most)} AS bonus,
       {_extras("malus", card.malus.points, card.malus.at_most)} AS malus,
       {("," + chr(10) + "       ").join(columns)}
FROM ({_read(card, source)}) r
OFFSET 0"""


def _totals(card: Card, source: str) -> str:
    """Sums, reasons as arrays, and the status."""
    factors = [f"p_{f.code.lower()}" for f in card.factors]
    knocks = [(f"k_{t.code.lower()}", t.code) for t in card.knockouts]
    caps = [(f"s_{t.code.lower()}", t.code) for t in card.soft_caps]
    knocked = " OR ".join(name for name, _ in knocks) or "false"
    cap_ranks = [f"CASE WHEN s_{t.code.lower()} THEN {card.grade_rank[t.grade]} END" for t in card.soft_caps]
    status = _case(
        [
            ("invalid", _text(INVALID)),
            ("missing IS NOT NULL", "'INCOMPLETE'"),
            (knocked, "'REJECTED'"),
            ("quorum", "'RATED'"),
        ],
        "'PENDING_PANEL'",
    )
    return f"""
SELECT household_id, as_of, age, net_income, net_assets, other_unsecured, missing, bonus, malus,
       {" + ".join(factors)} AS base,
       CASE WHEN quorum
            THEN LEAST(GREATEST(({" + ".join(factors)} + bonus - malus) * 10 + panel, 0), 1000) END AS tenths,
       ARRAY[{", ".join(f"{name} * 10" for name in factors)}, panel]::smallint[] AS points,
       {_chosen(knocks)} AS knockouts,
       {_chosen(caps)} AS soft_caps,
       GREATEST(0, {", ".join(cap_ranks) or "0"}) AS cap_rank,
       {status} AS status
FROM ({_scored(card, source)}) s
OFFSET 0"""


def _graded(card: Card, source: str) -> str:
    """The rank of the grade by score, and after knock-outs and caps; ranks count from the best grade."""
    cuts = [(f"tenths >= {ceil(cut.at_least * 10)}", str(rank)) for rank, cut in enumerate(card.grades[:-1])]
    last = len(card.grades) - 1
    by_score = _case(cuts, str(last))
    open_rank = f"CASE WHEN status = 'RATED' THEN GREATEST({by_score}, cap_rank) END"
    return f"""
SELECT t.*, status IN ('RATED', 'REJECTED', 'PENDING_PANEL') AS scored,
       CASE WHEN tenths IS NOT NULL THEN {by_score} END AS score_rank,
       CASE WHEN status = 'REJECTED' THEN {last} ELSE {open_rank} END AS final_rank, {open_rank} AS open_rank
FROM ({_totals(card, source)}) t
OFFSET 0"""


def _shares(card: Card) -> int:
    """The common denominator of all shares of income and assets, so that caps compare as whole numbers."""
    shares = [card.asset_share, *(cut.income_share for cut in card.grades if cut.income_share is not None)]
    return lcm(*(share.as_integer_ratio()[1] for share in shares))


def _capped(card: Card, source: str) -> str:
    """The three caps in fen times the common denominator; null without credit."""
    unit = _shares(card)
    open_ranks = [(rank, cut) for rank, cut in enumerate(card.grades) if cut.cap is not None]
    by_grade = " ".join(f"WHEN {r} THEN {int(c.cap * FEN_OF_YUAN * unit)}::bigint" for r, c in open_ranks)
    by_income = " ".join(f"WHEN {r} THEN {int(c.income_share * unit)}" for r, c in open_ranks)
    ranks = ", ".join(str(rank) for rank, _ in open_ranks)
    return f"""
SELECT g.*, CASE open_rank {by_grade} END AS grade_cap,
       GREATEST(net_income, 0) * CASE open_rank {by_income} END AS income_cap,
       CASE WHEN open_rank IN ({ranks}) THEN GREATEST(net_assets, 0) * {int(card.asset_share * unit)} END AS asset_cap
FROM ({_graded(card, source)}) g
OFFSET 0"""


def _named(rank: str, values: list[str | None]) -> str:
    arms = " ".join(f"WHEN {i} THEN {_text(value)}" for i, value in enumerate(values) if value is not None)
    return f"CASE {rank} {arms} END"


def select_ratings(card: Card, source: str) -> str:
    """One SELECT that rates every row of ``source``, a relation or a subquery with its alias."""
    unit = _shares(card)
    step = unit * FEN_OF_YUAN * card.limit_step
    grades = [cut.grade for cut in card.grades]

    def yuan(cap: str) -> str:
        return f"((2 * {cap} + {unit}) / {2 * unit} * 0.01)::numeric(16, 2)"

    smallest = "LEAST(grade_cap, income_cap, asset_cap)"
    left = f"GREATEST({smallest} - other_unsecured * {unit}, 0) / {step} * {card.limit_step}"
    limit = f"CASE WHEN final_rank IS NOT NULL THEN coalesce({left}, 0)::int END"
    return f"""
SELECT household_id, as_of, age, status,
       CASE WHEN status = 'INCOMPLETE' THEN missing ELSE '{{}}'::text[] END AS missing,
       CASE WHEN scored THEN points ELSE '{{}}'::smallint[] END AS points,
       CASE WHEN scored THEN base END::smallint AS base, CASE WHEN scored THEN bonus END::smallint AS bonus,
       CASE WHEN scored THEN malus END::smallint AS malus,
       CASE WHEN scored THEN (tenths * 0.1)::numeric(4, 1) END AS total,
       CASE WHEN scored THEN knockouts ELSE '{{}}'::text[] END AS knockouts,
       CASE WHEN scored THEN soft_caps ELSE '{{}}'::text[] END AS soft_caps,
       CASE WHEN scored THEN {_named("score_rank", grades)} END AS score_grade,
       {_named("final_rank", grades)} AS grade,
       {yuan("grade_cap")} AS cap_grade, {yuan("income_cap")} AS cap_income, {yuan("asset_cap")} AS cap_asset,
       CASE smallest WHEN grade_cap THEN 'grade' WHEN income_cap THEN 'income' WHEN asset_cap THEN 'asset' END
           AS binding,
       credit AS "limit",
       CASE WHEN credit > 0 THEN (as_of + interval '{card.review_months} months')::date END AS review_due,
       CASE WHEN credit > 0 THEN (as_of + interval '{card.validity_months} months')::date END AS valid_until,
       {_named("final_rank", [cut.matrix_level for cut in card.grades])} AS matrix_level
FROM (SELECT l.*, {smallest} AS smallest, {limit} AS credit FROM ({_capped(card, source)}) l OFFSET 0) x"""
