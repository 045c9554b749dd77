"""The quality report of a branch: what is counted, whose rows, and that every number opens its rows."""

from datetime import date

import pytest
from django.urls import reverse

from branches.choices import PostCode
from customers.ledgers import quality
from customers.ledgers.areas import load_areas
from customers.ledgers.importing import import_ledgers
from customers.ledgers.sources import LedgerSource
from customers.models import LedgerFile, LedgerRow
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv
from tests.customers.ledgers.test_importing import AREAS
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db
AS_OF = date(2015, 3, 31)
REPORT, ROWS = "customers:ledger-quality", "customers:ledger-quality-rows"


@pytest.fixture
def branch():
    load_areas(AREAS)
    return make_branch(code="99000101", name="柳河信用社")


@pytest.fixture
def director(branch):
    return make_staff(PostCode.DIRECTOR, branch)


def taken_in(branch, rows=REGISTER, name="register.csv"):
    content = as_csv(HEADERS[0], rows)
    source = LedgerSource(name, "counter_register", branch.code, branch.name, content)
    return import_ledgers([source], as_of=AS_OF)


def test_every_row_keeps_its_errors_and_by_what_it_can_be_known(branch):
    taken_in(branch)

    rows = {row.row_number: row for row in LedgerRow.objects.all()}

    assert rows[2].usable == ["number", "phone", "village"]
    assert rows[2].dirt == []
    assert rows[3].dirt == ["LOWER_X"]
    assert rows[4].dirt == ["NO_NUMBER"]
    assert "SCIENTIFIC" in rows[5].dirt
    assert rows[6].usable == ["phone"]


def test_the_report_counts_what_the_rows_say(branch, director):
    taken_in(branch)

    found = quality.report(director, {})

    rows = LedgerRow.objects.all()
    assert found["tally"].rows == rows.count() == 6
    assert found["tally"].dirty == sum(bool(row.dirt) for row in rows)
    assert {line.code: line.all.text for line in found["errors"]}["NO_NUMBER"] == 2
    assert sum(line.rows.text for line in found["months"]) == 6
    assert [line.rows.text for line in found["files"]] == [6]
    assert found["branches"] == []


def test_every_number_opens_as_many_rows(branch, director, client):
    taken_in(branch)
    client.force_login(director)
    found = quality.report(director, {})
    numbers = [line.all for line in found["errors"]]
    for line in (*found["months"], *found["files"], *found["kinds"], found["whole"]):
        numbers += [line.rows, *line.known_by, *line.outcomes]

    opened = [number for number in numbers if number.url]

    assert len(opened) > 15
    for number in opened:
        page = client.get(number.url).context["page"]
        assert len(page.rows) == number.text, number.url


def test_a_director_sees_the_own_branch_and_head_office_compares(branch, director, client):
    other = make_branch(code="99000102", name="青石信用社")
    taken_in(branch)
    taken_in(
        other, [["2006-01-05", "孙建国", "男", "110105491231003", "", "13866086811", "存款", "5"]], "b.csv"
    )
    head_office = make_staff(PostCode.HEAD_OFFICE)

    own, both = quality.report(director, {}), quality.report(head_office, {})

    assert (own["tally"].rows, both["tally"].rows) == (6, 7)
    assert {line.label for line in both["branches"]} == {"柳河信用社", "青石信用社"}
    client.force_login(director)
    page = client.get(reverse(REPORT), {"branch": other.pk})
    assert page.context["tally"].rows == 6


def test_the_number_of_queries_does_not_grow(branch, director, client, django_assert_max_num_queries):
    client.force_login(director)
    client.get(reverse(REPORT))
    taken_in(branch)
    with django_assert_max_num_queries(40) as few:
        client.get(reverse(REPORT))
    for number in range(3):
        rows = [
            [f"200{number}-0{i}-01", f"王{c}明", "男", "", "", "", "存款", "1"]
            for i, c in enumerate("大小老", 1)
        ]
        taken_in(branch, rows, f"{number}.csv")

    with django_assert_max_num_queries(len(few)):
        client.get(reverse(REPORT))


def test_a_file_shows_the_rows_of_one_kind_of_error(branch, director, client):
    taken_in(branch)
    client.force_login(director)

    page = client.get(
        reverse("customers:ledger-file", args=[LedgerFile.objects.get().pk]), {"dirt": "NO_NUMBER"}
    )

    assert len(page.context["page"].rows) == 2


def test_nothing_came_in_yet(director, client):
    client.force_login(director)

    page = client.get(reverse(REPORT))

    assert "No ledger has come in yet." in page.content.decode()
    assert client.get(reverse(ROWS)).status_code == 200


def test_templates_lead_to_a_file_for_the_own_branch_alone(branch, director, client):
    other = make_branch(code="99000102", name="青石信用社")
    client.force_login(director)
    asked = {"kind": "account_list", "language": "zh-hant"}

    page = client.get(reverse("customers:ledger-templates"))
    file = client.get(reverse("customers:ledger-template"), asked | {"branch": branch.pk})
    refused = client.get(reverse("customers:ledger-template"), asked | {"branch": other.pk})

    assert page.status_code == 200
    assert file.content[:2] == b"PK"
    assert "account_list-99000101-zh-hant.xlsx" in file.headers["Content-Disposition"]
    assert refused.status_code == 302
