"""Who reaches no station by road, and what is in the way.

The same question is asked again without closures, then also without barriers, then also without one-ways; the first that
makes a station reachable is the reason. What none of them opens is cut off: its roads are not joined to those of a station.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from geogrid.domain.stations import TravelMode
from geogrid.domain.unreached import Unreached
from geogrid.space.network import Flags, Floats, Ints, Objects, RoadNetwork


@dataclass(frozen=True, eq=False)
class UnreachedPoints:
    """Points from which no station is reached: their positions among those asked about, and the reason of each.

    ``reason`` holds the codes of :class:`Unreached`.
    """

    position: Ints
    reason: Objects

    def count(self) -> dict[Unreached, int]:
        """Return how many there are by reason, the reasons in their order."""
        counted = {reason: int((self.reason == reason.value).sum()) for reason in Unreached}
        return {reason: number for reason, number in counted.items() if number}


def unreached(network: RoadNetwork, station_lonlat: ArrayLike, lonlat: ArrayLike, mode: TravelMode) -> UnreachedPoints:
    """Return which of the points (m, 2 degrees) reach none of the stations (n, 2 degrees) by ``mode``, and why."""
    places = np.asarray(lonlat, float).reshape(-1, 2)
    stations = np.asarray(station_lonlat, float).reshape(-1, 2)
    if not len(stations):
        return _all(Unreached.NO_STATION, len(places))
    points = network.snap(places[:, 0], places[:, 1], mode)
    reason = np.full(len(places), Unreached.NO_ROAD.value, dtype=object)
    reason[points.edge >= 0] = Unreached.CUT_OFF.value
    return _explained(reason, ((why, other.flood(stations, mode).at(points)[1] >= 0) for why, other in _relaxed(network)))


def unreached_nodes(network: RoadNetwork, station_lonlat: ArrayLike, mode: TravelMode) -> UnreachedPoints:
    """Return which nodes of the mode's roads (positions in ``network.node_ids``) reach no station, and why.

    A node counts as such, whichever edge is nearest to it. One that stands at a barrier stands on its own side of it.
    """
    stations = np.asarray(station_lonlat, float).reshape(-1, 2)
    roads = network.modes[mode]
    used = np.unique(np.concatenate([roads.tail, roads.head]))
    if not len(stations):
        return UnreachedPoints(used, _all(Unreached.NO_STATION, len(used)).reason)
    reason = np.full(len(used), Unreached.CUT_OFF.value, dtype=object)
    found = _explained(reason, ((why, _finite(other, stations, mode)[used]) for why, other in _relaxed(network)))
    return UnreachedPoints(used[found.position], found.reason)


def _explained(reason: Objects, asked: Iterable[tuple[Unreached | None, Flags]]) -> UnreachedPoints:
    """Return who is not reached at first (no reason to name), with the first reason without which he is, else ``reason``."""
    lost: Flags = np.ones(len(reason), dtype=bool)
    still = lost.copy()
    for why, reached in asked:
        if why is None:
            lost = ~reached
        else:
            reason[reached & still] = why.value
        still &= ~reached
    position = np.flatnonzero(lost)
    return UnreachedPoints(position, reason[position])


def _finite(network: RoadNetwork, stations: Floats, mode: TravelMode) -> Flags:
    """Return which nodes reach a station; without barriers what stood before one is the crossing itself."""
    key = network.flood(stations, mode).node_key
    if not network.conditions.barriers:
        ends = network.table.ends_of[mode]
        key = key.copy()
        key[ends.ravel()] = key[network.table.ends.ravel()]
    return np.isfinite(key)


def _relaxed(network: RoadNetwork) -> Iterator[tuple[Unreached | None, RoadNetwork]]:
    """Give the network as it is (no reason), then with ever less in the way; what changes nothing is left out."""
    conditions = network.conditions
    yield None, network
    if any(closed.any() for closed in conditions.closed.values()):
        conditions = replace(conditions, closed={})
        yield Unreached.CLOSED, network.under(conditions)
    if network.has_barriers:
        conditions = replace(conditions, barriers=False)
        yield Unreached.BARRIER, network.under(conditions)
    yield Unreached.ONE_WAY, network.under(replace(conditions, one_ways=False))


def _all(reason: Unreached, count: int) -> UnreachedPoints:
    return UnreachedPoints(np.arange(count), np.full(count, reason.value, dtype=object))
