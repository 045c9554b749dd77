"""The review says why two records may be one person."""

from types import SimpleNamespace

from customers.matching.explain import NAME_WORDS, WORDS, steps
from customers.matching.weights import DEFAULT_TABLES


def pair(weight, **evidence):
    return SimpleNamespace(weight=weight, evidence=evidence)


def test_steps_add_up_to_the_weight():
    levels = {"name": "equal", "birth": "day", "place": "another village", "phone": ""}

    found = steps(pair(7.4, levels=levels, bits={"birth": 9.0, "place": -6.0}, weights="2026-1"))

    assert [(step.field, str(step.level_words), step.bits) for step in found] == [
        ("name", "same name, and how common it is", 4.4),
        ("birth", "same date of birth", 9.0),
        ("place", "another village", -6.0),
    ]


def test_every_level_of_the_matching_has_words():
    words = {**WORDS, "name": NAME_WORDS}

    assert {kind: set(table) - set(words[kind]) for kind, table in DEFAULT_TABLES.items()} == {
        kind: set() for kind in DEFAULT_TABLES
    }


def test_what_the_counter_said_has_no_steps():
    assert steps(pair(10.0, said="Read twice.", by=1)) == []
