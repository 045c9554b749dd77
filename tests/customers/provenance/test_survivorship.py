"""Which of several statements is shown: sentences of the rule, and that the order of their arrival is no matter."""

import random
from datetime import date, timedelta
from itertools import count

import pytest

from customers.provenance.survivorship import STANDARD, Said, decide, rule_from_json

RULE = rule_from_json(STANDARD)
BIRTH, ADDRESS = RULE.of("birth_date"), RULE.of("address")
_pk = count(1)


def said(value, source, day, **more):
    return Said(next(_pk), value, value, source, date.fromisoformat(day), **more)


def shown(rule, *statements):
    decision = decide(statements, rule)
    return decision.value, decision.is_disputed


def test_a_document_decides_over_what_was_said_in_the_same_year():
    assert shown(
        BIRTH, said("1980-05-12", "document", "2025-01-10"), said("1980-05-21", "said", "2025-09-01")
    ) == (
        "1980-05-12",
        False,
    )


def test_a_weaker_word_that_is_much_newer_makes_the_value_disputed():
    paper = said("1980-05-12", "document", "2020-01-10")

    assert shown(BIRTH, paper, said("1980-05-21", "said", "2025-09-01")) == ("1980-05-12", True)


def test_a_later_confirmation_ends_the_doubt():
    paper, doubt = said("A", "document", "2020-01-10"), said("B", "said", "2025-09-01")

    assert shown(BIRTH, paper, doubt, said("A", "seen", "2025-10-01")) == ("A", False)


def test_of_two_documents_that_contradict_each_other_the_first_stays_on_show_until_a_person_decides():
    papers = said("A", "document", "2010-01-10"), said("B", "document", "2025-09-01")

    assert shown(BIRTH, *papers) == ("A", True)


def test_of_two_addresses_of_equal_trust_the_newest_is_shown_without_dispute():
    assert shown(ADDRESS, said("A", "seen", "2024-01-10"), said("B", "document", "2025-09-01")) == (
        "B",
        False,
    )


def test_two_addresses_of_equal_trust_and_day_are_disputed():
    assert shown(ADDRESS, said("A", "seen", "2025-01-10"), said("B", "document", "2025-01-10"))[1] is True


@pytest.mark.parametrize(("day", "value"), [("2024-12-31", "A"), ("2025-01-01", "B")])
def test_trust_in_an_address_ends_after_three_years(day, value):
    assert shown(ADDRESS, said("A", "seen", "2022-01-01"), said("B", "said", day))[0] == value


def test_what_a_person_settled_holds_until_something_newer_is_observed():
    paper, other = said("A", "document", "2024-01-10"), said("B", "document", "2024-05-01")
    settled = said("A", "document", "2025-01-01", settles=True)

    assert shown(BIRTH, paper, other, settled) == ("A", False)
    assert shown(BIRTH, paper, other, settled, said("B", "document", "2025-02-01")) == ("A", True)


def test_a_ledger_of_older_days_that_comes_in_later_does_not_open_a_settled_dispute_again():
    settled = said("A", "said", "2025-01-01", settles=True)

    assert shown(ADDRESS, settled, said("B", "ledger", "2019-01-01")) == ("A", False)


def test_a_corrected_slip_no_longer_counts():
    slip = said("B", "document", "2025-01-10")

    assert shown(BIRTH, slip, said("A", "document", "2025-01-10", corrects=slip.pk)) == ("A", False)


def test_the_same_name_in_another_script_is_no_contradiction():
    simplified = Said(1, "张桂兰", "张桂兰", "document", date(2020, 1, 1))
    traditional = Said(2, "張桂蘭", "张桂兰", "document", date(2024, 1, 1))

    assert decide([simplified, traditional], RULE.of("name")).is_disputed is False


def random_statements(chance: random.Random) -> list[Said]:
    statements = []
    for pk in range(1, chance.randint(2, 8)):
        statements.append(
            Said(
                pk,
                value := chance.choice("ABC"),
                value,
                chance.choice(["said", "document", "seen", "ledger", "core"]),
                date(2020, 1, 1) + timedelta(days=chance.choice([0, 1, 200, 365, 366, 1095, 1096, 2000])),
                corrects=chance.choice([None, None, None, pk - 1 or None]),
                settles=chance.random() < 0.15,
            )
        )
    return statements


def test_the_order_in_which_statements_arrive_is_no_matter():
    chance = random.Random(20260322)
    for _ in range(2_000):
        statements, rule = random_statements(chance), chance.choice([BIRTH, ADDRESS])
        shuffled = chance.sample(statements, len(statements))

        assert decide(shuffled, rule) == decide(statements, rule)


def test_without_corrections_and_settlements_even_the_numbers_of_the_rows_are_no_matter():
    chance = random.Random(20260323)
    for _ in range(2_000):
        words = [(s.value, s.source, s.observed_on) for s in random_statements(chance)]
        rule = chance.choice([BIRTH, ADDRESS])
        told = [
            decide([Said(pk, v, v, s, day) for pk, (v, s, day) in enumerate(order, start=1)], rule)
            for order in (words, chance.sample(words, len(words)))
        ]

        first, second = [(d.value, d.is_disputed, d.against) if d else None for d in told]
        assert first == second


def test_nothing_said_decides_nothing():
    assert decide([], BIRTH) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": [["document"], ["core"]]},
        {"order": [["document", "document"], ["core"], ["seen"], ["ledger"], ["said"]]},
        {"equals": "oldest"},
        {"holds_days": -1},
        {"dispute_days": "a year"},
    ],
)
def test_a_rule_that_leaves_a_source_out_or_counts_no_days_does_not_stand(wrong):
    with pytest.raises((TypeError, ValueError)):
        rule_from_json({**STANDARD, "other": {**STANDARD["other"], **wrong}})
