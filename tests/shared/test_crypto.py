"""Sealed values open in their own row under their own key only; key files say what a key is for."""

import hashlib
import hmac

import pytest
from django.core.exceptions import ImproperlyConfigured

from coopcrm.shared import crypto

CELL = {"table": "t", "column": "number", "row": 7}


@pytest.fixture
def folder(tmp_path, settings):
    """A folder of keys of the test's own."""
    settings.COOPCRM_KEYS = tmp_path
    crypto.make_keys(tmp_path)
    return tmp_path


def test_a_value_opens_in_its_own_cell_and_no_two_are_alike(folder):
    first, second = crypto.seal("110101199003070134", **CELL), crypto.seal("110101199003070134", **CELL)

    assert first != second
    assert crypto.unseal(memoryview(first), **CELL) == "110101199003070134"


@pytest.mark.parametrize("moved", [{"table": "u"}, {"column": "raw"}, {"row": 8}])
def test_a_value_moved_elsewhere_does_not_open(folder, moved):
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(crypto.seal("13912345678", **CELL), **{**CELL, **moved})


def test_a_wrong_key_raises_and_never_returns_bytes(folder):
    sealed = crypto.seal("13912345678", **CELL)
    (folder / "fields-1.key").unlink()
    crypto.make_keys(folder)

    for value in (sealed, sealed[:-1], sealed[:5], b"\x01", b"\x09" + sealed[1:], b""):
        with pytest.raises(crypto.CannotOpen):
            crypto.unseal(value, **CELL)


def test_next_keys_open_and_find_but_do_not_seal_yet(folder):
    assert crypto.make_next_keys(folder) == ["fields-2.next", "index-2.next"]
    assert crypto.make_next_keys(folder) == []

    digest = crypto.keyed("phone", "13912345678")

    assert crypto.seal("1", **CELL)[0] == crypto.writing_id() == 1
    assert len(crypto.forms(digest)) == 2
    assert crypto.take_next_into_use(folder) == ["index-2.key", "fields-2.key"]
    assert crypto.seal("1", **CELL)[0] == crypto.writing_id() == 2
    assert set(crypto.forms(crypto.keyed("phone", "13912345678"))) == set(crypto.forms(digest))


def test_a_retired_key_opens_for_the_ledger_alone(folder):
    sealed, digest = crypto.seal("13912345678", **CELL), crypto.keyed("phone", "1")
    crypto.make_next_keys(folder)
    crypto.take_next_into_use(folder)

    assert crypto.retire_old(folder) == ["fields-1.retired", "index-1.retired"]
    with pytest.raises(crypto.CannotOpen, match="retired"):
        crypto.unseal(sealed, **CELL)
    assert crypto.unseal(sealed, **CELL, for_ledger=True) == "13912345678"
    assert digest not in crypto.forms(crypto.keyed("phone", "1"))


def test_a_value_under_a_key_that_has_just_come_opens_at_once(folder, monkeypatch):
    crypto.seal("1", **CELL)
    monkeypatch.setattr(crypto, "LOOK_AGAIN_SECONDS", 3600)
    crypto.writing_id()
    crypto.make_next_keys(folder)
    crypto.take_next_into_use(folder)
    ring = crypto._read(str(folder), "fields")
    bound = crypto._bound("t", "number", 7)
    sealed = b"\x02" + bytes(12) + crypto._cipher(ring.opening[2]).encrypt(bytes(12), b"139", bound)

    assert crypto.unseal(sealed, **CELL) == "139"


@pytest.mark.parametrize("content", ["", "zz", "00" * 32, "ab" * 31, "0123456789abcdef" * 4])
def test_a_key_that_is_no_key_is_refused(folder, content):
    (folder / "fields-1.key").write_text(content)

    with pytest.raises(ImproperlyConfigured, match="32 random bytes"):
        crypto.seal("1", **CELL)
    assert crypto.check_keys()


@pytest.mark.parametrize("key", [b"k", bytes(range(32)), bytes(range(100))])
def test_digests_are_those_of_the_standard_library(key):
    texts = ["", "110105194912310038", "王大明" * 40]
    told = [hmac.new(key, f"phone|{text}".encode(), hashlib.sha256).digest() for text in texts]

    assert crypto._digests(key, "phone", texts) == [digest[: crypto.DIGEST_BYTES] for digest in told]
