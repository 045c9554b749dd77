"""Results of rules as plain JSON values: amounts as text, days as ISO text, dataclasses as mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """Turn a rule's result into values that JSON can hold without losing a digit."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


class Result:
    """Base of the frozen dataclasses that rules return."""

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return plain(self)
