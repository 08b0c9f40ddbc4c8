"""Stations to reach sets: every node within some minutes of each station, exact to the microsecond, many stations at once.

The search goes from the station back to where people start (one-ways turned round), stops at the limit, and gives a station's
nodes with the nearest first: one search to fifteen minutes holds those of five, eight and ten. What lies between nodes (a
household, an event) is counted by its own part of its edge, never by a shape.

The compiled search and the plain one (scipy) give the same answers: times are whole numbers, so that no sum depends on its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geogrid.space.network import TICKS_PER_MINUTE, Floats, Ints, ModeRoads, Snapped

Int32s = NDArray[np.int32]
THREADS = 2
PARTS = 16  # of the stations, shared out to the threads: some reach far more than others
UNREACHED = 1 << 61
ONE_WAY, TWO_WAY, CLOSED = 0, 1, 2  # how an edge may be travelled
HAS_NUMBA = find_spec("numba") is not None


@dataclass(frozen=True, eq=False)
class WholeRoads:
    """The edges of one mode in whole numbers, as the loops take them.

    ``first end cost`` are the arcs from stations back to people (a row a node); ``edges_first edges_of`` the edges at each node
    (a loop once).
    """

    roads: ModeRoads

    @property
    def nodes(self) -> int:
        """How many nodes the network has."""
        return int(self.roads.towards.shape[0])

    @cached_property
    def arcs(self) -> tuple[Int32s, Int32s, Ints]:
        """Rows, ends and ticks of the arcs."""
        towards = self.roads.towards
        return towards.indptr.astype(np.int32), towards.indices.astype(np.int32), np.rint(towards.data).astype(np.int64)

    @cached_property
    def edges(self) -> tuple[Int32s, Int32s, Ints, NDArray[np.int8]]:
        """Tail, head, ticks of each edge, and how it may be travelled."""
        roads = self.roads
        return (
            roads.tail.astype(np.int32),
            roads.head.astype(np.int32),
            np.rint(roads.ticks).astype(np.int64),
            np.where(roads.closed, CLOSED, roads.two_way).astype(np.int8),
        )

    @cached_property
    def at_nodes(self) -> tuple[Int32s, Int32s]:
        """The edges at each node: where a node's begin, and the edges."""
        roads = self.roads
        loop = roads.tail == roads.head
        node = np.concatenate([roads.tail, roads.head[~loop]])
        edge = np.concatenate([np.arange(len(roads.tail)), np.flatnonzero(~loop)])
        order = np.argsort(node, kind="stable")
        counts = np.bincount(node, minlength=self.nodes)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), edge[order].astype(np.int32)


@dataclass(frozen=True, eq=False)
class Reach:
    """The nodes within ``limit_minutes`` of each station.

    Station ``i`` has ``node[starts[i]:starts[i + 1]]``, the nearest first, and their ``ticks`` (microseconds, the station's
    own way to its road included).
    """

    whole: WholeRoads
    stations: Snapped
    limit_minutes: float
    starts: Ints
    node: Int32s
    ticks: Ints

    @property
    def roads(self) -> ModeRoads:
        """The roads searched."""
        return self.whole.roads

    def __len__(self) -> int:
        return len(self.stations.edge)

    def within(self, station: int, minutes: float) -> tuple[Int32s, Ints]:
        """Return the nodes of a station within ``minutes`` (at most the limit), the nearest first, and their ticks."""
        begin, end = self.starts[station : station + 2]
        upto = begin + np.searchsorted(self.ticks[begin:end], limit_ticks(minutes), side="right")
        return self.node[begin:upto], self.ticks[begin:upto]

    def own(self, station: int) -> tuple[Ints, Ints, Ints]:
        """Return the station's own edge, ticks along it and ticks to it; arrays of none where no road is near."""
        at = slice(station, station + 1) if self.stations.edge[station] >= 0 else slice(0, 0)
        return self.stations.edge[at], whole_ticks(self.stations.along[at]), whole_ticks(self.stations.access[at])

    def taken(self, stations: ArrayLike) -> Reach:
        """Return the reach of some of the stations, in the order given, without a new search."""
        rows = np.asarray(stations, dtype=np.int64)
        counts = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        at = np.repeat(self.starts[rows] - starts[:-1], counts) + np.arange(starts[-1])
        return Reach(self.whole, taken(self.stations, rows), self.limit_minutes, starts, self.node[at], self.ticks[at])

    def joined(self, other: Reach) -> Reach:
        """Return the reach of these stations and of others on the same roads, to the same limit, without a new search."""
        pairs = zip(_arrays(self.stations), _arrays(other.stations), strict=True)
        return Reach(
            self.whole,
            Snapped(*(np.concatenate(pair) for pair in pairs)),
            min(self.limit_minutes, other.limit_minutes),
            np.concatenate([self.starts, self.starts[-1] + other.starts[1:]]),
            np.concatenate([self.node, other.node]),
            np.concatenate([self.ticks, other.ticks]),
        )


def _arrays(places: Snapped) -> tuple[NDArray[Any], ...]:
    return places.edge, places.along, places.access, places.access_m


def taken(places: Snapped, rows: Ints) -> Snapped:
    """Return some of the places, in the order given."""
    return Snapped(*(array[rows] for array in _arrays(places)))


def limit_ticks(minutes: float) -> int:
    """Return the most ticks that are still within ``minutes``."""
    return int(np.floor(minutes * TICKS_PER_MINUTE))


def whole_ticks(ticks: Floats) -> Ints:
    """Return ticks as whole numbers."""
    return np.rint(ticks).astype(np.int64)


def reach_of(
    whole: WholeRoads, stations: Snapped, limit_minutes: float, *, compiled: bool = HAS_NUMBA, threads: int = THREADS
) -> Reach:
    """Search from every station as far as ``limit_minutes`` reach.

    Parameters
    ----------
    stations : places brought to the roads (``RoadNetwork.snap``); one that is near no road reaches nothing
    compiled : the loops of ``reach_kernels`` in ``threads`` threads; else scipy, with the same answers
    """
    seeds = _all_seeds(whole.roads, stations)
    if compiled:
        counts, nodes, ticks = _compiled_search(whole, limit_ticks(limit_minutes), seeds, threads)
    else:
        counts, nodes, ticks = _plain_search(whole, limit_ticks(limit_minutes), seeds)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Reach(whole, stations, limit_minutes, starts, nodes, ticks)


def each_in_threads(work: Callable[[int], None], threads: int) -> None:
    """Call ``work`` with 0 ... ``threads`` - 1, each in a thread of its own; one alone in this one."""
    if threads <= 1:
        work(0)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, part) for part in range(threads)]:
            done.result()


Seeds = tuple[Ints, Ints, Ints]
Found = tuple[Ints, Int32s, Ints]


def _all_seeds(roads: ModeRoads, stations: Snapped) -> Seeds:
    """Return where each station's seeds begin, the ends of its own edge from which it can be reached, and their ticks.

    From the head one would ride against the direction; a closed edge is left at the place where it ends alone.
    """
    edge = np.maximum(stations.edge, 0)
    near = stations.edge >= 0
    along, access = whole_ticks(stations.along), whole_ticks(stations.access)
    closed, two_way = roads.closed[edge], roads.two_way[edge]
    rest = whole_ticks(roads.ticks[edge]) - along
    allowed = np.column_stack([near & (~closed | (along == 0)), near & ((two_way & ~closed) | (rest == 0))])
    nodes = np.column_stack([roads.tail[edge], roads.head[edge]]).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(allowed.sum(axis=1))]).astype(np.int64)
    return first, nodes[allowed], np.column_stack([along + access, rest + access])[allowed]


def _compiled_search(whole: WholeRoads, limit: int, seeds: Seeds, threads: int) -> Found:
    from geogrid.space import reach_kernels as kernels

    first, end, cost = whole.arcs
    stations = len(seeds[0]) - 1
    counts = np.zeros(stations, dtype=np.int64)
    shift = np.int64(max(whole.nodes - 1, 1).bit_length())
    ends = np.linspace(0, stations, min(stations, PARTS) + 1).astype(int)
    parts: list[tuple[Int32s, Ints]] = [(np.zeros(0, np.int32), np.zeros(0, np.int64))] * (len(ends) - 1)
    threads = max(min(threads, len(parts)), 1)

    def work(thread: int) -> None:
        time = np.full(whole.nodes, kernels.UNREACHED)
        heap, nodes = np.empty(len(end) + 2, dtype=np.int64), np.empty(whole.nodes, dtype=np.int32)
        for i in range(thread, len(parts), threads):
            span = int(ends[i]), int(ends[i + 1])
            parts[i] = kernels.search_many(first, end, cost, *seeds, *span, np.int64(limit), shift, time, heap, nodes, counts)

    each_in_threads(work, threads)
    nodes, ticks = (np.concatenate([part[i] for part in parts]) if parts else np.zeros(0, np.int64) for i in (0, 1))
    return counts, nodes.astype(np.int32, copy=False), ticks


def _plain_search(whole: WholeRoads, limit: int, seeds: Seeds) -> Found:
    towards, size = whole.roads.towards, whole.nodes
    found, found_ticks = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for begin, end in pairwise(seeds[0].tolist()):
        first = np.full(size, np.inf)
        np.minimum.at(first, seeds[1][begin:end], seeds[2][begin:end].astype(float))
        ends = np.flatnonzero(np.isfinite(first))
        data = (
            np.concatenate([towards.data, first[ends]]),
            np.concatenate([towards.indices, ends]),
            np.concatenate([towards.indptr, [towards.nnz + len(ends)]]),
        )
        times = dijkstra(csr_array(data, shape=(size + 1, size + 1)), indices=size, limit=limit + 0.5)[:size]
        nodes = np.flatnonzero(times <= limit)
        order = np.argsort(times[nodes], kind="stable")  # equal times: in the order of nodes, as the compiled loop takes them
        found.append(nodes[order].astype(np.int32))
        found_ticks.append(times[nodes[order]].astype(np.int64))
    counts = np.array([len(nodes) for nodes in found[1:]], dtype=np.int64)
    return counts, np.concatenate(found), np.concatenate(found_ticks)


def dense_times(reach: Reach) -> Iterator[tuple[int, Int32s, Ints]]:
    """Yield every station, its nodes, and the ticks of all nodes (``UNREACHED``: not reached) in one array that is used anew."""
    time = np.full(reach.whole.nodes, UNREACHED, dtype=np.int64)
    for station in range(len(reach)):
        nodes, ticks = reach.within(station, reach.limit_minutes)
        time[nodes] = ticks
        yield station, nodes, time
        time[nodes] = UNREACHED
