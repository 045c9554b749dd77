# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Facts behind ratings, contribution and tiers on a business date, for many households or customers in one statement.

The statements name ``as_of`` and the id range ``low <= id < high``; a single household is a range of one, so that the
person at the counter and the nightly closing read the same facts by the same words.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from coopcrm.shared.periods import add_months
from loans import selectors as book
from ratings import tiers
from ratings.choices import Tier
from ratings.contribution import CT_1, ContributionRule
from ratings.scorecard import RC_1, Card, card_from_json

PANEL_MONTHS = 24
PERIOD_MONTHS = 12

SHEET_FACTS = (
    "population", "labour", "residence_years", "net_income", "living_expenditure", "income_sources", "assets",
    "liabilities", "guarantees_given", "other_unsecured", "credit_report", "bonus", "malus", "second_investigator",
)  # fmt: skip
OTHER_FACTS = (
    "birth_date", "info_age_days", "worst_overdue_days_36m", "current_overdue_days", "repayment_known",
    "deposit_years", "panel_votes", "panel_village_reps", "panel_vetoes", "county_income_ref",
    "county_net_asset_ref", "flags",
)  # fmt: skip
AMOUNTS_BESIDE = frozenset(
    {"county_income_ref", "county_net_asset_ref"}
)  # kept as text, or JSON would make floats
FACTS = (*SHEET_FACTS, *OTHER_FACTS)


def date_parameters(as_of: date) -> dict[str, date]:
    """The days that the statements of this module name beside ``as_of``."""
    return {**book.date_parameters(as_of), "panel_after": add_months(as_of, -PANEL_MONTHS)}


def card_in_force(as_of: date) -> Card:
    """The scorecard in force on a day: the rule set of head office, else the one that travels with the product."""
    from ratings.models import RuleSet

    data = rule_data(RuleSet.Kind.SCORECARD, as_of)
    return card_from_json(data) if data else RC_1


def rule_data(kind: str, as_of: date) -> dict | None:
    """The data of the rule set of a kind in force on a day, or None."""
    from ratings.models import RuleSet

    found = RuleSet.objects.filter(kind=kind, valid_from__lte=as_of).exclude(valid_to__lte=as_of)
    return found.order_by("-valid_from").values_list("data", flat=True).first()


def _of_sheet(name: str) -> str:
    return f"fs.{name}::text[]" if name in {"bonus", "malus"} else f"fs.{name}"


def facts_source() -> str:
    """Facts of every household in force at ``as_of``, one row each, by range of household ids (handbook §1.3–§1.5).

    A null is "not known"; ``worst_overdue_days_36m`` is null with ``repayment_known`` true for whoever never
    borrowed. Beside the facts: ``branch_id``, ``fact_sheet_id``, ``other_facts`` and the ``digest`` of all facts.
    """
    listed = ", ".join(f"facts.{name}::text" for name in FACTS)
    kept = ", ".join(f"'{name}', facts.{name}{'::text' * (name in AMOUNTS_BESIDE)}" for name in OTHER_FACTS)
    return f"""
    SELECT facts.*, jsonb_strip_nulls(jsonb_build_object({kept})) AS other_facts,
        decode(md5(array_to_string(ARRAY[{listed}], '|', '~')), 'hex') AS digest
    FROM (
        SELECT h.id AS household_id, h.branch_id, %(as_of)s::date AS as_of, fs.id AS fact_sheet_id,
            head.birth_date, {", ".join(_of_sheet(name) for name in SHEET_FACTS)},
            CASE WHEN fs.oldest_core_on > %(as_of)s THEN 0 ELSE %(as_of)s - fs.oldest_core_on END AS info_age_days,
            record.worst_overdue_days_36m,
            CASE WHEN record.is_known IS FALSE OR own.has_unscheduled_loan THEN NULL
                ELSE COALESCE(record.current_overdue_days, 0) END AS current_overdue_days,
            COALESCE(record.is_known, true) AND NOT COALESCE(own.has_unscheduled_loan, false) AS repayment_known,
            CASE WHEN own.household_id IS NULL THEN 0 ELSE own.deposit_years END AS deposit_years,
            COALESCE(panel.votes, '{{}}') AS panel_votes, COALESCE(panel.reps, 0) AS panel_village_reps,
            COALESCE(panel.vetoes, 0) AS panel_vetoes,
            CASE WHEN record.npl_or_written_off THEN COALESCE(fs.flags::text[], '{{}}') || 'npl_or_written_off'::text
                ELSE fs.flags::text[] END AS flags,
            county.income_per_head AS county_income_ref, county.net_assets_per_household AS county_net_asset_ref
        FROM customers_household h
        LEFT JOIN customers_customer head ON head.id = h.head_id
        LEFT JOIN branches_area village ON village.id = h.village_id
        LEFT JOIN LATERAL (
            SELECT * FROM customers_factsheet f WHERE f.household_id = h.id AND f.recorded_on <= %(as_of)s
            ORDER BY f.recorded_on DESC, f.id DESC LIMIT 1
        ) fs ON true
        LEFT JOIN ({book.repayment_record()}) record ON record.household_id = h.id
        LEFT JOIN ({book.holdings_of_households()}) own ON own.household_id = h.id
        LEFT JOIN LATERAL (
            SELECT array_agg(v.vote ORDER BY v.id) AS votes,
                count(*) FILTER (WHERE v.is_village_representative) AS reps,
                count(*) FILTER (WHERE v.is_veto) AS vetoes
            FROM ratings_panelvote v WHERE v.panel_id = (
                SELECT p.id FROM ratings_panel p
                WHERE p.household_id = h.id AND p.held_on <= %(as_of)s AND p.held_on > %(panel_after)s
                ORDER BY p.held_on DESC LIMIT 1)
        ) panel ON true
        LEFT JOIN LATERAL (
            SELECT c.* FROM ratings_countyreference c
            WHERE c.year <= EXTRACT(year FROM %(as_of)s::date)
                AND (village.id IS NULL OR left(c.county_code, 6) = left(village.code, 6))
            ORDER BY c.year DESC, c.county_code LIMIT 1
        ) county ON true
        WHERE h.id >= %(low)s AND h.id < %(high)s
            AND h.valid_from <= %(as_of)s AND (h.valid_to IS NULL OR h.valid_to > %(as_of)s)
    ) facts
    """


def facts_for(household_id: int, as_of: date) -> dict[str, Any] | None:
    """The facts of one household as the rating uses them, with what is stored beside; None when not in force."""
    rows = _rows(facts_source(), {**date_parameters(as_of), "low": household_id, "high": household_id + 1})
    return {**rows[0], "other_facts": json.loads(rows[0]["other_facts"])} if rows else None


def _rows(statement: str, parameters: dict) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def levels_before(as_of: str = "%(as_of)s") -> str:
    """The matrix level of household ``l.household_id`` in force at the end of the day before, as column ``level``.

    Handed to the classes by the closing: the book never asks for grades (handbook §2.1).
    """
    return f"""
    SELECT r.matrix_level AS level FROM ratings_creditrating r
    WHERE r.household_id = l.household_id AND r.as_of < {as_of} ORDER BY r.as_of DESC, r.id DESC LIMIT 1
    """


# -- Contribution ------------------------------------------------------------------------------------------------------

SUBJECTS = """
    SELECT id AS subject, id AS customer_id FROM customers_customer
    WHERE id >= %(low)s AND id < %(high)s AND merged_into_id IS NULL AND registered_on < %(period_end)s
    UNION ALL
    SELECT merged_into_id, id FROM customers_customer WHERE merged_into_id >= %(low)s AND merged_into_id < %(high)s
"""
"""Customers of a range with the records merged into them: a merged customer keeps the sum of the parts."""

MONTHS_OF_PERIOD = """
    SELECT {key} sum(m.adb * ((m.month + interval '1 month')::date - m.month)) AS balance_days,
        COALESCE(sum(m.adb) FILTER (WHERE m.month = %(last_month)s), 0) AS last_adb,
        COALESCE(sum(m.balance_end) FILTER (WHERE m.month = %(last_month)s), 0) AS balance_end,
        sum(m.counter_count) AS counter, sum(m.atm_count) AS atm, sum(m.mobile_count) AS mobile,
        sum(m.fees) AS fees, sum(m.interest) AS interest_collected, count(*) AS months
    FROM loans_accountmonth m
    WHERE m.month >= %(period_start)s AND m.month < %(period_end)s AND {accounts}
"""
MONTHS_ONE_BY_ONE = "JOIN LATERAL ({}) m ON true".format(
    MONTHS_OF_PERIOD.format(key="", accounts="m.account_id = a.id HAVING count(*) > 0")
)
MONTHS_BY_RANGE = "JOIN ({}) m ON m.account_id = a.id".format(
    MONTHS_OF_PERIOD.format(
        key="m.account_id,",
        accounts="m.account_id >= %(first_account)s AND m.account_id <= %(last_account)s GROUP BY m.account_id",
    )
)
LOST = "l.written_off_on >= %(period_start)s AND l.written_off_on < %(period_end)s"
DENSE = 3  # a range of account ids is read as a whole when it holds at most so many ids per account wanted


def contribution_accounts(months: str = MONTHS_ONE_BY_ONE) -> str:
    """What each account of the customers brought in the period.

    A loan that was not classified when the period began counts as it is classed at its end, so that a provision is
    never booked to a period that did not see it arise; a loan drawn in the period began normal. A loan written off in
    the period ends it as a loss of what was written off: the booked balance falls to zero, the money is gone all the
    same. ``outstanding`` is the booked balance.

    ``months`` says how the months are read: account by account, or a dense range of accounts at once.
    """
    return f"""
    SELECT w.subject, a.id AS account_id, p.family, a.rate, a.ftp_rate AS ftp,
        round(m.balance_days / %(days)s, 6) AS adb, m.last_adb, m.balance_end AS outstanding,
        CASE WHEN {LOST} THEN {book.balance_on("a", "(l.written_off_on - 1)")} ELSE m.balance_end END AS balance_end,
        CASE WHEN p.family = 'loan' THEN COALESCE((
            SELECT b.balance_end FROM loans_accountmonth b WHERE b.account_id = a.id AND b.month = %(month_before)s
        ), 0) END AS balance_begin,
        m.counter, m.atm, m.mobile, m.fees AS amount, m.interest_collected, m.months,
        l.id AS loan_id, COALESCE(l.guarantee, 'credit') AS guarantee,
        l.disbursed_on >= %(period_start)s AND l.disbursed_on < %(period_end)s AS is_new,
        CASE WHEN {LOST} THEN 'loss' WHEN p.family = 'loan' THEN COALESCE(final_end.final, 'normal') END
            AS category_end,
        CASE WHEN p.family = 'loan' THEN COALESCE(final_begin.final,
            CASE WHEN l.disbursed_on >= %(period_start)s THEN 'normal' ELSE final_end.final END, 'normal')
        END AS category_begin,
        CASE WHEN p.family = 'loan' THEN COALESCE((
            SELECT r.grade FROM ratings_creditrating r WHERE r.household_id = l.household_id
                AND r.as_of < %(period_end)s ORDER BY r.as_of DESC, r.id DESC LIMIT 1
        ), 'unrated') END AS grade
    FROM ({SUBJECTS}) w
    JOIN loans_account a ON a.customer_id = w.customer_id
    JOIN loans_product p ON p.id = a.product_id
    {months}
    LEFT JOIN loans_loan l ON l.account_id = a.id
    LEFT JOIN LATERAL (
        SELECT c.final FROM loans_loanclassification c WHERE c.loan_id = l.id AND c.as_of < %(period_end)s
        ORDER BY c.as_of DESC, c.id DESC LIMIT 1
    ) final_end ON true
    LEFT JOIN LATERAL (
        SELECT c.final FROM loans_loanclassification c WHERE c.loan_id = l.id AND c.as_of < %(period_start)s
        ORDER BY c.as_of DESC, c.id DESC LIMIT 1
    ) final_begin ON true
    """


VISITS_OF_HEADS = """
    SELECT h.head_id AS subject, count(*) AS visits
    FROM customers_household h JOIN customers_visitnote v ON v.household_id = h.id
    WHERE h.head_id >= %(low)s AND h.head_id < %(high)s AND v.visited_on >= %(period_start)s
        AND v.visited_on < %(period_end)s AND v.corrects_id IS NULL
    GROUP BY h.head_id
"""
"""Visits cost time; a household's visits are borne by its head."""


def account_range(low: int, high: int, period_end: date) -> dict[str, int] | None:
    """First and last account of a range of customers, when few accounts of others lie between; else None."""
    found = _rows(
        f"SELECT min(a.id) AS first_account, max(a.id) AS last_account, count(*) AS accounts"
        f" FROM ({SUBJECTS}) w JOIN loans_account a ON a.customer_id = w.customer_id",
        {"low": low, "high": high, "period_end": period_end},
    )[0]
    accounts = found.pop("accounts")
    if not accounts or found["last_account"] - found["first_account"] >= DENSE * accounts:
        return None
    return found


def period_parameters(period_end: date) -> dict[str, Any]:
    """Twelve completed months that end before ``period_end``, and the months at its edges."""
    start = add_months(period_end, -PERIOD_MONTHS)
    return {
        "period_start": start,
        "period_end": period_end,
        "days": (period_end - start).days,
        "month_before": add_months(start, -1),
        "last_month": add_months(period_end, -1),
    }


def contribution_inputs(customer_id: int, period_end: date) -> dict[str, Any]:
    """One customer's arguments for ``ratings.contribution.contribution``; amounts in yuan."""
    parameters = {**period_parameters(period_end), "low": customer_id, "high": customer_id + 1}
    accounts = _rows(contribution_accounts() + " ORDER BY a.id", parameters)
    visits = _rows(VISITS_OF_HEADS, parameters)
    activities: dict[str, int] = defaultdict(int)
    deposits, loans = [], []
    for row in accounts:
        for channel in ("counter", "atm", "mobile"):
            activities[channel] += row[channel]
        if row["family"] == "deposit":
            activities["account_month"] += row["months"]
            deposits.append(row)
        elif row["family"] == "loan":
            activities["loan_month"] += row["months"]
            activities["loan_origination"] += bool(row["is_new"])
            loans.append(row)
    activities["visit"] = visits[0]["visits"] if visits else 0
    return {
        "days": parameters["days"],
        "deposits": deposits,
        "loans": loans,
        "activities": dict(activities),
        "fees": [row["amount"] for row in accounts],
    }


def contribution_rule(as_of: date) -> ContributionRule:
    """Prices and risks in force on a day."""
    from ratings.models import RuleSet

    data = rule_data(RuleSet.Kind.CONTRIBUTION, as_of)
    return contribution_rule_of(data) if data else CT_1


def contribution_rule_of(data: dict) -> ContributionRule:
    """Prices and risks as a version's data say them."""
    tables = ("pd", "lgd", "provision", "unit_cost")
    figures = {
        name: {code: Decimal(text) for code, text in data[name].items()} for name in tables if name in data
    }
    plain = {name: data[name] for name in ("code", "year_days", "special_mention_multiple") if name in data}
    return ContributionRule(**plain, **figures)


def tier_rule(as_of: date) -> tiers.TierRule:
    """Cuts and floors of the tiers in force on a day."""
    from ratings.models import RuleSet

    data = rule_data(RuleSet.Kind.TIERS, as_of)
    return tier_rule_of(data) if data else tiers.TR_1


def tier_rule_of(data: dict) -> tiers.TierRule:
    """Cuts and floors as a version's data say them."""
    return tiers.TierRule(
        code=data["code"],
        cuts=tuple((tier, int(percent)) for tier, percent in data["cuts"]),
        floors=tuple((tier, Decimal(floor)) for tier, floor in data["floors"]),
        cumulative=tuple((tier, int(percent)) for tier, percent in data["cumulative"]),
    )


JOINED = (
    "SELECT FROM customers_customer gone WHERE gone.id = c.customer_id AND gone.merged_into_id IS NOT NULL"
)
"""A record that was joined to another has no result of its own in force: the next run counts its part there."""


def latest_contributions(columns: str, where: str = "") -> str:
    """The contribution in force of every customer for ``period_end``; a later row supersedes an earlier one."""
    return f"""
    SELECT {columns} FROM ratings_contribution c
    WHERE c.period_end = %(period_end)s {where} AND NOT EXISTS ({JOINED}) AND NOT EXISTS (
        SELECT 1 FROM ratings_contribution later WHERE later.period_end = %(period_end)s
            AND later.customer_id = c.customer_id AND later.id > c.id)
    """


def whale_curve(period_end: date, branch_id: int | None = None) -> tiers.WhaleCurve:
    """The whale curve of a branch, or of the union, over its active customers for a period."""
    where = "AND c.is_active" + (" AND c.branch_id = %(branch_id)s" if branch_id else "")
    rows = _rows(
        latest_contributions("c.customer_id AS id, c.contribution", where),
        {"period_end": period_end, "branch_id": branch_id},
    )
    return tiers.whale_curve(rows)


def tier_counts(period_end: date, branch_id: int | None = None) -> dict[str, int]:
    """Customers per tier of a branch, or of the union, for a period; every tier is named."""
    where = "AND c.branch_id = %(branch_id)s" if branch_id else ""
    rows = _rows(
        latest_tiers("c.tier, count(*) AS customers", where) + " GROUP BY c.tier",
        {"period_end": period_end, "branch_id": branch_id},
    )
    found = {row["tier"]: row["customers"] for row in rows}
    return {tier: found.get(tier, 0) for tier in Tier.values}


def latest_tiers(columns: str, where: str = "") -> str:
    """The tier in force of every customer for ``period_end``; a later row supersedes an earlier one."""
    return f"""
    SELECT {columns} FROM ratings_customertier c
    WHERE c.period_end = %(period_end)s {where} AND NOT EXISTS ({JOINED}) AND NOT EXISTS (
        SELECT 1 FROM ratings_customertier later WHERE later.period_end = %(period_end)s
            AND later.customer_id = c.customer_id AND later.id > c.id)
    """
