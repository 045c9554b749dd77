"""Days in addresses."""

from __future__ import annotations

from datetime import date


class DayConverter:
    """``2026-03-31`` as a date; a day that does not exist is no address."""

    regex = r"(?:19|20|21)\d{2}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return value if isinstance(value, str) else value.isoformat()
