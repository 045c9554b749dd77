"""The open ledgers, where they are at hand (``COOPCRM_ACCEPTANCE_DATA`` names the folder that holds ``ledgers/``)."""

import csv
import os
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from customers.ledgers.reading import LedgerContext, read_ledger
from customers.ledgers.villages import AreaIndex, Place

FOLDER = Path(os.environ.get("COOPCRM_ACCEPTANCE_DATA", "nowhere")) / "ledgers"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "truth.csv").exists(), reason="COOPCRM_ACCEPTANCE_DATA is not set"
)


def table(name):
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def truth():
    rows = defaultdict(set)
    for row in table("truth.csv"):
        rows[row["source_file"]].add((row["sheet"], int(row["row_number"])))
    return rows


def area_index():
    places = {}
    for row in table("areas.csv"):
        places[row["township_code"]] = Place(
            row["township_code"], row["township"], "township", row["county_code"]
        )
        places[row["village_code"]] = Place(
            row["village_code"], row["village"], "village", row["township_code"]
        )
    return AreaIndex(places.values())


def test_every_data_row_is_listed_and_nothing_else():
    areas, expected, found = area_index(), truth(), defaultdict(set)

    for line in table("manifest.csv"):
        context = LedgerContext(
            line["kind"], areas, areas.township_of_branch(line["branch_name"]), date(2015, 3, 31)
        )
        for sheet in read_ledger((FOLDER / line["file"]).read_bytes(), context):
            found[line["file"]] |= {(sheet.name, record.row_number) for record in sheet.records}

    assert found == expected


def pairs_of(groups):
    return {(a, b) for members in groups.values() for a in members for b in members if a < b}


@pytest.mark.django_db
def test_whole_county_comes_in_once_and_precisely():
    from customers.ledgers.importing import import_ledgers
    from customers.ledgers.manifests import load_areas_beside, sources_in
    from customers.models import Customer, LedgerRow

    load_areas_beside([FOLDER])
    sources = sources_in([FOLDER])
    first = import_ledgers(sources, as_of=date(2015, 3, 31))
    counts = (Customer.objects.count(), LedgerRow.objects.count())
    second = import_ledgers(sources, as_of=date(2015, 3, 31))

    real, seen = defaultdict(list), defaultdict(list)
    for row in table("truth.csv"):
        real[row["person_id"]].append((row["source_file"], row["sheet"], int(row["row_number"])))
    for line in first.rows:
        seen[line.customer_id].append((line.source_file, line.sheet, line.row_number))
    true, found = pairs_of(real), pairs_of(seen)
    precision, recall = len(true & found) / len(found), len(true & found) / len(true)
    assert precision >= 0.997
    assert 2 * precision * recall / (precision + recall) >= 0.92
    assert (second.rows, second.pairs) == (first.rows, first.pairs)
    assert counts == (Customer.objects.count(), LedgerRow.objects.count())
