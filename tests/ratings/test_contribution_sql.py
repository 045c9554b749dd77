"""Contribution summed in SQL says what the scalar function says, to the fen."""

import random
from decimal import Decimal

import psycopg2.extras
import pytest
from django.db import connection

from ratings import contribution_sql
from ratings.contribution import contribution
from tests.vectors.runner import cases

CATEGORIES = ["normal", "normal", "special_mention", "substandard", "doubtful", "loss"]
LOAN = (
    "adb", "rate", "ftp", "category_begin", "category_end", "balance_begin", "balance_end", "grade", "guarantee",
    "interest_collected",
)  # fmt: skip
TABLES = {
    "deposits": "adb numeric(16,2), rate numeric(8,6), ftp numeric(8,6)",
    "loans": "adb numeric(16,2), rate numeric(8,6), ftp numeric(8,6), category_begin text, category_end text,"
    " balance_begin numeric(16,2), balance_end numeric(16,2), grade text, guarantee text,"
    " interest_collected numeric(16,2)",
    "activities": "activity text, count int",
    "fees": "amount numeric(16,2)",
}

pytestmark = pytest.mark.django_db


def amount(rng, top):
    return Decimal(rng.randrange(0, top)) / 100


def customer(rng):
    """One customer's quarter: odd amounts, so that divisions by 365 never end."""
    loans = [
        {
            "adb": amount(rng, 9_000_000),
            "rate": Decimal(rng.randrange(20_000, 90_000)) / 1_000_000,
            "ftp": Decimal(rng.randrange(10_000, 40_000)) / 1_000_000,
            "category_begin": rng.choice(CATEGORIES),
            "category_end": rng.choice(CATEGORIES),
            "balance_begin": amount(rng, 9_000_000),
            "balance_end": amount(rng, 9_000_000),
            "grade": rng.choice(["AAA", "AA", "A", "B", "C", "unrated", None]),
            "guarantee": rng.choice(["credit", "guarantee", "joint", "mortgage", "pledge"]),
            "interest_collected": amount(rng, 100_000),
        }
        for _ in range(rng.randrange(0, 4))
    ]
    deposits = [
        {
            "adb": amount(rng, 9_000_000),
            "rate": Decimal(rng.randrange(0, 30_000)) / 1_000_000,
            "ftp": Decimal("0.018"),
        }
        for _ in range(rng.randrange(0, 4))
    ]
    fees = [amount(rng, 9000) - 40 for _ in range(rng.randrange(0, 3))]
    return {
        "days": 91,
        "deposits": deposits,
        "loans": loans,
        "activities": {"visit": 3, "mobile": 17},
        "fees": fees,
    }


def insert(cursor, table, rows):
    if rows:
        psycopg2.extras.execute_values(cursor.cursor, f"INSERT INTO {table} VALUES %s", rows, page_size=1000)


def summed_in_sql(customers, days):
    """The six components of every customer, as text, zero where there is no row."""
    with connection.cursor() as cursor:
        for table, columns in TABLES.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {table} (customer_id int, {columns}) ON COMMIT DROP")
        for pk, given in enumerate(customers):
            insert(cursor, "deposits", [(pk, d["adb"], d["rate"], d["ftp"]) for d in given["deposits"]])
            insert(cursor, "loans", [(pk, *(item[name] for name in LOAN)) for item in given["loans"]])
            insert(cursor, "activities", [(pk, *item) for item in given["activities"].items()])
            insert(cursor, "fees", [(pk, fee) for fee in given["fees"]])
        names = [
            "deposit_spread",
            "loan_interest",
            "loan_ftp_cost",
            "risk_cost",
            "operating_cost",
            "fee_income",
        ]
        found = [dict.fromkeys(names, Decimal("0.00")) for _ in customers]
        for source, components in (
            ("deposits", contribution_sql.deposit_components(str(days))),
            ("loans", contribution_sql.loan_components(str(days))),
            ("activities", contribution_sql.activity_components()),
            ("fees", contribution_sql.fee_components()),
        ):
            cursor.execute(contribution_sql.select_components(components, source))
            for pk, *values in cursor.fetchall():
                found[pk] |= dict(zip(components, values, strict=True))
            cursor.execute(f"DROP TABLE {source}")
    return found


def expected_of(given):
    result = contribution(**given)
    return {name: getattr(result, name) for name in result.__dataclass_fields__ if name != "contribution"}


@pytest.mark.parametrize("case", cases("contribution.json", "cases"))
def test_sql_sums_every_vector_like_the_function(case):
    found = summed_in_sql([case["input"]], case["input"]["days"])

    assert found == [expected_of(case["input"])]


def test_sql_sums_random_customers_like_the_function():
    rng = random.Random(11)
    customers = [customer(rng) for _ in range(500)]

    assert summed_in_sql(customers, 91) == [expected_of(given) for given in customers]
