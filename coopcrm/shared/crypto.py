"""Numbers at rest: AES-256-GCM bound to their row, found only through keyed digests.

A number (identity, phone, account) is stored as ``key id | nonce | ciphertext | tag``. The associated data names
table, column and row, so a value that is moved to another row does not open, and a wrong key raises instead of
returning bytes. Equality is asked through HMAC-SHA-256 under a second key, each with its own purpose label, so that
the tail of one kind of number never equals the tail of another.

Keys are files in ``settings.COOPCRM_KEYS``, 32 random bytes in hex, named ``<purpose>-<id>.<state>``:

====================  ===========================================================================================
``fields-1.key``      in use: opens; the highest id seals. ``index-1.key`` likewise finds and makes digests.
``fields-2.next``     comes into use with the next rotation: opens and finds already, seals nothing yet
``fields-1.retired``  no row needs it any more; opens old entries of the ledger alone
====================  ===========================================================================================

A sealed value and its digests carry the same id. While two ids are in use a digest knows its form under the other
key, and a :class:`~coopcrm.shared.fields.KeyField` is looked up under both. Every process looks at the folder again
within a second after a file was added or renamed there, and at once when a value names an id it does not know.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

log = logging.getLogger("coopcrm.keys")

KEY_BYTES = 32
NONCE_BYTES = 12
DIGEST_BYTES = 16
HASH_BLOCK = 64
INNER_PAD, OUTER_PAD = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
HIGHEST_ID = 255
IN_PIECES = 0  # in the place of the key id: what follows was sealed piece by piece
PURPOSES = ("fields", "index", "ledger")
ROTATED = ("fields", "index")
IN_USE, NEXT, RETIRED = ".key", ".next", ".retired"
LOOK_AGAIN_SECONDS = 1.0


class CannotOpen(Exception):
    """A stored value was changed, moved to another row, or its key is missing."""


class Ring(NamedTuple):
    """The keys of one purpose: those that open and find, the id that seals, and those kept for the ledger alone."""

    opening: dict[int, bytes]
    writing: int
    retired: dict[int, bytes]


class Digest(bytes):
    """A keyed digest that also knows its forms under the other keys in use (while keys are rotated)."""

    others: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, forms: tuple[bytes, ...]) -> Digest:
        made = cls(forms[0])
        made.others = forms[1:]
        return made


def forms(digest: bytes) -> tuple[bytes, ...]:
    """Return the digest as it is written today, then its forms under the other keys in use."""
    return (digest, *getattr(digest, "others", ()))


def forms_today(digests: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return, for digests read from the database, the form in which they would be written today."""
    return {form: digest for digest in digests for form in forms(digest)}


# -- Keys --------------------------------------------------------------------------------------------------------------


_seen: dict[tuple[str, str], tuple[Ring, float]] = {}


def _ring(purpose: str, *, afresh: bool = False) -> Ring:
    """Return the keys of a purpose, read again when the last look is a second old.

    A file that is just being copied or renamed does no harm: the keys seen before stay until the folder is whole.
    """
    folder = str(settings.COOPCRM_KEYS)
    seen, now = _seen.get((folder, purpose)), time.monotonic()
    if seen and now < seen[1] and not afresh:
        return seen[0]
    try:
        ring = _read(folder, purpose)
    except (ImproperlyConfigured, OSError) as error:
        if seen is None:
            raise
        log.error("keys %s stay as they were: %s", purpose, type(error).__name__)
        ring = seen[0]
    _seen[folder, purpose] = ring, now + LOOK_AGAIN_SECONDS
    return ring


def _read(folder: str, purpose: str) -> Ring:
    by_state: dict[str, dict[int, bytes]] = {IN_USE: {}, NEXT: {}, RETIRED: {}}
    for path in Path(folder).glob(f"{purpose}-*"):
        if path.suffix in by_state:
            by_state[path.suffix][id_of(path)] = _content(path)
    if not by_state[IN_USE]:
        raise ImproperlyConfigured(
            f"No {purpose}-<id>.key in COOPCRM_KEYS ({folder}). Create one with: manage.py make_keys"
        )
    opening = {**by_state[NEXT], **by_state[IN_USE]}
    return Ring(opening, max(by_state[IN_USE]), by_state[RETIRED])


def id_of(path: Path) -> int:
    """The id in the name of a key file."""
    text = path.stem.rpartition("-")[2]
    if not text.isdecimal() or not 0 < int(text) <= HIGHEST_ID:
        raise ImproperlyConfigured(f"{path.name}: the id of a key is a number from 1 to {HIGHEST_ID}.")
    return int(text)


def _content(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or len(set(key)) < KEY_BYTES // 2:
        raise ImproperlyConfigured(f"{path.name} must hold {KEY_BYTES} random bytes in hexadecimal.")
    return key


def check_keys() -> list[str]:
    """Return what is wrong with the key files, as sentences."""
    found, rings = [], {}
    for purpose in PURPOSES:
        try:
            rings[purpose] = _read(str(settings.COOPCRM_KEYS), purpose)
        except (ImproperlyConfigured, OSError) as error:
            found.append(str(error))
    if not found and rings["fields"].writing != rings["index"].writing:
        found.append("The keys fields-<id>.key and index-<id>.key in use must carry the same id.")
    return found


def writing_id() -> int:
    """The key id under which values are sealed today."""
    return _ring("fields").writing


# -- Values ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def _bound(table: str, column: str, row: int) -> bytes:
    return f"{table}|{column}|{row}".encode()


def seal(text: str, *, table: str, column: str, row: int) -> bytes:
    """Encrypt ``text`` for one cell; the same text sealed twice differs."""
    return seal_bytes(text.encode(), table=table, column=column, row=row)


def seal_many(texts: Sequence[str], rows: Sequence[int], *, table: str, column: str) -> list[bytes]:
    """Encrypt many texts, each for its row; the bulk form of :func:`seal`."""
    ring = _ring("fields")
    encrypt, mark = _cipher(ring.opening[ring.writing]).encrypt, bytes([ring.writing])
    bound, chance = f"{table}|{column}|", os.urandom(NONCE_BYTES * len(texts))
    sealed = []
    for at, (text, row) in enumerate(zip(texts, rows, strict=True)):
        nonce = chance[at * NONCE_BYTES : (at + 1) * NONCE_BYTES]
        sealed.append(mark + nonce + encrypt(nonce, text.encode(), f"{bound}{row}".encode()))
    return sealed


def seal_bytes(content: bytes, *, table: str, column: str, row: int) -> bytes:
    """Encrypt the content of a file that belongs to one row; at most 2 GB."""
    ring = _ring("fields")
    nonce = os.urandom(NONCE_BYTES)
    sealed = _cipher(ring.opening[ring.writing]).encrypt(nonce, content, _bound(table, column, row))
    return bytes([ring.writing]) + nonce + sealed


def seal_pieces(pieces: Iterable[bytes], *, table: str, column: str, row: int) -> Iterator[bytes]:
    """Encrypt a content that is made piece by piece; each piece knows its place and whether it is the last.

    A zero, which no key id is, tells the form from the whole one of :func:`seal_bytes`; then the key id, then for each
    piece its length, nonce and ciphertext.
    """
    ring = _ring("fields")
    cipher, bound = _cipher(ring.opening[ring.writing]), _bound(table, column, row)
    yield bytes([IN_PIECES, ring.writing])
    waiting, place = None, 0
    for piece in pieces:
        if waiting is not None:
            yield _piece(cipher, waiting, bound + b"|%d|more" % place)
            place += 1
        waiting = piece
    yield _piece(cipher, waiting or b"", bound + b"|%d|last" % place)


def _piece(cipher: AESGCM, content: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, content, bound)
    return len(sealed).to_bytes(4, "big") + nonce + sealed


def unseal_pieces(value: bytes, *, table: str, column: str, row: int) -> Iterator[bytes]:
    """Decrypt what :func:`seal_pieces` made; raises ``CannotOpen`` when a piece is missing, changed or moved."""
    bound, at, place = _bound(table, column, row), 2, 0
    try:
        cipher = _cipher(_opening_key(value[1], for_ledger=False))
        while at < len(value):
            start = at + 4 + NONCE_BYTES
            end = start + int.from_bytes(value[at : at + 4], "big")
            place_bound = bound + b"|%d|%s" % (place, b"last" if end >= len(value) else b"more")
            yield cipher.decrypt(value[at + 4 : start], value[start:end], place_bound)
            at, place = end, place + 1
    except (InvalidTag, IndexError, ValueError):
        raise CannotOpen(f"{table}.{column} of row {row} does not open.") from None
    if not place:
        raise CannotOpen(f"{table}.{column} of row {row} does not open.")


def unseal(stored: bytes | memoryview, *, table: str, column: str, row: int, for_ledger: bool = False) -> str:
    """Decrypt one cell. Raises ``CannotOpen`` for a changed or moved value and for a missing key.

    ``for_ledger`` opens values under retired keys too: what the ledger has kept was sealed in its time.
    """
    content = unseal_bytes(bytes(stored), table=table, column=column, row=row, for_ledger=for_ledger)
    return content.decode()


def unseal_bytes(value: bytes, *, table: str, column: str, row: int, for_ledger: bool = False) -> bytes:
    """Decrypt the content of a file; raises ``CannotOpen`` like :func:`unseal`."""
    nonce, body = value[1 : 1 + NONCE_BYTES], value[1 + NONCE_BYTES :]
    try:
        key = _opening_key(value[0], for_ledger)
        return _cipher(key).decrypt(nonce, body, _bound(table, column, row))
    except (InvalidTag, IndexError, ValueError):
        raise CannotOpen(f"{table}.{column} of row {row} does not open.") from None


def _opening_key(key_id: int, for_ledger: bool) -> bytes:
    for afresh in (False, True):
        ring = _ring("fields", afresh=afresh)
        key = ring.opening.get(key_id) or (ring.retired.get(key_id) if for_ledger else None)
        if key:
            return key
    raise CannotOpen(f"Key fields-{key_id} is missing{' or retired' if not for_ledger else ''}.")


def keyed(purpose: str, text: str) -> bytes:
    """Return the 16-byte keyed digest by which ``text`` is found; ``purpose`` separates kinds of parts."""
    return keyed_many(purpose, (text,))[0]


def keyed_many(purpose: str, texts: Iterable[str]) -> list[bytes]:
    """Keyed digests of many texts, in order; the bulk form of :func:`keyed`."""
    ring = _ring("index")
    if len(ring.opening) == 1:
        return _digests(ring.opening[ring.writing], purpose, texts)
    wanted = list(texts)
    others = [key for key_id, key in ring.opening.items() if key_id != ring.writing]
    columns = [_digests(key, purpose, wanted) for key in (ring.opening[ring.writing], *others)]
    return [Digest.of(found) for found in zip(*columns, strict=True)]


def _digests(key: bytes, purpose: str, texts: Iterable[str]) -> list[bytes]:
    """HMAC-SHA256 written as the two hashes it is made of (RFC 2104): what all texts share is hashed once.

    A quarter of the time that ``hmac`` takes for each text; the tests compare both.
    """
    block = (key if len(key) <= HASH_BLOCK else hashlib.sha256(key).digest()).ljust(HASH_BLOCK, b"\0")
    start = hashlib.sha256(block.translate(INNER_PAD) + f"{purpose}|".encode())
    end = hashlib.sha256(block.translate(OUTER_PAD))
    out = []
    for text in texts:
        inner, outer = start.copy(), end.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        out.append(outer.digest()[:DIGEST_BYTES])
    return out


# -- Key files ---------------------------------------------------------------------------------------------------------


def make_keys(folder: Path) -> list[str]:
    """Create the first key of each purpose that is missing; returns the names of the files made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    missing = [purpose for purpose in PURPOSES if not any(folder.glob(f"{purpose}-*.key"))]
    return [_write_key(folder / f"{purpose}-1{IN_USE}") for purpose in missing]


def make_next_keys(folder: Path) -> list[str]:
    """Create the pair of keys of the next rotation, unless it is there; returns the names of the files made."""
    if any(folder.glob(f"fields-*{NEXT}")):
        return []
    following = max(id_of(path) for purpose in ROTATED for path in folder.glob(f"{purpose}-*.*")) + 1
    if following > HIGHEST_ID:
        raise ImproperlyConfigured(f"All {HIGHEST_ID} key ids are used.")
    return [_write_key(folder / f"{purpose}-{following}{NEXT}") for purpose in ROTATED]


def _write_key(path: Path) -> str:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(os.urandom(KEY_BYTES).hex())
    _seen.clear()
    return path.name


def take_next_into_use(folder: Path) -> list[str]:
    """Let the keys of the next rotation seal from now on; returns the names of the files that came into use.

    The index comes first: a value is never sealed under an id whose digests nobody makes yet.
    """
    return [
        _renamed(path, IN_USE) for purpose in reversed(ROTATED) for path in folder.glob(f"{purpose}-*{NEXT}")
    ]


def retire_old(folder: Path) -> list[str]:
    """Keep all keys in use but the newest for the ledger alone; returns the names of the retired files."""
    retired = []
    for purpose in ROTATED:
        in_use = sorted(folder.glob(f"{purpose}-*{IN_USE}"), key=id_of)
        retired += [_renamed(path, RETIRED) for path in in_use[:-1]]
    return retired


def _renamed(path: Path, suffix: str) -> str:
    name = path.rename(path.with_suffix(suffix)).name
    _seen.clear()
    return name
