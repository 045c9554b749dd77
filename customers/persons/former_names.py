"""Names that somebody had before: kept with the keys by which search finds them."""

from __future__ import annotations

from datetime import date

from branches.models import StaffMember
from customers import identity
from customers.choices import FactSource, NameKind
from customers.models import Customer, OtherName
from customers.names import name_key, name_keys


def keep_name(
    customer: Customer,
    name: str,
    *,
    kind: str,
    on: date,
    until_on: date | None = None,
    source: str = FactSource.SAID,
    staff: StaffMember | None = None,
) -> OtherName:
    """Write another name with its keys unless it is noted already."""
    row, _is_new = OtherName.objects.get_or_create(
        customer=customer,
        kind=kind,
        name=name,
        removed_on=None,
        defaults={
            **name_keys(name)._asdict(),
            "until_on": until_on,
            "source": source,
            "recorded_on": on,
            "recorded_by": staff,
        },
    )
    return row


def keep_former_name(customer: Customer, before: str, after: str, *, on: date) -> None:
    """The name until now stays known: as another spelling when it sounds the same, else as a former name."""
    mine, new = name_keys(before), name_keys(after)
    if name_key(before) == name_key(after):
        kind = NameKind.TRADITIONAL
    elif identity.name_near(mine.name_key, new.name_key, mine.pinyin, new.pinyin):
        kind = NameKind.SPELLING
    else:
        kind = NameKind.FORMER
    keep_name(customer, before, kind=kind, on=on, until_on=on)
