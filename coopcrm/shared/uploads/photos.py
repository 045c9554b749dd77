"""Photos that people send in: decoded and written anew by the child process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from coopcrm.shared.uploads.child.limits import MAX_PHOTO_BYTES
from coopcrm.shared.uploads.process import child, require_alive
from coopcrm.shared.uploads.refusals import refusal_for

LONGEST = 20.0  # seconds by the clock; somebody waits for the page


@dataclass(frozen=True)
class Photo:
    """A plain JPEG and what the camera noted: its clock (local time) and position in degrees, where known."""

    content: bytes
    width: int
    height: int
    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None


def renewed(content: bytes, *, seconds: float = LONGEST) -> Photo:
    """The photo without anything but its picture; raises ``Unreadable`` with the reason."""
    if len(content) > MAX_PHOTO_BYTES:
        raise refusal_for("photo_too_large")
    with child("photo", content, seconds=seconds) as reader:
        line = reader.answer.readline()
        body = reader.answer.read()
        if not line.endswith(b"\n"):
            require_alive(reader, lost="too_much_memory")
    said = json.loads(line)
    if "refused" in said:
        raise refusal_for(said["refused"])
    taken_at = said.get("taken_at")
    return Photo(
        content=body,
        width=said["width"],
        height=said["height"],
        taken_at=timezone.make_aware(datetime.fromisoformat(taken_at)) if taken_at else None,
        latitude=said.get("latitude"),
        longitude=said.get("longitude"),
    )
