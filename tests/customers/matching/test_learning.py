"""Weights learned from a book: what one book lacks is recognised in the next one all the same."""

import pytest

from bench.dirt import KINDS, book
from bench.matching import linked, recall_of
from customers.matching import measures
from customers.matching.learning import Pattern, learn, maximise
from customers.matching.weights import DEFAULT, DEFAULT_TABLES, Level, Weights

PEOPLE = 120
LEFT_OUT = ("number: one digit wrong", "name: homophone", "phone of once", "village missing")


@pytest.fixture(scope="module")
def pages():
    return book(PEOPLE * 2, [*KINDS], seed=3)


@pytest.fixture(scope="module")
def taught_by_all():
    return learn(book(PEOPLE, [*KINDS], seed=1).mentions, version="all").weights


def test_invented_people_in_dirty_books_are_recognised(pages):
    figures = measures.pairwise(pages.persons, linked(pages))

    assert figures.precision >= 0.997
    assert figures.recall >= 0.8


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_dirt_that_no_book_taught_is_recognised_nearly_as_well(kind, pages, taught_by_all):
    others = [other for other in KINDS if other != kind]
    untaught = learn(book(PEOPLE, others, seed=2).mentions, version="without").weights

    found = linked(pages, untaught)

    assert measures.pairwise(pages.persons, found).precision >= 0.99
    assert recall_of(kind, pages, found) >= recall_of(kind, pages, linked(pages, taught_by_all)) - 0.1


def test_a_book_teaches_how_often_levels_meet():
    pairs = [
        Pattern({"name": "equal", "phone": "mobile"}, 80, 0.0),
        Pattern({"name": "equal", "phone": "another"}, 20, 0.0),
        Pattern({"name": "one character", "phone": "another"}, 500, -10.0),
    ]

    tables, _rounds, matches = maximise(pairs, DEFAULT_TABLES)

    assert matches == pytest.approx(100, abs=5)
    assert tables["phone"]["another"].m > DEFAULT_TABLES["phone"]["another"].m


def test_what_people_decided_is_certain():
    told = [Pattern({"sex": "another"}, 200, 0.0, is_known=True)]

    tables, _rounds, matches = maximise(told, DEFAULT_TABLES)

    assert matches == 200
    assert tables["sex"]["another"].m == pytest.approx((200 + 50 * 0.015) / 250)


def test_a_version_is_read_back_as_it_was_written():
    assert Weights.from_payload(DEFAULT.version, DEFAULT.as_payload()) == DEFAULT


def test_a_level_newer_than_a_version_weighs_as_the_product_has_it():
    stored = DEFAULT.as_payload()
    del stored["tables"]["branch"]["branch at home"]

    assert Weights.from_payload("2015-1", stored).bits == DEFAULT.bits


def test_bits_are_the_logarithm_of_the_shares():
    assert Level(m=0.8, u=0.1).bits == 3.0
