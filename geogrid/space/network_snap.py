"""Points brought to roads: which edge is nearest, how far along it, how long the way there takes on foot.

The nearest edge is found by a tree of lines, or by compiled code (:mod:`geogrid.space.network_kernels`) that leaves every
doubtful point to the tree. How far along the edge and how far away is then computed by one formula, so that both ways give
the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from geogrid.space.network_edges import ModeRoads

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
    """Some edges of a mode (``edges``: positions), and a tree of their lines in the same order."""

    edges: Ints
    tree: shapely.STRtree

    @classmethod
    def of(cls, edges: Ints, lines: Objects) -> EdgeFinder:
        """Prepare the search among ``edges``, positions in ``lines`` (metres)."""
        return cls(edges, shapely.STRtree(lines[edges]))

    def nearest(self, points: Objects, within_m: float) -> Ints:
        """Return each point's nearest edge within a distance (-1: none); of equally near ones the first."""
        none = len(self.edges)
        position = np.full(len(points), none, dtype=np.int64)
        found, nearest = self.tree.query_nearest(points, max_distance=within_m)
        np.minimum.at(position, found, nearest)
        return np.append(self.edges, -1)[position]


def snap_metric(roads: ModeRoads, x_m: Floats, y_m: Floats) -> Snapped:
    """Bring points in metres of the network's zone to the nearest edge of ``roads``; see ``RoadNetwork.snap``."""
    points = shapely.points(x_m, y_m)
    ground = place_on(roads, roads.ground.nearest(points, MOST_ACCESS_M), points)
    bridge = place_on(roads, roads.bridges.nearest(points, BRIDGE_REACH_M), points)
    nearer = bridge.access_m < ground.access_m
    return Snapped(
        np.where(nearer, bridge.edge, ground.edge),
        np.where(nearer, bridge.along, ground.along),
        np.where(nearer, bridge.access, ground.access),
        np.where(nearer, bridge.access_m, ground.access_m),
    )


def place_on(roads: ModeRoads, edge: Ints, points: Objects) -> Snapped:
    """Bring points (metres) each to its own ``edge`` (-1: none)."""
    on = np.flatnonzero(edge >= 0)
    lines = roads.lines_metric[edge[on]]
    along, access_m = np.zeros(len(edge)), np.full(len(edge), np.inf)
    along[on] = np.rint(shapely.line_locate_point(lines, points[on], normalized=True) * roads.ticks[edge[on]])
    access_m[on] = shapely.distance(lines, points[on])
    return Snapped(edge, along, ticks(np.where(edge >= 0, access_m, 0.0), roads.access_kmh), access_m)
