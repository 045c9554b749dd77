"""Lists of the registry: within one's rights, with safe cells, with masked numbers."""

import csv
import io

import pytest
from django.utils import timezone

from branches import exports, proposals
from branches.choices import PostCode
from branches.models import Proposal
from coopcrm.shared import files, work
from coopcrm.shared.errors import DomainError, PermissionRefused, Refused
from customers import consents
from customers.choices import Channel, Decision, Purpose, RowOutcome
from customers.exports import CUSTOMERS, LEDGER_REPORT
from customers.models import Customer
from tests.customers.test_views import make_file, make_row
from tests.factories import branch_of, make_customer, make_staff, make_village

pytestmark = pytest.mark.django_db
NUMBER, PHONE = "411522198005121231", "13912345678"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def accountant():
    return make_staff(PostCode.ACCOUNTANT)


def write(staff, kind=CUSTOMERS, **given):
    given = {"format": "csv", "purpose": "Round of visits", "given": {}, "use": exports.RECORDS, **given}
    export = exports.order_export(kind, staff=staff, **given)
    while work.do_next_order():
        pass
    export.refresh_from_db()
    return export


def table_in(export):
    """The rows of a list without its marks, the heads first."""
    text = files.content_of(export.file).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:-1]


def test_list_for_offers_holds_only_those_who_agree_today_and_says_so(accountant):
    yes, no, doubtful = (
        make_customer(name, branch=branch_of(accountant)) for name in ("张桂兰", "李秀英", "王建国")
    )
    for person, decision in ((yes, Decision.GIVEN), (no, Decision.REFUSED), (doubtful, Decision.GIVEN)):
        consents.record_consent(
            staff=accountant,
            customer=person,
            purpose=Purpose.MARKETING,
            decision=decision,
            channel=Channel.COUNTER,
            at=timezone.now(),
        )
    Customer.objects.filter(pk=doubtful.pk).update(identity_conflict=True)

    export = write(accountant, use=exports.CONTACT)

    rows = table_in(export)
    assert [row[rows[0].index("name")] for row in rows[1:]] == ["张桂兰"]
    assert "only those who agree" in files.content_of(export.file).decode("utf-8-sig").splitlines()[0]
    with pytest.raises(Refused, match="what will be done"):
        write(accountant, use="")


def test_list_holds_own_customers_with_masked_numbers(accountant):
    make_customer("张桂兰", branch=branch_of(accountant), number=NUMBER, phone=PHONE)
    make_customer("外人氏")

    export = write(accountant)

    heads, row = table_in(export)
    assert dict(zip(heads, row, strict=True)).items() >= {
        ("name", "张桂兰"),
        ("document_number", "4****************1"),
        ("phone", "139****5678"),
    }
    assert (export.rows, export.job.state) == (1, "done")


def test_full_numbers_need_the_post_and_a_second_person(accountant):
    director = make_staff(PostCode.DIRECTOR, branch_of(accountant))
    deputy = make_staff(PostCode.DEPUTY_DIRECTOR, branch_of(accountant))
    make_customer("张桂兰", branch=branch_of(accountant), number=NUMBER, phone=PHONE)

    with pytest.raises(PermissionRefused):
        write(accountant, with_numbers=True)
    export = write(director, with_numbers=True)
    assert (export.job, export.file) == (None, None)
    proposals.confirm(Proposal.objects.get(), by=deputy)
    while work.do_next_order():
        pass

    export.refresh_from_db()
    assert table_in(export)[1][-2:] == [NUMBER, PHONE]
    assert export.approved_by == deputy


def test_cells_that_a_spreadsheet_would_run_are_made_harmless(accountant):
    for name in ("=HYPERLINK(1)", "+cmd", "-2+3", "@SUM(1)", "＝1", "＋1", "－1", "＠1"):
        make_customer(name, branch=branch_of(accountant))

    rows = table_in(write(accountant))[1:]

    assert (len(rows), {row[1][0] for row in rows}) == (8, {"'"})


def test_filters_of_the_page_narrow_the_file(accountant):
    branch = branch_of(accountant)
    village = make_village(unit=branch)
    make_customer("张桂兰", branch=branch, village=village)
    make_customer("王建国", branch=branch)

    assert write(accountant, given={"village": str(village.pk)}).rows == 1


def test_filter_that_the_page_does_not_offer_is_refused(accountant):
    foreign = make_village(unit=branch_of(make_staff()))

    with pytest.raises(DomainError) as refusal:
        write(accountant, given={"village": str(foreign.pk)})

    assert refusal.value.code == "export_filter"


def test_cashier_orders_no_list():
    with pytest.raises(PermissionRefused):
        write(make_staff())


def test_report_of_a_ledger_lists_every_row_for_who_sees_the_ledger(accountant):
    customer = make_customer(branch=branch_of(accountant))
    file = make_file(branch_of(accountant))
    make_row(file, 2, RowOutcome.CREATED, customer)
    given = {"file": str(file.pk)}

    with pytest.raises(PermissionRefused):
        write(make_staff(PostCode.ACCOUNTANT), LEDGER_REPORT, given=given)
    assert table_in(write(accountant, LEDGER_REPORT, given=given)) == [
        ["source_file", "sheet", "row_number", "outcome", "customer_id", "household_id", "reason"],
        ["柜台登记簿.xlsx", "", "2", "created", str(customer.pk), "", ""],
    ]
