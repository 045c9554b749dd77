"""Stating values of a person: the one way in which a registered person's attributes change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from customers.choices import FactSource
from customers.models import Customer, LedgerRow, Statement
from customers.names import NameKeys, name_keys
from customers.persons.former_names import keep_former_name
from customers.provenance import asking, policies
from customers.provenance.attributes import ATTRIBUTES, present_texts
from customers.provenance.rules import rule_on
from customers.provenance.survivorship import Decision, Said, decide, standing

VERIFYING = (FactSource.DOCUMENT, FactSource.SEEN)


@transaction.atomic
def state_values(
    *,
    customer: Customer,
    values: Mapping[str, Any],
    source: str,
    on: date,
    staff: StaffMember | None = None,
    reason: str = "",
    ledger_row: LedgerRow | None = None,
    settles: bool = False,
) -> dict[str, Decision]:
    """Record what was said of a person and write what is shown from now on; returns the decision per attribute.

    ``values`` are by attribute code (``provenance.attributes``), ``on`` is the day they were observed. What stood in
    the record until now becomes a statement of its own before the first other one. The rule of sources in force
    chooses the shown value, so it need not be the one just stated; with ``settles`` it is, until something newer is
    observed. The same said again adds nothing; the same person's other word of the same day and source corrects the
    one before. Who may do this is the caller's question. ``customer`` is brought up to date.
    """
    today = timezone.localdate()
    texts = _checked(values, source=source, on=on, today=today)
    if settles:
        require(staff is not None and reason.strip(), _("Say why this value holds."), code="reason_missing")
    row = Customer.objects.select_for_update(of=["self"]).get(pk=customer.pk)
    require(row.merged_into_id is None, _("This record was merged into another."), code="merged")
    before = _statements_of(row, texts)
    common = {
        "source": source,
        "author": staff,
        "observed_on": on,
        "reason": " ".join(reason.split())[:200],
        "ledger_row": ledger_row,
        "settles": settles,
    }
    explicit = _first_statements(row, before, texts)
    Statement.objects.bulk_create(explicit)
    for first in explicit:
        before[first.attribute].append(first)
    added = [
        statement_of(row, code, text, corrects=_corrected(before[code], text, common), **common)
        for code, text in texts.items()
        if not _says_nothing_new(before[code], ATTRIBUTES[code].compared(text), common)
    ]
    Statement.objects.bulk_create(added)
    for statement in added:
        before[statement.attribute].append(statement)
    rule = rule_on(today)
    decisions = {code: decide(map(as_said, before[code]), rule.of(code)) for code in texts}
    show(row, decisions)
    _bring_up_to_date(customer, row, texts)
    return decisions


@transaction.atomic
def correct_or_add(
    *,
    staff: StaffMember,
    customer: Customer,
    values: Mapping[str, Any],
    source: str,
    on: date,
    reason: str = "",
    settles: bool = False,
) -> dict[str, Decision]:
    """State values from the page of a person; a paper or a look at the person verifies the record anew."""
    require(
        policies.may_state(staff, customer),
        _("Counter, officers and directors of the managing branch add to what is known."),
    )
    if settles:
        require(policies.may_settle(staff, customer), _("Accountant and directors decide what holds."))
    decisions = state_values(
        customer=customer, values=values, source=source, on=on, staff=staff, reason=reason, settles=settles
    )
    if source in VERIFYING and (customer.verified_on is None or customer.verified_on < on):
        customer.verified_on = on
        customer.save(update_fields=["verified_on"])
    asking.close_what_is_known(customer, timezone.localdate())
    return decisions


@transaction.atomic
def hold(*, staff: StaffMember, statement: Statement, reason: str, on: date) -> Decision:
    """Decide that a statement holds: it is shown until something newer is observed; undone by holding another.

    An earlier value nobody disputes is restored without a reason of one's own.
    """
    customer = statement.customer
    require(policies.may_settle(staff, customer), _("Accountant and directors decide what holds."))
    if statement.attribute in customer.disputed:
        require(reason.strip(), _("Say why this value holds."), code="reason_missing")
    attribute = ATTRIBUTES[statement.attribute]
    decisions = state_values(
        customer=customer,
        values={attribute.code: attribute.value_of(statement.value)},
        source=statement.source,
        on=on,
        staff=staff,
        reason=reason.strip() or _("An earlier value was restored."),
        settles=True,
    )
    asking.close_what_is_known(customer, on)
    return decisions[attribute.code]


def as_said(statement: Statement) -> Said:
    """A stored statement as the rule sees it."""
    return Said(
        pk=statement.pk,
        value=statement.value,
        compared=statement.compared,
        source=statement.source,
        observed_on=statement.observed_on,
        corrects=statement.corrects_id,
        settles=statement.settles,
    )


def show(customer: Customer, decisions: Mapping[str, Decision]) -> None:
    """Write decided values and which of them are disputed into the record; search keys follow a name."""
    changed = set()
    disputed = set(customer.disputed)
    for code, decision in decisions.items():
        attribute = ATTRIBUTES[code]
        value = attribute.value_of(decision.value)
        (disputed.add if decision.is_disputed else disputed.discard)(code)
        if getattr(customer, attribute.column) == value:
            continue
        if code == "name":
            keep_former_name(customer, customer.name, value, on=timezone.localdate())
        setattr(customer, attribute.column, value)
        changed.add(code)
        if code == "name":
            for name, key in name_keys(value)._asdict().items():
                setattr(customer, name, key)
                changed.add(name)
    if disputed != set(customer.disputed):
        customer.disputed = sorted(disputed)
        changed.add("disputed")
    if changed:
        customer.save(update_fields=sorted(changed))


def _checked(values: Mapping[str, Any], *, source: str, on: date, today: date) -> dict[str, str]:
    require(source in FactSource.values, _("Say where the value comes from."), code="source_missing")
    require(on <= today, _("The day of the observation does not lie in the future."), code="bad_day")
    texts = {}
    for code, value in values.items():
        attribute = ATTRIBUTES[code]
        texts[code] = attribute.text_of(value)
        require(texts[code] or not attribute.is_required, _("Everybody has a name."), code="value_missing")
        longest = attribute.field.max_length
        if longest and len(texts[code]) > longest:
            raise Refused(_("%(label)s is too long.") % {"label": attribute.label}, code="too_long")
    return texts


def _statements_of(customer: Customer, codes: Iterable[str]) -> dict[str, list[Statement]]:
    found = defaultdict(list)
    for statement in Statement.objects.filter(customer=customer, attribute__in=list(codes)).order_by("pk"):
        found[statement.attribute].append(statement)
    return found


def _first_statements(
    customer: Customer, before: Mapping[str, list[Statement]], codes: Iterable[str]
) -> list[Statement]:
    """What stands in the record and nobody has stated so far, by the record's own source."""
    return [
        first_statement(customer, code, text)
        for code, text in present_texts(customer, codes).items()
        if text and text not in {said.value for said in before[code]}
    ]


def first_statement(customer: Customer, code: str, text: str) -> Statement:
    """What stands in a record, said by the record's own source."""
    return statement_of(
        customer,
        code,
        text,
        source=customer.source,
        author_id=customer.registered_by_id,
        observed_on=customer.registered_on,
        recorded_at=customer.created_at,
    )


def statement_of(customer: Customer, code: str, text: str, **more: Any) -> Statement:
    """A statement that is not written yet."""
    compared = ATTRIBUTES[code].compared(text)
    return Statement(customer=customer, attribute=code, value=text, compared=compared, **more)


def _corrected(before: list[Statement], text: str, common: Mapping[str, Any]) -> Statement | None:
    """The statement that a new one takes the place of: one's own word of the day, or the last settlement."""
    left = {said.pk for said in standing(map(as_said, before))}
    mine = [
        said
        for said in before
        if said.pk in left
        and (
            said.settles
            if common["settles"]
            else not said.settles and common["author"] is not None and _is_same_word(said, common)
        )
    ]
    return mine[-1] if mine else None


def _is_same_word(said: Statement, common: Mapping[str, Any]) -> bool:
    return (
        said.source == common["source"]
        and said.observed_on == common["observed_on"]
        and said.author_id == getattr(common["author"], "pk", None)
    )


def _says_nothing_new(before: list[Statement], compared: str, common: Mapping[str, Any]) -> bool:
    """Whether a standing statement says the same already."""
    left = {said.pk for said in standing(map(as_said, before))}
    return any(
        said.pk in left
        and said.compared == compared
        and said.settles == common["settles"]
        and _is_same_word(said, common)
        for said in before
    )


def _bring_up_to_date(customer: Customer, row: Customer, codes: Iterable[str]) -> None:
    names = {ATTRIBUTES[code].column for code in codes} | {"disputed"}
    for name in names | (set(NameKeys._fields) if "name" in names else set()):
        setattr(customer, name, getattr(row, name))
