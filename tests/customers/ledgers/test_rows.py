"""The page of one row: what was typed, what was read, where it went."""

import pytest

from branches.choices import PostCode
from coopcrm.shared.models import AuditEntry
from customers.ledgers.areas import load_areas
from customers.ledgers.importing import import_ledgers
from customers.ledgers.sources import LedgerSource
from customers.models import LedgerRow
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv
from tests.customers.ledgers.test_importing import AREAS, AS_OF
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db


def test_a_row_shows_each_cell_with_its_reading_masked_and_the_look_is_on_record(client):
    load_areas(AREAS)
    branch = make_branch(code="99000101", name="柳河信用社")
    content = as_csv(HEADERS[0], REGISTER)
    import_ledgers(
        [LedgerSource("a.csv", "counter_register", branch.code, branch.name, content)], as_of=AS_OF
    )
    row = LedgerRow.objects.order_by("pk").first()
    client.force_login(make_staff(PostCode.ACCOUNTANT, branch))

    page = client.get(f"/ledgers/rows/{row.pk}/")

    lines = {line.label: line for line in page.context["lines"]}
    assert (lines["客户姓名"].typed, lines["客户姓名"].value) == ("王 大明", "王大明")
    assert lines["身份证号码"].value == lines["身份证号码"].typed == "110*************38"
    assert (lines["日期"].value, lines["金额"].value) == ("2005-03-16", "1340.00")
    assert lines["家庭住址"].value.startswith("东岗")
    assert b"110105194912310038" not in page.content
    assert page.context["went"].customer == row.customer
    entry = AuditEntry.objects.filter(deed="reading", table_name="customers_ledgerrow").get()
    assert (entry.key, entry.subject_id) == (str(row.pk), row.customer_id)
