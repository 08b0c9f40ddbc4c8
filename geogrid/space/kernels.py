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
Function = TypeVar("Function", bound=Callable[..., Any])

compiled = cast(Callable[[Function], Function], numba.njit(cache=True, nogil=True, error_model="numpy"))

UNSURE = -1
NO_LABEL = -1
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
def fill_table(keys: Hashes, values: Int32s, hashes: Hashes) -> None:
    """Put the hashes, whose labels are their positions, into the open table."""
    last = np.uint64(len(keys) - 1)
    for label in range(len(hashes)):
        slot = ((hashes[label] * SCATTER) >> np.uint64(32)) & last
        while values[slot] != NO_LABEL:
            slot = (slot + np.uint64(1)) & last
        keys[slot] = hashes[label]
        values[slot] = label


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
def find_labels(
    lon: Floats,
    lat: Floats,
    frame: Floats,
    cells: Int32s,
    centre_x: Floats,
    centre_y: Floats,
    centre_label: Int32s,
    begins: Int64s,
    edges: Floats,
    toggles: Hashes,
    hashes: Hashes,
    keys: Hashes,
    values: Int32s,
    found: Int32s,
) -> None:
    """Write the label of each point into ``found``: -1 where the plain way has to answer, 0 (nothing) beyond the raster.

    ``frame`` is (west, south, cells per degree of longitude, of latitude). ``cells`` (rows, columns) holds a label, or
    -1 - k for the cell of borders k, whose edges are ``begins[k]`` to ``begins[k + 1]``.
    """
    rows, columns = cells.shape
    west, south, per_x, per_y = frame[0], frame[1], frame[2], frame[3]
    for i in range(len(lon)):
        u, v = (lon[i] - west) * per_x, (lat[i] - south) * per_y
        if not (u >= 0.0 and v >= 0.0 and u < columns and v < rows):
            found[i] = 0
            continue
        column, row = int(u), int(v)
        cell = cells[row, column]
        if cell >= 0:
            found[i] = cell
            continue
        k = -1 - cell
        centre = centre_label[k]
        if centre < 0:
            found[i] = NO_LABEL
            continue
        sure, key = label_in_cell(
            lon[i], lat[i], centre_x[column], centre_y[row], begins[k], begins[k + 1], edges, toggles, hashes[centre]
        )
        if not sure:
            found[i] = NO_LABEL
        elif key == hashes[centre]:
            found[i] = centre
        else:
            found[i] = look_up(keys, values, key)


@compiled
def cells_of_edges(u: Floats, v: Floats, rows: int, columns: int, margin: float, cell: Int64s, edge: Int64s) -> int:
    """Return how many (cell, edge) pairs there are where the edge touches the cell; write them where the arrays have room.

    ``u``, ``v`` (n, 2) are the ends in cells from the west and south; ``margin`` widens every cell, in cells.
    """
    count = 0
    for e in range(len(u)):
        low, high = min(v[e, 0], v[e, 1]), max(v[e, 0], v[e, 1])
        slope = (u[e, 1] - u[e, 0]) / (v[e, 1] - v[e, 0]) if high > low else 0.0
        for row in range(max(int(np.floor(low - margin)), 0), min(int(np.floor(high + margin)), rows - 1) + 1):
            west, east = min(u[e, 0], u[e, 1]), max(u[e, 0], u[e, 1])
            if high > low:
                one = u[e, 0] + (max(low, row - margin) - v[e, 0]) * slope
                other = u[e, 0] + (min(high, row + 1 + margin) - v[e, 0]) * slope
                west, east = max(west, min(one, other) - margin), min(east, max(one, other) + margin)
            for column in range(max(int(np.floor(west - margin)), 0), min(int(np.floor(east + margin)), columns - 1) + 1):
                if count < len(cell):
                    cell[count] = row * columns + column
                    edge[count] = e
                count += 1
    return count


@compiled
def near_lists(centre_m: Floats, radius_m: Floats, stations_m: Floats, spare_m: float, begins: Int64s, station: Int32s) -> int:
    """Write for each cell the stations that may be nearest to a point in it; return how many pairs there are.

    ``centre_m`` (n, 3) and ``stations_m`` (m, 3) are Earth-centred; a cell lies within ``radius_m`` of its centre. By the
    triangle inequality no station farther from the centre than the nearest by twice the radius can be nearest.
    """
    count = 0
    squares = np.empty(len(stations_m))
    for c in range(len(centre_m)):
        least = np.inf
        for s in range(len(stations_m)):
            x, y, z = (centre_m[c, 0] - stations_m[s, 0], centre_m[c, 1] - stations_m[s, 1], centre_m[c, 2] - stations_m[s, 2])
            squares[s] = x * x + y * y + z * z
            least = min(least, squares[s])
        reach = np.sqrt(least) + 2.0 * radius_m[c] + spare_m
        begins[c] = count
        for s in range(len(stations_m)):
            if squares[s] <= reach * reach:
                if count < len(station):
                    station[count] = s
                count += 1
    begins[len(centre_m)] = count
    return count


@compiled
def find_stations(
    lon: Floats,
    lat: Floats,
    frame: Floats,
    rows: Floats,
    columns: Floats,
    begins: Int64s,
    near: Int32s,
    places: Floats,
    limits: Floats,
    found: Int32s,
    distance_m: Floats,
) -> None:
    """Write the nearest station of each point and the geodesic metres to it; -2 where the plain way has to answer.

    ``frame`` as in ``find_labels``. ``rows`` (n, 3: degrees, sine, cosine) and ``columns`` are the middles of the cells;
    ``places`` (m, 7) the stations: Earth-centred x, y, z, latitude and longitude in degrees, sine and cosine of the
    latitude. ``limits``: equatorial radius, squared eccentricity, the longest distance, the tie, in metres.

    The geodesic is made from the chord c: s = c (1 + c^2 / 24 R^2 + 3 c^4 / 640 R^4), R the radius of curvature towards the
    station (Euler) at the mean latitude; to 50 km it is right to a tenth of a micrometre.
    """
    a, e2, longest_m, tie_m = limits[0], limits[1], limits[2], limits[3]
    radian = np.pi / 180.0
    for i in range(len(lon)):
        u, v = (lon[i] - frame[0]) * frame[2], (lat[i] - frame[1]) * frame[3]
        if not (u >= 0.0 and v >= 0.0 and u < len(columns) and v < len(rows)):
            found[i] = -2
            continue
        column, row = int(u), int(v)
        d, f = (lat[i] - rows[row, 0]) * radian, (lon[i] - columns[column, 0]) * radian
        sine_d, sine_f = d - d * d * d / 6.0 + d**5 / 120.0, f - f * f * f / 6.0 + f**5 / 120.0
        cosine_d, cosine_f = 1.0 - d * d / 2.0 + d**4 / 24.0, 1.0 - f * f / 2.0 + f**4 / 24.0
        sine = rows[row, 1] * cosine_d + rows[row, 2] * sine_d
        cosine = rows[row, 2] * cosine_d - rows[row, 1] * sine_d
        square = 1.0 - e2 * sine * sine
        normal = a / np.sqrt(square)
        x = normal * cosine * (columns[column, 2] * cosine_f - columns[column, 1] * sine_f)
        y = normal * cosine * (columns[column, 1] * cosine_f + columns[column, 2] * sine_f)
        z = normal * (1.0 - e2) * sine
        cell = row * len(columns) + column
        best, second, chosen = np.inf, np.inf, -2
        for k in range(begins[cell], begins[cell + 1]):
            s = near[k]
            dx, dy, dz = places[s, 0] - x, places[s, 1] - y, places[s, 2] - z
            chord2 = dx * dx + dy * dy + dz * dz
            mean = 1.0 - e2 * (0.5 * (sine + places[s, 5])) ** 2
            north = a * (1.0 - e2) / (mean * np.sqrt(mean)) * (places[s, 3] - lat[i]) * radian
            east = a / np.sqrt(mean) * 0.5 * (cosine + places[s, 6]) * (places[s, 4] - lon[i]) * radian
            towards = north * north / (north * north + east * east + 1e-30)
            curved = (towards * mean / (1.0 - e2) + (1.0 - towards)) * np.sqrt(mean) / a
            bend = chord2 * curved * curved
            metres = np.sqrt(chord2) * (1.0 + bend / 24.0 + 3.0 * bend * bend / 640.0)
            if metres < best:
                best, second, chosen = metres, best, s
            elif metres < second:
                second = metres
        if best > longest_m or second - best <= tie_m:
            chosen = -2
        found[i] = chosen
        distance_m[i] = np.floor(best * 1e6 + 0.5) / 1e6


@compiled
def take_meanings(
    labels: Int32s,
    grids: Int32s,
    rules: NDArray[np.uint8],
    sets: Int32s,
    grid: Int32s,
    rule: NDArray[np.uint8],
    departments: Int32s,
) -> None:
    """Write what each label means; label -1 means what the tables end with."""
    for i in range(len(labels)):
        label = labels[i]
        grid[i], rule[i], departments[i] = grids[label], rules[label], sets[label]


@compiled
def fill_corners(slots: Int32s, corners: Hashes) -> None:
    """Put corners (n, 2: the bits of longitude and latitude) into the open table: a power of two long, empty slots are -1."""
    last = np.uint64(len(slots) - 1)
    for k in range(len(corners)):
        slot = (((corners[k, 0] * SCATTER) ^ corners[k, 1]) * SCATTER >> np.uint64(32)) & last
        while slots[slot] != NO_LABEL:
            slot = (slot + np.uint64(1)) & last
        slots[slot] = k


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
