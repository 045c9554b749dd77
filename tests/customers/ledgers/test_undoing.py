"""Imports that are taken back: the registry is as it was, but for what people have touched since."""

from datetime import date

import pytest
from django.db import connection, transaction

from branches.choices import PostCode
from coopcrm.shared import acting, work
from coopcrm.shared.errors import PermissionRefused, Refused
from coopcrm.shared.models import WorkOrder
from customers.ledgers import undoing
from customers.ledgers.areas import load_areas
from customers.ledgers.importing import import_ledgers
from customers.ledgers.sources import LedgerSource
from customers.models import Customer, Household, LedgerImport, LedgerRow, Membership
from loans.models import Account, AccountDay
from loans.partitions import ensure_months
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv, as_workbook
from tests.customers.ledgers.test_importing import ACCOUNTS, AREAS, NOTEBOOK
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db
AS_OF = date(2015, 3, 31)
TABLES = (
    "customers_customer",
    "customers_household",
    "customers_membership",
    "customers_managerassignment",
    "customers_identitydocument",
    "customers_phone",
    "customers_statement",
    "customers_factsheet",
    "customers_reviewpair",
    "customers_householdquestion",
    "loans_account",
)


def digest():
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t.id)) FROM {table} t")
            found[table] = cursor.fetchone()[0]
    return found


def source(name, kind, content, branch):
    return LedgerSource(name, kind, branch.code, branch.name, content)


@pytest.fixture
def branch():
    load_areas(AREAS)
    return make_branch(code="99000101", name="柳河信用社")


@pytest.fixture
def director(branch):
    return make_staff(PostCode.DIRECTOR, branch)


@pytest.fixture
def known(branch):
    """A registry that knows some of the people already, with an older balance."""
    register = as_csv(HEADERS[0], REGISTER[:3])
    accounts = as_csv(ACCOUNTS[0], ACCOUNTS[1:3])
    files = [source("a.csv", "counter_register", register, branch)]
    files.append(source("b.csv", "account_list", accounts, branch))
    import_ledgers(files, as_of=date(2014, 12, 31))
    return digest()


def bring_in(branch):
    moved = [[*row[:4], "柳河镇南湾村二组", "13800138000", *row[6:]] for row in REGISTER]
    files = [
        source("c.csv", "counter_register", as_csv(HEADERS[0], moved), branch),
        source("d.xlsx", "officer_notebook", as_workbook({"2010": NOTEBOOK}), branch),
        source("e.csv", "account_list", as_csv(ACCOUNTS[0], ACCOUNTS[1:]), branch),
    ]
    return import_ledgers(files, as_of=AS_OF)


def taken_back(staff, run):
    undoing.order_undo(staff=staff, run=run, reason="wrong year")
    work.work_until_idle()
    return LedgerImport.objects.get(pk=run.pk)


def test_the_registry_is_as_before_and_the_same_ledgers_come_in_anew(known, branch, director):
    result = bring_in(branch)
    written = digest()
    shown = undoing.outlook(result.run)

    run = taken_back(director, result.run)

    rows = LedgerRow.objects.filter(file__run=run)
    assert written != known
    assert digest() == known
    assert shown.kept == []
    assert run.undone_counts == {"gone": shown.gone, "kept": []}
    assert shown.gone["customers_customer"] == result.counts["created"] + result.counts["review"]
    assert not rows.filter(undone_at=None).exists()
    assert not rows.exclude(customer=None).exists()
    again = bring_in(branch)
    assert again.counts == result.counts
    assert again.run.pk != run.pk


def test_whom_somebody_touched_stays_with_household_and_all_that_came_with_them(known, branch, director):
    run = bring_in(branch).run
    home = Membership.objects.filter(
        household__in=Household.objects.filter(ledger_rows__file__run=run),
        customer__ledger_rows__file__run=run,
    ).last()
    person, others = home.customer, set(home.household.memberships.values_list("customer", flat=True))
    with acting.for_staff(director):
        person.occupation = "木匠"
        person.save(update_fields=["occupation"])

    shown = undoing.outlook(run)
    run = taken_back(director, run)

    people = {one.pk for one in shown.kept if one.is_customer}
    assert person.pk in people
    assert Customer.objects.get(pk=person.pk).occupation == "木匠"
    assert others <= set(Customer.objects.values_list("pk", flat=True))
    assert {(one.table, one.pk) for one in undoing.kept_of(run)} == {
        (one.table, one.pk) for one in shown.named
    }
    assert LedgerRow.objects.filter(file__run=run, customer=person, undone_at=None).exists()
    assert LedgerRow.objects.filter(file__run=run).exclude(undone_at=None).exists()


def test_an_account_that_the_core_moved_keeps_its_holder(branch, director):
    run = bring_in(branch).run
    account = Account.objects.first()
    ensure_months(AS_OF, AS_OF)
    AccountDay.objects.create(account=account, day=AS_OF, balance=5)

    taken_back(director, run)

    assert Account.objects.filter(pk=account.pk).exists()
    assert Customer.objects.filter(pk=account.customer_id).exists()


def test_twice_is_once_and_a_kill_in_the_middle_changes_nothing(known, branch, director):
    run = bring_in(branch).run
    written = digest()
    undoing.order_undo(staff=director, run=run, reason="wrong year")
    undoing.order_undo(staff=director, run=run, reason="wrong year")
    order = WorkOrder.objects.get(kind=undoing.UNDO)
    with transaction.atomic():
        undoing.undo_import(work.Work(order=order, job=order.job))
        middle = digest()
        transaction.set_rollback(True)
    between = digest()

    work.work_until_idle()

    assert (middle, between) == (known, written)
    assert digest() == known
    with pytest.raises(Refused):
        undoing.order_undo(staff=director, run=run, reason="again")


def test_only_directors_of_all_its_branches_and_head_office_take_it_back(branch):
    run = bring_in(branch).run

    for code, where in ((PostCode.ACCOUNTANT, branch), (PostCode.DIRECTOR, make_branch())):
        with pytest.raises(PermissionRefused):
            undoing.order_undo(staff=make_staff(code, where), run=run, reason="wrong")

    assert undoing.order_undo(staff=make_staff(PostCode.HEAD_OFFICE), run=run, reason="wrong").undone_reason
