"""The demonstration county: believable, the same for the same seed, and free of results."""

import hashlib
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Q

from branches.choices import PostCode, UnitKind
from branches.models import Area, CalendarDay, StaffMember, Unit
from customers.exports import filters_given
from customers.identity import check_marriage_certificate, check_phone, check_resident_id
from customers.lists.selectors import views_for
from customers.matching.explain import steps
from customers.models import (
    Consent,
    Customer,
    FactSheet,
    Feedback,
    Household,
    HouseholdEvent,
    IdentityDocument,
    ListView,
    ManagerAssignment,
    Marriage,
    Membership,
    Merge,
    Phone,
    ReviewPair,
    RightsRequest,
    VisitNote,
)
from customers.names import name_keys
from customers.numbers import account_keys, document_keys, phone_keys
from kpi.models import KpiSnapshot, LedgerFigure, MarketDeposits, ScoreCard
from kpi.seeding import (
    DEMO_AS_OF,
    DEMO_CLOSINGS,
    DEMO_PASSWORD,
    SECOND_DIRECTOR,
    SECOND_HEAD_OFFICE,
)
from kpi.seeding.chunks import TABLES, Chunk, spans
from kpi.seeding.county import DatabaseInUse, seed_county
from kpi.seeding.plan import Plan
from loans.models import (
    Account,
    AccountDay,
    AccountMonth,
    CreditLine,
    Instalment,
    Loan,
    LoanApplication,
    LoanClassification,
)
from ratings.models import Contribution, CreditRating, CustomerTier, Panel, PanelVote, RuleSet

CUSTOMERS, SEED = 900, 7
pytestmark = pytest.mark.django_db


def seed(customers=CUSTOMERS, seed=SEED, **options):
    seed_county(Plan(customers, seed, DEMO_AS_OF), lambda line: None, **options)


@pytest.fixture(scope="module")
def county(django_db_setup, django_db_blocker):
    """One seeded county for all tests of this module; rolled back after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        Everything.forget()
        seed()
        yield
        transaction.set_rollback(True)


def digest_of_the_county():
    """A digest of everything that was written, without surrogate ids and sealed cells."""
    queries = {
        "people": "SELECT name, birth_date, sex, address, occupation, state, verified_on FROM customers_customer",
        "documents": "SELECT encode(number_key, 'hex'), issued_on, expires_on FROM customers_identitydocument",
        "accounts": "SELECT encode(number_key, 'hex'), opened_on, closed_on, balance, rate FROM loans_account",
        "months": "SELECT month, adb, balance_end, counter_count, mobile_count, interest FROM loans_accountmonth",
        "days": "SELECT day, balance, credit, debit, counter_count, mobile_count FROM loans_accountday",
        "loans": "SELECT principal, disbursed_on, due_on, closed_on, flags FROM loans_loan",
        "paid": "SELECT due_on, principal, interest, principal_paid_on FROM loans_instalment",
        "visits": "SELECT visited_on, minutes, distance_m, summary FROM customers_visitnote",
        "facts": "SELECT recorded_on, net_income, assets, bonus, malus, flags FROM customers_factsheet",
        "votes": "SELECT member, vote, is_veto FROM ratings_panelvote",
        "figures": "SELECT month, code, amount FROM kpi_ledgerfigure",
        "markets": "SELECT month, amount FROM kpi_marketdeposits",
        "villages": "SELECT code, name, registered_households FROM branches_area",
        "staff": "SELECT username, full_name FROM branches_staffmember",
    }
    digests = {}
    with connection.cursor() as cursor:
        for name, query in queries.items():
            cursor.execute(f"SELECT t::text FROM ({query}) t ORDER BY 1")
            text = "\n".join(row for (row,) in cursor.fetchall())
            digests[name] = hashlib.sha256(text.encode()).hexdigest()
    return digests


# -- The same and again ------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_county_with_and_without_helper_processes(county):
    first = digest_of_the_county()

    with transaction.atomic():
        Everything.forget()
        seed(processes=2)
        again = digest_of_the_county()
        transaction.set_rollback(True)

    assert again == first


def test_another_seed_makes_other_people(county):
    first = set(Customer.objects.values_list("name", "birth_date"))

    with transaction.atomic():
        Everything.forget()
        seed(seed=SEED + 1)
        other = set(Customer.objects.values_list("name", "birth_date"))
        transaction.set_rollback(True)

    assert len(first & other) < len(first) / 20


class Everything:
    """Empties the tables that the seeder fills, inside the caller's transaction."""

    @staticmethod
    def forget():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "TRUNCATE branches_unit, branches_area, branches_staffmember, branches_calendarday, loans_product,"
                " loans_accountmonth, loans_accountday, ratings_ruleset, ratings_countyreference, kpi_indicatorset"
                " RESTART IDENTITY CASCADE"  # some choices go by the number of a row
            )


def test_a_database_with_customers_is_refused_with_the_way_out(county):
    with pytest.raises(DatabaseInUse, match="empty database only"):
        seed()
    with pytest.raises(CommandError, match="drop this one"):
        call_command("seed_demo", customers=10)

    assert Customer.objects.filter(kind="person").exclude(source="ledger").count() == CUSTOMERS


def test_chunks_never_share_an_identity_number(county):
    plan = Plan(60_000, SEED, DEMO_AS_OF)
    ground = ground_of(plan)

    numbers = []
    for span in spans(ground)[:2]:
        chunk = Chunk(ground, span)
        numbers += chunk.numbers["customers_identitydocument"]

    assert len(numbers) == len(set(numbers)) == 30_000


def ground_of(plan):
    from kpi.seeding.county import _lay_ground

    with transaction.atomic():
        Everything.forget()
        ground, _ = _lay_ground(plan)
        transaction.set_rollback(True)
    return ground


# -- Nothing that the product computes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [CreditRating, LoanClassification, Contribution, CustomerTier, KpiSnapshot, ScoreCard]
)
def test_no_result_is_written(county, model):
    assert not model.objects.exists()


def test_no_written_column_names_a_ratio_grade_class_or_tier():
    written = {f"{table}.{column}" for table, (_, plain, _) in TABLES.items() for column in plain.split()}

    # `noted_grade` is what stands in an officer's notebook and stays empty; `matrix_class` is a kind of borrower.
    suspicious = {
        c for c in written if any(word in c for word in ("ratio", "grade", "class", "tier", "score"))
    }
    assert suspicious == {"customers_factsheet.noted_grade", "loans_loan.matrix_class"}


def test_the_notebook_grade_stays_empty(county):
    assert not FactSheet.objects.exclude(noted_grade="").exists()


def test_months_from_go_live_on_are_left_to_the_roll_up(county):
    assert AccountMonth.objects.order_by("-month").first().month == date(2026, 7, 1)
    assert AccountDay.objects.order_by("day").first().day >= date(2026, 8, 1)
    assert AccountDay.objects.order_by("-day").first().day <= DEMO_AS_OF
    assert DEMO_CLOSINGS[0] == date(2026, 8, 31)


# -- People ------------------------------------------------------------------------------------------------------------


def test_every_identity_number_is_valid_says_the_same_as_the_person_and_is_found_by_its_key(county):
    documents = IdentityDocument.objects.filter(kind="ID18", state="HELD").select_related("customer")

    for document in documents:
        number = document.open("number")
        checked = check_resident_id(number, DEMO_AS_OF)
        assert checked.valid, number
        assert "99" in number[:6]
        assert (checked.birth_date, checked.sex) == (document.customer.birth_date, document.customer.sex)
        keys = document_keys(document.kind, number)
        assert (bytes(document.number_key), bytes(document.tail_key), bytes(document.core_key)) == tuple(keys)
    assert len(documents.exclude(customer__source="ledger")) == CUSTOMERS


def test_every_phone_normalises_and_belongs_to_no_operator(county):
    for phone in Phone.objects.all():
        number = phone.open("number")
        assert check_phone(number).valid, number
        assert number[:3] in {"154", "161", "163", "164", "168", "169", "179", "194"}
        assert (bytes(phone.number_key), bytes(phone.tail_key)) == tuple(phone_keys(number))


def test_every_account_number_opens_and_is_found_by_its_key(county):
    numbers = set()
    for account in Account.objects.all():
        number = account.open("number")
        assert number.isdigit()
        assert bytes(account.number_key) == account_keys(number).number_key
        numbers.add(number)
    assert len(numbers) == Account.objects.count()


def test_marriage_certificates_are_valid_and_never_name_a_child(county):
    marriages = Marriage.objects.select_related("first", "second")

    for marriage in marriages:
        number = marriage.open("number")
        assert not number or check_marriage_certificate(number, DEMO_AS_OF).status == "OK"
        for person in (marriage.first, marriage.second):
            assert person.birth_date.year + 18 <= marriage.valid_from.year
    assert marriages.exclude(number=b"").count() > 100


def test_names_are_keyed_as_the_registry_does(county):
    for customer in Customer.objects.all():
        keys = name_keys(customer.name)
        assert {key: getattr(customer, key) for key in keys._fields} == keys._asdict(), customer.name


def test_every_person_is_in_one_household_with_one_head_of_age(county):
    at_once = Membership.objects.filter(valid_to=None).values("customer").annotate(n=Count("id"))
    heads = Membership.objects.filter(relation="head", customer=F("household__head"), valid_to=None)
    splits = HouseholdEvent.objects.filter(kind="split").values("deed").distinct().count()

    assert Membership.objects.values("customer").distinct().count() == CUSTOMERS
    assert not at_once.exclude(n=1).exists()
    assert heads.count() == Household.objects.count() == round(CUSTOMERS * 0.3) + splits
    assert splits == 1, "the son who set up house, for the director to review"
    assert not Household.objects.filter(head__birth_date__gt=date(2006, 11, 1)).exists()


def test_children_are_younger_than_the_head_and_parents_older(county):
    for membership in Membership.objects.select_related("customer", "household__head"):
        years = membership.customer.birth_date.year - membership.household.head.birth_date.year
        if membership.relation in ("son", "daughter"):
            assert years >= 15
        if membership.relation == "parent":
            assert years <= -15


def test_every_household_has_exactly_one_manager_from_its_first_day_on(county):
    for household in Household.objects.prefetch_related("assignments"):
        spells = sorted((a.valid_from, a.valid_to) for a in household.assignments.all())
        assert spells[0][0] == household.valid_from
        assert spells[-1][1] is None
        assert all(before[1] == after[0] for before, after in pairwise(spells))
    assert ManagerAssignment.objects.exclude(valid_to=None).exists()


def test_village_registers_count_more_households_than_the_registry_knows(county):
    villages = Area.objects.in_force().filter(level="village").annotate(known=Count("households"))

    assert villages.count() == 120
    assert not villages.filter(known__gt=F("registered_households")).exists()


# -- Work --------------------------------------------------------------------------------------------------------------


def test_facts_are_complete_for_most_and_unknown_for_some(county):
    latest = FactSheet.objects.order_by("household", "-recorded_on").distinct("household")
    complete = sum(
        None
        not in (
            s.credit_report,
            s.guarantees_given,
            s.other_unsecured,
            s.living_expenditure,
            s.assets,
            s.liabilities,
        )
        for s in latest
    )

    households = Household.objects.count()
    assert 0.6 < complete / households < 0.85
    assert 0 < households - len(latest) < 0.15 * households


def test_panels_meet_after_the_survey_and_most_have_a_quorum(county):
    panels = Panel.objects.annotate(
        n=Count("votes"), reps=Count("votes", filter=Q(votes__is_village_representative=True))
    )

    quorate = panels.filter(n__gte=5, reps__gte=2).count()
    assert quorate / panels.count() > 0.9
    assert PanelVote.objects.filter(is_veto=True, vote__gt=3).count() == 0


def test_visits_vary_and_some_are_not_valid(county):
    visits = VisitNote.objects.all()
    notes = list(visits.values_list("summary", flat=True))

    assert len(set(notes)) / len(notes) > 0.9
    assert visits.filter(Q(minutes__lt=10) | Q(distance_m__gt=1000) | Q(distance_m=None)).exists()
    assert sum(len(note) < 30 for note in notes) > 0
    assert not visits.filter(visited_on__gt=DEMO_AS_OF).exists()


def test_feedback_reaches_every_branch(county):
    per_branch = Feedback.objects.values("branch").annotate(n=Count("id"))

    assert len(per_branch) == 12
    assert not Feedback.objects.filter(
        ~Q(satisfaction__range=(1, 5)) & Q(satisfaction__isnull=False)
    ).exists()


def test_every_branch_shares_views_of_the_list_that_its_people_can_open(county):
    cashier = StaffMember.objects.get(username=PostCode.CASHIER)
    views = list(views_for(cashier))

    assert [view.name for view in views if view.branch_id] == ["一年没有联系", "贵宾客户", "还没有电话"]
    assert [view.name for view in views if view.owner_id == cashier.pk] == ["同意接收信息"]
    for view in views:
        assert filters_given(
            cashier, {**view.filters, "order": view.order, "columns": ",".join(view.columns)}
        )
    assert ListView.objects.exclude(branch=None).values("branch").distinct().count() == 12


# -- The book ----------------------------------------------------------------------------------------------------------


def test_the_balance_of_an_account_is_that_of_its_last_day(county):
    for account in Account.objects.filter(days__isnull=False).distinct():
        last = AccountDay.objects.filter(account=account).order_by("-day").first()
        assert last.balance == account.balance, account.pk


def test_each_day_leads_from_the_balance_before_to_the_balance_after(county):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE opening + debit - credit <> balance AND family = 'loan'),"
            " count(*) FILTER (WHERE opening + credit - debit <> balance AND family <> 'loan')"
            " FROM (SELECT d.*, p.family, coalesce(lag(d.balance) OVER (PARTITION BY d.account_id ORDER BY d.day),"
            "  (SELECT m.balance_end FROM loans_accountmonth m WHERE m.account_id = d.account_id"
            "   AND m.month = '2026-07-01'), 0) AS opening"
            " FROM loans_accountday d JOIN loans_account a ON a.id = d.account_id"
            " JOIN loans_product p ON p.id = a.product_id"
            " LEFT JOIN loans_loan l ON l.account_id = a.id WHERE l.written_off_on IS NULL) t"
        )
        days, wrong_loans, wrong_deposits = cursor.fetchone()

    assert days > 1_000
    assert (wrong_loans, wrong_deposits) == (0, 0)


def test_instalments_add_up_to_the_loan_and_the_rest_is_the_balance(county):
    for loan in Loan.objects.select_related("account").prefetch_related("instalments"):
        dues = list(loan.instalments.all())
        assert sum(due.principal for due in dues) == loan.principal
        unpaid = sum(due.principal for due in dues if due.principal_paid_on is None)
        assert loan.account.balance == (0 if loan.written_off_on else unpaid)
        assert dues[-1].due_on == loan.due_on
        assert all(due.principal_paid_on is None or due.principal_paid_on <= DEMO_AS_OF for due in dues)
    assert Instalment.objects.filter(principal_paid_on=None, due_on__lt=DEMO_AS_OF).exists()


def test_draws_stay_within_their_line(county):
    for loan in Loan.objects.exclude(line=None).select_related("line"):
        assert loan.guarantee == "credit"
        assert loan.principal <= loan.line.limit
        assert loan.line.granted_on <= loan.disbursed_on
        assert loan.due_on <= loan.line.valid_until or loan.extended_on
    assert CreditLine.objects.filter(state="active").exists()


def test_applications_run_forward_in_time(county):
    paid = LoanApplication.objects.filter(outcome="disbursed")

    assert paid.exists()
    assert not paid.filter(Q(disbursed_at__lt=F("applied_at")) | Q(decided_at__gt=F("disbursed_at"))).exists()
    assert not paid.exclude(disbursed_at__date=F("loan__disbursed_on")).exists()


def test_plans_and_market_deposits_cover_three_years(county):
    assert LedgerFigure.objects.count() == 12 * 37 * 4
    assert MarketDeposits.objects.count() == 12 * 37


# -- The ground --------------------------------------------------------------------------------------------------------


def test_demonstration_users_are_named_like_their_posts_and_share_one_password(county):
    names = [*PostCode.values, SECOND_DIRECTOR, SECOND_HEAD_OFFICE]
    users = {user.username: user for user in StaffMember.objects.filter(username__in=names)}

    assert set(users) == set(names)
    for name, user in users.items():
        assert user.check_password(DEMO_PASSWORD)
        assert user.is_demonstration
        assert user.scope.main_post == name.removesuffix("_2")
    assert users[SECOND_DIRECTOR].scope.branch_ids.isdisjoint(users["director"].scope.branch_ids)
    assert StaffMember.objects.count() == 60 + 1  # the second head office stands beside the plan
    assert not any(m.has_usable_password() for m in StaffMember.objects.exclude(username__in=users))


def test_constraints_and_indexes_stand_as_before(county):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE conname = 'one_household_at_a_time'),"
            " count(*) FILTER (WHERE contype = 'f' AND NOT convalidated), count(*) FILTER (WHERE contype = 'f')"
            " FROM pg_constraint"
        )
        exclusion, unchecked, foreign_keys = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM pg_indexes WHERE indexname IN ('customer_pinyin', 'document_tail')"
        )
        indexes = cursor.fetchone()[0]

    assert (exclusion, unchecked, indexes) == (1, 0, 2)
    assert foreign_keys > 60


def test_the_next_customer_gets_a_new_number(county):
    newest = Customer.objects.order_by("-id").first()

    with transaction.atomic():
        added = Customer.objects.create(
            name="新客户",
            name_key="新客户",
            branch=newest.branch,
            registered_on=DEMO_AS_OF,
            registered_at=newest.branch,
        )
        transaction.set_rollback(True)

    assert added.pk > newest.pk


def test_a_demonstration_without_customers_has_units_staff_areas_and_rules_only():
    Everything.forget()

    seed(customers=0)

    assert Unit.objects.filter(kind=UnitKind.BRANCH).count() == 12
    assert StaffMember.objects.count() == 60 + 1
    assert Area.objects.in_force().filter(level="village").count() == 120
    assert CalendarDay.objects.exists()
    assert RuleSet.objects.count() == 3
    for model in (Customer, Household, Account, VisitNote, Panel, LedgerFigure, MarketDeposits):
        assert not model.objects.exists()


def test_people_have_answered_for_their_data_and_asked_about_them(county):
    answers = Consent.objects.values_list("decision").annotate(n=Count("*"))
    counts = dict(answers)

    assert counts["given"] > counts["refused"] > 0
    assert counts["withdrawn"] > 0
    assert not Consent.objects.filter(decided_at__date__gt=DEMO_AS_OF).exists()
    assert set(RightsRequest.objects.values_list("state", flat=True)) == {"open", "granted"}


def test_first_branch_has_possible_duplicates_of_every_kind(county):
    first = Unit.objects.filter(kind=UnitKind.BRANCH).order_by("pk").first()
    pairs = ReviewPair.objects.filter(branch=first)

    assert pairs.count() >= 25
    assert {"R2", "R3", "R4", "R6", "R7"} <= set(pairs.values_list("rule", flat=True))
    assert pairs.exclude(first__branch=F("second__branch")).exists()
    assert max(Counter(pairs.values_list("cluster", flat=True)).values()) >= 3
    assert set(pairs.filter(rule="R2").values_list("first__identity_conflict", flat=True)) == {True}


def test_two_valid_numbers_speak_against_one_person_and_the_name_for_it(county):
    pair = ReviewPair.objects.filter(rule="R3").first()
    bits = {step.field: step.bits for step in steps(pair)}

    assert bits["number"] < 0 < bits["name"]


def test_records_were_joined_one_by_one_before_the_day(county):
    days = [moment.date() for moment in Merge.objects.values_list("asked_at", flat=True)]

    assert max(days) <= DEMO_AS_OF
    assert len(set(days)) > len(days) / 2
