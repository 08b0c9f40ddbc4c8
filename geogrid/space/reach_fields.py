"""Reach sets to shapes: contours of a field of times on a raster whose cells are prepared once for a network and a mode.

Every cell knows its nearest road (bridges aside), the place on it and the way to it on foot; a station's field is then a few
additions a cell, in the window of what it reaches alone, and one field gives the shapes of all minutes at once. Cells are
prepared in blocks, where a window first needs them, and kept.

Between two cells time is taken to be linear, which it is not where roads end or run apart: so that next to nobody who is not
reached stands inside, a shape is drawn for a little less time (``CAUTION``) than it says, and loses a rim that is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from geogrid.domain.stations import TravelMode
from geogrid.space.contours import area_between
from geogrid.space.network import MOST_ACCESS_M, TICKS_PER_MINUTE, Floats, Flood, Ints, Snapped
from geogrid.space.network_snap import place_xy
from geogrid.space.reach import HAS_NUMBA, UNREACHED, Int32s, Reach, WholeRoads, limit_ticks, whole_ticks

CELL_M = {TravelMode.WALK: 12.5, TravelMode.EBIKE: 25.0, TravelMode.CAR: 50.0}  # some seconds of travel each
CAUTION = {TravelMode.WALK: 0.5, TravelMode.EBIKE: 0.5, TravelMode.CAR: 1.2}  # cells' worth of time at the usual pace
USUAL_M_A_MINUTE = {TravelMode.WALK: 80.0, TravelMode.EBIKE: 250.0, TravelMode.CAR: 500.0}
SIMPLIFY = 0.08  # of a cell
BLOCK = 64  # cells a side
UNIT = 10  # bits of a tick's number that a cell does without: it keeps times in units of 1.024 ms
MOST_CELLS = 8_000_000  # of one window; the union of many stations' shapes beyond
Box = tuple[int, int, int, int]
Cells = tuple[Int32s, Int32s, Int32s]  # edge (-1: none near), ticks along it, ticks to it (in units of 2**UNIT)


@dataclass(frozen=True, eq=False)
class TimeRaster:
    """A raster of points, each brought to its nearest edge of one mode once.

    ``west_m south_m`` are metres of the network's zone, ``shape`` rows and columns of cells. ``node_box`` (nodes, 4) bounds the
    edges at each node: west, south, east, north.
    """

    whole: WholeRoads
    west_m: float
    south_m: float
    cell_m: float
    caution_minutes: float
    shape: tuple[int, int]
    node_box: Floats
    blocks: dict[tuple[int, int], Cells] = field(default_factory=dict)

    @classmethod
    def of(cls, whole: WholeRoads, mode: TravelMode, cell_m: float | None = None) -> TimeRaster:
        """Lay out the raster for all that the mode's roads lead to; cells are prepared when they are first needed."""
        step_m = cell_m or CELL_M[mode]
        caution = CAUTION[mode] * step_m / USUAL_M_A_MINUTE[mode]
        bounds = shapely.bounds(whole.roads.lines_metric).reshape(-1, 4)
        if not len(bounds):
            return cls(whole, 0.0, 0.0, step_m, caution, (0, 0), np.zeros((whole.nodes, 4)))
        margin_m = MOST_ACCESS_M + step_m
        (west, south), (east, north) = bounds[:, :2].min(axis=0) - margin_m, bounds[:, 2:].max(axis=0) + margin_m
        shape = int((north - south) / step_m) + 2, int((east - west) / step_m) + 2
        return cls(whole, west, south, step_m, caution, shape, _node_boxes(whole, bounds))

    def _cells(self, box: Box) -> Cells:
        """Return the cells of a window, of blocks prepared before and of new ones."""
        size = box[1] - box[0], box[3] - box[2]
        window: Cells = tuple(np.empty(size, dtype=np.int32) for _ in range(3))  # type: ignore[assignment]
        for block_row in range(box[0] // BLOCK, -(-box[1] // BLOCK)):
            for block_column in range(box[2] // BLOCK, -(-box[3] // BLOCK)):
                block = self.blocks.get((block_row, block_column)) or self._prepared(block_row, block_column)
                row, column = block_row * BLOCK, block_column * BLOCK
                top, bottom = max(row, box[0]), min(row + BLOCK, box[1])
                left, right = max(column, box[2]), min(column + BLOCK, box[3])
                for values, kept in zip(window, block, strict=True):
                    part = kept[top - row : bottom - row, left - column : right - column]
                    values[top - box[0] : bottom - box[0], left - box[2] : right - box[2]] = part
        return window

    def _prepared(self, block_row: int, block_column: int) -> Cells:
        roads, steps = self.whole.roads, np.arange(BLOCK) * self.cell_m
        x = self.west_m + block_column * BLOCK * self.cell_m + steps
        y = self.south_m + block_row * BLOCK * self.cell_m + steps
        near = shapely.box(x[0] - MOST_ACCESS_M, y[0] - MOST_ACCESS_M, x[-1] + MOST_ACCESS_M, y[-1] + MOST_ACCESS_M)
        if not len(roads.ground.tree.query(near)):
            none, nothing = np.full((BLOCK, BLOCK), -1, dtype=np.int32), np.zeros((BLOCK, BLOCK), dtype=np.int32)
            self.blocks[block_row, block_column] = none, nothing, nothing
            return none, nothing, nothing
        cell_x, cell_y = (axis.ravel() for axis in np.meshgrid(x, y))
        places = place_xy(roads, roads.ground.nearest(cell_x, cell_y), cell_x, cell_y)
        numbers = (places.edge, whole_ticks(places.along) >> UNIT, whole_ticks(places.access) >> UNIT)
        made: Cells = tuple(values.astype(np.int32).reshape(BLOCK, BLOCK) for values in numbers)  # type: ignore[assignment]
        self.blocks[block_row, block_column] = made
        return made

    def window(self, nodes: Ints | Int32s, own: Ints) -> Box:
        """Return the rows and columns (from, to) that hold all within reach of nodes and stations' own edges."""
        boxes = self.node_box[np.concatenate([nodes, self.whole.roads.tail[own], self.whole.roads.head[own]])]
        if not len(boxes):
            return 0, 0, 0, 0
        margin_m = MOST_ACCESS_M + self.cell_m
        low, high = boxes[:, :2].min(axis=0) - margin_m, boxes[:, 2:].max(axis=0) + margin_m
        columns = self._span(low[0] - self.west_m, high[0] - self.west_m, self.shape[1])
        return *self._span(low[1] - self.south_m, high[1] - self.south_m, self.shape[0]), *columns

    def _span(self, low_m: float, high_m: float, most: int) -> tuple[int, int]:
        return max(int(low_m / self.cell_m), 0), min(int(high_m / self.cell_m) + 2, most)

    def shapes(self, reach: Reach, station: int, minutes: Sequence[float]) -> list[shapely.MultiPolygon]:
        """Return the areas, in metres of the zone, from which one station is reached within each of ``minutes``."""
        nodes, ticks = reach.within(station, max(minutes))
        time = np.full(self.whole.nodes, UNREACHED, dtype=np.int64)
        time[nodes] = ticks
        return self._contours(time, nodes, reach.own(station), minutes)

    def shapes_of_all(self, reach: Reach, minutes: Sequence[float]) -> list[shapely.MultiPolygon]:
        """Return the areas from which any of the stations is reached: their union, by one field."""
        box = self.window(np.unique(reach.node), reach.stations.edge[reach.stations.edge >= 0])
        if (box[1] - box[0]) * (box[3] - box[2]) > MOST_CELLS:
            apart = [self.shapes(reach, station, minutes) for station in range(len(reach))]
            return [_many(shapely.union_all(list(shapes))) for shapes in zip(*apart, strict=True)]
        time = np.full(self.whole.nodes, UNREACHED, dtype=np.int64)
        np.minimum.at(time, reach.node, reach.ticks)
        near = np.flatnonzero(reach.stations.edge >= 0)
        near = near[np.argsort(reach.stations.edge[near], kind="stable")]
        places = reach.stations
        own = places.edge[near], whole_ticks(places.along[near]), whole_ticks(places.access[near])
        return self._contours(time, np.unique(reach.node), own, minutes)

    def _contours(
        self, time: Ints, nodes: Int32s, own: tuple[Ints, Ints, Ints], minutes: Sequence[float]
    ) -> list[shapely.MultiPolygon]:
        box = self.window(nodes, own[0])
        # Beyond the limit the times may jump (a river, the end of all roads): capped, so that the contour lies between.
        most = 2 * limit_ticks(max(minutes))
        times = self._times(time, own, box, most) / TICKS_PER_MINUTE
        y_m, x_m = (start + self.cell_m * np.arange(*of) for start, of in ((self.south_m, box[:2]), (self.west_m, box[2:])))
        simplify_m = SIMPLIFY * self.cell_m
        return [
            area_between(x_m, y_m, np.minimum(times, 2 * each), -1.0, each - self.caution_minutes, simplify_m=simplify_m)
            for each in minutes
        ]

    def _times(self, time: Ints, own: tuple[Ints, Ints, Ints], box: Box, most: int) -> Floats:
        """Return the ticks of the cells in ``box``, at most ``most``."""
        cells = self._cells(box)
        if not HAS_NUMBA:
            return plain_times(self.whole, cells, time, own, most)
        from geogrid.space import reach_kernels

        times_of: Any = reach_kernels.times_of
        out = np.empty(cells[0].shape)
        times_of(*cells, UNIT, *self.whole.edges, time, *own, np.int64(most), out)
        return out


def plain_times(whole: WholeRoads, cells: Cells, time: Ints, own: tuple[Ints, Ints, Ints], most: int) -> Floats:
    """Return the ticks of cells, at most ``most``, from the ticks of nodes; as ``reach_kernels.times_of``."""
    edge, along, access = (values.ravel().astype(np.int64) for values in cells)
    base = len(own[0]) + 1
    keys = np.where(time < UNREACHED, time * float(base), np.inf)
    stations = Snapped(own[0], own[1].astype(float), own[2].astype(float), np.zeros(len(own[0])))
    places = Snapped(edge, (along << UNIT).astype(float), (access << UNIT).astype(float), np.zeros(len(edge)))
    minutes, _ = Flood(whole.roads, stations, keys, base).at(places)
    ticks = np.where(np.isfinite(minutes), np.rint(minutes * TICKS_PER_MINUTE), most)
    return np.minimum(ticks, most).reshape(cells[0].shape)


def _many(shape: shapely.Geometry) -> shapely.MultiPolygon:
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON].tolist())


def _node_boxes(whole: WholeRoads, bounds: Floats) -> Floats:
    box = np.tile([np.inf, np.inf, -np.inf, -np.inf], (whole.nodes, 1))
    for ends in (whole.roads.tail, whole.roads.head):
        np.minimum.at(box[:, :2], ends, bounds[:, :2])
        np.maximum.at(box[:, 2:], ends, bounds[:, 2:])
    return box
