"""Recompute every seal of the ledger of deeds and name whatever was changed since."""

from __future__ import annotations

import sys

from django.core.management.base import BaseCommand

from coopcrm.shared import audit
from coopcrm.shared.verification import verify

MOST_LINES = 1000


class Command(BaseCommand):
    help = (
        "Recompute every seal of the ledger and the hashes of computed results; name each place of tampering."
        " Ends with status 1 when something was found."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--expect",
            default="",
            metavar="NUMBER:DIGEST",
            help="a seal from a printed page that must be there",
        )
        parser.add_argument("--without-results", action="store_true", help="leave computed tables out")
        parser.add_argument("--seal", action="store_true", help="seal what is new first")

    def handle(self, *, expect: str, without_results: bool, seal: bool, **options):
        if seal:
            audit.seal_new_entries()
        report = verify(results=not without_results, expected=expect)
        for finding in report.findings[:MOST_LINES]:
            self.stdout.write(str(finding))
        if len(report.findings) > MOST_LINES:
            self.stdout.write(f"… and {len(report.findings) - MOST_LINES} more")
        self.stdout.write(
            f"{report.entries} entries ({report.unsealed} not sealed yet), {report.seals} seals, {report.runs} runs of"
            f" computed results: {len(report.findings) or 'nothing'} found"
        )
        self.stdout.write(f"last seal {report.last_seal or 'none'}")
        if report.findings:
            sys.exit(1)
