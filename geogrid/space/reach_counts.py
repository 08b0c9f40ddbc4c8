"""Reach sets to counts: which points (households, events) each station reaches in time, by their own parts of their edges.

Overlapping: a point counts at every station that it reaches. Dissolved: it counts once, at the station that is quickest to
reach; of equally quick ones the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from geogrid.space.network import TICKS_PER_MINUTE, Flags, Floats, Flood, Ints, Snapped
from geogrid.space.reach import CLOSED, HAS_NUMBA, TWO_WAY, UNREACHED, Int32s, Reach, dense_times, limit_ticks, taken, whole_ticks

NOWHERE = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class PointsOnEdges:
    """Points brought to one mode's roads, in the order of their edges; ``order`` are their positions as they came."""

    places: Snapped
    order: Ints
    first: Int32s
    along: Ints
    access: Ints

    @classmethod
    def of(cls, places: Snapped, edges: int) -> PointsOnEdges:
        """Sort places by edge; those near no road are left out."""
        order = np.argsort(places.edge, kind="stable")
        order = order[np.searchsorted(places.edge[order], 0) :]
        first = np.searchsorted(places.edge[order], np.arange(edges + 1)).astype(np.int32)
        return cls(places, order, first, whole_ticks(places.along[order]), whole_ticks(places.access[order]))

    def __len__(self) -> int:
        return len(self.places.edge)


@dataclass(frozen=True, eq=False)
class Reached:
    """Points and the station that each reaches soonest; arrays of equal length.

    ``ticks`` are microseconds (``NOWHERE``: none within the limit of the search), ``station`` the position of the station (-1).
    """

    ticks: Ints
    station: Ints

    @property
    def minutes(self) -> Floats:
        """Travel times, inf where no station is reached within the limit."""
        return np.where(self.ticks == NOWHERE, np.inf, self.ticks / TICKS_PER_MINUTE)

    def within(self, minutes: float) -> Flags:
        """Which points reach a station within ``minutes``."""
        return self.ticks <= limit_ticks(minutes)


def points_of(reach: Reach, points: PointsOnEdges, *, compiled: bool = HAS_NUMBA) -> Iterator[tuple[Ints, Ints]]:
    """Yield for every station the points within the limit of the search, and their ticks; in no order."""
    yield from (_compiled_points if compiled else _plain_points)(reach, points)


def soonest(reach: Reach, points: PointsOnEdges, *, compiled: bool = HAS_NUMBA) -> Reached:
    """Return the station that each point reaches soonest: every point once."""
    ticks, station = np.full(len(points), NOWHERE), np.full(len(points), -1)
    for i, (rows, found) in enumerate(points_of(reach, points, compiled=compiled)):
        sooner = found < ticks[rows]
        ticks[rows[sooner]], station[rows[sooner]] = found[sooner], i
    return Reached(ticks, station)


def counts_of(
    reach: Reach,
    points: PointsOnEdges,
    minutes: ArrayLike,
    groups: Ints | None = None,
    *,
    compiled: bool = HAS_NUMBA,
) -> tuple[Ints, Ints]:
    """Return how many points each station reaches within each of the ``minutes``, and how many groups it touches.

    Parameters
    ----------
    groups : a number of each point, such as that of its grid (-1: none)

    Returns
    -------
    two arrays (stations, minutes): points, and groups of which at least one point is reached. Overlapping: a point counts at
    every station.
    """
    limits = [limit_ticks(each) for each in np.atleast_1d(np.asarray(minutes, float))]
    counts, touched = (np.zeros((len(reach), len(limits)), dtype=np.int64) for _ in range(2))
    for i, (rows, found) in enumerate(points_of(reach, points, compiled=compiled)):
        for k, limit in enumerate(limits):
            inside = rows[found <= limit]
            counts[i, k] = len(inside)
            if groups is not None:
                touched[i, k] = len(np.unique(groups[inside][groups[inside] >= 0]))
    return counts, touched


def _compiled_points(reach: Reach, points: PointsOnEdges) -> Iterator[tuple[Ints, Ints]]:
    from geogrid.space import reach_kernels

    points_within: Any = reach_kernels.points_within
    whole = reach.whole
    out, ticks = np.empty(len(points.order), dtype=np.int32), np.empty(len(points.order), dtype=np.int64)
    limit = np.int64(limit_ticks(reach.limit_minutes))
    placed = (points.first, points.along, points.access)
    for station, nodes, time in dense_times(reach):
        own = reach.own(station)
        count = points_within(nodes, *whole.at_nodes, *placed, *whole.edges, time, *own, limit, out, ticks)
        yield points.order[out[:count]], ticks[:count].copy()


def _plain_points(reach: Reach, points: PointsOnEdges) -> Iterator[tuple[Ints, Ints]]:
    limit = limit_ticks(reach.limit_minutes)
    for station, _, time in dense_times(reach):
        keys = np.where(time < UNREACHED, time * 2.0, np.inf)
        minutes, _ = Flood(reach.roads, taken(reach.stations, np.array([station])), keys, 2).at(points.places)
        ticks = np.where(np.isfinite(minutes), np.rint(minutes * TICKS_PER_MINUTE), limit + 1).astype(np.int64)
        rows = np.flatnonzero(ticks <= limit)
        yield rows, ticks[rows]


def length_within(reach: Reach, station: int, minutes: float, length_m: Callable[[Ints], Floats]) -> float:
    """Return the metres of road from which a station is reached within ``minutes``: whole edges and the exact parts of others.

    ``length_m`` gives the metres of edges (positions of the mode's edges).
    """
    edge, begin, end = parts_within(reach, station, minutes)
    ticks = reach.whole.edges[2][edge]
    share = np.where(ticks > 0, (end - begin) / np.maximum(ticks, 1), 1.0)
    return float((share * length_m(edge)).sum())


def parts_within(reach: Reach, station: int, minutes: float) -> tuple[Ints, Ints, Ints]:
    """Return the parts of edges from which a station is reached: edge, ticks from its start where a part begins and ends."""
    limit, (nodes, ticks) = limit_ticks(minutes), reach.within(station, minutes)
    first, edges_of = reach.whole.at_nodes
    tail, head, cost, way = reach.whole.edges
    time = np.full(reach.whole.nodes, UNREACHED)
    time[nodes] = ticks
    own, own_along, own_access = reach.own(station)
    counts = first[nodes + 1] - first[nodes]
    starts = np.cumsum(counts) - counts
    near = edges_of[np.repeat(first[nodes] - starts, counts) + np.arange(counts.sum())]
    edge = np.union1d(near, own).astype(np.int64)
    edge = edge[way[edge] != CLOSED]
    own = own[way[own] != CLOSED]
    from_tail = np.where(way[edge] == TWO_WAY, np.clip(limit - time[tail[edge]], 0, cost[edge]), 0)
    from_head = np.maximum(cost[edge] - np.maximum(limit - time[head[edge]], 0), from_tail)
    parts = [(edge, np.zeros_like(from_tail), from_tail), (edge, from_head, cost[edge])]
    rest = limit - own_access
    if len(own) and rest[0] >= 0:  # the way along the station's own edge
        low = np.maximum(own_along - rest, 0)
        high = np.where(way[own] == TWO_WAY, np.minimum(own_along + rest, cost[own]), own_along)
        mine = np.searchsorted(edge, own[0])
        low, high = np.maximum(low, from_tail[mine]), np.minimum(high, from_head[mine])
        parts.append((own, low, np.maximum(high, low)))
    found = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return tuple(column[found[2] > found[1]] for column in found)  # type: ignore[return-value]
