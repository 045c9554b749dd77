"""The core on foreign ground: invented Australians with other fields, where ``COOPCRM_ACCEPTANCE_DATA`` has them.

Only what is not Chinese is tried here: patterns, expectation and maximisation, and the threshold on the odds.
"""

import csv
import gzip
import math
import os
from collections import Counter, defaultdict
from itertools import product
from pathlib import Path

import pytest

from customers.identity import edit_distance
from customers.matching.learning import Pattern, maximise
from customers.matching.weights import Level

FOLDER = Path(os.environ.get("COOPCRM_ACCEPTANCE_DATA", "nowhere")) / "febrl"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "dataset4a.csv.gz").exists(), reason="COOPCRM_ACCEPTANCE_DATA is not set"
)
FIELDS = ("given_name", "surname", "suburb", "postcode", "date_of_birth", "soc_sec_id", "street_number")
BLOCKS = ("surname", "given_name", "date_of_birth", "soc_sec_id")
LARGEST, PEOPLE = 60, 1000


def people(name):
    with gzip.open(FOLDER / name, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    rows = [{key.strip(): (value or "").strip() for key, value in row.items()} for row in rows]
    return [row for row in rows if int(row["rec_id"].split("-")[1]) < PEOPLE]


def level(x, y):
    if not x or not y:
        return ""
    return "equal" if x == y else "near" if edit_distance(x, y, 2) <= 2 else "another"


def test_the_core_links_two_files_of_another_country():
    left, right = people("dataset4a.csv.gz"), people("dataset4b.csv.gz")
    blocks = defaultdict(lambda: ([], []))
    for side, rows in enumerate((left, right)):
        for i, row in enumerate(rows):
            for field in BLOCKS:
                if row[field]:
                    blocks[field, row[field]][side].append(i)
    pairs = {p for a, b in blocks.values() if len(a) * len(b) <= LARGEST**2 for p in product(a, b)}
    levels = {
        (i, j): tuple((f, found) for f in FIELDS if (found := level(left[i][f], right[j][f])))
        for i, j in pairs
    }
    start = math.log2(1 / len(right))
    patterns = [Pattern(dict(key), n, start) for key, n in Counter(levels.values()).items()]
    tables = {
        field: {"equal": Level(0.8, 0.01), "near": Level(0.1, 0.02), "another": Level(0.1, 0.97)}
        for field in FIELDS
    }

    tables, _rounds, _matches = maximise(patterns, tables)

    taken, linked = set(), []
    weigh = {pair: start + sum(tables[f][found].bits for f, found in key) for pair, key in levels.items()}
    for (i, j), weight in sorted(weigh.items(), key=lambda one: -one[1]):
        if weight > 2 and ("left", i) not in taken and ("right", j) not in taken:
            taken |= {("left", i), ("right", j)}
            linked.append(left[i]["rec_id"].split("-")[1] == right[j]["rec_id"].split("-")[1])
    precision, recall = sum(linked) / len(linked), sum(linked) / len(left)
    print(f"febrl: {len(pairs)} pairs compared, precision {precision:.4f}, recall {recall:.4f}")
    assert precision >= 0.99
    assert recall >= 0.95
