"""The simplest witness: every edge of every polygon for every point; no tree, no cells, no GEOS.

The side of an edge is told in doubles where Shewchuk's bound of the error allows it (Adaptive precision floating-point
arithmetic, 1997, the bound A of orient2d, rounded up), and in rational numbers where it does not.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import numba
import numpy as np

from tests.bench.adversarial import edges_of

Array = np.ndarray
ERROR = 8 * 2.0**-53
POINTS_AT_ONCE = 5_000
OUTSIDE, INSIDE, BORDER = 0, 1, 2


@dataclass(frozen=True)
class Edges:
    """The edges of all polygons in their order; those of polygon ``i`` begin at ``first[i]`` and end before ``first[i + 1]``."""

    begin: Array
    end: Array
    first: Array

    @classmethod
    def of(cls, polygons: Array) -> Edges:
        """Take the polygons apart."""
        begin, end, polygon = edges_of(polygons)
        return cls(np.ascontiguousarray(begin), np.ascontiguousarray(end), np.searchsorted(polygon, np.arange(len(polygons) + 1)))

    def where(self, lonlat: Array) -> Array:
        """Return OUTSIDE, INSIDE or BORDER for each point and polygon: uint8 (points, polygons)."""
        found = np.zeros((len(lonlat), len(self.first) - 1), dtype=np.uint8)
        doubtful = np.empty((64 * len(lonlat) + 1000, 3), dtype=np.int64)
        count = sides(lonlat, self.begin, self.end, self.first, found, doubtful)
        if count > len(doubtful):
            raise RuntimeError(f"{count} doubtful edges; room for {len(doubtful)}")
        for point, polygon, edge in doubtful[:count].tolist():
            where = exactly(*lonlat[point].tolist(), *self.begin[edge].tolist(), *self.end[edge].tolist())
            if where == BORDER:
                found[point, polygon] = BORDER
            elif where == INSIDE and found[point, polygon] != BORDER:
                found[point, polygon] ^= 1
        return found


@numba.njit(cache=True, nogil=True)
def sides(lonlat: Array, begin: Array, end: Array, first: Array, found: Array, doubtful: Array) -> int:
    """Count, by parity, the edges that a ray to the west crosses; return how many edges doubles could not tell."""
    count = 0
    for point in range(len(lonlat)):
        x, y = lonlat[point, 0], lonlat[point, 1]
        for polygon in range(len(first) - 1):
            parity = 0
            for edge in range(first[polygon], first[polygon + 1]):
                ay, by = begin[edge, 1], end[edge, 1]
                if (ay > y and by > y) or (ay < y and by < y):
                    continue
                left = (end[edge, 0] - begin[edge, 0]) * (y - ay)
                right = (x - begin[edge, 0]) * (by - ay)
                if abs(left - right) > ERROR * (abs(left) + abs(right)):
                    if (ay > y) != (by > y) and (left > right) == (by > ay):
                        parity ^= 1
                else:
                    if count < len(doubtful):
                        doubtful[count, 0], doubtful[count, 1], doubtful[count, 2] = point, polygon, edge
                    count += 1
            found[point, polygon] = parity
    return count


def exactly(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> int:
    """Return BORDER where the point is on the edge, INSIDE where the ray crosses it, else OUTSIDE; in rational numbers."""
    side = (Fraction(bx) - Fraction(ax)) * (Fraction(y) - Fraction(ay)) - (Fraction(x) - Fraction(ax)) * (
        Fraction(by) - Fraction(ay)
    )
    if side == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
        return BORDER
    return INSIDE if (ay > y) != (by > y) and side != 0 and (side > 0) == (by > ay) else OUTSIDE


@dataclass(frozen=True)
class Told:
    """For each point the first polygon that covers it (-1: none), how many do, whether it is inside one, and all of them."""

    grid: Array
    covering: Array
    interior: Array
    pairs: Array  # (point, polygon) of every covering, ascending


def ask(polygons: Array, lonlat: Array) -> Told:
    """Ask every polygon about every point, in as many threads as there are processors."""
    edges = Edges.of(polygons)
    starts = range(0, len(lonlat), POINTS_AT_ONCE)

    def part(start: int) -> tuple[Array, Array, Array, Array]:
        where = edges.where(lonlat[start : start + POINTS_AT_ONCE])
        covers = where != OUTSIDE
        first = np.where(covers.any(axis=1), covers.argmax(axis=1), -1)
        return first, covers.sum(axis=1), (where == INSIDE).any(axis=1), np.argwhere(covers) + np.array([start, 0])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        grid, covering, interior, pairs = (np.concatenate(parts) for parts in zip(*pool.map(part, starts), strict=True))
    return Told(grid, covering, interior, pairs)
