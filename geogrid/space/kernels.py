"""The inner loops, compiled: which label has a point, which station is nearest. Import it only to build or to ask an index.

Numba keeps the machine code in the folder that ``NUMBA_CACHE_DIR`` names (the command line sets it), so that only the first
process ever compiles. The loops release the interpreter's lock: threads ask at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Raster = tuple[Floats, Int32s, Floats, Floats, Int32s, Int32s, Int64s, Floats, Hashes, Hashes, Hashes, Int32s]
Function = TypeVar("Function", bound=Callable[..., Any])

compiled = cast(Callable[[Function], Function], numba.njit(cache=True, nogil=True, error_model="numpy"))

UNSURE = -1
NO_LABEL = -1
BLOCK = 1024  # points that are led through the loops together: what is kept of them stays in the fastest cache
PARTS = 8  # a cell of borders has so many parts in each direction
CHOICES = 4  # the words of a cell before its labels
WORDS = 8  # for a cell of borders in all: four for its parts, three labels, and -1
EDGES = 3  # the choice that stands for "ask the edges"
SIDE_BOUND = 3.3306690738754716e-16  # (3 + 16 eps) eps: Shewchuk 1997, orient2d, the first filter
SCATTER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads hashes over a table


@compiled
def side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> int:
    """Return 1 or -1 for the side of the line a-b the point is on, 0 where doubles cannot tell (or it is on the line)."""
    left = (ax - x) * (by - y)
    right = (ay - y) * (bx - x)
    difference = left - right
    bound = SIDE_BOUND * (abs(left) + abs(right))
    if difference > bound:
        return 1
    if -difference > bound:
        return -1
    return 0


@compiled
def changes(ax: float, ay: float, bx: float, by: float, x: float, y: float, cx: float, cy: float) -> int:
    """Return how often the path from the centre (cx, cy) along y = cy, then along x, to the point crosses the edge a-b.

    ``UNSURE`` where the point is on the edge or doubles cannot tell. Both legs are moved by the same infinitely small step
    up and to the right: the first is y = cy + 0, the second x + 0, so a vertex on a leg is never counted twice. The corner is
    the same place for both; where it is not surely off the edge the answer is unsure.
    """
    level = (ay > cy) != (by > cy)
    upright = (ax > x) != (bx > x)
    boxed = min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
    at_point = 1
    if upright or boxed:
        at_point = side(ax, ay, bx, by, x, y)
        if at_point == 0:
            return UNSURE
    if not (level or upright):
        return 0
    at_corner = side(ax, ay, bx, by, x, cy)
    if at_corner == 0:
        return UNSURE
    times = 0
    if level:
        at_centre = side(ax, ay, bx, by, cx, cy)
        if at_centre == 0:
            return UNSURE
        times += int(at_centre != at_corner)
    if upright:
        times += int(at_corner != at_point)
    return times


@compiled
def look_up(keys: Hashes, values: Int32s, key: np.uint64) -> int:
    """Return the label of a hash in the open table (a power of two long, empty slots have label -1), -1 where there is none."""
    last = np.uint64(len(keys) - 1)
    slot = ((key * SCATTER) >> np.uint64(32)) & last
    while values[slot] != NO_LABEL:
        if keys[slot] == key:
            return int(values[slot])
        slot = (slot + np.uint64(1)) & last
    return NO_LABEL


@compiled
def label_in_cell(
    x: float, y: float, cx: float, cy: float, begin: int, end: int, edges: Floats, toggles: Hashes, centre: np.uint64
) -> tuple[bool, np.uint64]:
    """Return (sure, hash of the set at the point), from the hash at the cell's centre and the cell's edges begin..end."""
    found = centre
    for e in range(begin, end):
        times = changes(edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3], x, y, cx, cy)
        if times == UNSURE:
            return False, found
        if times == 1:
            found ^= toggles[e]
    return True, found


@compiled
def label_by_edges(
    x: float,
    y: float,
    cx: float,
    cy: float,
    k: int,
    centre_label: Int32s,
    begins: Int64s,
    edges: Floats,
    toggles: Hashes,
    hashes: Hashes,
    keys: Hashes,
    values: Int32s,
) -> int:
    """Return the label of a point in the cell of borders ``k`` with the centre (cx, cy): led there; -1 where not sure."""
    centre = centre_label[k]
    if centre < 0:
        return NO_LABEL
    sure, key = label_in_cell(x, y, cx, cy, begins[k], begins[k + 1], edges, toggles, hashes[centre])
    if not sure:
        return NO_LABEL
    if key == hashes[centre]:
        return int(centre)
    return look_up(keys, values, key)


@compiled
def places_of_cells(x: Floats, y: Floats, frame: Floats, rows: int, columns: int, spot: Int32s) -> int:
    """Write where the cell of each point is; return how many points are no places on Earth."""
    west, south, per_x, per_y = frame[0], frame[1], frame[2], frame[3]
    top_u, top_v = columns - 0.5, rows - 0.5
    wrong = 0
    for j in range(len(x)):
        wrong += int(not (abs(x[j]) <= 180.0)) | int(not (abs(y[j]) <= 90.0))
        u, v = (x[j] - west) * per_x, (y[j] - south) * per_y
        u, v = u if u > 0.0 else 0.0, v if v > 0.0 else 0.0
        u, v = u if u < top_u else top_u, v if v < top_v else top_v
        spot[j] = np.int32(v) * np.int32(columns) + np.int32(u)
    return wrong


@compiled
def labels_of_parts(
    x: Floats, y: Floats, frame: Floats, fine: Int32s, bordered: Int32s, label: Int32s, closer: Int32s, spot: Int32s
) -> int:
    """Replace the cells (-1 - k) of the points ``bordered`` by the labels of their parts.

    Return how many lie in a part that an edge touches: ``closer`` says which, ``spot`` in which cell of borders.
    """
    west, south, per_x, per_y = frame[0], frame[1], frame[2], frame[3]
    left = 0
    for j in bordered:
        k = -1 - label[j]
        u, v = (x[j] - west) * per_x, (y[j] - south) * per_y
        part = int((v - np.floor(v)) * PARTS) * PARTS + int((u - np.floor(u)) * PARTS)
        choice = (fine[k, part >> 4] >> (2 * (part & 15))) & 3
        label[j] = fine[k, CHOICES + choice]
        spot[left] = k
        closer[left] = j
        left += int(choice == EDGES)
    return left


@compiled
def find_labels(
    lon: Floats,
    lat: Floats,
    frame: Floats,
    cells: Int32s,
    centre_x: Floats,
    centre_y: Floats,
    centre_label: Int32s,
    fine: Int32s,
    begins: Int64s,
    edges: Floats,
    toggles: Hashes,
    hashes: Hashes,
    keys: Hashes,
    values: Int32s,
    found: Int32s,
) -> tuple[int, int]:
    """Write the label of each point into ``found``: -1 where the plain way has to answer, 0 (nothing) beyond the raster.

    Return how many have none, and how many are no places on Earth (their labels mean nothing). ``frame`` is (west, south,
    cells per degree of longitude, of latitude). ``cells`` (rows, columns) holds a label, or -1 - k for the cell of borders k,
    whose parts are ``fine[k]`` and whose edges are ``begins[k]`` to ``begins[k + 1]``. The outermost cells hold nothing, so
    what lies beyond is taken for them.

    Each loop does one thing to a block of points, so that the processor waits for many places of the tables at once.
    """
    rows, columns = cells.shape
    west, south, per_x, per_y = frame[0], frame[1], frame[2], frame[3]
    flat = cells.ravel()
    spot, bordered, closer = (np.empty(BLOCK, dtype=np.int32), np.empty(BLOCK + 1, dtype=np.int32), np.empty(BLOCK + 1, np.int32))
    unsure = 0
    wrong = 0
    for start in range(0, len(lon), BLOCK):
        x, y, label = lon[start : start + BLOCK], lat[start : start + BLOCK], found[start : start + BLOCK]
        wrong += places_of_cells(x, y, frame, rows, columns, spot)
        count = 0
        for j in range(len(x)):
            cell = flat[np.uint32(spot[j])]
            label[j] = cell
            bordered[count] = j
            count += int(cell < 0)
        left = labels_of_parts(x, y, frame, fine, bordered[:count], label, closer, spot)
        for t in range(left):
            j = closer[t]
            u, v = (x[j] - west) * per_x, (y[j] - south) * per_y
            label[j] = label_by_edges(
                x[j],
                y[j],
                centre_x[int(u)],
                centre_y[int(v)],
                spot[t],
                centre_label,
                begins,
                edges,
                toggles,
                hashes,
                keys,
                values,
            )
            unsure += int(label[j] == NO_LABEL)
    return unsure, wrong


@compiled
def find_corners(lon: Hashes, lat: Hashes, slots: Int32s, corners: Hashes, first: int, found: Int32s) -> None:
    """Give each point without a label that is exactly a corner the corner's label, ``first`` and upwards.

    ``lon`` and ``lat`` are the bits of the points' degrees.
    """
    last = np.uint64(len(slots) - 1)
    for i in range(len(found)):
        if found[i] != NO_LABEL:
            continue
        slot = (((lon[i] * SCATTER) ^ lat[i]) * SCATTER >> np.uint64(32)) & last
        while slots[slot] != NO_LABEL:
            k = slots[slot]
            if corners[k, 0] == lon[i] and corners[k, 1] == lat[i]:
                found[i] = first + k
                break
            slot = (slot + np.uint64(1)) & last


@compiled
def take_meanings(
    labels: Int32s, meanings: Int32s, usual: int, first: int, grid: Int32s, rule: NDArray[np.uint8], special: Int32s, count: int
) -> int:
    """Write what each label means: ``meanings`` holds grid * 256 + rule, the last what label -1 means.

    ``special`` takes, from ``count`` on, the positions (the first is ``first``) of the points whose rule is not the
    ``usual`` one; return where it ends.
    """
    last = len(meanings) - 1
    for i in range(len(labels)):
        label = labels[i]
        meaning = meanings[np.uint32(label if label >= 0 else last)]
        grid[i] = meaning >> 8
        rule[i] = np.uint8(meaning & 255)
        special[count] = first + i
        count += int((meaning & 255) != usual)
    return count


@compiled
def take_sets(labels: Int32s, sets: Int32s, departments: Int32s) -> None:
    """Write the number of the set of department grids of each label; the last is that of label -1."""
    last = len(sets) - 1
    for i in range(len(labels)):
        label = labels[i]
        departments[i] = sets[np.uint32(label if label >= 0 else last)]


@compiled
def find_places(
    lon: Floats,
    lat: Floats,
    lon_bits: Hashes,
    lat_bits: Hashes,
    frame: Floats,
    cells: Int32s,
    centre_x: Floats,
    centre_y: Floats,
    centre_label: Int32s,
    fine: Int32s,
    begins: Int64s,
    edges: Floats,
    toggles: Hashes,
    hashes: Hashes,
    keys: Hashes,
    values: Int32s,
    slots: Int32s,
    corners: Hashes,
    first_corner: int,
    meanings: Int32s,
    sets: Int32s,
    usual: int,
    grid: Int32s,
    rule: NDArray[np.uint8],
    departments: Int32s,
    special: Int32s,
) -> int:
    """Write grid, rule and set of department grids (where the array has room) of each point.

    Return how many points are ``special`` (see ``take_meanings``), -1 where one of them is no place on Earth. The tables
    are those of ``find_labels``, ``find_corners`` and ``take_meanings``.
    """
    label = np.empty(BLOCK, dtype=np.int32)
    count = 0
    for start in range(0, len(lon), BLOCK):
        x, y = lon[start : start + BLOCK], lat[start : start + BLOCK]
        found = label[: len(x)]
        unsure, wrong = find_labels(
            x, y, frame, cells, centre_x, centre_y, centre_label, fine, begins, edges, toggles, hashes, keys, values, found
        )
        if wrong:
            return -1
        stop = start + len(x)
        if unsure:
            find_corners(lon_bits[start:stop], lat_bits[start:stop], slots, corners, first_corner, found)
        count = take_meanings(found, meanings, usual, start, grid[start:stop], rule[start:stop], special, count)
        if len(departments):
            take_sets(found, sets, departments[start:stop])
    return count
