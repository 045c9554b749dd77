"""The reason of a task: words of a person, or a message id with plain values that is translated when shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reason:
    """``text`` is a message id (mark it with ``gettext_noop``); ``params`` hold ids, codes, days and counts alone."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)
