"""The compiled SQL of a matrix says what the scalar function says, on every vector and on random loans."""

import os
import random
from decimal import Decimal

import psycopg2.extras
import pytest
from django.db import connection

from loans.classification import CATEGORIES, M_1, InvalidLoan, classify
from loans.compiled import COLUMNS as RESULT
from loans.compiled import select_classes
from tests.vectors.runner import cases

ROWS = int(os.environ.get("COOPCRM_COMPILED_ROWS", "4000"))
COLUMNS = {
    "loan_id": "bigint primary key",
    "class": "text",
    "guarantee": "text",
    "level": "text",
    "principal_dpd": "int",
    "interest_dpd": "int",
    "technical": "boolean",
    "flags": "text[]",
    "ecl_ratio": "numeric(6,4)",
    "previous": "text",
    "months_cured": "smallint",
    "policy": "text",
}
DAYS = [0, 0, 1, 7, 8, 30, 31, 60, 61, 90, 91, 120, 121, 180, 181, 270, 271, 360, 361, 1000, None]
LOSSES = [None, "0", "0.4999", "0.5", "0.5001", "0.8999", "0.9", "1"]

pytestmark = pytest.mark.django_db


def loan(rng, number):
    """One loan; one in thirty cannot be classified."""
    row = {
        "loan_id": number,
        "class": rng.choice(["farmer", "farmer", "other_natural", "enterprise"]),
        "guarantee": rng.choice(["credit", "guarantee", "joint", "mortgage", "pledge"]),
        "level": rng.choice(["excellent", "good", "ordinary", "unrated", None]),
        "principal_dpd": rng.choice(DAYS),
        "interest_dpd": rng.choice(DAYS),
        "technical": rng.choice([True, False, False, None]),
        "flags": rng.choice([None, [], [], [], *([flag] for flag in M_1.flags), ["EXTENDED", "IMPAIRED"]]),
        "ecl_ratio": None,
        "previous": rng.choice([None, *CATEGORIES]),
        "months_cured": rng.choice([None, 0, 5, 6, 12]),
        "policy": rng.choice(["strict", "strict", "strict", "legacy", None]),
    }
    if rng.random() < 0.3:
        loss = rng.choice(LOSSES)
        row["ecl_ratio"] = None if loss is None else Decimal(loss)
    if rng.random() < 0.03:
        name = rng.choice(["class", "guarantee", "flags", "previous", "policy"])
        row[name] = ["UNKNOWN"] if name == "flags" else "unknown"
    return row


def expected_row(given):
    known = {name: value for name, value in given.items() if value is not None}
    try:
        judged = classify(known, policy=given["policy"] or "strict")
    except InvalidLoan:
        return dict.fromkeys(RESULT) | {"loan_id": given["loan_id"]}
    return {"loan_id": given["loan_id"], **{name: getattr(judged, name) for name in RESULT[1:]}}


def classified_in_sql(rows):
    with connection.cursor() as cursor:
        definition = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        cursor.execute(f"CREATE TEMPORARY TABLE book ({definition}) ON COMMIT DROP")
        given = [[row[name] for name in COLUMNS] for row in rows]
        psycopg2.extras.execute_values(cursor.cursor, "INSERT INTO book VALUES %s", given, page_size=1000)
        cursor.execute(f"SELECT * FROM ({select_classes(M_1, 'book')}) classified ORDER BY loan_id")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_sql_classifies_every_vector_like_the_function():
    given = [parameters.values[0]["input"] for parameters in cases("five_category.json", "cases")]
    rows = [{"loan_id": number, **loan_facts} for number, loan_facts in enumerate(given)]

    found = classified_in_sql(rows)

    assert found == [expected_row(row) for row in rows]


def test_sql_classifies_random_loans_like_the_function():
    rng = random.Random(20260331)
    rows = [loan(rng, number) for number in range(ROWS)]

    found = classified_in_sql(rows)

    expected = [expected_row(row) for row in rows]
    assert [pair for pair in zip(expected, found, strict=True) if pair[0] != pair[1]][:3] == []
    assert {row["final"] for row in found} == {*CATEGORIES, None}
    assert {row["cure_lock"] for row in found} == {True, False, None}
