"""What closing, moving or opening stations would change, or winter, or opening hours: by household, by grid, by station.

Only what changes is searched anew: who went to a closed station looks among those that are left, everybody else keeps the
station of before; a new station is searched alone. The answers are those of a full search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from geogrid.domain.stations import TravelMode
from geogrid.space.network import TICKS_PER_MINUTE, Floats, Flood, Ints, RoadNetwork
from geogrid.space.reach import WholeRoads, limit_ticks, reach_of, taken
from geogrid.space.reach_counts import NOWHERE, PointsOnEdges, Reached, soonest

BANDS = (5.0, 8.0, 10.0, 15.0)


@dataclass(frozen=True)
class Change:
    """What is asked: ``closed`` and ``moved`` name stations by their positions, ``opened`` are new places (n, 2 degrees).

    A moved station keeps its position; opened ones stand behind all others.
    """

    closed: Sequence[int] = ()
    moved: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    opened: ArrayLike = ()


@dataclass(frozen=True, eq=False)
class Effect:
    """Before and after, household by household; ``stations`` is how many there are with the opened ones."""

    before: Reached
    after: Reached
    minutes: float
    stations: int

    @property
    def gained(self) -> Ints:
        """Positions of the households that reach a station in time only afterwards."""
        return np.flatnonzero(~self.before.within(self.minutes) & self.after.within(self.minutes))

    @property
    def lost(self) -> Ints:
        """Positions of the households that reach a station in time only before."""
        return np.flatnonzero(self.before.within(self.minutes) & ~self.after.within(self.minutes))

    def loads(self) -> tuple[Ints, Ints]:
        """Return how many households each station serves (is soonest for, in time) before and after."""
        return self._load(self.before), self._load(self.after)

    def _load(self, found: Reached) -> Ints:
        return np.bincount(found.station[found.within(self.minutes)], minlength=self.stations).astype(np.int64)

    def bands(self, bounds: Sequence[float] = BANDS) -> tuple[Ints, Ints]:
        """Return how many households reach a station within each of the bounds, before and after; the last: all there are."""
        before, after = (
            np.array([*(found.within(bound).sum() for bound in bounds), len(found.ticks)], dtype=np.int64)
            for found in (self.before, self.after)
        )
        return before, after

    def by_group(self, group: Ints, groups: int) -> tuple[Ints, Ints]:
        """Return how many households each group (a grid; -1: none) gains and loses."""
        gained, lost = (group[rows] for rows in (self.gained, self.lost))
        return np.bincount(gained[gained >= 0], minlength=groups), np.bincount(lost[lost >= 0], minlength=groups)


def reached_by(network: RoadNetwork, station_lonlat: ArrayLike, homes: PointsOnEdges, mode: TravelMode, limit: float) -> Reached:
    """Return the station that every home reaches soonest within ``limit`` minutes: one search from all stations together."""
    flood = network.flood(station_lonlat, mode, limit_minutes=limit)
    return _read(flood, homes, np.arange(len(homes)), np.arange(flood.base - 1), limit)


def effect_of(
    network: RoadNetwork,
    station_lonlat: ArrayLike,
    homes: PointsOnEdges,
    mode: TravelMode,
    minutes: float,
    change: Change,
    *,
    before: Reached | None = None,
) -> Effect:
    """Return what ``change`` does to the homes (brought to the roads of ``network`` by ``mode``).

    ``before`` spares the search for the stations as they are; it must reach as far as the larger of 15 and ``minutes``.
    """
    limit = max(minutes, BANDS[-1])
    lonlat = np.asarray(station_lonlat, float).reshape(-1, 2)
    opened = np.asarray(change.opened, float).reshape(-1, 2)
    before = before or reached_by(network, lonlat, homes, mode, limit)
    after = Reached(before.ticks.copy(), before.station.copy())
    gone = np.array(sorted({*change.closed, *change.moved}), dtype=np.int64)
    _left_by(gone, network, lonlat, homes, mode, limit, after)
    places = np.concatenate([np.array(list(change.moved.values()), dtype=float).reshape(-1, 2), opened])
    numbers = np.array([*change.moved, *range(len(lonlat), len(lonlat) + len(opened))], dtype=np.int64)
    _joined_by(places, numbers, network, homes, mode, limit, after)
    return Effect(before, after, minutes, len(lonlat) + len(opened))


def under_conditions(
    before: Reached, network: RoadNetwork, station_lonlat: ArrayLike, homes_lonlat: ArrayLike, mode: TravelMode, minutes: float
) -> Effect:
    """Return the effect of other conditions, such as winter: ``network`` is the one under them, and everybody looks anew."""
    lonlat, homes = (np.asarray(each, float).reshape(-1, 2) for each in (station_lonlat, homes_lonlat))
    places = PointsOnEdges.of(network.snap(homes[:, 0], homes[:, 1], mode), len(network.modes[mode].rows))
    after = reached_by(network, lonlat, places, mode, max(minutes, BANDS[-1]))
    return Effect(before, after, minutes, len(lonlat))


def _left_by(
    gone: Ints, network: RoadNetwork, lonlat: Floats, homes: PointsOnEdges, mode: TravelMode, limit: float, after: Reached
) -> None:
    """Let who went to a station that is gone look among the others."""
    rows = np.flatnonzero(np.isin(after.station, gone))
    if not len(rows):
        return
    kept = np.delete(np.arange(len(lonlat)), gone)
    flood = network.flood(lonlat[kept], mode, limit_minutes=limit)
    found = _read(flood, homes, rows, kept, limit)
    after.ticks[rows], after.station[rows] = found.ticks, found.station


def _read(flood: Flood, homes: PointsOnEdges, rows: Ints, numbers: Ints, limit: float) -> Reached:
    minutes, rank = flood.at(taken(homes.places, rows))
    ticks = np.rint(np.where(rank >= 0, minutes, 0) * TICKS_PER_MINUTE).astype(np.int64)
    ticks[(rank < 0) | (ticks > limit_ticks(limit))] = NOWHERE
    return Reached(ticks, np.where(ticks == NOWHERE, -1, np.append(numbers, -1)[rank]))


def _joined_by(
    places: Floats, numbers: Ints, network: RoadNetwork, homes: PointsOnEdges, mode: TravelMode, limit: float, after: Reached
) -> None:
    """Let who is nearer to a new place go there; of equally quick ones the station that stands first."""
    if not len(places):
        return
    order = np.argsort(numbers)
    reach = reach_of(WholeRoads(network.modes[mode]), network.snap(places[order, 0], places[order, 1], mode), limit)
    found = soonest(reach, homes)
    number = np.where(found.station >= 0, numbers[order][found.station], -1)
    sooner = (found.ticks < after.ticks) | ((found.ticks == after.ticks) & (number >= 0) & (number < after.station))
    after.ticks[sooner], after.station[sooner] = found.ticks[sooner], number[sooner]
