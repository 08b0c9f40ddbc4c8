"""Accuracy discs by compiled code: the edges of the polygons in metres, by cells, so that a disc reads those around it alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space import crs, disc_kernels
from geogrid.space.cover import Floats, Ints, MetricPolygons, shares_cut
from geogrid.space.threads import shared_out

Int32s = NDArray[np.int32]

CELLS_PER_EDGE = 1.0
MOST_CELLS = 2048
ROOM = 8  # polygons a disc, on average; where they are more, the work is done again with more
DISCS_A_PORTION = 256

Shares = tuple[Ints, Ints, Floats]


@dataclass(frozen=True)
class Discs:
    """The edges (n, 4: ax, ay, bx, by in metres, ``owners`` to the left) by the cell of their middle; see ``disc_kernels``.

    ``cell_sums`` are those of each polygon's edges in a cell, for cells that lie within a disc.
    """

    frame: Floats
    begins: Int32s
    edges: Floats
    owners: Int32s
    cell_begins: Int32s
    cell_sums: Floats
    cell_owners: Int32s
    polygons: int
    srid: int

    @classmethod
    def of(cls, metric: MetricPolygons) -> Discs:
        """Sort the polygons' edges into cells."""
        edges, owners = _edges_of(metric.shapes)
        middle = (edges[:, :2] + edges[:, 2:]) / 2
        west, south = middle.min(axis=0)
        width, height = np.maximum(middle.max(axis=0) - (west, south), 1.0)
        per_m = min(np.sqrt(CELLS_PER_EDGE * len(edges) / (width * height)), MOST_CELLS / max(width, height))
        columns, rows = int(width * per_m) + 1, int(height * per_m) + 1
        column, row = ((middle - (west, south)) * per_m).astype(np.int64).T
        cell = row * columns + column
        order = np.argsort(cell, kind="stable")
        begins = np.searchsorted(cell[order], np.arange(columns * rows + 1)).astype(np.int32)
        half_m = np.hypot(*(edges[:, 2:] - edges[:, :2]).T).max() / 2 + 1.0
        frame = np.array([west, south, per_m, columns, rows, half_m])
        edges, owners, cell = edges[order], owners[order], cell[order]
        corners = np.column_stack([west + cell % columns / per_m, south + cell // columns / per_m])
        sums = _sums(cell, edges - np.hstack([corners, corners]), owners, columns * rows)
        return cls(frame, begins, edges, owners, *sums, len(metric.shapes), metric.srid)

    def shares(self, lon: Floats, lat: Floats, radius_m: Floats, inside: Int32s) -> tuple[Shares, NDArray[np.bool_]]:
        """Return (point, polygon, share) as ``MetricPolygons.shares`` does, and for which discs that is so.

        ``inside`` names the one grid that each point (degrees) lies inside, -1 where none does. The others, and points where
        grids overlap, are the plain way's.
        """
        x, y = crs.metric_xy(lon, lat, self.srid, strict=False)
        sure = np.isfinite(x) & np.isfinite(y)

        def weigh(begin: int, end: int) -> Shares:
            at = slice(begin, end)
            point, polygon, share = self._weigh(x[at], y[at], radius_m[at], inside[at], sure[at])
            return point + begin, polygon, share

        found = shared_out(weigh, len(lon), DISCS_A_PORTION)
        none = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
        point, polygon, share = (np.concatenate([*column]) for column in zip(none, *found, strict=True))
        return (point, polygon, shares_cut(share)), sure

    def shares_of_one(self, x_m: float, y_m: float, radius_m: float, inside: int) -> list[tuple[int, float]] | None:
        """Return (polygon, share not yet cut) for one disc around a point in metres; None where the plain way has to weigh it."""
        if not (math.isfinite(x_m) and math.isfinite(y_m)):
            return None
        sure, within = np.array([True]), np.array([inside], dtype=np.int32)
        _, polygon, share = self._weigh(np.array([x_m]), np.array([y_m]), np.array([radius_m]), within, sure)
        return list(zip(polygon.tolist(), share.tolist(), strict=True)) if sure[0] else None

    def _weigh(self, x: Floats, y: Floats, radius_m: Floats, inside: Int32s, sure: NDArray[np.bool_]) -> Shares:
        room = ROOM * len(x) + self.polygons + 1
        tables = (
            self.frame,
            self.begins,
            self.edges,
            self.owners,
            self.cell_begins,
            self.cell_sums,
            self.cell_owners,
            self.polygons,
        )
        while True:
            point, polygon, share = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64), np.empty(room)
            count = disc_kernels.weigh_discs(x, y, radius_m, inside, *tables, sure, point, polygon, share)
            if count >= 0:
                return point[:count], polygon[:count], share[:count]
            room *= 4


def _edges_of(shapes: NDArray[np.object_]) -> tuple[Floats, Int32s]:
    """Return all edges with their polygon to the left, and the polygons."""
    parts, shape_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    is_hole = np.append(False, part_of_ring[1:] == part_of_ring[:-1])
    ends, ring = shapely.get_coordinates(rings, return_index=True)
    kept = ring[1:] == ring[:-1]
    edges, ring = np.hstack([ends[:-1], ends[1:]])[kept], ring[:-1][kept]
    turned = (shapely.is_ccw(rings) == is_hole)[ring]
    edges[turned] = edges[turned][:, [2, 3, 0, 1]]
    return np.ascontiguousarray(edges), shape_of_part[part_of_ring[ring]].astype(np.int32)


def _sums(cell: Ints, edges: Floats, owners: Int32s, cells: int) -> tuple[Int32s, Floats, Int32s]:
    """Return where each cell's polygons begin, the sums of their edges (from the cell's corner) there, and the polygons."""
    order = np.lexsort((owners, cell))
    cell, owners, (ax, ay, bx, by) = cell[order], owners[order], edges[order].T
    first = np.flatnonzero(np.append(True, (cell[1:] != cell[:-1]) | (owners[1:] != owners[:-1])))
    sums = np.add.reduceat(np.column_stack([ax * by - ay * bx, bx - ax, by - ay]), first)
    begins = np.searchsorted(cell[first], np.arange(cells + 1)).astype(np.int32)
    return begins, sums, owners[first]
