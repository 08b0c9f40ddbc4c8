"""Whether two reports tell of one matter: by place, time, kind and words, each with its part in score and reasons.

Nothing is decided here: what is alike is shown side by side, and a person merges. The weights are assumptions of ours.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

RADIUS_M = 300.0
WITHIN = timedelta(days=14)
LEAST_SCORE = 0.35
PLACE, TIME, WORDS = 0.45, 0.2, 0.35  # what each counts; they add up to 1
ALIKE = 0.3  # of words, from which on the likeness is a reason
_APART = re.compile(r"[\W_]+", re.UNICODE)


class Reason(StrEnum):
    """Why two reports may tell of one matter."""

    KIND = "kind"
    NEAR = "near"
    ADDRESS = "address"
    SOON = "soon"
    WORDS = "words"


@dataclass(frozen=True)
class Told:
    """What is compared of a report: kind and class, when, where (metres from the other one; None: unknown), which words."""

    kind: str
    at: datetime
    words: str
    address: str = ""
    category: str = ""


@dataclass(frozen=True)
class Likeness:
    """How alike two reports are, 0 to 1, and why, with the shares in [0, 1] of place, time and words."""

    score: float
    reasons: tuple[Reason, ...]
    place: float
    time: float
    words: float

    @property
    def is_worth_showing(self) -> bool:
        """Whether somebody should look at both."""
        return self.score >= LEAST_SCORE


def likeness(one: Told, other: Told, distance_m: float | None) -> Likeness:
    """Return how alike two reports are; the same both ways round.

    ``distance_m`` is that between their places, None where one has none: then the words of their addresses stand for the place.
    Reports of another kind are not alike, whatever else they share.
    """
    if one.kind != other.kind:
        return Likeness(0.0, (), 0.0, 0.0, 0.0)
    by_address = similarity(one.address, other.address)
    place = by_address if distance_m is None else max(0.0, 1.0 - distance_m / RADIUS_M)
    time = max(0.0, 1.0 - abs(one.at - other.at) / WITHIN)
    words = similarity(one.words, other.words)
    reasons = [Reason.KIND]
    reasons += [Reason.NEAR] if distance_m is not None and place > 0 else []
    reasons += [Reason.ADDRESS] if by_address >= ALIKE else []
    reasons += [Reason.SOON] if time > 0 else []
    reasons += [Reason.WORDS] if words >= ALIKE else []
    return Likeness(round(PLACE * place + TIME * time + WORDS * words, 4), tuple(reasons), place, time, words)


def similarity(one: str, other: str) -> float:
    """Return the Dice coefficient of the pairs of neighbouring characters of two texts, 0 to 1; 0 where one has no pair."""
    mine, theirs = pairs(one), pairs(other)
    if not mine or not theirs:
        return 0.0
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


@lru_cache(maxsize=8)  # the report that others are compared with is asked about once for each of them
def pairs(text: str) -> frozenset[str]:
    """Return the pairs of neighbouring characters within the words of a text, small letters."""
    parts = _APART.split(text.lower())
    return frozenset(part[i : i + 2] for part in parts for i in range(len(part) - 1))


def box_degrees(lat: float, radius_m: float = RADIUS_M) -> tuple[float, float]:
    """Return half the sides (lon, lat) in degrees of a box that holds the circle of ``radius_m`` around a place at ``lat``.

    A degree of latitude has at least 110,574 m (at the equator of WGS 84).
    """
    d_lat = radius_m / 110_574.0
    return d_lat / max(math.cos(math.radians(lat)), 0.01), d_lat
