"""The compiled way of the index: rasters over the polygons and the stations, and what their labels mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.domain.grids import AssignmentRule
from geogrid.space import kernels
from geogrid.space.answers import UNDECIDED, Int32s, Numbers, number_of
from geogrid.space.arrangement import Arrangement, Floats
from geogrid.space.corners import Corners, corners_of
from geogrid.space.cover import NOWHERE, Ints, Polygons
from geogrid.space.crs import geodesic_m
from geogrid.space.near_cells import UNDECIDED as UNDECIDED_STATION
from geogrid.space.near_cells import NearCells
from geogrid.space.nearest import StationIndex

Objects = NDArray[np.object_]
Meanings = tuple[Int32s, NDArray[np.uint8], Int32s, Objects]  # grid, rule, set of departments of each label; the sets
NOTHING = np.empty(0, dtype=np.int32)
Found = tuple[Ints, Ints]
Plainly = Callable[[Floats, Floats], tuple[Numbers, Objects]]

STATION_BORDER = 0.3  # stations are looked for in a box wider by this share on each side
CAUTION = 0.99  # of a distance counted in cells


@dataclass(frozen=True)
class Fast:
    """Rasters and tables for :meth:`find`; a rule of UNDECIDED and a station of UNDECIDED_STATION are left to the plain way.

    ``meanings`` (grid * 256 + rule) and ``departments`` say what a label means; they end with "no label": undecided. Where
    there are no department grids, ``departments`` is empty.
    """

    UNDECIDED_STATION: ClassVar[int] = UNDECIDED_STATION

    places: Arrangement
    corners: Corners
    stations: NearCells | None
    meanings: Int32s
    departments: Int32s
    sets: NDArray[np.object_]
    cell_m: float  # the shorter side of a cell, where it is shortest

    @classmethod
    def of(cls, grids: Polygons, departments: Polygons | None, district: Any, stations: StationIndex, plainly: Plainly) -> Fast:
        """Lay grids, department grids and the district over one raster, and the stations over another.

        ``plainly(lon, lat)`` is the plain way: it is asked beforehand about every vertex of the borders.
        """
        layers = [grids.shapes, np.array([district], dtype=object), *([departments.shapes] if departments else [])]
        shapes = np.concatenate(layers)
        tree = shapely.STRtree(shapes)

        def covering(lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
            point, polygon = tree.query(shapely.points(lon, lat), predicate="covered_by")
            order = np.lexsort((polygon, point))
            return point[order], polygon[order]

        places = Arrangement.of(shapes, len(grids.shapes), covering)
        lonlat = corners_of(np.concatenate([layers[0], *layers[2:]]))
        meanings = _with_corners(_meanings(places.members, len(grids.shapes), departments), *plainly(*lonlat.T))
        fast = cls(
            places,
            Corners.of(lonlat, len(places.members)),
            _near(stations, shapes),
            *_packed(*meanings, departments is not None),
            _cell_m(places),
        )
        fast.find(places.centre_x[:1], places.centre_y[:1], Numbers.undecided(1), 0, 1)  # compile now, not when first asked
        return fast

    def find(self, lon: Floats, lat: Floats, numbers: Numbers, begin: int, end: int) -> Found | None:
        """Write the answers for the points from ``begin`` to ``end``; safe in several threads.

        Return the positions of those that are not simply inside one grid, and of those whose station is left to the plain
        way; None where a point is no place on Earth.
        """
        at = slice(begin, end)
        x, y, corners = lon[at], lat[at], self.corners
        special = np.empty(end - begin + 1, dtype=np.int32)
        count = kernels.find_places(
            x,
            y,
            x.view(np.uint64),
            y.view(np.uint64),
            *self.places.tables,
            corners.slots,
            corners.bits,
            corners.first,
            self.meanings,
            self.departments,
            number_of(AssignmentRule.INSIDE),
            numbers.grid[at],
            numbers.rule[at],
            numbers.departments[at] if len(self.departments) else NOTHING,
            special,
        )
        if count < 0:
            return None
        return special[:count] + np.int64(begin), self._find_stations(x, y, numbers, begin, end)

    def _find_stations(self, lon: Floats, lat: Floats, numbers: Numbers, begin: int, end: int) -> Ints:
        none = np.empty(0, dtype=np.int64)
        if self.stations is None:
            return none
        station = numbers.station[begin:end]
        left = self.stations.find(lon, lat, station, numbers.distance_m[begin:end])
        return np.flatnonzero(station == UNDECIDED_STATION) + begin if left else none

    def is_clear(self, lon: Floats, lat: Floats, radius_m: Floats, rule: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether the discs surely lie within the one grid that their middle is in; False where it takes a closer look."""
        clear_m = self.places.clear_cells(lon, lat) * (self.cell_m * CAUTION)
        return (rule == number_of(AssignmentRule.INSIDE)) & (radius_m < clear_m)

    def clear_m(self, lon: float, lat: float) -> float:
        """Return the radius up to which a disc around a point inside a grid is clear, as :meth:`is_clear` has it."""
        return self.places.clear_cells_of_one(lon, lat) * (self.cell_m * CAUTION)


def _meanings(members: tuple[tuple[int, ...], ...], grids: int, departments: Polygons | None) -> Meanings:
    """Return grid, rule and set of departments of each label (the last: of no label), and the sets.

    A gap is left undecided, since the nearest grid has to be measured.
    """
    count = len(members)
    grid, rule = np.full(count + 1, NOWHERE, dtype=np.int32), np.full(count + 1, UNDECIDED, dtype=np.uint8)
    numbers, sets = np.zeros(count + 1, dtype=np.int32), dict[tuple[str, ...], int]({(): 0})
    inside, overlap, outside = map(number_of, (AssignmentRule.INSIDE, AssignmentRule.OVERLAP, AssignmentRule.OUTSIDE))
    for label, polygons in enumerate(members):
        base = [polygon for polygon in polygons if polygon < grids]
        areas = [polygon - grids - 1 for polygon in polygons if polygon > grids]
        codes = tuple(departments.codes[areas]) if departments else ()
        numbers[label] = sets.setdefault(codes, len(sets))
        if base:
            grid[label], rule[label] = base[0], inside if len(base) == 1 else overlap
        elif grids not in polygons:
            rule[label] = outside
    table = np.empty(len(sets), dtype=object)
    table[:] = list(sets)
    return grid, rule, numbers, table


def _with_corners(meanings: Meanings, corners: Numbers, corner_sets: NDArray[np.object_]) -> Meanings:
    """Return the meanings with those of the corners' labels before the last."""
    grid, rule, numbers, sets = meanings
    known = {codes: number for number, codes in enumerate(sets)}
    renumbered = np.array([known.setdefault(codes, len(known)) for codes in corner_sets], dtype=np.int32)
    table = np.empty(len(known), dtype=object)
    table[:] = list(known)
    gap = number_of(AssignmentRule.GAP)
    return (
        np.concatenate([grid[:-1], corners.grid, grid[-1:]]),
        np.concatenate([rule[:-1], np.where(corners.rule == gap, UNDECIDED, corners.rule).astype(np.uint8), rule[-1:]]),
        np.concatenate([numbers[:-1], renumbered[corners.departments], numbers[-1:]]),
        table,
    )


def _packed(grid: Int32s, rule: NDArray[np.uint8], numbers: Int32s, sets: Objects, over: bool) -> tuple[Int32s, Int32s, Objects]:
    """Return grid (there are fewer than eight million) and rule of each label in one number, and the sets, if any lie over."""
    return grid * 256 + rule, numbers if over else NOTHING, sets


def _near(stations: StationIndex, shapes: NDArray[np.object_]) -> NearCells | None:
    if not len(stations.codes):
        return None
    west, south, east, north = shapely.total_bounds(shapes)
    width, height = (east - west) * STATION_BORDER, (north - south) * STATION_BORDER
    return NearCells.of(stations, (west - width, south - height, east + width, north + height))


def _cell_m(places: Arrangement) -> float:
    """Return the shorter side of a cell in metres at the row where it is shortest."""
    width, height = 1 / places.frame[2], 1 / places.frame[3]
    lon, lat = places.centre_x[0], places.centre_y[[0, len(places.centre_y) // 2, -1]]
    across = geodesic_m(lon, lat, lon + width, lat)
    upwards = geodesic_m(lon, lat, lon, lat + height)
    return float(min(across.min(), upwards.min()))
