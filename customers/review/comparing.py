"""Two customers side by side: field by field, what differs marked by character, and where each value is known from.

A mask keeps its promise. In the covered part of a number characters are marked only for somebody who may read both
numbers in full: to everybody else equal places would tell the other person's digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from branches.models import StaffMember
from customers import masking, numbers, policies, selectors
from customers.choices import FactSource
from customers.models import Customer, IdentityDocument, LedgerRow, ReviewPair
from customers.provenance.selectors import Provenance, sources_of

Runs = list[tuple[str, bool]]
SOURCED = ("name", "sex", "birth_date", "village", "group_no", "address")
MOST_ROWS = 5


@dataclass(frozen=True)
class Value:
    """One value of one side: runs of characters (True where they differ), its source, and the row to reveal."""

    runs: Runs
    source: str = ""
    source_text: str = ""
    what: str = ""
    pk: int = 0
    note: str = ""


@dataclass(frozen=True)
class Compared:
    """One field of both sides; ``verdict`` is equal, different, unknown or context, ``note`` what a mask hides."""

    label: Any
    first: list[Value]
    second: list[Value]
    verdict: str
    note: str = ""


@dataclass(frozen=True)
class Side:
    """A customer as the reader may see them, with everything that is compared."""

    customer: Customer
    name: str
    is_full: bool
    may_reveal: bool
    sources: dict[str, Provenance]
    rows: list[LedgerRow]

    @property
    def documents(self) -> list[IdentityDocument]:
        return [row for row in self.customer.documents.all() if row.kind in numbers.RESIDENT_KINDS]


def side_of(staff: StaffMember, customer: Customer, rows: Iterable[LedgerRow] = ()) -> Side:
    """One side with its provenance; one query."""
    is_full = policies.may_read_fully(staff, customer)
    return Side(
        customer,
        selectors.name_for(staff, customer),
        is_full,
        policies.may_reveal(staff, customer),
        sources_of(customer, SOURCED) if is_full else {},
        list(rows)[:MOST_ROWS],
    )


def sides_of(staff: StaffMember, pair: ReviewPair) -> tuple[Side, Side]:
    """Both sides with the ledger rows that the reader sees of them."""
    rows = LedgerRow.objects.visible_to(staff).filter(customer__in=[pair.first_id, pair.second_id])
    told: dict[int, list[LedgerRow]] = {}
    for row in rows.select_related("file", "branch").defer("raw").order_by("-pk"):
        told.setdefault(row.customer_id, []).append(row)
    return tuple(side_of(staff, one, told.get(one.pk, ())) for one in (pair.first, pair.second))


def side_by_side(first: Side, second: Side) -> list[Compared]:
    """The two field by field."""
    return [
        _plain(gettext_lazy("Name"), "name", first, second, lambda side: side.name),
        _plain(
            gettext_lazy("Pinyin"),
            "",
            first,
            second,
            lambda side: side.customer.pinyin if side.is_full else "",
        ),
        _plain(gettext_lazy("Sex"), "sex", first, second, _sex),
        _plain(gettext_lazy("Born on"), "birth_date", first, second, _birth),
        _compared_numbers(gettext_lazy("Number"), first, second, _documents_of(first), _documents_of(second)),
        _compared_numbers(gettext_lazy("Phone"), first, second, _phones_of(first), _phones_of(second)),
        _plain(
            gettext_lazy("Village"),
            "village",
            first,
            second,
            lambda side: selectors.place(side.customer),
            is_known=lambda side: side.customer.village_id is not None,  # a group alone is no place
        ),
        _plain(gettext_lazy("Address"), "address", first, second, _address),
        _context(gettext_lazy("Branch"), first, second, lambda side: str(side.customer.branch)),
        _context(gettext_lazy("Registered on"), first, second, _registered),
    ]


def _sex(side: Side) -> str:
    return str(side.customer.get_sex_display()) if side.customer.sex else ""


def _birth(side: Side) -> str:
    born = side.customer.birth_date
    if born is None:
        return ""
    return born.isoformat() if side.is_full else f"{born.year}"


def _address(side: Side) -> str:
    address = side.customer.address
    return address if side.is_full else masking.mask_address(address)


def _registered(side: Side) -> str:
    return side.customer.registered_on.isoformat()


def _plain(
    label: Any, attribute: str, first: Side, second: Side, text_of: Any, *, is_known: Any = None
) -> Compared:
    """Texts beside each other, compared where both are known: not empty, or as ``is_known(side)`` says."""
    left, right = text_of(first), text_of(second)
    known = all(map(is_known, (first, second))) if is_known else bool(left and right)
    runs, others = (marked(left, right), marked(right, left)) if known else (_whole(left), _whole(right))
    verdict = "unknown" if not known else "equal" if left == right else "different"
    return Compared(label, [_sourced(first, attribute, runs)], [_sourced(second, attribute, others)], verdict)


def _context(label: Any, first: Side, second: Side, text_of: Any) -> Compared:
    """Where and when they were written down says nothing about who they are: shown, not compared."""
    return Compared(label, [Value(_whole(text_of(first)))], [Value(_whole(text_of(second)))], "context")


def _whole(text: str) -> Runs:
    return [(text, False)] if text else []


def _sourced(side: Side, attribute: str, runs: Runs) -> Value:
    found = side.sources.get(attribute)
    return Value(runs, found.source, found.text) if found and runs else Value(runs)


def in_columns(sides: Sequence[Side]) -> list[tuple[Any, list[list[str]]]]:
    """Several customers beside each other: by field the texts of each, numbers masked."""
    readers = [
        (gettext_lazy("Sex"), lambda side: [_sex(side)]),
        (gettext_lazy("Born on"), lambda side: [_birth(side)]),
        (gettext_lazy("Number"), lambda side: [one.mask for one in _documents_of(side)]),
        (gettext_lazy("Phone"), lambda side: [one.mask for one in _phones_of(side)]),
        (gettext_lazy("Village"), lambda side: [selectors.place(side.customer)]),
        (gettext_lazy("Branch"), lambda side: [str(side.customer.branch)]),
        (gettext_lazy("Registered on"), lambda side: [_registered(side)]),
    ]
    return [(label, [read(side) for side in sides]) for label, read in readers]


# -- Numbers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """A number with its mask; both have as many characters."""

    text: str
    mask: str
    what: str
    pk: int
    source: str
    note: str = ""


def _documents_of(side: Side) -> list[Number]:
    notes = {
        "DISPUTED": _("claimed by two persons"),
        "UNVERIFIED": _("not valid"),
        "RETIRED": _("no longer in use"),
    }
    found = []
    for row in side.documents:
        text, note = row.open("number"), notes.get(row.state, "")
        found.append(Number(text, masking.mask_id(text, "detail"), "document", row.pk, row.source, note))
    return found


def _phones_of(side: Side) -> list[Number]:
    found = []
    for row in side.customer.phones.all():
        text = row.open("number")
        note = _("until %(day)s") % {"day": row.valid_to.isoformat()} if row.valid_to else ""
        found.append(Number(text, masking.mask_phone(text), "phone", row.pk, row.source, note))
    return found


def _compared_numbers(
    label: Any, first: Side, second: Side, mine: list[Number], theirs: list[Number]
) -> Compared:
    is_open = first.may_reveal and second.may_reveal
    left = [_shown(one, nearest(one, theirs), is_open) for one in mine]
    right = [_shown(one, nearest(one, mine), is_open) for one in theirs]
    if not mine or not theirs:
        return Compared(label, left, right, "unknown")
    shared = {one.text for one in mine} & {one.text for one in theirs}
    return Compared(
        label, left, right, "equal" if shared else "different", _hidden_words(mine, theirs, is_open)
    )


def nearest(number: Number, others: Sequence[Number]) -> Number | None:
    """The number of the other side that is most like this one."""
    return max(others, key=lambda one: SequenceMatcher(None, number.text, one.text).ratio(), default=None)


def _shown(number: Number, other: Number | None, is_open: bool) -> Value:
    runs = masked_runs(number, other, is_open=is_open) if other else _whole(number.mask)
    words = str(dict(FactSource.choices).get(number.source, ""))
    return Value(runs, number.source, words, number.what, number.pk, number.note)


def masked_runs(number: Number, other: Number, *, is_open: bool) -> Runs:
    """The mask of a number cut into runs, True where characters differ from the other's.

    Covered places are compared only when ``is_open``: the reader may read both numbers. Else mask is held against mask.
    """
    if not is_open or len(number.text) != len(number.mask):
        return marked(number.mask, other.mask)
    runs, at = [], 0
    for text, differs in marked(number.text, other.text):
        runs.append((number.mask[at : at + len(text)], differs))
        at += len(text)
    return runs


def _hidden_words(mine: Sequence[Number], theirs: Sequence[Number], is_open: bool) -> str:
    """What the masks do not show: how many characters differ, for whoever may read both; else only that they do."""
    one = mine[0]
    other = nearest(one, theirs)
    if one.text == other.text:
        return ""
    if one.mask == other.mask and not is_open:
        return _("The numbers differ in the covered part.")
    if not is_open or len(one.text) != len(other.text):
        return ""
    count = sum(a != b for a, b in zip(one.text, other.text, strict=True))
    return ngettext("%(n)s character differs", "%(n)s characters differ", count) % {"n": count}


def marked(text: str, other: str) -> Runs:
    """Cut ``text`` into runs; True where its characters are not those of ``other``."""
    runs = []
    for kind, start, end, _start, _end in SequenceMatcher(None, text, other, autojunk=False).get_opcodes():
        if end > start:
            runs.append((text[start:end], kind != "equal"))
    return runs
