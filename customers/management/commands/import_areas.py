"""Load a table of counties, townships and villages."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from coopcrm.shared.errors import DomainError
from customers.ledgers.areas import load_areas


class Command(BaseCommand):
    help = "Load areas from a csv: county_code, township_code, township, village_code, village."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options):
        try:
            loaded = load_areas(file.read_bytes())
        except (OSError, DomainError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"areas: {loaded.created} created, {loaded.renamed} renamed, {loaded.unchanged} unchanged"
        )
