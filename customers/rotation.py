"""How the keyed columns of the registry follow from the sealed text, for the renewal of keys."""

from __future__ import annotations

import json
from functools import lru_cache

from coopcrm.shared import rotation
from coopcrm.shared.crypto import keyed
from customers import numbers
from customers.ledgers.plans import ROW
from customers.ledgers.reading import content_digest, read_account_number
from customers.models import (
    CounterDraft,
    IdentityDocument,
    LedgerFile,
    LedgerRow,
    Marriage,
    Phone,
    RightsRequest,
    Slip,
    StagedRow,
    UploadFile,
    UploadPart,
)
from customers.numbers import SLIP


def register() -> None:
    """Let the sealed columns of this app take part in rotations."""
    rotation.register(IdentityDocument, "number", _document_keys)
    rotation.register(Phone, "number", lambda phone, text: numbers.phone_keys(text)._asdict())
    rotation.register(
        Marriage, "number", lambda marriage, text: {"number_key": keyed(numbers.DOCUMENT, text)}
    )
    rotation.register(
        Marriage, "end_number", lambda marriage, text: {"end_number_key": keyed(numbers.DOCUMENT, text)}
    )
    rotation.register(LedgerRow, "raw", _row_keys)
    rotation.register(Slip, "code", lambda slip, text: {"code_key": keyed(SLIP, text)})
    rotation.register(CounterDraft, "content", lambda draft, text: {})
    for model, column in ((UploadFile, "recognised"), (UploadPart, "content"), (StagedRow, "cells")):
        rotation.register(model, column, lambda row, text: {})
    for column in ("present_value", "asked_value"):
        rotation.register(RightsRequest, column, lambda request, text: {})


def _document_keys(document: IdentityDocument, text: str) -> dict[str, bytes]:
    return numbers.document_keys(document.kind, text)._asdict()


def _row_keys(row: LedgerRow, text: str) -> dict[str, bytes]:
    cells = json.loads(text)
    labels = _account_labels(row.file_id).get(row.sheet, ())
    account = next((number for label in labels if (number := read_account_number(cells.get(label))[0])), "")
    return {
        "row_key": keyed(ROW, content_digest(tuple(cells.values()))),
        "account_key": keyed(numbers.ACCOUNT, account) if account and row.account_key else b"",
    }


@lru_cache(maxsize=64)
def _account_labels(file: int) -> dict[str, list[str]]:
    """The headings of account numbers in the sheets of a ledger file, as they were understood when it came in."""
    found: dict[str, list[str]] = {}
    for columns in LedgerFile.objects.filter(pk=file).values_list("columns", flat=True):
        for column in columns:
            if column["field"] == "account_number":
                found.setdefault(column["sheet"], []).append(column["label"])
    return found
