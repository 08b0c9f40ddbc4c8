"""The inner loops of reach, compiled: a bounded search from one station, and what lies on the edges it came to.

Times are whole microseconds (ticks) in 64-bit integers, so that every sum is exact and equal to that of any other router.
The loops release the interpreter's lock: two threads search at once. Import it only to search.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Int8s = NDArray[np.int8]
Function = TypeVar("Function", bound=Callable[..., Any])

compiled = cast(Callable[[Function], Function], numba.njit(cache=True, nogil=True, error_model="numpy"))

UNREACHED = np.int64(1 << 61)  # two of them added are still a number
ONE_WAY, TWO_WAY, CLOSED = 0, 1, 2  # how an edge may be travelled


@compiled
def push(heap: Int64s, size: int, item: np.int64) -> None:
    """Add ``item`` to the heap of ``size`` items, four children a node: fewer steps down, neighbours in one cache line."""
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if heap[above] <= item:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = item


@compiled
def pop(heap: Int64s, size: int) -> np.int64:
    """Take the least of ``size`` items away and return it."""
    least = heap[0]
    last, size = heap[size - 1], size - 1
    at = 0
    while True:
        child = 4 * at + 1
        if child >= size:
            break
        best, value = child, heap[child]
        for other in range(child + 1, min(child + 4, size)):
            if heap[other] < value:
                best, value = other, heap[other]
        if value >= last:
            break
        heap[at] = value
        at = best
    heap[at] = last
    return least


@compiled
def search(
    first: Int32s,
    end: Int32s,
    ticks: Int64s,
    seeds: Int64s,
    seed_ticks: Int64s,
    limit: np.int64,
    shift: np.int64,
    time: Int64s,
    heap: Int64s,
    nodes: Int32s,
) -> int:
    """Write the nodes within ``limit`` into ``nodes``, the nearest first, and their ticks into ``time``; return how many.

    ``first end ticks`` are the arcs, a row a node; ``time`` is UNREACHED everywhere at the beginning. An item of the heap is
    ticks and node in one number (the node in the lowest ``shift`` bits), so that equal times are taken in the order of nodes.
    """
    size, count = 0, 0
    mask = (np.int64(1) << shift) - np.int64(1)
    for i in range(len(seeds)):
        if seed_ticks[i] <= limit and seed_ticks[i] < time[seeds[i]]:
            time[seeds[i]] = seed_ticks[i]
            push(heap, size, (seed_ticks[i] << shift) | np.int64(seeds[i]))
            size += 1
    while size > 0:
        item = pop(heap, size)
        size -= 1
        node = item & mask
        now = item >> shift
        if time[node] != now:
            continue
        nodes[count] = node
        count += 1
        for arc in range(first[node], first[node + 1]):
            other, then = end[arc], now + ticks[arc]
            if then <= limit and then < time[other]:
                time[other] = then
                push(heap, size, (then << shift) | np.int64(other))
                size += 1
    return count


@compiled
def search_many(
    first: Int32s,
    end: Int32s,
    ticks: Int64s,
    seeds_first: Int64s,
    seeds: Int64s,
    seed_ticks: Int64s,
    begin: int,
    stop: int,
    limit: np.int64,
    shift: np.int64,
    time: Int64s,
    heap: Int64s,
    nodes: Int32s,
    counts: Int64s,
) -> tuple[Int32s, Int64s]:
    """Search from the stations ``begin`` to before ``stop``; return their nodes and ticks one after another.

    ``seeds_first`` says where each station's seeds begin, ``counts`` is told how many nodes each reaches; ``time`` is left as
    it was found. The arrays grow as they have to.
    """
    filled = 0
    found, found_ticks = np.empty(1024, np.int32), np.empty(1024, np.int64)
    for station in range(begin, stop):
        own = slice(seeds_first[station], seeds_first[station + 1])
        count = search(first, end, ticks, seeds[own], seed_ticks[own], limit, shift, time, heap, nodes)
        counts[station] = count
        if filled + count > len(found):
            size = 2 * (filled + count)
            more, more_ticks = np.empty(size, np.int32), np.empty(size, np.int64)
            more[:filled], more_ticks[:filled] = found[:filled], found_ticks[:filled]
            found, found_ticks = more, more_ticks
        for i in range(count):
            node = nodes[i]
            found[filled + i], found_ticks[filled + i] = node, time[node]
            time[node] = UNREACHED
        filled += count
    return found[:filled], found_ticks[:filled]


@compiled
def ticks_on(
    edge: int,
    along: np.int64,
    tail: Int32s,
    head: Int32s,
    ticks: Int64s,
    way: Int8s,
    time: Int64s,
    own: Int64s,
    own_along: Int64s,
    own_access: Int64s,
) -> np.int64:
    """Return the ticks from a place on an edge to the nearest station; ``own`` are the stations' edges in rising order."""
    best, rest, closed = UNREACHED, ticks[edge] - along, way[edge] == CLOSED
    if not closed or rest == 0:  # who stands at the end of a closed edge stands at the crossing
        best = time[head[edge]] + rest
    if way[edge] == TWO_WAY or along == 0:
        best = min(best, time[tail[edge]] + along)
    for station in range(np.searchsorted(own, edge), len(own)):
        if own[station] != edge:
            break
        step = own_along[station] - along
        if (step >= 0 or way[edge] == TWO_WAY) and (not closed or step == 0):
            best = min(best, abs(step) + own_access[station])
    return best


@compiled
def points_within(
    nodes: Int32s,
    edges_first: Int32s,
    edges_of: Int32s,
    points_first: Int32s,
    along: Int64s,
    access: Int64s,
    tail: Int32s,
    head: Int32s,
    ticks: Int64s,
    way: Int8s,
    time: Int64s,
    own: Int64s,
    own_along: Int64s,
    own_access: Int64s,
    limit: np.int64,
    out: Int32s,
    out_ticks: Int64s,
) -> int:
    """Write the points within ``limit`` of one station and their ticks; return how many.

    ``edges_of`` lists the edges at each node, ``points_first`` the points of each edge, which stand in the order of edges.
    An edge is looked at from its tail, or from its head where the tail was not reached: once.
    """
    count, own_seen = 0, False
    for i in range(len(nodes) + 1):
        begin, end = (edges_first[nodes[i]], edges_first[nodes[i] + 1]) if i < len(nodes) else (0, len(own))
        for at in range(begin, end):
            if i < len(nodes):
                edge = edges_of[at]
                if tail[edge] != nodes[i] and time[tail[edge]] != UNREACHED:
                    continue
                own_seen |= len(own) > 0 and edge == own[0]
            elif own_seen:
                continue
            else:
                edge = own[at]
            for point in range(points_first[edge], points_first[edge + 1]):
                found = access[point] + ticks_on(edge, along[point], tail, head, ticks, way, time, own, own_along, own_access)
                if found <= limit:
                    out[count], out_ticks[count] = point, found
                    count += 1
    return count


@compiled
def times_of(
    edge: Int32s,
    along: Int32s,
    access: Int32s,
    unit: int,
    tail: Int32s,
    head: Int32s,
    ticks: Int64s,
    way: Int8s,
    time: Int64s,
    own: Int64s,
    own_along: Int64s,
    own_access: Int64s,
    most: np.int64,
    out: NDArray[np.float64],
) -> None:
    """Write the ticks (at most ``most``) of a raster's cells; ``along access`` are in units of ``2**unit`` ticks."""
    for row in range(edge.shape[0]):
        for column in range(edge.shape[1]):
            here = edge[row, column]
            found = most
            if here >= 0:
                place, walk = np.int64(along[row, column]) << unit, np.int64(access[row, column]) << unit
                found = min(most, walk + ticks_on(here, place, tail, head, ticks, way, time, own, own_along, own_access))
            out[row, column] = found
