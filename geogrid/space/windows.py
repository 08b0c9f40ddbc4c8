"""Boxes around what changed between two states of some polygons, and the points in them or near them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space.cover import Polygons

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Box = tuple[float, float, float, float]  # west, south, east, north in degrees

METRES_A_DEGREE = 110_000.0  # of latitude, at least
SPARE_M = 1.0
FLATTEST = 1e-3  # cosine of the latitude: nearer to a pole a metre is taken as this many degrees


def boxes_of(before: Polygons, after: Polygons, codes: Iterable[str]) -> dict[str, Box]:
    """Return for each polygon the box around the edges that it has only before or only after, where there are any."""
    old, new = by_code(before, codes), by_code(after, codes)
    found = {}
    for code in codes:
        edges = edges_of(old.get(code)) ^ edges_of(new.get(code))
        if edges:
            xy = np.array(list(edges)).reshape(-1, 2)
            (west, south), (east, north) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
            found[code] = (west, south, east, north)
    return found


def by_code(polygons: Polygons, codes: Iterable[str]) -> dict[str, Any]:
    wanted = set(codes)
    return {code: polygons.shapes[i] for i, code in enumerate(polygons.codes) if code in wanted}


def edges_of(shape: Any | None) -> set[tuple[float, ...]]:
    """Return the edges of a polygon (ax, ay, bx, by), whichever way they run; none of no polygon."""
    if shape is None:
        return set()
    ends, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
    edges = np.hstack([ends[:-1], ends[1:]])[ring[:-1] == ring[1:]]
    turned = (edges[:, 0] > edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] > edges[:, 3]))
    edges[turned] = edges[turned][:, [2, 3, 0, 1]]
    return set(map(tuple, edges.tolist()))


def bounds_of(polygons: Polygons, codes: Iterable[str]) -> list[Any]:
    return [shapely.bounds(shape) for shape in by_code(polygons, codes).values()]


def around(boxes: Iterable[Any]) -> Box | None:
    whole = np.array(list(boxes), dtype=float).reshape(-1, 4)
    if not len(whole):
        return None
    (west, south), (east, north) = whole[:, :2].min(axis=0).tolist(), whole[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def widened(box: Box, metres: float) -> Box:
    west, south, east, north = box
    flat = max(np.cos(np.radians(min(max(abs(south), abs(north)) + 0.1, 90.0))), FLATTEST)
    up, across = metres / METRES_A_DEGREE, metres / (METRES_A_DEGREE * flat)
    return west - across, south - up, east + across, north + up


def within(boxes: Floats, lon: Floats, lat: Floats) -> Ints:
    """Return the positions of the points in any of the boxes (n, 4) or on its rim, ascending."""
    if not len(boxes):
        return np.empty(0, dtype=np.int64)
    (west, south), (east, north) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    at = np.flatnonzero((lon >= west) & (lon <= east))
    at = at[(lat[at] >= south) & (lat[at] <= north)]
    if len(boxes) == 1 or not len(at):
        return at
    x, y, inside = lon[at], lat[at], np.zeros(len(at), dtype=bool)
    for west, south, east, north in boxes:
        inside |= (x >= west) & (x <= east) & (y >= south) & (y <= north)
    return at[inside]


def reaching(box: Floats, lon: Floats, lat: Floats, radius_m: Floats) -> NDArray[np.bool_]:
    """Whether the discs may reach into the box; a disc that may not is surely beyond it."""
    west, south, east, north = box
    flat = np.maximum(np.cos(np.radians(np.minimum(np.abs(lat) + (radius_m + SPARE_M) / METRES_A_DEGREE, 90.0))), FLATTEST)
    up = (radius_m + SPARE_M) / METRES_A_DEGREE
    across = up / flat
    inside: NDArray[np.bool_] = (lon >= west - across) & (lon <= east + across) & (lat >= south - up) & (lat <= north + up)
    return inside
