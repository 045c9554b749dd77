"""Numbers at rest: AES-256-GCM bound to their row, found only through keyed digests.

A number (identity, phone, account) is stored as ``key id | nonce | ciphertext | tag``. The associated data names
table, column and row, so a value that is moved to another row does not open, and a wrong key raises instead of
returning bytes. Equality is asked through HMAC-SHA-256 under a second key, each with its own purpose label, so that
the tail of one kind of number never equals the tail of another.

Keys are files in ``settings.COOPCRM_KEYS``: ``fields-<id>.key`` and ``index-<id>.key`` (32 random bytes in hex,
``id`` 1 to 255). The highest id encrypts; every id present still opens.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
NONCE_BYTES = 12
DIGEST_BYTES = 16


class CannotOpen(Exception):
    """A stored value was changed, moved to another row, or its key is missing."""


@lru_cache(maxsize=8)
def _keys(folder: str, purpose: str) -> dict[int, bytes]:
    found = {}
    for path in Path(folder).glob(f"{purpose}-*.key"):
        key = bytes.fromhex(path.read_text().strip())
        if len(key) != KEY_BYTES:
            raise ImproperlyConfigured(f"{path.name} must hold {KEY_BYTES} bytes in hexadecimal.")
        found[int(path.stem.rpartition("-")[2])] = key
    if not found:
        raise ImproperlyConfigured(
            f"No {purpose}-<id>.key in COOPCRM_KEYS ({folder}). Create one with: manage.py make_keys"
        )
    return found


@lru_cache(maxsize=32)
def _cipher(folder: str, key_id: int) -> AESGCM:
    try:
        return AESGCM(_keys(folder, "fields")[key_id])
    except KeyError:
        raise CannotOpen(f"Key fields-{key_id} is missing.") from None


def _folder() -> str:
    return str(settings.COOPCRM_KEYS)


def seal(text: str, *, table: str, column: str, row: int) -> bytes:
    """Encrypt ``text`` for one cell; the same text sealed twice differs."""
    key_id = max(_keys(_folder(), "fields"))
    nonce = os.urandom(NONCE_BYTES)
    bound = f"{table}|{column}|{row}".encode()
    return bytes([key_id]) + nonce + _cipher(_folder(), key_id).encrypt(nonce, text.encode(), bound)


def unseal(stored: bytes | memoryview, *, table: str, column: str, row: int) -> str:
    """Decrypt one cell. Raises ``CannotOpen`` for a changed or moved value and for a missing key."""
    value = bytes(stored)
    bound = f"{table}|{column}|{row}".encode()
    nonce, body = value[1 : 1 + NONCE_BYTES], value[1 + NONCE_BYTES :]
    try:
        return _cipher(_folder(), value[0]).decrypt(nonce, body, bound).decode()
    except (InvalidTag, IndexError, ValueError):
        raise CannotOpen(f"{table}.{column} of row {row} does not open.") from None


@lru_cache(maxsize=4)
def _index_key(folder: str) -> bytes:
    keys = _keys(folder, "index")
    return keys[max(keys)]


def keyed(purpose: str, text: str) -> bytes:
    """Return the 16-byte keyed digest by which ``text`` is found; ``purpose`` separates kinds of parts."""
    return hmac.new(_index_key(_folder()), f"{purpose}|{text}".encode(), hashlib.sha256).digest()[
        :DIGEST_BYTES
    ]


def keyed_many(purpose: str, texts: Iterable[str]) -> list[bytes]:
    """Keyed digests of many texts, in order; the bulk form of :func:`keyed`."""
    start = hmac.new(_index_key(_folder()), f"{purpose}|".encode(), hashlib.sha256)
    out = []
    for text in texts:
        mac = start.copy()
        mac.update(text.encode())
        out.append(mac.digest()[:DIGEST_BYTES])
    return out


def make_keys(folder: Path) -> list[str]:
    """Create the first key of each purpose that is missing; returns the names of the files made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    for purpose in ("fields", "index", "ledger"):
        if not any(folder.glob(f"{purpose}-*.key")):
            path = folder / f"{purpose}-1.key"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(os.urandom(KEY_BYTES).hex())
            made.append(path.name)
    return made
