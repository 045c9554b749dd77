"""Archives that people send in, as the files within; unpacked by the child process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from coopcrm.shared.uploads.child.limits import CPU_SECONDS, MAX_FILE_BYTES
from coopcrm.shared.uploads.process import child, require_alive
from coopcrm.shared.uploads.refusals import refusal_for

LONGEST = CPU_SECONDS + 30.0
ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True)
class Packed:
    """A file within an archive."""

    name: str
    content: bytes


def files_in(name: str, content: bytes, *, seconds: float = LONGEST) -> Iterator[Packed]:
    """The files of an archive, in order; a file that is none comes back as it is. Raises ``Unreadable``."""
    if len(content) > MAX_FILE_BYTES:
        raise refusal_for("file_too_large")
    if not content.startswith(ZIP_MAGIC):
        yield Packed(name, content)
        return
    with child("archive", content, seconds=seconds) as reader:
        while line := reader.answer.readline():
            if not line.endswith(b"\n"):
                break
            said = json.loads(line)
            if "refused" in said:
                code = said["refused"]
                raise refusal_for("damaged_archive" if code == "damaged" else code)
            if "workbook" in said:
                yield Packed(name, content)
                return
            if "end" in said:
                return
            body = reader.answer.read(said["bytes"])
            if len(body) < said["bytes"]:
                break
            yield Packed(said["name"], body)
        require_alive(reader, lost="too_much_memory")
