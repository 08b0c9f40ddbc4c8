"""House numbers along a street or in a settlement: the point known, one between its neighbours, and how far off that may be.

How far off is not assumed but found: every known number is estimated from the others, and nine tenths of the errors, by
the gap of the numbers, are the radius (leave-one-out). Where too few are known, a number takes about ``STEP_M`` metres.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geogrid.domain.places import NameMatch

Floats = NDArray[np.float64]

NEARLY_ALL = 0.98
SHARE = 0.9  # of the true places that a radius is meant to hold
LEAST_RADIUS_M = 30.0
STEP_M = 15.0  # frontage of a house with its number
GAPS = np.array([1, 2, 4, 8, 16, 32, 64, 128])  # upper ends of the classes of gaps; beyond the last is one more
FEW = 30  # errors in a class below which the class above is asked


@dataclass(frozen=True)
class Numbered:
    """Where a number is: metres, nine-tenths radius, how it was found, and the known numbers it was found from."""

    xy: Floats
    radius_m: float
    match: NameMatch
    between: tuple[int, int]


class HouseNumbers:
    """The known numbers of one street in one village: ``numbers`` (n,) may repeat, ``xy`` (n, 2) in metres."""

    def __init__(self, numbers: Sequence[int], xy: Floats) -> None:
        order = np.argsort(np.asarray(numbers), kind="stable")
        values, start = np.unique(np.asarray(numbers)[order], return_index=True)
        self.numbers = values
        self._points = np.split(np.asarray(xy, dtype=float)[order], start[1:])
        self.xy = np.array([np.median(points, axis=0) for points in self._points])

    def at(self, number: int, reach: Reach) -> Numbered:
        """Return where ``number`` is or must be, with its radius by ``reach``."""
        at = int(np.searchsorted(self.numbers, number))
        if at < len(self.numbers) and self.numbers[at] == number:
            radius = max(reach.repeated_m(self), spread_m(self.xy[at], self._points[at]))
            return Numbered(self.xy[at], radius, NameMatch.EXACT, (number, number))
        if 0 < at < len(self.numbers):
            low, high = int(self.numbers[at - 1]), int(self.numbers[at])
            xy = between(self.xy[at - 1], self.xy[at], (number - low) / (high - low))
            return Numbered(xy, reach.gap_m(min(number - low, high - number)), NameMatch.BETWEEN, (low, high))
        end = 0 if at == 0 else -1
        known = int(self.numbers[end])
        return Numbered(self.xy[end], reach.gap_m(abs(number - known)), NameMatch.NEAREST, (known, known))

    def left_out(self) -> tuple[Floats, Floats]:
        """Return gap and error (metres) of every known number, estimated from its neighbours in the order."""
        count = len(self.numbers)
        if count < 2:
            return np.empty(0), np.empty(0)
        low = np.maximum(np.arange(count) - 1, 0)
        high = np.minimum(np.arange(count) + 1, count - 1)
        low[0], high[-1] = high[0], low[-1]
        width = np.maximum(self.numbers[high] - self.numbers[low], 1)
        share = np.where(low == high, 0.0, (self.numbers - self.numbers[low]) / width)
        guess = self.xy[low] + (self.xy[high] - self.xy[low]) * share[:, None]
        gap = np.minimum(abs(self.numbers - self.numbers[low]), abs(self.numbers[high] - self.numbers))
        return gap.astype(float), np.hypot(*(guess - self.xy).T)

    def repeats(self) -> Floats:
        """Return how far each point of a number that comes more than once is from the middle of the others, in metres."""
        far = []
        for points in self._points:
            count = len(points)
            if count > 1:
                others = (points.sum(axis=0) - points) / (count - 1)
                far.append(np.hypot(*(points - others).T))
        return np.concatenate(far) if far else np.empty(0)


class Reach:
    """How far off estimated numbers are: nine tenths of the errors of all groups of one kind, by the gap of the numbers."""

    def __init__(self, groups: Iterable[HouseNumbers]) -> None:
        kept = list(groups)
        parts = [group.left_out() for group in kept]
        gaps = np.concatenate([np.empty(0), *(gap for gap, _ in parts)])
        errors = np.concatenate([np.empty(0), *(error for _, error in parts)])
        classes = np.searchsorted(GAPS, gaps)
        self._gap_m = [self._measured(errors[classes == at], at) for at in range(len(GAPS) + 1)]
        self._gap_m = np.maximum.accumulate(self._gap_m).tolist()
        self._repeated_m = nine_tenths(np.concatenate([np.empty(0), *(group.repeats() for group in kept)]))

    @staticmethod
    def _measured(errors: Floats, at: int) -> float:
        if len(errors) >= FEW:
            return nine_tenths(errors)
        return float(STEP_M * GAPS[min(at, len(GAPS) - 1)] + 2 * LEAST_RADIUS_M)

    def gap_m(self, gap: int) -> float:
        """Return the radius for a number that is ``gap`` away from the nearest known one."""
        return self._gap_m[int(np.searchsorted(GAPS, gap))]

    def repeated_m(self, group: HouseNumbers) -> float:
        """Return the radius for a known number: by the group's own repeated numbers, by all where it has few."""
        own = group.repeats()
        return nine_tenths(own) if len(own) >= FEW else self._repeated_m


def between(first: Floats, second: Floats, share: float) -> Floats:
    """Return the point ``share`` of the way from ``first`` to ``second``."""
    return first + (second - first) * share


def nine_tenths(distances: Floats) -> float:
    """Return what nine tenths of the distances (metres) do not exceed, at least ``LEAST_RADIUS_M``."""
    return max(LEAST_RADIUS_M, float(np.quantile(distances, SHARE))) if len(distances) else LEAST_RADIUS_M


def spread_m(middle: Floats, points: Floats) -> float:
    """Return the radius around ``middle`` (2,) that holds nearly all of ``points`` (n, 2), all in metres, but for strays.

    Points with a number are a sample: what else goes by the name lies among them and a little beyond.
    """
    return max(LEAST_RADIUS_M, float(np.quantile(np.hypot(*(points - middle).T), NEARLY_ALL)))
