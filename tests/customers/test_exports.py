"""Lists as files: within one's rights, with safe cells, without numbers."""

import pytest
from django.urls import reverse

from branches.choices import PostCode
from coopcrm.shared import work
from coopcrm.shared.errors import DomainError, PermissionRefused
from customers.exports import exports_of, file_of, order_export
from tests.factories import branch_of, make_customer, make_staff, make_village

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def accountant():
    return make_staff(PostCode.ACCOUNTANT)


def write(staff, **given):
    given = {"format": "csv", "purpose": "Round of visits", "filters": {}, **given}
    job = order_export(staff=staff, **given)
    while work.do_next_order():
        pass
    job.refresh_from_db()
    return job


def test_list_holds_own_customers_and_no_numbers(accountant):
    branch = branch_of(accountant)
    make_customer("张桂兰", branch=branch, number="411522198005121231", phone="13912345678")
    make_customer("外人氏")

    job = write(accountant)

    text = file_of(job).read_text(encoding="utf-8-sig")
    assert (job.state, job.result["rows"], job.params["purpose"]) == ("done", 1, "Round of visits")
    assert "张桂兰" in text
    for secret in ("外人氏", "411522198005121231", "13912345678"):
        assert secret not in text


def test_cells_that_a_spreadsheet_would_run_are_made_harmless(accountant):
    for name in ("=HYPERLINK(1)", "+cmd", "-2+3", "@SUM(1)", "＝1", "＋1", "－1", "＠1"):
        make_customer(name, branch=branch_of(accountant))

    text = file_of(write(accountant)).read_text(encoding="utf-8-sig")

    assert {line.split(",")[1][0] for line in text.splitlines()[1:]} == {"'"}


def test_filters_of_the_page_narrow_the_file(accountant):
    branch, village = branch_of(accountant), make_village()
    make_customer("张桂兰", branch=branch, village=village)
    make_customer("王建国", branch=branch)

    assert write(accountant, filters={"village": village.pk}).result["rows"] == 1


def test_workbook_opens(accountant):
    from openpyxl import load_workbook

    make_customer(branch=branch_of(accountant))

    sheet = load_workbook(file_of(write(accountant, format="xlsx"))).active

    assert [row[1].value for row in sheet.rows] == ["name", "张桂兰"]


def test_rights_that_have_gone_meanwhile_stop_the_file(accountant):
    make_customer(branch=branch_of(accountant))
    job = order_export(staff=accountant, format="csv", purpose="Round", filters={})
    accountant.posts.all().delete()

    while work.do_next_order():
        pass

    job.refresh_from_db()
    assert (job.result.get("rows"), file_of(job)) == (None, None)


def test_cashier_orders_no_list():
    with pytest.raises(PermissionRefused):
        order_export(staff=make_staff(), format="csv", purpose="Mine", filters={})


def test_list_without_a_purpose_is_refused(accountant):
    with pytest.raises(DomainError):
        order_export(staff=accountant, format="csv", purpose=" ", filters={})


def test_file_is_fetched_by_whoever_ordered_it_alone(client, accountant):
    make_customer(branch=branch_of(accountant))
    job = write(accountant)
    urls = [reverse(f"customers:{name}", args=[job.pk]) for name in ("export-job", "export-file")]

    client.force_login(accountant)
    mine = [client.get(url).status_code for url in urls]
    client.force_login(make_staff(PostCode.ACCOUNTANT, branch_of(accountant)))
    others = [client.get(url).status_code for url in urls]

    assert (mine, others, exports_of(accountant).count()) == ([200, 200], [404, 404], 1)


def test_export_is_ordered_from_the_list(client, accountant):
    client.force_login(accountant)

    response = client.post(reverse("customers:export"), {"format": "csv", "purpose": "Round of visits"})

    assert response.url == reverse("customers:export-job", args=[exports_of(accountant).get().pk])
