"""Words to places, without any service: a text names units, a street or settlement and a number; which point is meant?

A text is not parsed from left to right. Every name known is looked for in it (:mod:`.place_names`); each thing found is a
candidate, and its score is the share of what the text names that agrees with it (:mod:`.place_reading`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from geogrid.domain.places import FormerName, PlaceCandidate, PlacePrecision
from geogrid.space.crs import default_metric_srid, lonlat_of, metric_xy
from geogrid.space.house_numbers import Floats, Reach
from geogrid.space.place_names import NameIndex
from geogrid.space.place_reading import NUMBERED, Choice, Reading
from geogrid.space.place_text import normalised
from geogrid.space.place_things import Known, gather

RIVALRY = 14  # exponent: how quickly a lower score stops being a rival
NEAR_M, NEAR_SHARE = 2000.0, 0.05
MOST_RIVALS = 40
PRECISIONS = list(PlacePrecision)

# A matter lies off the door that its words name. By how much a radius grows for it: what 92 in 100 of 10,000 texts of the
# made-up district of seed 7 need, by precision; `./run bench places` measures what comes of it with seed 1.
MATTER_REACH = {
    PlacePrecision.ADDRESS: 1.4,
    PlacePrecision.INTERPOLATED: 1.4,
    PlacePrecision.SETTLEMENT: 1.35,
    PlacePrecision.STREET: 1.2,
}


class Gazetteer:
    """Names and addresses of a district, compiled for look-ups; immutable, safe to share between threads."""

    def __init__(self, known: Known, srid: int) -> None:
        self._known, self._srid = known, srid
        self._index = NameIndex([thing.names for thing in known.things])
        self._village_of = partial(known.units.village_of, srid=srid)
        self._reach = {
            precision: Reach(
                part.numbers for thing in known.things if thing.precision is precision for part in thing.parts if part.numbers
            )
            for precision in NUMBERED
        }

    @classmethod
    def from_frames(
        cls,
        units: Any = None,
        places: Any = None,
        roads: Any = None,
        *,
        grids: Any = None,
        former: Sequence[FormerName] = (),
        metric_srid: int | None = None,
    ) -> Gazetteer:
        """Compile a gazetteer from GeoDataFrames in EPSG:4490, any of them None.

        Parameters
        ----------
        units : ``code name level parent_code`` with polygons
        places : ``name kind address`` (``kind`` of PlaceKind; address points carry a house number)
        roads : ``name`` with lines; streets by name meet where these do
        grids : base grids, ``code name village_code`` with polygons; named in full or by code only
        former : former names of any of these
        metric_srid : the zone to measure in; without, that of the first frame's middle

        Columns ``old_name`` and ``old_names`` are former names, ``alt_name`` and ``other_names`` other ones, parted by ``;``.
        """
        frames = [frame for frame in (units, places, roads, grids) if frame is not None and len(frame)]
        west, south, east, north = frames[0].total_bounds if frames else (0.0, 0.0, 0.0, 0.0)
        srid = metric_srid or default_metric_srid((west + east) / 2, (south + north) / 2)
        return cls(gather(units, places, roads, grids, former, srid), srid)

    def find(self, text: str, *, near_lonlat: tuple[float, float] | None = None, most: int = 10) -> tuple[PlaceCandidate, ...]:
        """Return at most ``most`` places that ``text`` could mean, the likeliest first; empty where it names nothing known.

        ``near_lonlat`` (degrees of record) decides between places that fit alike. The same text has always the same answer.
        """
        words = normalised(text)
        spots = self._index.spots(words)
        near = None if near_lonlat is None else np.array(metric_xy(*near_lonlat, self._srid), dtype=float).reshape(2)
        choices = Reading(words, spots, self._known, self._reach, self._village_of).choices()
        if near is not None:
            choices = [replace(one, score=one.score * _nearness(one.xy, near)) for one in choices]
        choices.sort(key=_order)
        sure = _sureness(choices[:MOST_RIVALS])
        ranked = sorted(
            zip(choices, sure, strict=False), key=lambda one: (-round(one[0].score, 9), -round(one[1], 9), _order(one[0]))
        )
        return tuple(self._candidate(choice, confidence) for choice, confidence in ranked[:most])

    def _candidate(self, choice: Choice, confidence: float) -> PlaceCandidate:
        lon, lat = lonlat_of(choice.xy[:1], choice.xy[1:], self._srid)
        return PlaceCandidate(
            name=choice.name,
            point_lonlat=(round(float(lon[0]), 9), round(float(lat[0]), 9)),
            precision=choice.precision,
            radius_m=round(choice.radius_m * MATTER_REACH.get(choice.precision, 1.0), 1),
            confidence=round(confidence, 4),
            village_code=choice.village or None,
            reason=choice.reason,
        )


def _nearness(xy: Floats, near: Floats) -> float:
    return float(1 - NEAR_SHARE * (1 - np.exp(-np.hypot(*(xy - near)) / NEAR_M)))


def _sureness(choices: Sequence[Choice]) -> list[float]:
    """Return the confidence of each choice: its score, shared with those that fit as well and lie elsewhere."""
    if not choices:
        return []
    xy = np.array([one.xy for one in choices])
    radius, score = (np.array([getattr(one, name) for one in choices]) for name in ("radius_m", "score"))
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) > np.maximum(radius[:, None], radius[None])
    power = score**RIVALRY
    rivals = (apart * power[None]).sum(axis=1)
    return (score * power / np.maximum(power + rivals, 1e-300)).tolist()


def _order(choice: Choice) -> tuple[Any, ...]:
    return (-round(choice.score, 9), PRECISIONS.index(choice.precision), choice.name, choice.village, *choice.xy.tolist())
