"""Points brought to roads: which edge is nearest, how far along it, how long the way there takes on foot.

The nearest edge is found by a tree of lines, or by compiled code (:mod:`geogrid.space.network_kernels`) that leaves every
doubtful point to the tree. How far along the edge and how far away is then computed by one formula, so that both ways give
the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geogrid.space.network_segments import Segments

if TYPE_CHECKING:
    from geogrid.space.network_edges import ModeRoads
    from geogrid.space.network_grid import Grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Objects = NDArray[np.object_]

MOST_ACCESS_M = 500.0  # no road within this distance: an estimate along the straight line
BRIDGE_REACH_M = 20.0  # half the breadth of a bridge with its footways, and the error of a good position
TICKS_PER_MINUTE = 60_000_000  # microseconds


def ticks(length_m: ArrayLike, speed_kmh: ArrayLike) -> Floats:
    """Return the time for a length (metres) at a speed (km/h) in whole microseconds, as floats (exact up to 2**53)."""
    return np.rint(np.asarray(length_m, float) / np.asarray(speed_kmh, float) * (0.06 * TICKS_PER_MINUTE))


@dataclass(frozen=True, eq=False)
class Snapped:
    """Points on edges of one mode; arrays of equal length.

    ``edge`` is the position in ``ModeRoads.rows`` (-1: no road within reach), ``along`` the ticks from the edge's start,
    ``access`` the ticks of the way to the edge on foot, ``access_m`` its metres (inf where there is none).
    """

    edge: Ints
    along: Floats
    access: Floats
    access_m: Floats


@dataclass(frozen=True, eq=False)
class EdgeFinder:
    """Some edges of a mode (``edges``: positions), a tree of their lines in the same order, and a compiled grid of them."""

    edges: Ints
    tree: shapely.STRtree
    within_m: float
    grid: Grid | None

    @classmethod
    def of(cls, edges: Ints, lines: Objects, segments: Segments, within_m: float, *, compiled: bool = True) -> EdgeFinder:
        """Prepare the search among ``edges``, positions in ``lines`` (metres), for points up to ``within_m`` away."""
        return cls(edges, shapely.STRtree(lines[edges]), within_m, _grid(segments, edges, within_m) if compiled else None)

    def nearest(self, x_m: Floats, y_m: Floats) -> Ints:
        """Return each point's nearest edge within reach (-1: none); of equally near ones the first."""
        if self.grid is None:
            return self.nearest_plainly(x_m, y_m)
        found = self.grid.nearest(x_m, y_m)
        doubtful = np.flatnonzero(found < -1)
        found[doubtful] = self.nearest_plainly(x_m[doubtful], y_m[doubtful])
        return found

    def nearest_plainly(self, x_m: Floats, y_m: Floats) -> Ints:
        """Return the same by the tree alone."""
        none = len(self.edges)
        position = np.full(len(x_m), none, dtype=np.int64)
        found, nearest = self.tree.query_nearest(shapely.points(x_m, y_m), max_distance=self.within_m)
        np.minimum.at(position, found, nearest)
        return np.append(self.edges, -1)[position]


def _grid(segments: Segments, edges: Ints, within_m: float) -> Grid | None:
    """Return the compiled search; None where numba is not there or finds no place to keep its code."""
    try:
        from geogrid.space.network_grid import Grid
    except (ImportError, RuntimeError):
        return None
    return Grid.of(segments, edges, within_m)


def snap_metric(roads: ModeRoads, x_m: Floats, y_m: Floats) -> Snapped:
    """Bring points in metres of the network's zone to the nearest edge of ``roads``; see ``RoadNetwork.snap``."""
    x, y = np.ascontiguousarray(x_m, dtype=float), np.ascontiguousarray(y_m, dtype=float)
    ground = place_xy(roads, roads.ground.nearest(x, y), x, y)
    if not len(roads.bridges.edges):
        return ground
    bridge_edge = roads.bridges.nearest(x, y)
    near = np.flatnonzero(bridge_edge >= 0)
    bridge = place_xy(roads, bridge_edge[near], x[near], y[near])
    nearer = bridge.access_m < ground.access_m[near]
    for name in ("edge", "along", "access", "access_m"):
        getattr(ground, name)[near[nearer]] = getattr(bridge, name)[nearer]
    return ground


def snap_one(roads: ModeRoads, x_m: float, y_m: float) -> tuple[int, float, float]:
    """Bring one point in metres to the nearest edge: (edge, along, access) as in :class:`Snapped`."""
    x, y = np.array([x_m]), np.array([y_m])
    edge, share, away_m = _nearest_one(roads, roads.ground, x, y)
    if len(roads.bridges.edges):
        bridge, on_bridge, bridge_m = _nearest_one(roads, roads.bridges, x, y)
        if bridge_m < away_m:
            edge, share, away_m = bridge, on_bridge, bridge_m
    if edge < 0:
        return edge, 0.0, 0.0
    access = float(round(away_m / roads.access_kmh * (0.06 * TICKS_PER_MINUTE)))
    return edge, float(round(share * float(roads.ticks[edge]))), access


def _nearest_one(roads: ModeRoads, finder: EdgeFinder, x_m: Floats, y_m: Floats) -> tuple[int, float, float]:
    """Return the nearest edge (-1: none within reach), the share of it at which the point is nearest, and the metres."""
    found = finder.nearest(x_m, y_m) if finder.grid is None else finder.grid.nearest(x_m, y_m)
    if found[0] < -1:
        found = finder.nearest_plainly(x_m, y_m)
    if found[0] < 0:
        return -1, 0.0, np.inf
    share, away_m = _placer(roads)(roads.segments, found, x_m, y_m)
    return int(found[0]), float(share[0]), float(away_m[0])


def place_on(roads: ModeRoads, edge: Ints, points: Objects) -> Snapped:
    """Bring points (metres) each to its own ``edge`` (-1: none)."""
    return place_xy(roads, edge, shapely.get_x(points), shapely.get_y(points))


def place_xy(roads: ModeRoads, edge: Ints, x_m: Floats, y_m: Floats) -> Snapped:
    """Bring places in metres each to its own ``edge`` (-1: none)."""
    on = np.flatnonzero(edge >= 0)
    along, access_m = np.zeros(len(edge)), np.full(len(edge), np.inf)
    share, access_m[on] = _placer(roads)(roads.segments, edge[on], x_m[on], y_m[on])
    along[on] = np.rint(share * roads.ticks[edge[on]])
    return Snapped(edge, along, ticks(np.where(edge >= 0, access_m, 0.0), roads.access_kmh), access_m)


def _placer(roads: ModeRoads) -> Callable[[Segments, Ints, Floats, Floats], tuple[Floats, Floats]]:
    if roads.ground.grid is None:
        return Segments.place
    from geogrid.space.network_grid import place

    return place
