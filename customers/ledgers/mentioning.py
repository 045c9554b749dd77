"""A row of a ledger as the matching engine sees it."""

from __future__ import annotations

from datetime import date

from customers.choices import LedgerKind
from customers.ledgers import registry
from customers.ledgers.reading import LedgerRecord
from customers.ledgers.sources import Entry
from customers.ledgers.villages import village_cores
from customers.matching.mentions import Mention

WORTH_READING = 14  # digits of a damaged number that tell a person


def mention_of(key: int, entry: Entry, *, as_of: date | None = None, knows_villages: bool = True) -> Mention:
    """Return a record as the matcher sees it; without an area tree a village is what the row calls it."""
    record, identity = entry.record, entry.record.identity
    birth = record.known_birth or record.birth.day
    return Mention(
        key=key,
        name=record.name.key,
        sound=registry.sound_of(record.name.key),
        aliases=frozenset(map(registry.key_of, record.name.aliases)) | frozenset(record.name.variants),
        is_married_style=record.name.is_married_style,
        number=identity.number,
        cleaned=identity.cleaned,
        prefix=identity.prefix,
        suffix=identity.suffix,
        guess=identity.guess,
        tail=record.remark.id_tail,
        phones=frozenset(record.phones + record.remark.phones),
        village=record.village.code or ("" if knows_villages else _village_word(record)),
        township=record.village.township,
        group=record.group,
        birth=birth,
        birth_precision="day" if record.known_birth else record.birth.precision,
        birth_years=_birth_years(record, as_of),
        sex=registry.sex_in(identity.number) or record.sex,
        spouse=record.spouse.key or registry.key_of(record.remark.spouse),
        accounts=frozenset({record.account_number} - {""}),
        households=_households(entry),
        branch=str(entry.branch.pk),
        sheet=_sheet_key(entry),
        line=(_sheet_key(entry), entry.position) if _is_listed_by_customer(entry) else None,
    )


AGE_SLACK = 1  # 虚岁 counts one more than the birthdays passed
UNDATED_YEARS = 15  # how far back an age in an undated list may lie


def _birth_years(record: LedgerRecord, as_of: date | None) -> tuple[int, int] | None:
    """What an age says of the year of birth: to a year or two where the row is dated, loosely where it is not."""
    if record.age is None or as_of is None:
        return None
    day = record.day.day
    first, last = (day.year, day.year) if day else (as_of.year - UNDATED_YEARS, as_of.year)
    return first - record.age - AGE_SLACK, last - record.age + AGE_SLACK


def _households(entry: Entry) -> frozenset[str]:
    """The household's number is local: it means the same in the books of one branch and village alone."""
    number = entry.record.texts.get("household_number", "")
    return frozenset({f"{entry.branch.pk}|{entry.record.village.code}|{number}"} if number else ())


def _village_word(record: LedgerRecord) -> str:
    cores = village_cores(record.address.place)
    return cores[-1] if cores else ""


def _sheet_key(entry: Entry) -> str:
    return f"{entry.branch.pk}|{entry.source.name}|{entry.sheet.name}"


def _is_listed_by_customer(entry: Entry) -> bool:
    """Registers and account lists write a customer's lines one below the other, unless they are sorted by name.

    Notebooks go by the village: each household once.
    """
    return entry.source.kind != LedgerKind.OFFICER_NOTEBOOK and not entry.sheet.is_sorted_by_name


def has_nothing_to_go_by(record: LedgerRecord) -> bool:
    """Neither a number nor a phone nor a village: nobody could recognise this person, so people look at the row."""
    return not (record.identity.number or record.identity.guess or record.phones or record.village.code) and (
        max(len(record.identity.prefix), len(record.identity.suffix)) < WORTH_READING
    )
