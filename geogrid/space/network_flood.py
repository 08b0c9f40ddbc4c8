"""Times from everywhere to the nearest of some stations: Dijkstra's search on whole microseconds, ties to the lowest rank."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geogrid.space.network_edges import ModeRoads
from geogrid.space.network_finder import TICKS_PER_MINUTE, Floats, Ints
from geogrid.space.network_snap import Snapped


@dataclass(frozen=True, eq=False)
class Flood:
    """How long it takes from everywhere to the nearest of some stations, by one mode.

    A key is ``ticks * base + rank``: the smallest key is the quickest way, and among equally quick ones the station of the
    lowest rank (its order in the arrays given). ``node_key`` has one key a node, inf where no station can be reached.
    """

    roads: ModeRoads
    stations: Snapped
    node_key: Floats
    base: int

    def at(self, points: Snapped) -> tuple[Floats, Ints]:
        """Return minutes to the nearest station (inf: none can be reached) and its rank (-1) for points on edges."""
        key = np.full(len(points.edge), np.inf)
        on = np.flatnonzero(points.edge >= 0)
        key[on] = self._key(points.edge[on], points.along[on]) + self.base * points.access[on]
        reached = np.isfinite(key)
        safe = np.where(reached, key, 0.0)
        rank = np.where(reached, np.fmod(safe, self.base), -1).astype(np.int64)
        return np.where(reached, safe // self.base / TICKS_PER_MINUTE, np.inf), rank

    def _key(self, edge: Ints, along: Floats) -> Floats:
        roads = self.roads
        rest = roads.ticks[edge] - along
        on = ~roads.closed[edge] | (rest == 0)  # who stands at the end of a closed edge stands at the crossing
        back = (roads.two_way[edge] & ~roads.closed[edge]) | (along == 0)
        onward = np.where(on, self.node_key[roads.head[edge]] + self.base * rest, np.inf)
        backward = np.where(back, self.node_key[roads.tail[edge]] + self.base * along, np.inf)
        key = np.minimum(onward, backward)
        point, station = _pairs_on_one_edge(edge, self.stations.edge)
        step = self.stations.along[station] - along[point]
        direct = self.base * (np.abs(step) + self.stations.access[station]) + station
        ahead = ((step >= 0) | roads.two_way[edge[point]]) & (~roads.closed[edge[point]] | (step == 0))
        np.minimum.at(key, point, np.where(ahead, direct, np.inf))
        return key

    @cached_property
    def _stations_on(self) -> dict[int, list[tuple[int, float, float]]]:
        """The stations of each edge: rank, ticks along it, ticks of the way to it."""
        found: dict[int, list[tuple[int, float, float]]] = {}
        columns = (values.tolist() for values in (self.stations.edge, self.stations.along, self.stations.access))
        for rank, (edge, along, access) in enumerate(zip(*columns, strict=True)):
            found.setdefault(edge, []).append((rank, along, access))
        return found

    def at_one(self, edge: int, along: float, access: float) -> tuple[float, int]:
        """Return what :meth:`at` returns, for one point on an edge (-1: on none)."""
        if edge < 0:
            return math.inf, -1
        roads, base = self.roads, self.base
        rest, closed, two_way = float(roads.ticks[edge]) - along, bool(roads.closed[edge]), bool(roads.two_way[edge])
        key = math.inf
        if not closed or rest == 0:
            key = float(self.node_key[roads.head[edge]]) + base * rest
        if (two_way and not closed) or along == 0:
            key = min(key, float(self.node_key[roads.tail[edge]]) + base * along)
        for rank, station_along, station_access in self._stations_on.get(edge, ()):
            step = station_along - along
            if (step >= 0 or two_way) and (not closed or step == 0):
                key = min(key, base * (abs(step) + station_access) + rank)
        key += base * access
        if not math.isfinite(key):
            return math.inf, -1
        return key // base / TICKS_PER_MINUTE, int(math.fmod(key, base))


def _pairs_on_one_edge(edge: Ints, station_edge: Ints) -> tuple[Ints, Ints]:
    """Return (point, station) positions for every point and station that share an edge."""
    order = np.argsort(station_edge, kind="stable")
    ordered = station_edge[order]
    first, after = np.searchsorted(ordered, edge, "left"), np.searchsorted(ordered, edge, "right")
    count = after - first
    point = np.repeat(np.arange(len(edge)), count)
    offset = np.arange(len(point)) - np.repeat(np.cumsum(count) - count, count)
    return point, order[first[point] + offset]


def node_keys(roads: ModeRoads, stations: Snapped, base: int, limit_minutes: float) -> Floats:
    """Return one key a node (see :class:`Flood`): Dijkstra's search from one node that stands for all stations."""
    on = np.flatnonzero(stations.edge >= 0)
    edge, along, access = stations.edge[on], stations.along[on], stations.access[on]
    tail, head, rest, closed = roads.tail[edge], roads.head[edge], roads.ticks[edge] - along, roads.closed[edge]
    from_tail = ~closed | (along == 0)
    # Who comes from the head rides against the direction, except at the head itself.
    from_head = (roads.two_way[edge] & ~closed) | (rest == 0)
    nodes = np.concatenate([tail[from_tail], head[from_head]])
    seeds = np.concatenate([(base * (along + access) + on)[from_tail], (base * (rest + access) + on)[from_head]])
    size = roads.towards.shape[0]
    first = np.full(size, np.inf)
    np.minimum.at(first, nodes, seeds)
    nodes = np.flatnonzero(np.isfinite(first))
    arcs = csr_array(
        (
            np.concatenate([roads.towards.data * base, first[nodes]]),
            np.concatenate([roads.towards.indices, nodes]),
            np.concatenate([roads.towards.indptr, [roads.towards.nnz + len(nodes)]]),
        ),
        shape=(size + 1, size + 1),
    )
    limit = base * (limit_minutes * TICKS_PER_MINUTE + 1)
    return np.asarray(dijkstra(arcs, indices=size, limit=limit)[:size], dtype=float)
