"""The inner loops of accuracy discs, compiled: how much of a disc lies in each polygon around it.

The disc is the regular polygon of the plain way (``FACETS`` sides, the first corner due east). By Green's theorem the area of
polygon and disc in common is made of the pieces of edges within the disc, and of the stretches of the disc's rim within the
polygon. Those stretches need not be looked for: each begins where an edge leaves the disc and ends where one enters, so
their sum is, up to whole turns, the sum over the entries less the sum over the exits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geogrid.space.cover import DISC_QUARTER_SEGMENTS
from geogrid.space.kernels import Floats, Int32s, Int64s, compiled

FACETS = 4 * DISC_QUARTER_SEGMENTS
STEP = 2.0 * np.pi / FACETS
NORMALS = np.array([[np.cos((j + 0.5) * STEP), np.sin((j + 0.5) * STEP)] for j in range(FACETS)])
CORNERS = np.array([[np.cos(j * STEP), np.sin(j * STEP)] for j in range(FACETS)])
INNER = float(np.cos(STEP / 2))  # radius of the circle within the polygon, over that through its corners
AREA = float(FACETS / 2 * np.sin(STEP))  # of the disc, over the square of the radius
DOUBT = 1e-7  # of the disc: nearer to nothing or to all of it, a stretch may be either


@compiled
def facet_at(x: float, y: float) -> int:
    """Return the side of the disc in the direction (x, y) from its centre."""
    turn = np.arctan2(y, x)
    return int(np.floor((turn + 2.0 * np.pi if turn < 0.0 else turn) / STEP))


@compiled
def is_within(x: float, y: float, r: float) -> bool:
    """Whether a place lies in the disc; it depends on the place alone, so that two edges that meet there agree."""
    square = x * x + y * y
    if square <= (r * INNER) ** 2:
        return True
    if square >= r * r:
        return False
    j = facet_at(x, y) % FACETS
    return bool(NORMALS[j, 0] * x + NORMALS[j, 1] * y <= r * INNER)


@compiled
def through_facets(
    ax: float, ay: float, dx: float, dy: float, r: float, first: int, last: int, leaving: bool
) -> tuple[float, int]:
    """Return where along a + t d the line leaves (or enters) the sides ``first`` to ``last``, and by which side."""
    t, facet = (np.inf if leaving else -np.inf), first % FACETS
    for turn in range(first, last + 1):
        j = turn % FACETS
        rate = NORMALS[j, 0] * dx + NORMALS[j, 1] * dy
        if (rate > 0.0) if leaving else (rate < 0.0):
            at = (r * INNER - NORMALS[j, 0] * ax - NORMALS[j, 1] * ay) / rate
            if (at < t) if leaving else (at > t):
                t, facet = at, j
    return t, facet


@compiled
def facets_between(one: int, other: int) -> tuple[int, int]:
    """Return the shorter way round from one side to the other, and one side more at each end."""
    ahead = (other - one) % FACETS
    if ahead <= FACETS // 2:
        return one - 1, one + ahead + 1
    return other - 1, other + FACETS - ahead + 1


@compiled
def rim_to(x: float, y: float, r: float, j: int) -> float:
    """Return the area of the disc from due east, against the clock, to a place on its side ``j``."""
    return float(j * 0.5 * r * r * np.sin(STEP) + 0.5 * r * (CORNERS[j, 0] * y - CORNERS[j, 1] * x))


@compiled
def passage(ax: float, ay: float, bx: float, by: float, r: float, leaving: bool) -> tuple[float, int]:
    """Return where the line a-b leaves (or enters) the disc, as a share of a-b, and by which side; -1 where it misses it."""
    dx, dy = bx - ax, by - ay
    length2, along, beyond = dx * dx + dy * dy, ax * dx + ay * dy, ax * ax + ay * ay
    outer = along * along - length2 * (beyond - r * r)
    if not outer > 0.0:
        return 0.0, -1
    sign = 1.0 if leaving else -1.0
    inner = along * along - length2 * (beyond - (r * INNER) ** 2)
    t = (-along + sign * np.sqrt(outer)) / length2
    # a line that misses the inner circle may pass any side between its two passages through the outer one
    s = (-along + sign * np.sqrt(inner)) / length2 if inner > 0.0 else (-along - sign * np.sqrt(outer)) / length2
    first, last = facets_between(facet_at(ax + t * dx, ay + t * dy), facet_at(ax + s * dx, ay + s * dy))
    return through_facets(ax, ay, dx, dy, r, first, last, leaving)


@compiled
def piece_within(ax: float, ay: float, bx: float, by: float, r: float) -> tuple[bool, float, float, int]:
    """Return of an edge: whether a piece of it is in the disc, twice the area that it spans with the centre, the rim up to
    where it enters less that up to where it leaves, and how often it does either."""
    starts, ends = is_within(ax, ay, r), is_within(bx, by, r)
    if starts and ends:
        return True, ax * by - ay * bx, 0.0, 0
    t0, t1, entered, left = 0.0, 1.0, -1, -1
    if not starts:
        t0, entered = passage(ax, ay, bx, by, r, False)
    if not ends:
        t1, left = passage(ax, ay, bx, by, r, True)
    missed = (not starts and entered < 0) or (not ends and left < 0)
    if missed or (not starts and not ends and not (t0 < t1 and t1 > 0.0 and t0 < 1.0)):
        return False, 0.0, 0.0, 0
    t0, t1 = min(max(t0, 0.0), 1.0), min(max(t1, 0.0), 1.0)
    px, py = ax + t0 * (bx - ax), ay + t0 * (by - ay)
    qx, qy = (ax + t1 * (bx - ax), ay + t1 * (by - ay)) if left >= 0 else (bx, by)
    rim = (rim_to(px, py, r, entered) if entered >= 0 else 0.0) - (rim_to(qx, qy, r, left) if left >= 0 else 0.0)
    return True, px * qy - py * qx, rim, int(entered >= 0) + int(left >= 0)


@compiled
def common_area(spanned: float, rim: float, passages: int, whole: float) -> float:
    """Return the area in common with the disc (``whole``) from its parts; -1 where it may be nothing or all of it."""
    if passages == 0:
        if abs(spanned) < DOUBT * whole:
            return -1.0
        return spanned if spanned > 0.0 else spanned + whole
    stretch = rim - np.floor(rim / whole) * whole
    area = spanned + stretch
    if stretch < DOUBT * whole or stretch > (1.0 - DOUBT) * whole:
        if abs(spanned) < DOUBT * whole:
            return -1.0
        return spanned if spanned > 0.0 else spanned + whole
    return min(max(area, 0.0), whole)


@compiled
def place_for(polygon: int, place_of: Int32s, polygons: Int32s, sums: Floats, count: int) -> tuple[int, int]:
    """Return where the sums of a polygon are, and how many polygons have a place; a new one gets the next."""
    k = place_of[polygon]
    if k >= 0:
        return int(k), count
    place_of[polygon], polygons[count], sums[count, :] = count, polygon, 0.0
    return count, count + 1


@compiled
def add_edges(
    x: float,
    y: float,
    r: float,
    begin: int,
    end: int,
    edges: Floats,
    owners: Int32s,
    place_of: Int32s,
    polygons: Int32s,
    sums: Floats,
    count: int,
) -> int:
    """Add the edges begin..end to the ``sums`` (area spanned, rim, passages) of their polygons; return how many these are.

    ``place_of`` says where each polygon is among ``polygons``, -1 where it is not yet.
    """
    inner2 = (r * INNER) ** 2
    for e in range(begin, end):
        ax, ay, bx, by = edges[e, 0] - x, edges[e, 1] - y, edges[e, 2] - x, edges[e, 3] - y
        if min(ax, bx) > r or max(ax, bx) < -r or min(ay, by) > r or max(ay, by) < -r:
            continue
        some, spanned, rim, often = True, ax * by - ay * bx, 0.0, 0
        a2, b2, ab = ax * ax + ay * ay, bx * bx + by * by, ax * bx + ay * by
        if min(a2, b2) >= r * r and (ab >= a2 or ab >= b2):
            continue  # both ends are beyond the disc, and the place nearest to its centre is one of them
        if max(a2, b2) > inner2:
            some, spanned, rim, often = piece_within(ax, ay, bx, by, r)
        if not some:
            continue
        k, count = place_for(owners[e], place_of, polygons, sums, count)
        sums[k, 0] += 0.5 * spanned
        sums[k, 1] += rim
        sums[k, 2] += often
    return count


@compiled
def add_cell(
    x: float,
    y: float,
    begin: int,
    end: int,
    cell_sums: Floats,
    cell_owners: Int32s,
    place_of: Int32s,
    polygons: Int32s,
    sums: Floats,
    count: int,
) -> int:
    """Add all edges of a cell, which lies within the disc: the sums of each of its polygons begin..end, made beforehand.

    They are twice the area that the edges span with the cell's corner, and the edges' sum as vectors; (x, y) is the disc's
    centre from that corner.
    """
    for p in range(begin, end):
        k, count = place_for(cell_owners[p], place_of, polygons, sums, count)
        sums[k, 0] += 0.5 * (cell_sums[p, 0] - (x * cell_sums[p, 2] - y * cell_sums[p, 1]))
    return count


@compiled
def is_cell_within(west: float, south: float, size: float, half: float, r: float) -> bool:
    """Whether all edges whose middle lies in the cell, its corner seen from the disc's centre, lie in the disc."""
    x = max(abs(west), abs(west + size)) + half
    y = max(abs(south), abs(south + size)) + half
    return x * x + y * y < (r * INNER) ** 2


@compiled
def weigh_discs(
    x: Floats,
    y: Floats,
    radius_m: Floats,
    inside: Int32s,
    frame: Floats,
    begins: Int32s,
    edges: Floats,
    owners: Int32s,
    cell_begins: Int32s,
    cell_sums: Floats,
    cell_owners: Int32s,
    polygons: int,
    sure: NDArray[np.bool_],
    point: Int64s,
    polygon: Int64s,
    share: Floats,
) -> int:
    """Write (point, polygon, share of the disc) for the discs around points in metres; return how many there are.

    ``inside`` is the one grid around the point, -1 where there is none. ``frame``: west, south, cells per metre, columns,
    rows, half of the longest edge; ``begins`` (cells + 1) the edges (ax, ay, bx, by; the polygon, ``owners``, to the left)
    whose middle lies in each cell, of ``polygons`` in all; ``cell_begins`` the sums of :func:`add_cell`. A disc that the
    plain way has to weigh is not ``sure`` and has no row. Where ``point`` has not enough room, -1 is returned.
    """
    place_of, met, sums = np.full(polygons, -1, dtype=np.int32), np.empty(polygons, dtype=np.int32), np.empty((polygons, 3))
    columns, rows = int(frame[3]), int(frame[4])
    found = 0
    for i in range(len(x)):
        r, reach = radius_m[i], radius_m[i] + frame[5]
        first, last = max(np.floor((x[i] - reach - frame[0]) * frame[2]), 0.0), (x[i] + reach - frame[0]) * frame[2]
        low, high = max(np.floor((y[i] - reach - frame[1]) * frame[2]), 0.0), (y[i] + reach - frame[1]) * frame[2]
        count = 0
        if first < columns and low < rows and last >= 0.0 and high >= 0.0:
            west, east = int(first), int(min(last, columns - 1.0))
            for row in range(int(low), int(min(high, rows - 1.0)) + 1):
                corner_y, waiting = frame[1] + row / frame[2] - y[i], row * columns + west
                for cell in range(waiting, row * columns + east + 1):
                    corner_x = frame[0] + (cell - row * columns) / frame[2] - x[i]
                    if not is_cell_within(corner_x, corner_y, 1.0 / frame[2], frame[5], r):
                        continue
                    count = add_edges(x[i], y[i], r, begins[waiting], begins[cell], edges, owners, place_of, met, sums, count)
                    waiting = cell + 1
                    at = cell_begins[cell], cell_begins[waiting]
                    count = add_cell(-corner_x, -corner_y, *at, cell_sums, cell_owners, place_of, met, sums, count)
                end = row * columns + east + 1
                count = add_edges(x[i], y[i], r, begins[waiting], begins[end], edges, owners, place_of, met, sums, count)
        if found + count >= len(point):
            return -1
        start, own, whole = found, inside[i] < 0, AREA * r * r
        for k in range(count):
            area = common_area(sums[k, 0], sums[k, 1], int(sums[k, 2]), whole)
            own |= met[k] == inside[i]
            sure[i] &= area >= 0.0
            point[found], polygon[found], share[found] = i, met[k], area / whole
            place_of[met[k]] = -1
            found += 1
        if not own:
            point[found], polygon[found], share[found] = i, inside[i], 1.0
            found += 1
        if not sure[i]:
            found = start
    return found
