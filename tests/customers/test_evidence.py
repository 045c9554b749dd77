"""The review says why two records may be one person."""

from customers.evidence import NAME_WORDS, WORDS, steps
from customers.ledgers.weights import NAME, TABLES


def test_steps_add_up_to_the_weight():
    found = steps({"name": "equal", "birth": "day", "place": "another village", "phone": ""}, 7.4)

    assert [(str(step["label"]), step["value"]) for step in found] == [
        ("same name, and how common it is", 4.4),
        ("same date of birth", 9.0),
        ("another village", -6.0),
    ]


def test_every_level_of_the_matching_has_words():
    assert {kind: set(table) - set(WORDS[kind]) for kind, table in TABLES.items()} == {
        kind: set() for kind in TABLES
    }
    assert set(NAME) <= set(NAME_WORDS)


def test_what_the_counter_said_has_no_steps():
    assert steps({"said": "Read twice.", "by": 1}, 10.0) == []
