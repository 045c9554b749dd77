# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""The parts of ``quality`` for many people at once, one row a person; tests prove both equal."""

from __future__ import annotations

from customers.provenance.quality import NOT_OF_ONE_PERSON, WEIGHTS

_PAPERS = ", ".join(f"'{kind}'" for kind in NOT_OF_ONE_PERSON)

_PARTS = f"""
    SELECT c.id AS customer_id,
        (c.birth_date IS NOT NULL)::int + (c.sex <> '')::int + (c.village_id IS NOT NULL)::int
            + (COALESCE(d.held, 0) > 0)::int + (COALESCE(t.phones, 0) > 0)::int AS filled,
        5 AS required,
        COALESCE(d.passed, 0) + COALESCE(t.known, 0) AS passed,
        COALESCE(d.documents, 0) + COALESCE(t.phones, 0) + cardinality(c.disputed) AS checked,
        COALESCE(c.verified_on > %(verified_after)s AND c.verified_on <= %(as_of)s, false) AS is_fresh,
        NOT EXISTS (SELECT 1 FROM customers_reviewpair r WHERE r.second_id = c.id AND r.state = 'open') AS is_distinct
    FROM customers_customer c
    LEFT JOIN LATERAL (
        SELECT count(*) AS documents,
            count(*) FILTER (WHERE state = 'HELD' AND invalid_reason = '') AS held,
            count(*) FILTER (WHERE state = 'HELD' AND invalid_reason = ''
                AND COALESCE(expires_on >= %(as_of)s, true)) AS passed
        FROM customers_identitydocument d
        WHERE d.customer_id = c.id AND d.recorded_on <= %(as_of)s AND d.kind NOT IN ({_PAPERS})
            AND d.state <> 'RETIRED'
    ) d ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS phones, count(*) FILTER (WHERE kind <> 'unknown') AS known
        FROM customers_phone t
        WHERE t.customer_id = c.id AND t.valid_from <= %(as_of)s AND (t.valid_to IS NULL OR t.valid_to > %(as_of)s)
    ) t ON true
    WHERE c.kind = 'person' AND c.merged_into_id IS NULL AND c.registered_on <= %(as_of)s
        AND (%(branch)s IS NULL OR c.branch_id = %(branch)s)
"""


def parts(more: str = "") -> str:
    """SQL of one row a person; ``more`` narrows the customers ``c`` by conditions of our own.

    Parameters: ``as_of``, ``verified_after`` (``as_of`` less ``quality.FRESH_DAYS``), ``branch`` or None.
    """
    return f"{_PARTS} {more}"


def scored(more: str = "") -> str:
    """The same with the score of each record, two places."""
    weight = {name: str(value) for name, value in WEIGHTS.items()}
    return f"""
        SELECT p.*, round(100 * (
                {weight["completeness"]} * filled / required
                + CASE WHEN checked > 0 THEN {weight["validity"]} * passed / checked ELSE 0 END
                + {weight["freshness"]} * is_fresh::int + {weight["uniqueness"]} * is_distinct::int
            ) / (1 - CASE WHEN checked > 0 THEN 0 ELSE {weight["validity"]} END), 2) AS score
        FROM ({parts(more)}) p
    """
