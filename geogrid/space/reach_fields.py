"""Reach sets to shapes: contours of a field of times on a raster whose cells are prepared once for a network and a mode.

Every cell knows its nearest road (bridges aside), the place on it and the way to it on foot; a station's field is then a few
additions a cell, where it can reach alone, and one field gives the shapes of several minutes at once.

Between two cells time is taken to be linear, which it is not where the nearest road changes: there it jumps, and a contour
would fall anywhere between. So a cell that is reached stands at the very limit where the next one is beyond a jump: the shape
ends at it. Elsewhere a shape is drawn for a little less time (``CAUTION``) than it says. What is lost is a rim of half a step,
so few minutes, whose shapes are small, have a finer raster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from geogrid.domain.stations import TravelMode
from geogrid.space.contours import area_between
from geogrid.space.network import TICKS_PER_MINUTE, Flags, Floats, Flood, Ints, Snapped
from geogrid.space.reach import HAS_NUMBA, UNREACHED, Int32s, Reach, WholeRoads, limit_ticks, whole_ticks
from geogrid.space.reach_cells import UNIT, Box, Cells, Layout, RasterCells, walk_m, window_of

CELL_M = {TravelMode.WALK: 12.5, TravelMode.EBIKE: 25.0, TravelMode.CAR: 50.0}  # some seconds of travel each
CAUTION = {TravelMode.WALK: 0.15, TravelMode.EBIKE: 0.15, TravelMode.CAR: 0.2}  # cells' worth of time at the usual pace
USUAL_M_A_MINUTE = {TravelMode.WALK: 80.0, TravelMode.EBIKE: 250.0, TravelMode.CAR: 500.0}
# Below so many minutes half the step, and a quarter: found by measuring what shapes hold and claim.
FINER_BELOW = {TravelMode.WALK: (8.0, 4.0), TravelMode.EBIKE: (4.0, 2.0), TravelMode.CAR: (8.0, 6.0)}
JUMP = 2.0  # no road explains a greater difference between cells next to each other than this many cells' way on foot
AT_THE_LIMIT = 1e-6  # minutes
SIMPLIFY = 0.08  # of a cell
MOST_CELLS = 8_000_000  # of one window; the union of many stations' shapes beyond
Own = tuple[Ints, Ints, Ints]  # edges of stations, ticks along them and to them


@dataclass(frozen=True, eq=False)
class TimeRaster:
    """Rasters of points, each brought to its nearest edge of one mode once: one, and finer ones for few minutes.

    ``cell_m`` is the coarsest step. ``bounds`` (nodes, 4) are west, south, east, north of the edges at each node, metres.
    """

    whole: WholeRoads
    mode: TravelMode
    cell_m: float
    bounds: Floats
    rasters: dict[int, RasterCells] = field(default_factory=dict)

    @classmethod
    def of(cls, whole: WholeRoads, mode: TravelMode, cell_m: float | None = None) -> TimeRaster:
        """Lay out the rasters for all that the mode's roads lead to; cells are prepared when they are first needed."""
        return cls(whole, mode, cell_m or CELL_M[mode], _node_boxes(whole))

    def halvings(self, minutes: float) -> int:
        """Return how often the step is halved for shapes of ``minutes``."""
        return sum(minutes < below for below in FINER_BELOW[self.mode])

    def cells(self, halvings: int) -> RasterCells:
        """Return the raster whose step is halved so often."""
        if halvings not in self.rasters:
            edges = shapely.total_bounds(self.whole.roads.lines_metric)
            bounds_m = tuple(np.nan_to_num(edges).tolist())
            self.rasters[halvings] = RasterCells(self.whole.roads, Layout.over(bounds_m, self.cell_m / 2**halvings))
        return self.rasters[halvings]

    def window(self, layout: Layout, time: Ints, nodes: Ints | Int32s, own: Own, limit: int) -> tuple[Box, Flags]:
        """Return the rows and columns (from, to) that hold all within ``limit`` ticks, and which cells can be within it."""
        roads = self.whole.roads
        ends = np.concatenate([roads.tail[own[0]], roads.head[own[0]]])
        slack = np.concatenate([limit - time[nodes], np.tile(limit - own[2], 2)])
        boxes = self.bounds[np.concatenate([nodes, ends])][slack >= 0]
        margin_m = walk_m(roads, slack[slack >= 0])[:, None] + layout.cell_m
        return window_of(*layout.spans(boxes[:, :2] - margin_m, boxes[:, 2:] + margin_m))

    def shapes(self, reach: Reach, station: int, minutes: Sequence[float]) -> list[shapely.MultiPolygon]:
        """Return the areas, in metres of the zone, from which one station is reached within each of ``minutes``."""
        nodes, ticks = reach.within(station, max(minutes))
        time = np.full(self.whole.nodes, UNREACHED, dtype=np.int64)
        time[nodes] = ticks
        found: dict[float, shapely.MultiPolygon] = {}
        for halvings, group in self._groups(minutes).items():
            near = nodes[ticks <= limit_ticks(group[-1])]
            found |= self._contours(halvings, time, near, reach.own(station), group)
        return [found[each] for each in minutes]

    def shapes_of_all(self, reach: Reach, minutes: Sequence[float]) -> list[shapely.MultiPolygon]:
        """Return the areas from which any of the stations is reached: their union, by one field."""
        time = np.full(self.whole.nodes, UNREACHED, dtype=np.int64)
        np.minimum.at(time, reach.node, reach.ticks)
        own = _own_of_all(reach)
        found: dict[float, shapely.MultiPolygon] = {}
        for halvings, group in self._groups(minutes).items():
            layout, limit = self.cells(halvings).layout, limit_ticks(group[-1])
            nodes = np.flatnonzero(time <= limit)
            if _size(self.bounds[nodes]) > MOST_CELLS * layout.cell_m**2:
                apart = [self.shapes(reach, station, group) for station in range(len(reach))]
                found |= {each: united([shapes[k] for shapes in apart]) for k, each in enumerate(group)}
            else:
                found |= self._contours(halvings, time, nodes, own, group)
        return [found[each] for each in minutes]

    def _groups(self, minutes: Sequence[float]) -> dict[int, list[float]]:
        """Return the minutes by their raster, rising."""
        groups: dict[int, list[float]] = {}
        for each in sorted(set(minutes)):
            groups.setdefault(self.halvings(each), []).append(each)
        return groups

    def _contours(
        self, halvings: int, time: Ints, nodes: Ints | Int32s, own: Own, minutes: Sequence[float]
    ) -> dict[float, shapely.MultiPolygon]:
        cells, most = self.cells(halvings), 2 * limit_ticks(minutes[-1])
        cell_m = cells.layout.cell_m
        box, needed = self.window(cells.layout, time, nodes, own, limit_ticks(minutes[-1]))
        # Beyond the limit the times may jump (a river, the end of all roads): capped, so that the contour lies between.
        times = times_of(self.whole, cells.of(box, needed), time, own, most) / TICKS_PER_MINUTE
        beyond = over_the_edge(times, JUMP * cell_m / (self.whole.roads.access_kmh / 0.06))
        x_m, y_m = cells.layout.axes(box)
        found = {}
        for each in minutes:
            limit = each - CAUTION[self.mode] * cell_m / USUAL_M_A_MINUTE[self.mode]
            capped = np.minimum(times, 2 * each)
            np.maximum(capped, limit - AT_THE_LIMIT, out=capped, where=(times <= limit) & (beyond > limit))
            found[each] = area_between(x_m, y_m, capped, -1.0, limit, simplify_m=SIMPLIFY * cell_m)
        return found


def over_the_edge(times: Floats, jump: float) -> Floats:
    """Return the greatest time among a cell's four neighbours that are more than ``jump`` beyond it (-inf: none)."""
    beyond = np.full(times.shape, -np.inf)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        step = times[one] - times[other]
        np.maximum(beyond[other], times[one], out=beyond[other], where=step > jump)
        np.maximum(beyond[one], times[other], out=beyond[one], where=step < -jump)
    return beyond


def times_of(whole: WholeRoads, cells: Cells, time: Ints, own: Own, most: int, *, compiled: bool = HAS_NUMBA) -> Floats:
    """Return the ticks of cells, at most ``most``, from the ticks of nodes."""
    if not compiled:
        return _plain_times(whole, cells, time, own, most)
    from geogrid.space import reach_kernels

    kernel: Any = reach_kernels.times_of
    out = np.empty(cells[0].shape)
    kernel(*cells, UNIT, *whole.edges, time, *own, np.int64(most), out)
    return out


def _plain_times(whole: WholeRoads, cells: Cells, time: Ints, own: Own, most: int) -> Floats:
    edge, along, access = (values.ravel().astype(np.int64) for values in cells)
    base = len(own[0]) + 1
    keys = np.where(time < UNREACHED, time * float(base), np.inf)
    stations = Snapped(own[0], own[1].astype(float), own[2].astype(float), np.zeros(len(own[0])))
    places = Snapped(edge, (along << UNIT).astype(float), (access << UNIT).astype(float), np.zeros(len(edge)))
    minutes, _ = Flood(whole.roads, stations, keys, base).at(places)
    ticks = np.where(np.isfinite(minutes), np.rint(minutes * TICKS_PER_MINUTE), most)
    return np.minimum(ticks, most).reshape(cells[0].shape)


def united(shapes: Sequence[shapely.Geometry]) -> shapely.MultiPolygon:
    """Return the union of areas; those that touch no other are left as they are."""
    parts = shapely.get_parts(shapely.disjoint_subset_union_all(np.array(shapes, dtype=object)))
    return shapely.MultiPolygon(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON].tolist())


def _own_of_all(reach: Reach) -> Own:
    places = reach.stations
    near = np.flatnonzero(places.edge >= 0)
    near = near[np.argsort(places.edge[near], kind="stable")]
    return places.edge[near], whole_ticks(places.along[near]), whole_ticks(places.access[near])


def _size(boxes: Floats) -> float:
    if not len(boxes):
        return 0.0
    return float(np.prod(boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)))


def _node_boxes(whole: WholeRoads) -> Floats:
    bounds = shapely.bounds(whole.roads.lines_metric).reshape(-1, 4)
    box = np.tile([np.inf, np.inf, -np.inf, -np.inf], (whole.nodes, 1))
    for ends in (whole.roads.tail, whole.roads.head):
        np.minimum.at(box[:, :2], ends, bounds[:, :2])
        np.maximum.at(box[:, 2:], ends, bounds[:, 2:])
    return box
