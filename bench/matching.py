"""Recognition of invented people in dirty books: speed, precision and recall, and what a kind of dirt costs unlearned.

    python -m bench.matching [--people 2000] [--json FILE]

For every kind of dirt the weights are learned twice, from a book with all kinds and from one without it, and both link
a third book that holds it: where the recall of its pairs stays, the engine knows dirt and not the book.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from bench.dirt import KINDS, Book, book
from customers.matching import measures
from customers.matching.clusters import link
from customers.matching.learning import learn
from customers.matching.weights import DEFAULT, Weights


def linked(pages: Book, weights: Weights = DEFAULT) -> dict[int, int]:
    """Return the customer of each row."""
    groups = link(pages.mentions, weights).groups
    return {mention.key: group[0].key for group in groups for mention in group}


def recall_of(kind: str, pages: Book, found: dict[int, int]) -> float:
    """Return the recall of the pairs that carry a kind of dirt."""
    kinds = measures.by_kind(pages.persons, found, pages.kinds)
    return next((row.recall for row in kinds if row.kind == kind), 1.0)


def left_out(kind: str, people: int) -> dict[str, float]:
    """Return the recall of a kind's pairs with weights that knew it and with weights that did not."""
    everything = [*KINDS]
    others = [other for other in everything if other != kind]
    pages = book(people, everything, seed=3)
    known = learn(book(people, everything, seed=1).mentions, version="all")
    unknown = learn(book(people, others, seed=2).mentions, version="without")
    return {
        "known": recall_of(kind, pages, linked(pages, known.weights)),
        "unknown": recall_of(kind, pages, linked(pages, unknown.weights)),
    }


def measure(people: int) -> dict:
    """Return the figures of a book and of every kind left out."""
    pages = book(people, [*KINDS], seed=3)
    started = time.monotonic()
    found = linked(pages)
    seconds = time.monotonic() - started
    figures = measures.pairwise(pages.persons, found)
    return {
        "rows": len(pages.mentions),
        "seconds": round(seconds, 2),
        "rows_per_second": round(len(pages.mentions) / seconds),
        "precision": round(figures.precision, 4),
        "recall": round(figures.recall, 4),
        "left_out": {kind: left_out(kind, people) for kind in KINDS},
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--json", type=Path, default=None)
    given = parser.parse_args()
    figures = measure(given.people)
    print(f"{figures['rows']} rows in {figures['seconds']} s ({figures['rows_per_second']} rows/s)")
    print(f"precision {figures['precision']}, recall {figures['recall']}")
    for kind, recall in figures["left_out"].items():
        print(f"  {kind:32} recall {recall['known']:.3f} known, {recall['unknown']:.3f} unknown")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
