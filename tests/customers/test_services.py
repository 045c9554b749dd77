"""The deeds of the registry."""

from datetime import date
from decimal import Decimal

import pytest

from branches.choices import PostCode
from coopcrm.shared.errors import DomainError, PermissionRefused
from customers import services
from customers.choices import CreditReport
from customers.facts import Observed
from customers.models import Customer, FactSheet, VisitNote
from tests.factories import (
    TODAY,
    branch_of,
    make_customer,
    make_household,
    make_staff,
    make_visit,
)

pytestmark = pytest.mark.django_db


def test_visit_notes_facts_with_their_sources():
    officer = make_staff(PostCode.LOAN_OFFICER)
    household = make_household(branch=branch_of(officer))
    observed = {
        "population": Observed(4, "said"),
        "net_income": Observed(Decimal("48000"), "document"),
        "credit_report": Observed(CreditReport.CLEAN, "document"),
    }

    note = services.record_visit(
        officer=officer,
        household=household,
        visited_on=date(2026, 3, 18),
        summary="New greenhouse, two pigs sold; the son works in Wuhan.",
        as_of=TODAY,
        observed=observed,
    )

    sheet = note.fact_sheets.get()
    assert (sheet.population, sheet.net_income, sheet.labour) == (4, Decimal("48000"), None)
    assert sheet.sources["net_income"] == ["document", officer.pk, "2026-03-18"]
    assert sheet.oldest_core_on == date(2026, 3, 18)


def test_new_facts_carry_the_others_over_and_the_first_sheet_stays():
    officer = make_staff(PostCode.LOAN_OFFICER)
    household = make_household(branch=branch_of(officer))
    deed = {"staff": officer, "household": household, "as_of": TODAY}
    first = services.record_facts(
        observed={"population": Observed(4, "said"), "labour": Observed(2, "said")},
        observed_on=date(2025, 6, 1),
        **deed,
    )

    second = services.record_facts(
        observed={"population": Observed(5, "seen")}, observed_on=date(2026, 3, 1), **deed
    )

    first.refresh_from_db()
    assert (first.population, second.population, second.labour) == (4, 5, 2)
    assert second.sources["labour"] == ["said", officer.pk, "2025-06-01"]
    assert second.oldest_core_on == date(2025, 6, 1)


def test_an_older_observation_does_not_hide_a_newer_one():
    officer = make_staff(PostCode.LOAN_OFFICER)
    household = make_household(branch=branch_of(officer))
    deed = {"staff": officer, "household": household, "as_of": TODAY}
    services.record_facts(observed={"population": Observed(5, "seen")}, observed_on=date(2026, 3, 1), **deed)

    late = services.record_facts(
        observed={"population": Observed(4, "ledger"), "labour": Observed(2, "ledger")},
        observed_on=date(2024, 1, 1),
        **deed,
    )

    assert (late.population, late.labour) == (5, 2)


def test_more_hands_than_people_is_refused_and_nothing_written():
    officer = make_staff(PostCode.LOAN_OFFICER)
    household = make_household(branch=branch_of(officer))

    with pytest.raises(DomainError, match="labour force"):
        services.record_visit(
            officer=officer,
            household=household,
            visited_on=TODAY,
            summary="They are fewer than they say.",
            as_of=TODAY,
            observed={"population": Observed(2, "said"), "labour": Observed(3, "said")},
        )

    assert not VisitNote.objects.exists()
    assert not FactSheet.objects.exists()


@pytest.mark.parametrize(
    "given", [{"visited_on": date(2026, 4, 1)}, {"summary": "  "}], ids=["in the future", "empty"]
)
def test_impossible_visits_are_refused(given):
    officer = make_staff(PostCode.LOAN_OFFICER)
    deed = {"visited_on": TODAY, "summary": "Something was seen.", **given}

    with pytest.raises(DomainError):
        services.record_visit(
            officer=officer, household=make_household(branch=branch_of(officer)), as_of=TODAY, **deed
        )

    assert not VisitNote.objects.exists()


def test_households_of_another_branch_are_not_visited():
    with pytest.raises(PermissionRefused):
        services.record_visit(
            officer=make_staff(PostCode.LOAN_OFFICER),
            household=make_household(),
            visited_on=TODAY,
            summary="Nobody asked us to come here.",
            as_of=TODAY,
        )


def test_correction_stands_beside_the_original_and_only_once():
    officer = make_staff(PostCode.LOAN_OFFICER)
    visit = make_visit(make_household(branch=branch_of(officer)), officer)

    correction = services.correct_visit(
        staff=officer, visit=visit, summary="Three pigs were sold, not two.", as_of=TODAY
    )

    visit.refresh_from_db()
    assert visit.summary == "New greenhouse, two pigs sold."
    assert (correction.corrects, correction.visited_on) == (visit, visit.visited_on)
    with pytest.raises(DomainError):
        services.correct_visit(staff=officer, visit=visit, summary="Four pigs.", as_of=TODAY)


def test_a_colleague_does_not_correct_a_note_but_the_director_does():
    officer = make_staff(PostCode.LOAN_OFFICER)
    branch = branch_of(officer)
    visit = make_visit(make_household(branch=branch), officer)

    with pytest.raises(PermissionRefused):
        services.correct_visit(
            staff=make_staff(PostCode.LOAN_OFFICER, branch), visit=visit, summary="No pigs.", as_of=TODAY
        )

    director = make_staff(PostCode.DIRECTOR, branch)
    assert (
        services.correct_visit(staff=director, visit=visit, summary="No pigs.", as_of=TODAY).officer
        == director
    )


def test_search_keys_are_derived_anew_for_a_range():
    customer = make_customer("張桂蘭")
    Customer.objects.filter(pk=customer.pk).update(name_key="stale", pinyin="")

    changed = services.refresh_search_keys()

    customer.refresh_from_db()
    assert (changed, customer.name_key, customer.pinyin) == (1, "张桂兰", "zhangguilan")
