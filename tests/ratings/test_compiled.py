"""The compiled SQL of a card says what the scalar function says, on every vector and around every edge."""

import json
import os
import random

import psycopg2.extras
import pytest
from django.db import connection

from ratings.compiled import COLUMNS as RESULT
from ratings.compiled import INVALID, select_ratings
from ratings.scorecard import CARDS, RC_1, InvalidFacts, card_from_json, rate
from tests.ratings.random_facts import COLUMNS, household
from tests.vectors.runner import cases

ROWS = int(os.environ.get("COOPCRM_COMPILED_ROWS", "4000"))
RESULT_NAMES = [name.strip('"') for name in RESULT]

pytestmark = pytest.mark.django_db


def expected_row(facts, card):
    """What ``rate`` says about a row, in the columns of the SELECT."""
    empty = dict.fromkeys(RESULT_NAMES)
    empty |= {"household_id": facts["household_id"], "as_of": facts["as_of"]}
    empty |= {"missing": [], "points": [], "knockouts": [], "soft_caps": []}
    try:
        rating = rate(facts, card)
    except InvalidFacts:
        return empty | {"status": INVALID}
    result = {name: getattr(rating, name) for name in RESULT_NAMES if hasattr(rating, name)}
    points = [None if value is None else int(value * 10) for value in rating.points.values()]
    lists = {name: list(getattr(rating, name)) for name in ("missing", "knockouts", "soft_caps")}
    return empty | result | lists | {"points": points}


def rated_in_sql(rows, card):
    with connection.cursor() as cursor:
        definition = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        cursor.execute(f"CREATE TEMPORARY TABLE facts ({definition}) ON COMMIT DROP")
        given = [[row[name] for name in COLUMNS] for row in rows]
        psycopg2.extras.execute_values(cursor.cursor, "INSERT INTO facts VALUES %s", given, page_size=1000)
        cursor.execute(f"SELECT * FROM ({select_ratings(card, 'facts')}) rated ORDER BY household_id")
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        cursor.execute("DROP TABLE facts")
    return found


def judged(found):
    """An age is not asked of a household whose facts contradict each other."""
    return [row | {"age": None} if row["status"] == INVALID else row for row in found]


def row_of(case, number):
    given = case["input"]
    known = {"household_id": number, "repayment_known": True}
    return dict.fromkeys(COLUMNS) | {**given, **given["params"]} | known


def test_sql_rates_every_vector_like_the_function():
    given = [row_of(parameters.values[0], n) for n, parameters in enumerate(cases("ratings.json", "cases"))]
    rows = [{name: row[name] for name in COLUMNS} for row in given]

    found = rated_in_sql(rows, RC_1)

    expected = [expected_row(row, RC_1) for row in rows]
    for row in found:
        row["as_of"] = row["as_of"].isoformat()
    assert found == expected


@pytest.mark.parametrize("seed", [20260331, 7])
def test_sql_rates_random_households_like_the_function(seed):
    rng = random.Random(seed)
    rows = [household(rng, number) for number in range(ROWS)]

    found = judged(rated_in_sql(rows, RC_1))

    expected = [expected_row(row, RC_1) for row in rows]
    differing = [pair for pair in zip(expected, found, strict=True) if pair[0] != pair[1]]
    assert differing[:3] == []
    assert {row["status"] for row in found} == {"RATED", "REJECTED", "PENDING_PANEL", "INCOMPLETE", INVALID}
    assert {row["grade"] for row in found} == {"AAA", "AA", "A", "B", "C", None}


def test_sql_follows_the_data_of_another_card():
    data = json.loads((CARDS / "rc-1.json").read_text(encoding="utf-8"))
    data["code"] = "RC-T"
    data["panel"] |= {"scale": "1.1", "max": 11, "quorum_votes": 4}
    data["factors"][0] |= {"of": "net_income", "bands": [{"above": "43210.98", "points": 4}]}
    data["factors"][1] |= {"max": 9, "bands": [{"at_least": "2", "points": 9}]}
    data["grades"][1] |= {"at_least": "78.5", "income_share": "1.25", "cap": "55555.55"}
    data["limit"] = {"asset_share": "0.35", "step": 500}
    card = card_from_json(data)
    rng = random.Random(3)
    rows = [household(rng, number) for number in range(ROWS // 4)]

    found = judged(rated_in_sql(rows, card))

    expected = [expected_row(row, card) for row in rows]
    assert [pair for pair in zip(expected, found, strict=True) if pair[0] != pair[1]][:3] == []
