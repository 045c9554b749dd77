# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Deeds on ratings, contribution and tiers. Results are insert-only; the same inputs are never written twice.

The bulk deeds take a range of ids and run as one transaction of the closing; the single deed serves the counter.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, transaction

from coopcrm.shared.plain import plain
from coopcrm.shared.results import Slice, record_run
from customers.models import Household
from loans.selectors import had_transaction
from loans.services import freeze_lines
from ratings import selectors
from ratings.choices import RatingStatus, Tier
from ratings.compiled import INVALID, select_ratings
from ratings.contribution import ContributionRule
from ratings.contribution_sql import (
    activity_components,
    deposit_components,
    fee_components,
    loan_components,
    select_components,
)
from ratings.models import CreditRating
from ratings.scorecard import Card, InvalidFacts, Rating, rate
from ratings.tiers import TierRule

RESULT = (
    "status, missing, points, base, bonus, malus, total, knockouts, soft_caps, score_grade, grade, cap_grade,"
    ' cap_income, cap_asset, binding, "limit", review_due, valid_until, matrix_level'
)

NOT_RATED = f"""
    SELECT facts.* FROM ({selectors.facts_source()} OFFSET 0) facts
    WHERE NOT EXISTS (
        SELECT 1 FROM ratings_creditrating r WHERE r.household_id = facts.household_id
            AND r.as_of = facts.as_of AND r.card = %(card)s AND r.digest = facts.digest
    )
"""
"""Households whose facts of the day have not been judged by the card: a second run of a night rates nobody twice."""

# -- Ratings -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def rate_households(
    *, low: int, high: int, as_of: date, card: Card, job_id: int | None = None
) -> tuple[int, list[int]]:
    """Rate every household in force of a range as of a day.

    Returns how many ratings were new, and the households whose facts contradict each other: those keep the rating
    they had, and people are told.
    """
    parameters = {
        **selectors.date_parameters(as_of),
        "low": low,
        "high": high,
        "job": job_id,
        "card": card.code,
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS rating_source")
        cursor.execute(
            f"CREATE TEMPORARY TABLE rating_source ON COMMIT DROP AS {NOT_RATED}",
            parameters,
        )
        cursor.execute("ANALYZE rating_source")
        cursor.execute(
            f"CREATE TEMPORARY TABLE rated ON COMMIT DROP AS {select_ratings(card, 'rating_source')}"
        )
        cursor.execute(
            f"""
            INSERT INTO ratings_creditrating (household_id, as_of, card, digest, branch_id, fact_sheet_id,
                other_facts, {RESULT}, job_id, computed_at)
            SELECT s.household_id, s.as_of, %(card)s, s.digest, s.branch_id, s.fact_sheet_id, s.other_facts,
                {", ".join(f"r.{name.strip()}" for name in RESULT.split(","))}, %(job)s, now()
            FROM rating_source s JOIN rated r USING (household_id)
            WHERE r.status <> '{INVALID}'
            ORDER BY s.household_id
            ON CONFLICT DO NOTHING
            """,
            parameters,
        )
        written = cursor.rowcount
        cursor.execute(f"SELECT household_id FROM rated WHERE status = '{INVALID}' ORDER BY 1")
        refused = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE rated, rating_source")
    return written, refused


@transaction.atomic
def rate_household(*, household: Household, as_of: date, job_id: int | None = None) -> CreditRating:
    """Rate one household now and return the rating in force; facts that contradict each other raise."""
    facts = selectors.facts_for(household.pk, as_of)
    if facts is None:
        raise InvalidFacts("The household is not in force on that day.")
    card = selectors.card_in_force(as_of)
    key = {"household": household, "as_of": as_of, "card": card.code, "digest": bytes(facts["digest"])}
    found = CreditRating.objects.filter(**key).first()
    if found:
        return found
    row = CreditRating(
        **key,
        branch_id=facts["branch_id"],
        fact_sheet_id=facts["fact_sheet_id"],
        other_facts=facts["other_facts"],
        job_id=job_id,
        **rating_columns(rate(facts, card), card),
    )
    CreditRating.objects.bulk_create([row], ignore_conflicts=True)
    made = CreditRating.objects.get(**key)
    if job_id is None:  # a run of one row; those of a closing are recorded at its end
        record_run(Slice(CreditRating._meta.db_table, "as_of", as_of, as_of, "id", made.pk, made.pk + 1))
    return made


def rating_columns(rating: Rating, card: Card) -> dict[str, Any]:
    """A rating as the columns of ``CreditRating``: points in tenths, in the card's order, the panel last."""
    order = [factor.code for factor in card.factors] + [card.panel.code]
    points = [rating.points.get(code) for code in order] if rating.points else []
    same = (
        "base", "bonus", "malus", "total", "score_grade", "grade", "cap_grade", "cap_income", "cap_asset",
        "binding", "limit", "review_due", "valid_until", "matrix_level", "status",
    )  # fmt: skip
    return {
        **{name: getattr(rating, name) for name in same},
        "missing": list(rating.missing),
        "points": [None if value is None else int(value * 10) for value in points],
        "knockouts": list(rating.knockouts),
        "soft_caps": list(rating.soft_caps),
    }


def freeze_lines_of_rejected(*, low: int, high: int, as_of: date) -> int:
    """Freeze the active lines of households that a knock-out stands against; the closing never raises a line."""
    rejected = """
        SELECT DISTINCT ON (household_id) household_id, status FROM ratings_creditrating
        WHERE household_id >= %(low)s AND household_id < %(high)s AND as_of = %(as_of)s
        ORDER BY household_id, id DESC
    """
    households = f"SELECT household_id FROM ({rejected}) r WHERE status = '{RatingStatus.REJECTED}'"
    return freeze_lines(households=households, parameters={"low": low, "high": high, "as_of": as_of})


# -- Contribution ------------------------------------------------------------------------------------------------------


ACTIVITIES = """
    SELECT subject, activity, count FROM accounts CROSS JOIN LATERAL (VALUES
        ('counter', counter), ('atm', atm), ('mobile', mobile),
        (CASE family WHEN 'deposit' THEN 'account_month' WHEN 'loan' THEN 'loan_month' END, months),
        ('loan_origination', CASE WHEN is_new THEN 1 ELSE 0 END)
    ) AS counted (activity, count) WHERE count > 0 AND activity IS NOT NULL
    UNION ALL SELECT subject, 'visit', visits FROM visits
"""


def contribution_statement(rule: ContributionRule, months: str = selectors.MONTHS_ONE_BY_ONE) -> str:
    """The bulk form of ``ratings.contribution.contribution`` as one INSERT, with the rule's figures written in."""

    def summed(components: dict[str, str], source: str) -> str:
        return select_components(components, source, key="subject")

    return f"""
    WITH accounts AS MATERIALIZED ({selectors.contribution_accounts(months)}),
    visits AS MATERIALIZED ({selectors.VISITS_OF_HEADS}),
    deposits AS ({summed(deposit_components("%(days)s", rule), "accounts WHERE family = 'deposit'")}),
    loans AS ({summed(loan_components("%(days)s", rule), "accounts WHERE family = 'loan'")}),
    activities AS ({summed(activity_components(rule), f"({ACTIVITIES}) done")}),
    fees AS ({summed(fee_components(), "accounts")}),
    held AS (
        SELECT subject, array_agg(account_id) AS account_ids,
            sum(last_adb) FILTER (WHERE family = 'deposit') AS last_adb,
            sum(outstanding) FILTER (WHERE family = 'loan') AS outstanding,
            string_agg(concat_ws(',', account_id, adb, last_adb, rate, ftp, balance_begin, balance_end, counter, atm,
                mobile, amount, interest_collected, months, guarantee, category_begin, category_end, grade),
                ';' ORDER BY account_id) AS listed
        FROM accounts GROUP BY subject
    ), components AS (
        SELECT subject, COALESCE(deposit_spread, 0) AS deposit_spread, COALESCE(loan_interest, 0) AS loan_interest,
            COALESCE(loan_ftp_cost, 0) AS loan_ftp_cost, COALESCE(risk_cost, 0) AS risk_cost,
            COALESCE(operating_cost, 0) AS operating_cost, COALESCE(fee_income, 0) AS fee_income,
            COALESCE(last_adb, 0) >= 100 OR COALESCE(outstanding, 0) > 0
                OR {had_transaction("account_ids", "%(period_end)s")} AS is_active,
            concat_ws('|', listed, visits) AS listed
        FROM held FULL JOIN visits USING (subject) LEFT JOIN deposits USING (subject) LEFT JOIN loans USING (subject)
            LEFT JOIN activities USING (subject) LEFT JOIN fees USING (subject)
    )
    INSERT INTO ratings_contribution (customer_id, period_start, period_end, rules, digest, branch_id,
        deposit_spread, loan_interest, loan_ftp_cost, risk_cost, operating_cost, fee_income, contribution,
        is_active, job_id, computed_at)
    SELECT c.id, %(period_start)s, %(period_end)s, %(rules)s,
        decode(md5(concat_ws('|', listed, c.branch_id, is_active)), 'hex'), c.branch_id,
        deposit_spread, loan_interest, loan_ftp_cost, risk_cost, operating_cost, fee_income,
        deposit_spread + loan_interest - loan_ftp_cost - risk_cost - operating_cost + fee_income,
        is_active, %(job)s, now()
    FROM components JOIN customers_customer c ON c.id = components.subject
    ORDER BY c.id
    ON CONFLICT DO NOTHING
    """


@transaction.atomic
def compute_contributions(
    *, low: int, high: int, period_end: date, rule: ContributionRule, job_id: int | None = None
) -> int:
    """Compute the twelve months before ``period_end`` for a range of customers; returns how many results were new."""
    parameters = selectors.period_parameters(period_end)
    parameters |= {"low": low, "high": high, "job": job_id, "rules": rule.code}
    dense = selectors.account_range(low, high, period_end)
    months = selectors.MONTHS_BY_RANGE if dense else selectors.MONTHS_ONE_BY_ONE
    with connection.cursor() as cursor:
        cursor.execute(contribution_statement(rule, months), parameters | (dense or {}))
        return cursor.rowcount


# -- Tiers -------------------------------------------------------------------------------------------------------------


def tier_statement(rule: TierRule) -> str:
    """The bulk form of ``ratings.tiers.assign`` and ``settle`` as one INSERT over the active customers of the union.

    Tiers are numbered from the best; a lower number is a better tier.
    """
    number = {tier: place for place, tier in enumerate(Tier.values)}
    last = rule.cuts[-1][0]
    by_rank = " ".join(f"WHEN place <= (n * {share} + 99) / 100 THEN {number[t]}" for t, share in rule.cuts)
    by_floor = " ".join(f"WHEN contribution >= {plain(floor)} THEN {number[t]}" for t, floor in rule.floors)
    names = " ".join(f"WHEN {place} THEN '{tier}'" for tier, place in number.items())
    numbers = " ".join(f"WHEN '{tier}' THEN {place}" for tier, place in number.items())
    return f"""
    WITH ranked AS (
        SELECT customer_id, branch_id, contribution, count(*) OVER () AS n,
            row_number() OVER (ORDER BY contribution DESC, customer_id) AS place
        FROM ({selectors.latest_contributions("c.*", "AND c.is_active")}) active
    ), assigned AS (
        SELECT ranked.*, before.tier AS tier_before, before.earned AS earned_before,
            CASE WHEN contribution < 0 THEN {number[Tier.WATCH]}
                ELSE GREATEST(CASE {by_rank} ELSE {number[last]} END, CASE {by_floor} END) END AS earned_no,
            CASE before.tier {numbers} END AS before_no, CASE before.earned {numbers} END AS earned_before_no
        FROM ranked LEFT JOIN (
            SELECT DISTINCT ON (t.customer_id) t.customer_id, t.tier, t.earned FROM ratings_customertier t
            WHERE t.period_end = (
                SELECT max(period_end) FROM ratings_customertier WHERE period_end < %(period_end)s)
            ORDER BY t.customer_id, t.id DESC
        ) before ON before.customer_id = ranked.customer_id
        WHERE place > %(after)s AND place <= %(upto)s
        OFFSET 0
    ), settled AS (
        SELECT assigned.*,
            CASE WHEN before_no IS NULL OR earned_no <= before_no THEN earned_no
                WHEN earned_before_no IS NULL OR earned_before_no <= before_no THEN before_no
                ELSE LEAST(earned_no, earned_before_no) END AS tier_no
        FROM assigned
    )
    INSERT INTO ratings_customertier (customer_id, period_end, rules, digest, branch_id, rank, contribution, earned,
        tier, job_id, computed_at)
    SELECT customer_id, %(period_end)s, %(rules)s,
        decode(md5(concat_ws('|', branch_id, place, contribution, earned_no, before_no, earned_before_no)), 'hex'),
        branch_id, place, contribution, CASE earned_no {names} END, CASE tier_no {names} END, %(job)s, now()
    FROM settled ORDER BY place
    ON CONFLICT DO NOTHING
    """


@transaction.atomic
def assign_tiers(
    *, after: int, upto: int, period_end: date, rule: TierRule, job_id: int | None = None
) -> int:
    """Assign tiers to the active customers of the union whose rank lies in ``after < rank <= upto``."""
    parameters = {"period_end": period_end, "after": after, "upto": upto, "rules": rule.code, "job": job_id}
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_nestloop = off"
        )  # a table filled this minute has no statistics to plan by
        cursor.execute(tier_statement(rule), parameters)
        return cursor.rowcount
