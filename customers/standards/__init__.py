"""What every union begins with: texts of consents and figures of privacy. A union adds rows; none is ever changed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from django.utils import timezone

from customers.choices import RuleKey
from customers.models import ConsentText, PrivacyRule, SourceRule
from customers.provenance.survivorship import STANDARD

TEXTS = Path(__file__).with_name("consent_texts.json")
IN_FORCE_FROM = date(2021, 11, 1)  # the personal information protection law
FIGURES = {
    RuleKey.ANSWER_DAYS: 15,
    RuleKey.IDENTITY_YEARS: 10,
    RuleKey.TRANSACTION_YEARS: 10,
    RuleKey.COPY_DAYS: 7,
}


def ensure_texts() -> None:
    """Write the standard text of every purpose that has none yet."""
    known = set(ConsentText.objects.values_list("purpose", flat=True))
    rows = [row for row in json.loads(TEXTS.read_text(encoding="utf-8")) if row["purpose"] not in known]
    ConsentText.objects.bulk_create([ConsentText(**row) for row in rows], ignore_conflicts=True)


def ensure_figures() -> None:
    """Write the figures of privacy that have no row yet."""
    known = set(PrivacyRule.objects.values_list("key", flat=True))
    rows = [
        PrivacyRule(key=key, value=value, valid_from=IN_FORCE_FROM)
        for key, value in FIGURES.items()
        if key not in known
    ]
    PrivacyRule.objects.bulk_create(rows, ignore_conflicts=True)


def ensure_source_rule() -> None:
    """Write the rule of sources when there is none; nothing has to be decided by it, for it was in force before."""
    if not SourceRule.objects.exists():
        SourceRule.objects.create(
            version=STANDARD["code"], data=STANDARD, valid_from=IN_FORCE_FROM, applied_at=timezone.now()
        )
