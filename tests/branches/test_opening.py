"""When a counter is open, and what rotation asks: arithmetic alone."""

from datetime import date, datetime, time

import pytest

from branches.opening import HoursUnclear, Stretch, Week, hours_text, is_open_at, parse_hours, stretches_on
from branches.rotation import DONE, LATER, LEAVE, MOVE, OVERDUE, ROTATE, SOON, Held, Rule, duties

MORNING, AFTERNOON = Stretch(time(8), time(12)), Stretch(time(14), time(17, 30))
WEEK = Week(dict.fromkeys(range(1, 6), (MORNING, AFTERNOON)))
SPRING_FESTIVAL = frozenset({date(2026, 2, 17)})
MAKE_UP = frozenset({date(2026, 2, 14)})  # a Saturday


@pytest.mark.parametrize(
    "typed", ["8:00-12:00, 14:00-17:30", "8-12、14：00～17：30", "14:00–17:30;08.00—12.00"]
)
def test_hours_are_read_however_they_are_typed(typed):
    assert parse_hours(typed) == (MORNING, AFTERNOON)


def test_an_empty_day_is_closed_and_hours_read_back_as_they_are_shown():
    assert parse_hours("  ") == ()
    assert parse_hours(hours_text((MORNING, AFTERNOON))) == (MORNING, AFTERNOON)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("morning", "FORMAT"),
        ("12:00-8:00", "ORDER"),
        ("8-12, 11-14", "OVERLAP"),
        ("8-25", "FORMAT"),
        ("8-", "FORMAT"),
    ],
)
def test_unclear_hours_say_what_is_wrong(typed, reason):
    with pytest.raises(HoursUnclear) as refusal:
        parse_hours(typed)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (datetime(2026, 3, 18, 8, 0), True),
        (datetime(2026, 3, 18, 12, 0), False),  # lunch
        (datetime(2026, 3, 18, 17, 29), True),
        (datetime(2026, 3, 21, 10, 0), False),  # Saturday
        (datetime(2026, 2, 17, 10, 0), False),  # holiday
        (datetime(2026, 2, 14, 10, 0), True),  # make-up Saturday has Monday's hours
    ],
)
def test_a_counter_is_open_by_week_holiday_and_make_up_day(at, is_open):
    assert is_open_at(at, WEEK, SPRING_FESTIVAL, MAKE_UP) is is_open


def test_a_day_that_differs_decides_by_itself():
    week = Week(WEEK.by_weekday, {date(2026, 2, 17): (MORNING,), date(2026, 3, 18): ()})

    assert stretches_on(date(2026, 2, 17), week, SPRING_FESTIVAL, MAKE_UP) == (MORNING,)
    assert stretches_on(date(2026, 3, 18), week, SPRING_FESTIVAL, MAKE_UP) == ()


# -- Rotation ----------------------------------------------------------------------------------------------------------

OFFICER = Rule(years=3, years_with_reason=4, years_at_branch=8, leave_days=5)
AS_OF = date(2026, 11, 20)


def states(post, posts=(), absences=(), rule=OFFICER, as_of=AS_OF):
    found = duties(post, [post, *posts], absences, rule, as_of)
    return {duty.kind: (duty.due_on, duty.state) for duty in found}


def test_the_example_of_the_readme():
    before = Held("loan_officer", 2, 1, date(2019, 5, 1), date(2023, 5, 1))
    now = Held("loan_officer", 1, 1, date(2023, 5, 1))

    assert states(now, [before]) == {
        ROTATE: (date(2026, 5, 1), OVERDUE),
        MOVE: (date(2027, 5, 1), SOON),
        LEAVE: (date(2026, 12, 31), SOON),
    }


def test_a_reason_gives_the_rotation_a_year_more():
    now = Held("loan_officer", 1, 1, date(2023, 5, 1), has_reason=True)

    assert states(now)[ROTATE] == (date(2027, 5, 1), SOON)


def test_a_year_elsewhere_starts_the_time_at_the_branch_anew():
    before = Held("loan_officer", 1, 1, date(2015, 1, 1), date(2023, 1, 1))
    now = Held("loan_officer", 1, 1, date(2024, 1, 1))

    assert states(now, [before])[MOVE] == (date(2032, 1, 1), LATER)


@pytest.mark.parametrize(
    ("last", "state"),
    [(date(2026, 3, 6), DONE), (date(2026, 3, 5), SOON), (date(2026, 3, 8), DONE)],
)
def test_leave_counts_working_days_in_a_row(last, state):
    now = Held("loan_officer", 1, 1, date(2025, 5, 1))

    assert states(now, absences=[(date(2026, 3, 2), last)])[LEAVE][1] == state


def test_directors_rotate_after_six_years_and_have_no_branch_rule():
    now = Held("director", 1, 1, date(2020, 11, 20))

    assert states(now, rule=Rule(years=6)) == {ROTATE: (date(2026, 11, 20), OVERDUE)}
