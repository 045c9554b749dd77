"""Keys by which numbers are found: one set of purposes for every road into the registry.

Whole numbers, tails and the core that old and new identity numbers share each have their own purpose, so that a tail
of one kind never equals a tail of another. Callers hand in normalised text (``customers.identity``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from coopcrm.shared.crypto import forms, keyed, keyed_many
from customers.choices import DocumentKind

DOCUMENT, DOCUMENT_TAIL, DOCUMENT_CORE = "document", "document-tail", "document-core"
PHONE, PHONE_TAIL = "phone", "phone-tail"
ACCOUNT, ACCOUNT_TAIL = "account", "account-tail"
SLIP = "slip"
IDENTITY_TAIL, SHORT_TAIL = 6, 4
NOTHING = b""

RESIDENT_KINDS = frozenset({DocumentKind.ID18, DocumentKind.HMT18, DocumentKind.FPR18})


class DocumentKeys(NamedTuple):
    """The keyed columns of ``IdentityDocument``."""

    number_key: bytes
    tail_key: bytes
    core_key: bytes


class TailKeys(NamedTuple):
    """The keyed columns of ``Phone`` and of an account."""

    number_key: bytes
    tail_key: bytes


def core_of(number: str) -> str:
    """The fifteen digits an old and a new identity number share; empty when the text is no such number."""
    if len(number) == 18:
        return number[:6] + number[8:17]
    return number if len(number) == 15 else ""


def document_keys(kind: str, number: str) -> DocumentKeys:
    """Keys of one document number; only resident numbers have a tail and a core."""
    if kind not in RESIDENT_KINDS:
        return DocumentKeys(keyed(DOCUMENT, number), NOTHING, NOTHING)
    core = core_of(number)
    tail = keyed(DOCUMENT_TAIL, number[-IDENTITY_TAIL:]) if len(number) >= IDENTITY_TAIL else NOTHING
    return DocumentKeys(keyed(DOCUMENT, number), tail, keyed(DOCUMENT_CORE, core) if core else NOTHING)


def resident_keys(numbers: Sequence[str]) -> list[DocumentKeys]:
    """Keys of many resident numbers, whole or damaged, in order; the bulk form of :func:`document_keys`."""
    whole = keyed_many(DOCUMENT, numbers)
    tails = _of_parts(DOCUMENT_TAIL, [number[-IDENTITY_TAIL:] for number in numbers], IDENTITY_TAIL)
    cores = _of_parts(DOCUMENT_CORE, [core_of(number) for number in numbers], 1)
    return [DocumentKeys(*keys) for keys in zip(whole, tails, cores, strict=True)]


def _of_parts(purpose: str, parts: Sequence[str], shortest: int) -> list[bytes]:
    """Digests of parts in order, nothing where a number is too short to have one."""
    digests = keyed_many(purpose, parts)
    return [digest if len(part) >= shortest else NOTHING for part, digest in zip(parts, digests, strict=True)]


def phone_keys(number: str) -> TailKeys:
    """Keys of one phone number."""
    return TailKeys(keyed(PHONE, number), keyed(PHONE_TAIL, number[-SHORT_TAIL:]))


def account_keys(number: str) -> TailKeys:
    """Keys of one account number."""
    return TailKeys(keyed(ACCOUNT, number), keyed(ACCOUNT_TAIL, number[-SHORT_TAIL:]))


def tail_keys(purpose: str, tail_purpose: str, numbers: Sequence[str]) -> list[TailKeys]:
    """Keys of many phones (``PHONE, PHONE_TAIL``) or accounts (``ACCOUNT, ACCOUNT_TAIL``), in order."""
    whole = keyed_many(purpose, numbers)
    tails = keyed_many(tail_purpose, (number[-SHORT_TAIL:] for number in numbers))
    return [TailKeys(*keys) for keys in zip(whole, tails, strict=True)]


def digests(purpose: str, texts: Sequence[str]) -> list[bytes]:
    """The digests of some texts under every key in use, for a look-up of several at once."""
    return [form for digest in keyed_many(purpose, texts) for form in forms(digest)]
