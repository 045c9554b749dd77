"""A seeded source of chance that is quick where the seeder asks it millions of times."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice(Random):
    """``Random`` with plain forms of the two questions asked most; their bias below 2⁻³⁰ does not matter here."""

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, each as likely as the next."""
        return options[int(self.random() * len(options))]

    def randrange(self, start: int, stop: int | None = None) -> int:
        """A whole number from ``start`` up to ``stop`` without it, or below ``start``."""
        return int(self.random() * start) if stop is None else start + int(self.random() * (stop - start))
