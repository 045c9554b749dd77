"""Kinds of lists, registered by the apps that have the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy

from coopcrm.shared.errors import Refused
from coopcrm.shared.lists import Value

if TYPE_CHECKING:
    from branches.models import StaffMember

LARGEST = 100_000
"""Rows of the largest list; a larger one is narrowed first."""

Params = dict[str, Any]
RECORDS, CONTACT = "records", "contact"
USES = {
    RECORDS: gettext_lazy("Work on the records; nobody is offered anything"),
    CONTACT: gettext_lazy("Offers or messages: only those who agree to them today"),
}
"""What becomes of a list of people (handbook §6.6)."""


@dataclass(frozen=True)
class Table:
    """What a list holds: the heads of its columns and its rows, read one after the other."""

    columns: Sequence[str]
    rows: Iterator[Sequence[Value]]


@dataclass(frozen=True)
class Kind:
    """A kind of list.

    ``clean`` turns what a form sent into ids and codes, or refuses; ``may_order`` asks for the rights of today, again
    when the file is written and when it is fetched; ``count`` counts rows up to a bound; ``table`` reads them, with
    full numbers where ``may_take_numbers`` allows and the taker asked for them.

    With ``asks_use`` the taker says what becomes of it: a code of ``USES`` then stands in the parameters, and ``count``
    and ``table`` leave out whom it forbids.
    """

    code: str
    title: str
    clean: Callable[[StaffMember, Mapping[str, str]], Params]
    may_order: Callable[[StaffMember, Params], bool]
    count: Callable[[StaffMember, Params, int], int]
    table: Callable[[StaffMember, Params, bool], Table]
    may_take_numbers: Callable[[StaffMember], bool] = lambda staff: False
    file_name: str = "list"
    asks_use: bool = False


KINDS: dict[str, Kind] = {}


def kind(code: str, **given: Any) -> Kind:
    """Register a kind of list under its code; ``title`` is a message id."""
    KINDS[code] = Kind(code, **given)
    return KINDS[code]


def kind_of(code: str) -> Kind:
    """The kind with this code; refuses one that is not installed."""
    try:
        return KINDS[code]
    except KeyError:
        raise Refused("There is no such list.", code="export_unknown") from None
