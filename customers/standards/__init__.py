"""What every union begins with: texts of consents. A union adds versions of its own; these are never changed."""

from __future__ import annotations

import json
from pathlib import Path

from customers.models import ConsentText

TEXTS = Path(__file__).with_name("consent_texts.json")


def ensure_texts() -> None:
    """Write the standard text of every purpose that has none yet."""
    known = set(ConsentText.objects.values_list("purpose", flat=True))
    rows = [row for row in json.loads(TEXTS.read_text(encoding="utf-8")) if row["purpose"] not in known]
    ConsentText.objects.bulk_create([ConsentText(**row) for row in rows], ignore_conflicts=True)
