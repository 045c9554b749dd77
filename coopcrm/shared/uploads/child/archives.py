"""Archives as their files, one after the other; a file within is handed over as it is, never opened here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import limits
from refusal import Refusal
from sheets import ZIP_MAGIC, require

UTF8_NAME = 0x800
WORKBOOK_PART = "[Content_Types].xml"
CHUNK = limits.MEGABYTE


def unpack(content: bytes, write: Callable[[bytes], Any]) -> None:
    """Write a line with name and size before the content of each file; raise a refusal otherwise.

    A workbook is packed the same way; that it is one is all that is said of it.
    """
    require(content.startswith(ZIP_MAGIC), "no_archive")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        raise Refusal("damaged_archive") from None
    members = [member for member in archive.infolist() if not member.is_dir()]
    if any(member.filename == WORKBOOK_PART for member in members):
        write(json.dumps({"workbook": True}).encode() + b"\n")
        return
    _check(members)
    left = limits.MAX_UNPACKED_BYTES
    for member in members:
        body = _content(archive, member, min(left, limits.MAX_FILE_BYTES))
        left -= len(body)
        write(json.dumps({"name": name_of(member), "bytes": len(body)}).encode() + b"\n")
        write(body)


def _check(members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive by what its list of files says, before any of them is unpacked."""
    names = [member.filename for member in members]
    require(names, "file_empty")
    require(len(members) <= limits.MAX_MEMBERS, "too_many_files")
    require(not any(member.flag_bits & 0x1 for member in members), "locked_archive")
    require(len(set(names)) == len(names), "odd_archive")
    leads_out = any(name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names)
    require(not leads_out, "odd_archive")
    require(sum(member.file_size for member in members) <= limits.MAX_UNPACKED_BYTES, "archive_too_large")
    for member in members:
        is_dense = member.file_size > limits.MAX_RATIO * max(member.compress_size, 1)
        require(not (is_dense and member.file_size > limits.SMALL_MEMBER_BYTES), "odd_archive")
        require(member.file_size <= limits.MAX_FILE_BYTES, "file_too_large")


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """One file; what the list says about its size is not believed."""
    pieces, size = [], 0
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            require(size <= most, "archive_too_large")
            pieces.append(chunk)
    return b"".join(pieces)


def name_of(member: zipfile.ZipInfo) -> str:
    """The name as people wrote it: archives of older systems keep it in GBK without saying so."""
    if member.flag_bits & UTF8_NAME:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename
