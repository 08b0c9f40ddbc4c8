"""Points brought to roads: which edge is nearest, how far along it, how long the way there takes on foot.

How far along the edge and how far away is computed by one formula, however the edge was found, so that both ways give the
same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.space.network_edges import ModeRoads
from geogrid.space.network_finder import TICKS_PER_MINUTE, EdgeFinder, Floats, Ints, Objects, ticks
from geogrid.space.network_segments import Segments


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
