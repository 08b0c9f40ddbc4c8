"""Classes of a choropleth: five at most, by rank, so that each holds about as many places; equal values stay together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

CLASSES = 5


@dataclass(frozen=True)
class ValueClass:
    """A class: its number (from 1, the lowest), the least and greatest value in it, how many places."""

    number: int
    low: Decimal
    high: Decimal
    count: int


def classes_of(values: Iterable[Decimal], most: int = CLASSES) -> list[ValueClass]:
    """Return the classes of some values, the lowest first; fewer than ``most`` where fewer values differ.

    A value lies in the class of the middle of its ranks.
    """
    counts = sorted(Counter(values).items())
    total, before = sum(count for _, count in counts), 0
    found: dict[int, list[tuple[Decimal, int]]] = {}
    for value, count in counts:
        found.setdefault((2 * before + count) * most // (2 * total), []).append((value, count))
        before += count
    rows = [found[rank] for rank in sorted(found)]
    return [ValueClass(number, row[0][0], row[-1][0], sum(count for _, count in row)) for number, row in enumerate(rows, start=1)]


def class_of(value: Decimal, classes: Iterable[ValueClass]) -> ValueClass | None:
    """Return the class in which a value lies."""
    return next((one for one in classes if one.low <= value <= one.high), None)
