"""Every polygon of an edition laid over a raster: what covers a point, from a table or from the few edges of one cell.

Each polygon has a fixed random 64-bit number; the hash of a set of polygons is the exclusive or of theirs. Crossing an edge
exchanges the polygons that end there, so it changes the hash by one exclusive or, whoever overlaps whom. A cell that no edge
touches has one label (a set that has been looked at once). A cell of borders is cut into parts: those that no edge touches
have one label too. It knows the label of its centre and its edges; a point in a part that an edge touches is led there from
the centre along an L-shaped path. Where doubles cannot tell, and on every border, the answer is
"unsure", and the plain way decides. That two sets share a hash has a chance of about 1e-15 in an edition of 10,000 sets, and
for those that were looked at it is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space import kernels, raster_kernels

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Objects = NDArray[np.object_]
Covering = Callable[[Floats, Floats], tuple[Int64s, Int64s]]

MOST_CELLS = 2048  # rows and columns; the table then holds 16 MB
LEAST_CELLS = 32
CELLS_PER_EDGE = 40
CELL_MARGIN = 1e-3  # cells are taken this much wider (in cells), far more than the rounding of a point's cell
OFF_CENTRE = 0.4142  # edges often lie on round numbers: the raster does not
NEAR_CENTRE = 1e-11  # degrees, a micrometre: nearer to an edge a centre is not trusted
LEAST_STRETCH = 1e-9  # degrees: a shorter stretch of a row is no place to look at a label
SEED = 20250618
FARTHEST = 255


@dataclass(frozen=True)
class Edges:
    """Distinct edges (n, 4: ax, ay, bx, by in degrees), the hash each exchanges, and whether a base grid ends there."""

    ends: Floats
    toggles: Hashes
    of_grids: NDArray[np.bool_]


@dataclass(frozen=True)
class Arrangement:
    """The raster and its tables; the arrays are those of ``kernels.find_labels`` and ``raster_kernels.fill_parts``.

    ``members`` names the polygons of each label, ascending; ``clear`` (rows, columns) how many cells lie at least between a
    cell and the next cell with a border of a base grid, 0 to 255.
    """

    frame: Floats
    cells: Int32s
    centre_x: Floats
    centre_y: Floats
    centre_label: Int32s
    fine: Int32s
    begins: Int64s
    edges: Floats
    toggles: Hashes
    hashes: Hashes
    keys: Hashes
    values: Int32s
    clear: NDArray[np.uint8]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, shapes: Objects, grids: int, covering: Covering) -> Arrangement:
        """Lay out the polygons (lon/lat); the first ``grids`` are base grids.

        ``covering(lon, lat)`` returns (point, polygon) pairs where the polygon covers the point: the plain way.
        """
        numbers = np.random.default_rng(SEED).integers(1, 2**64, len(shapes), dtype=np.uint64)
        edges = edges_of(shapes, numbers, grids)
        side = int(np.clip(np.sqrt(CELLS_PER_EDGE * len(edges.ends)), LEAST_CELLS, MOST_CELLS))
        frame = _frame(shapes, side)
        centre_x = frame[0] + (np.arange(side) + 0.5) / frame[2]
        centre_y = frame[1] + (np.arange(side) + 0.5) / frame[3]
        rows = _Rows.of(edges, centre_x, centre_y)
        hashes, members = _looked_at(rows, numbers, centre_y, covering)
        labels = rows.labels(hashes, side)
        cell, edge = _touched(edges, frame, side)
        bordered = np.union1d(cell, np.flatnonzero(labels < 0))
        cells = labels.copy()
        cells[bordered] = -1 - np.arange(len(bordered))
        centre_label = labels[bordered]
        keys, values = _table(hashes)
        places = cls(
            frame=frame,
            cells=cells.reshape(side, side),
            centre_x=centre_x,
            centre_y=centre_y,
            centre_label=centre_label,
            fine=np.empty((len(bordered), kernels.WORDS), dtype=np.int32),
            begins=np.append(np.searchsorted(cell, bordered), len(cell)).astype(np.int64),
            edges=edges.ends[edge],
            toggles=edges.toggles[edge],
            hashes=hashes,
            keys=keys,
            values=values,
            clear=_clear(cell[edges.of_grids[edge]], np.flatnonzero(labels < 0), side),
            members=members,
        )
        raster_kernels.fill_parts(bordered, CELL_MARGIN, *places.tables)
        return places

    def find(self, lon: Floats, lat: Floats, found: Int32s) -> None:
        """Write the label of each point (degrees) into ``found``; -1 where the plain way has to answer."""
        kernels.find_labels(lon, lat, *self.tables, found)

    @property
    def tables(self) -> kernels.Raster:
        """The arrays as ``kernels.find_labels`` takes them."""
        return (
            self.frame,
            self.cells,
            self.centre_x,
            self.centre_y,
            self.centre_label,
            self.fine,
            self.begins,
            self.edges,
            self.toggles,
            self.hashes,
            self.keys,
            self.values,
        )

    def clear_cells(self, lon: Floats, lat: Floats) -> Int64s:
        """Return how many whole cells without a border of a base grid surround each point; 0 beyond the raster."""
        side = len(self.cells)
        column = np.floor((lon - self.frame[0]) * self.frame[2])
        row = np.floor((lat - self.frame[1]) * self.frame[3])
        there = (column >= 0) & (row >= 0) & (column < side) & (row < side)
        clear = np.zeros(len(lon), dtype=np.int64)
        clear[there] = self.clear[row[there].astype(np.int64), column[there].astype(np.int64)]
        return clear

    def clear_cells_of_one(self, lon: float, lat: float) -> int:
        """Return the same for one point."""
        west, south, per_x, per_y = self.frame.tolist()
        side, u, v = len(self.cells), (lon - west) * per_x, (lat - south) * per_y
        return int(self.clear[int(v), int(u)]) if 0.0 <= u < side and 0.0 <= v < side else 0


def edges_of(shapes: Objects, numbers: Hashes, grids: int) -> Edges:
    """Return the distinct edges of the polygons; an edge of several polygons exchanges them all."""
    parts, shape_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    ends, ring_of_end = shapely.get_coordinates(rings, return_index=True)
    edges = np.hstack([ends[:-1], ends[1:]])
    kept = (ring_of_end[:-1] == ring_of_end[1:]) & (edges[:, :2] != edges[:, 2:]).any(axis=1)
    edges, owner = edges[kept], shape_of_part[part_of_ring[ring_of_end[:-1][kept]]]
    turned = (edges[:, 0] > edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] > edges[:, 3]))
    edges[turned] = edges[turned][:, [2, 3, 0, 1]]
    order = np.lexsort(edges.T[::-1])
    edges, owner = edges[order], owner[order]
    first = np.flatnonzero(np.append(True, (edges[1:] != edges[:-1]).any(axis=1)))
    toggles = np.bitwise_xor.reduceat(numbers[owner], first)
    return Edges(np.ascontiguousarray(edges[first]), toggles, np.logical_or.reduceat(owner < grids, first))


def _frame(shapes: Objects, side: int) -> Floats:
    """Return west, south and cells per degree of a raster that holds all shapes with more than a cell to spare."""
    west, south, east, north = shapely.total_bounds(shapes)
    width, height = (east - west) / (side - 4), (north - south) / (side - 4)
    return np.array([west - (1 + OFF_CENTRE) * width, south - (1 + OFF_CENTRE) * height, 1 / width, 1 / height])


@dataclass(frozen=True)
class _Rows:
    """Where the edges cross the rows' middle lines, by row, then from west to east, and the hash east of each crossing.

    ``column`` is that of the first centre to the east of the crossing.
    """

    row: Int64s
    lon: Floats
    hash_after: Hashes
    column: Int64s
    doubtful: Int64s  # flat positions of cells whose centre is too near to an edge

    @classmethod
    def of(cls, edges: Edges, centre_x: Floats, centre_y: Floats) -> _Rows:
        ax, ay, bx, by = edges.ends.T
        begin = np.searchsorted(centre_y, np.minimum(ay, by))
        count = np.searchsorted(centre_y, np.maximum(ay, by)) - begin
        edge = np.repeat(np.arange(len(count)), count)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + begin[edge]
        lon = ax[edge] + (centre_y[row] - ay[edge]) * ((bx - ax)[edge] / (by - ay)[edge])
        order = np.lexsort((lon, row))
        row, lon, toggles = row[order], lon[order], edges.toggles[edge[order]]
        column = np.searchsorted(centre_x, lon, side="right")
        side = len(centre_x)
        near = [(row * side + at)[np.abs(centre_x[np.clip(at, 0, side - 1)] - lon) < NEAR_CENTRE] for at in (column - 1, column)]
        return cls(row, lon, np.bitwise_xor.accumulate(toggles), column, np.unique(np.concatenate(near)))

    def labels(self, hashes: Hashes, side: int) -> Int32s:
        """Return the label at the centre of each cell (flat), -1 where it is not known."""
        order = np.argsort(hashes)
        place = np.minimum(np.searchsorted(hashes[order], self.hash_after), len(hashes) - 1)
        label = np.where(hashes[order][place] == self.hash_after, order[place], -1)
        begin = self.row * side + self.column
        lengths = np.diff(np.concatenate([[0], begin, [side * side]]))
        labels = np.repeat(np.append(0, label), lengths).astype(np.int32)
        labels[self.doubtful] = -1
        return labels


def _looked_at(rows: _Rows, numbers: Hashes, centre_y: Floats, covering: Covering) -> tuple[Hashes, tuple[tuple[int, ...], ...]]:
    """Return the hashes met along the rows, each with its polygons as the plain way names them in its longest stretch.

    The first is the empty set. A hash that its polygons do not make is left out.
    """
    stretch = np.append(np.diff(rows.lon), 0.0)
    stretch[np.append(rows.row[1:] != rows.row[:-1], True)] = 0.0
    order = np.lexsort((-stretch, rows.hash_after))
    met, first = np.unique(rows.hash_after[order], return_index=True)
    longest = order[first]
    wide = (stretch[longest] > LEAST_STRETCH) & (met != 0)
    met, longest = met[wide], longest[wide]
    point, polygon = covering(rows.lon[longest] + stretch[longest] / 2, centre_y[rows.row[longest]])
    made = np.zeros(len(met), dtype=np.uint64)
    np.bitwise_xor.at(made, point, numbers[polygon])
    groups = np.split(polygon, np.searchsorted(point, np.arange(1, len(met)))) if len(met) else []
    agreed = np.flatnonzero(made == met)
    hashes = np.append(np.uint64(0), met[agreed]).astype(np.uint64)
    return hashes, ((), *(tuple(groups[i].tolist()) for i in agreed))


def _touched(edges: Edges, frame: Floats, side: int) -> tuple[Int64s, Int64s]:
    """Return (flat cell, edge) pairs where an edge touches a cell, by cell."""
    u = (edges.ends[:, [0, 2]] - frame[0]) * frame[2]
    v = (edges.ends[:, [1, 3]] - frame[1]) * frame[3]
    none = np.empty(0, dtype=np.int64)
    count = raster_kernels.cells_of_edges(u, v, side, side, CELL_MARGIN, none, none)
    cell, edge = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    raster_kernels.cells_of_edges(u, v, side, side, CELL_MARGIN, cell, edge)
    order = np.argsort(cell, kind="stable")
    return cell[order], edge[order]


def _table(hashes: Hashes) -> tuple[Hashes, Int32s]:
    """Return the open table of ``kernels.look_up``, at most a quarter full."""
    size = 1 << int(np.ceil(np.log2(4 * len(hashes))))
    keys, values = np.zeros(size, dtype=np.uint64), np.full(size, kernels.NO_LABEL, dtype=np.int32)
    raster_kernels.fill_table(keys, values, hashes)
    return keys, values


def _clear(bordered: Int64s, doubtful: Int64s, side: int) -> NDArray[np.uint8]:
    """Return how many cells lie between each cell and the next one that a border of a base grid touches."""
    from scipy.ndimage import distance_transform_cdt

    free = np.ones(side * side, dtype=bool)
    free[bordered] = False
    free[doubtful] = False
    steps = distance_transform_cdt(free.reshape(side, side), metric="chessboard")
    return np.clip(steps - 1, 0, FARTHEST).astype(np.uint8)
