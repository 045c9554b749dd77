"""What a joined record shows: statements of both compete under the rule of sources; an undo gives each its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Min
from django.utils import timezone

from customers.choices import CustomerState, NameKind
from customers.models import Customer, OtherName, Statement
from customers.names import NameKeys, name_key, name_keys
from customers.persons.former_names import keep_name
from customers.provenance.attributes import ATTRIBUTES, present_texts
from customers.provenance.rules import rule_on
from customers.provenance.services import as_said, first_statement, show
from customers.provenance.survivorship import Decision, decide


def as_it_was(customer: Customer) -> dict[str, Any]:
    """The values of a record that a merge may change, as plain text and codes."""
    return {
        **present_texts(customer, ATTRIBUTES),
        "disputed": list(customer.disputed),
        "state": customer.state,
        "identity_conflict": customer.identity_conflict,
        "verified_on": customer.verified_on.isoformat() if customer.verified_on else "",
    }


def first_statements(survivor: Customer, other: Customer) -> list[Statement]:
    """Write down what stands in each record by its own source, where the two say different things."""
    mine, theirs = (present_texts(one, ATTRIBUTES) for one in (survivor, other))
    spoken = set(Statement.objects.filter(customer=other).values_list("attribute", flat=True))
    differing = [
        code
        for code, attribute in ATTRIBUTES.items()
        if code in spoken
        or (theirs[code] and attribute.compared(mine[code]) != attribute.compared(theirs[code]))
    ]
    return [*_say_first(survivor, mine, differing), *_say_first(other, theirs, differing)]


def _say_first(record: Customer, texts: dict[str, str], codes: Iterable[str]) -> list[Statement]:
    """Statements of the record's own source for values that nobody has stated of it so far."""
    codes = list(codes)
    rows = Statement.objects.filter(customer=record, attribute__in=codes)
    said = set(rows.values_list("attribute", "value"))
    return Statement.objects.bulk_create(
        [
            first_statement(record, code, texts[code])
            for code in codes
            if texts.get(code) and (code, texts[code]) not in said
        ]
    )


def _decisions(customer: Customer) -> dict[str, Decision]:
    """What the rule of sources chooses for every attribute about which there are statements."""
    found: dict[str, list[Statement]] = defaultdict(list)
    for row in Statement.objects.filter(customer=customer, attribute__in=list(ATTRIBUTES)).order_by("pk"):
        found[row.attribute].append(row)
    rule = rule_on(timezone.localdate())
    return {code: decide(map(as_said, rows), rule.of(code)) for code, rows in found.items()}


def take_values(survivor: Customer, other: Customer) -> list[int]:
    """Decide the survivor's values with what the other record said; returns names that were written for the search."""
    show(survivor, _decisions(survivor))
    changed = []
    if other.verified_on and (survivor.verified_on is None or survivor.verified_on < other.verified_on):
        survivor.verified_on = other.verified_on
        changed.append("verified_on")
    if survivor.state == CustomerState.CLOSED and other.state == CustomerState.ACTIVE:
        survivor.state = other.state
        changed.append("state")
    if changed:
        survivor.save(update_fields=changed)
    if name_key(other.name) == name_key(survivor.name):
        return []
    known = OtherName.objects.filter(customer=survivor, name=other.name, removed_on=None)
    if known.exists():
        return []
    row = keep_name(survivor, other.name, kind=NameKind.ALIAS, on=timezone.localdate(), source=other.source)
    return [row.pk]


def give_values_back(customer: Customer, before: dict[str, Any] | None, *, mark: int = 0) -> None:
    """Let a record show its own again: by the rule where there are statements, elsewhere what it showed before.

    Without ``before`` it stands for others still, and only what there are statements about is decided anew. What it
    showed before becomes a statement where others were made only after ``mark``, the last one before the merge.
    """
    if before is not None:
        rows = Statement.objects.filter(customer=customer, attribute__in=list(ATTRIBUTES))
        firsts = rows.values("attribute").annotate(first=Min("pk")).filter(first__gt=mark)
        _say_first(customer, before, firsts.values_list("attribute", flat=True))
    decisions = _decisions(customer)
    texts = {code: text for code, text in (before or {}).items() if code in ATTRIBUTES}
    texts |= {code: decision.value for code, decision in decisions.items()}
    for code, text in texts.items():
        setattr(customer, ATTRIBUTES[code].column, ATTRIBUTES[code].value_of(text))
    for name, key in name_keys(customer.name)._asdict().items():
        setattr(customer, name, key)
    silent = set((before or {}).get("disputed", customer.disputed)) - set(decisions)
    customer.disputed = sorted(silent | {code for code, one in decisions.items() if one.is_disputed})
    customer.save(update_fields=[*ATTRIBUTES, *NameKeys._fields, "disputed"])
