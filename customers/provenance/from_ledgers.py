"""What the rows of a ledger say of people who were known before: kept as statements, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from customers.choices import FactSource
from customers.models import Customer, Statement
from customers.provenance import bulk
from customers.provenance.attributes import ATTRIBUTES, present_texts
from customers.provenance.rules import rule_on
from customers.provenance.services import first_statement, statement_of

BATCH = 2_000


@dataclass(frozen=True)
class RowSaid:
    """What a row says of a customer: texts by attribute, empty ones left out."""

    row_id: int
    customer_id: int
    day: date
    values: Mapping[str, str]


def state_rows(rows: Sequence[RowSaid], *, on: date) -> int:
    """Record what differs from what stands in the records, set-based; returns how many rows added a statement.

    The same said twice on a day adds nothing, and so does a row that came in before.
    """
    firsts, added = statements_of(rows)
    Statement.objects.bulk_create(firsts, batch_size=BATCH)
    Statement.objects.bulk_create(added, batch_size=BATCH, ignore_conflicts=True)
    bulk.decide_again(rule_on(on), ids={statement.customer_id for statement in added})
    return len({statement.ledger_row_id for statement in added})


def statements_of(rows: Sequence[RowSaid]) -> tuple[list[Statement], list[Statement]]:
    """What would be recorded: first statements about what stood there silently, and what the rows add."""
    people = Customer.objects.in_bulk({row.customer_id for row in rows})
    told = set(
        Statement.objects.filter(customer__in=people).values_list("customer_id", "attribute").distinct()
    )
    firsts, added, seen = [], [], set()
    for row in rows:
        person = people[row.customer_id]
        present = present_texts(person, row.values)
        for code, text in row.values.items():
            key = row.customer_id, code, text, row.day
            if key in seen or not says_something_else(code, text, present[code]):
                continue
            seen.add(key)
            if present[code] and (row.customer_id, code) not in told:
                firsts.append(first_statement(person, code, present[code]))
            told.add((row.customer_id, code))
            more = {"source": FactSource.LEDGER, "observed_on": row.day, "ledger_row_id": row.row_id}
            added.append(statement_of(person, code, text, **more))
    return firsts, added


def says_something_else(code: str, text: str, present: str) -> bool:
    """Whether a text differs from what stands there; an address that only says less or more of the same does not."""
    if code == "address":
        short, long = sorted(("".join(text.split()), "".join(present.split())), key=len)
        return bool(text) and (not present or short not in long)
    longest = ATTRIBUTES[code].field.max_length
    return bool(text) and text != present and (longest is None or len(text) <= longest)
