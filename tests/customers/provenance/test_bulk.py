"""Deciding many shown values at once: equal to the rule of one, before and after a rule comes into force."""

import random
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode
from coopcrm.shared import work
from customers.choices import LedgerKind, RowOutcome
from customers.models import Customer, LedgerFile, LedgerImport, LedgerRow, SourceRule, Statement
from customers.provenance import bulk, survivorship, survivorship_sql
from customers.provenance.attributes import ATTRIBUTES
from customers.provenance.from_ledgers import RowSaid, state_rows
from customers.provenance.services import as_said, state_values
from customers.provenance.survivorship import STANDARD, decide, rule_from_json
from ratings import versions
from tests.factories import make_branch, make_customer, make_staff, make_village

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 20)
SHORT = {**STANDARD["other"], "holds_days": 300, "dispute_days": 100}
OTHER = {
    **STANDARD,
    "code": "sources-short",
    "attributes": {"sex": {**SHORT, "equals": "dispute"}},
    "other": SHORT,
}


def random_statements(people, staff, chance):
    for person in people:
        for code in ("sex", "occupation", "group_no"):
            known = []
            for _ in range(chance.randint(0, 6)):
                value = chance.choice("FM") if code == "sex" else chance.choice(["甲", "b", "乙", ""])
                row = Statement(
                    customer=person,
                    attribute=code,
                    value=value,
                    compared=value,
                    source=chance.choice(survivorship.SOURCES),
                    observed_on=date(2020, 1, 1) + timedelta(days=chance.choice([0, 0, 1, 200, 366, 1096])),
                    corrects=chance.choice([None, None, None, *known[-1:]]),
                    settles=chance.random() < 0.15,
                    author=staff,
                    reason="x",
                )
                row.save()
                known.append(row)


@pytest.mark.parametrize("data", [STANDARD, OTHER], ids=["standard", "other"])
def test_the_statement_of_many_says_the_same_as_the_rule_of_one(data):
    chance, rule, branch = random.Random(20260324), rule_from_json(data), make_branch()
    people = [make_customer(branch=branch) for _ in range(60)]
    random_statements(people, make_staff(unit=branch), chance)

    sql, values = survivorship_sql.decisions(rule, ATTRIBUTES, "s.customer_id > %s")
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, 0])
        told = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}

    groups = {}
    for row in Statement.objects.order_by("pk"):
        groups.setdefault((row.customer_id, row.attribute), []).append(as_said(row))
    one_by_one = {}
    for key, said in groups.items():
        if found := decide(said, rule.of(key[1])):
            one_by_one[key] = (found.pk, found.value, found.is_disputed)
    assert len(told) > 100
    assert told == one_by_one


def test_writing_many_is_as_writing_one_by_one():
    branch, village = make_branch(), make_village("王家村")
    accountant = make_staff(PostCode.ACCOUNTANT, unit=branch)
    person = make_customer("张桂兰", branch=branch, birth_date=date(1980, 5, 12), occupation="farmer")
    values = {"name": "张桂蓝", "village": village, "birth_date": date(1980, 5, 21), "occupation": "driver"}
    state_values(customer=person, values=values, source="document", on=DAY, staff=accountant)
    shown = Customer.objects.filter(pk=person.pk).values(
        "name", "pinyin", "village", "birth_date", "occupation", "disputed"
    )
    before = dict(shown.get())
    Customer.objects.update(name="x", pinyin="x", village=None, birth_date=None, occupation="", disputed=[])

    assert bulk.decide_again(rule_from_json(STANDARD), span=(0, person.pk)) == 1

    assert dict(shown.get()) == before
    assert before["disputed"] == ["birth_date", "name"]
    assert bulk.decide_again(rule_from_json(STANDARD), ids=[person.pk]) == 0


def test_head_office_sees_the_effect_of_a_rule_before_a_second_person_signs_and_a_job_decides_anew():
    branch, (first, second) = make_branch(), [make_staff(PostCode.HEAD_OFFICE) for _ in range(2)]
    person = make_customer(branch=branch, occupation="farmer")
    teller = make_staff(unit=branch)
    state_values(customer=person, values={"occupation": "driver"}, source="said", on=DAY, staff=teller)
    assert person.occupation == "farmer"
    said_first = [["said"], ["document"], ["core"], ["seen"], ["ledger"]]
    data = {**STANDARD, "code": "sources-x"}
    data["attributes"] = {**STANDARD["attributes"], "occupation": {**STANDARD["other"], "order": said_first}}
    tomorrow = timezone.localdate() + timedelta(days=1)
    proposal = versions.propose_version(
        staff=first,
        family=versions.FAMILIES["sources"],
        version="sources-x",
        data=data,
        valid_from=tomorrow,
        reason="what people say of their work counts most",
        today=timezone.localdate(),
    )
    lines = {str(line.label): (line.before, line.after) for line in proposals.lines_of(second, proposal)}
    assert lines["Occupation: shown values that change"] == ("", 1)
    assert lines["Village: shown values that change"] == ("", 0)

    proposals.confirm(proposal, by=second)
    assert bulk.order_decisions(on=timezone.localdate()) is None
    bulk.order_decisions(on=tomorrow)
    work.work_until_idle()

    person.refresh_from_db()
    assert person.occupation == "driver"
    assert SourceRule.objects.get(version="sources-x").applied_at is not None
    assert bulk.order_decisions(on=tomorrow) is None


def test_a_later_ledger_adds_what_it_knows_and_twice_is_once():
    village, other = make_village("孙家村"), make_village("王家村")
    person = make_customer(
        "张桂兰", source="ledger", village=village, address="孙家村3组", registered_on=date(2020, 1, 1)
    )
    said = {
        "name": "張桂蘭",
        "village": str(other.pk),
        "address": "孙铁铺镇孙家村3组",
        "occupation": "瓦工",
        "birth_date": "1980-05-12",
    }

    def row(number, **more):
        return RowSaid(number, person.pk, date(2023, 1, 1), {**said, **more})

    ledger_row = make_ledger_row(person)
    assert state_rows([row(ledger_row, sex="F")], on=DAY) == 1
    assert state_rows([row(ledger_row, sex="F")], on=DAY) == 1

    person.refresh_from_db()
    assert (person.village, person.occupation, person.birth_date, person.sex) == (
        other,
        "瓦工",
        date(1980, 5, 12),
        "F",
    )
    assert (person.address, person.disputed) == ("孙家村3组", [])
    assert Statement.objects.filter(ledger_row=ledger_row).count() == 5
    assert set(Statement.objects.filter(ledger_row=None).values_list("attribute", "value")) == {
        ("name", "张桂兰"),
        ("village", str(village.pk)),
    }


def make_ledger_row(person) -> int:
    branch = make_branch()
    run = LedgerImport.objects.create(as_of=DAY)
    file = LedgerFile.objects.create(
        run=run, branch=branch, kind=LedgerKind.COUNTER_REGISTER, name="b.csv", digest=b"2"
    )
    row = LedgerRow(
        file=file,
        branch=branch,
        kind=file.kind,
        row_number=1,
        row_key=b"k",
        outcome=RowOutcome.MATCHED,
        customer=person,
    )
    row.seal("raw", "{}")
    row.save(force_insert=True)
    return row.pk
