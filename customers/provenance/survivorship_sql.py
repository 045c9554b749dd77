# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""The rule of ``survivorship`` over many people at once, in one statement; tests prove both equal."""

from __future__ import annotations

from collections.abc import Iterable

from customers.provenance.survivorship import SOURCES, Rule

RULE_COLUMNS = "attribute, source, tier, equals_dispute, holds_days, dispute_days"


def rule_rows(rule: Rule, attributes: Iterable[str]) -> tuple[str, list]:
    """The rule as a ``VALUES`` list with its parameters: one row an attribute and source."""
    rows = [(code, source, rule.of(code)) for code in attributes for source in SOURCES]
    line = "(%s::text, %s::text, %s::int, %s::boolean, %s::int, %s::int)"
    values = [
        value
        for code, source, part in rows
        for value in (
            code,
            source,
            part.tiers[source],
            part.equals_dispute,
            part.holds_days,
            part.dispute_days,
        )
    ]
    return ", ".join([line] * len(rows)), values


def decisions(rule: Rule, attributes: Iterable[str], who: str) -> tuple[str, list]:
    """SQL of ``customer_id, attribute, statement_id, value, is_disputed``; ``who`` narrows the statements ``s``.

    ``who`` is SQL of our own that comes after the parameters of the rule.
    """
    rows, values = rule_rows(rule, attributes)
    return (
        f"""
        WITH rule ({RULE_COLUMNS}) AS (VALUES {rows}),
        uncorrected AS (
            SELECT s.id, s.customer_id, s.attribute, s.value, s.compared, s.source, s.observed_on, s.settles
            FROM customers_statement s
            WHERE {who} AND NOT EXISTS (SELECT FROM customers_statement c WHERE c.corrects_id = s.id)
        ), settled AS (
            SELECT DISTINCT ON (customer_id, attribute) id, customer_id, attribute, observed_on FROM uncorrected
            WHERE settles ORDER BY customer_id, attribute, observed_on DESC, id DESC
        ), weighed AS (
            SELECT s.*, CASE WHEN s.settles THEN 0 ELSE r.tier END AS tier, r.equals_dispute, r.dispute_days,
                COALESCE(max(s.observed_on) OVER (PARTITION BY s.customer_id, s.attribute) - s.observed_on
                    > r.holds_days, false) AS is_spent
            FROM uncorrected s JOIN rule r USING (attribute, source)
                LEFT JOIN settled t USING (customer_id, attribute)
            WHERE t.id IS NULL OR s.id = t.id OR (s.observed_on >= t.observed_on AND s.id > t.id)
        ), placed AS (
            SELECT w.*, row_number() OVER best AS place, first_value(compared) OVER best AS best_compared,
                first_value(is_spent) OVER best AS best_is_spent, first_value(tier) OVER best AS best_tier,
                first_value(observed_on) OVER best AS best_on
            FROM weighed w
            WINDOW best AS (PARTITION BY customer_id, attribute
                ORDER BY is_spent, tier,
                    CASE WHEN equals_dispute THEN 1 ELSE -1 END * (observed_on - DATE '1900-01-01'),
                    compared COLLATE "C", value COLLATE "C", id)
        ), judged AS (
            SELECT p.*, max(observed_on) FILTER (WHERE compared = best_compared)
                OVER (PARTITION BY customer_id, attribute) AS confirmed_on
            FROM placed p
        )
        SELECT customer_id, attribute, (array_agg(id ORDER BY place))[1] AS statement_id,
            (array_agg(value ORDER BY place))[1] AS value,
            bool_or(compared <> best_compared AND (
                (is_spent = best_is_spent AND tier = best_tier AND (equals_dispute OR observed_on = best_on))
                OR COALESCE(observed_on - confirmed_on > dispute_days, false)
            )) AS is_disputed
        FROM judged GROUP BY customer_id, attribute
        """,
        values,
    )
