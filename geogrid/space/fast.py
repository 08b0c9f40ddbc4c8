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
Plainly = Callable[[Floats, Floats], tuple[Numbers, Objects]]

POINTS_AT_ONCE = 16_384  # their answers stay in the processor's cache between the two loops
STATION_BORDER = 0.1  # stations are looked for in a box wider by this share on each side
CAUTION = 0.99  # of a distance counted in cells


@dataclass(frozen=True)
class Fast:
    """Rasters and tables for :meth:`find`; a rule of UNDECIDED and a station of UNDECIDED_STATION are left to the plain way.

    ``grid``, ``rule`` and ``departments`` say what a label means; they end with what "no label" means: undecided.
    """

    UNDECIDED_STATION: ClassVar[int] = UNDECIDED_STATION

    places: Arrangement
    corners: Corners
    stations: NearCells | None
    grid: Int32s
    rule: NDArray[np.uint8]
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
        fast = cls(places, Corners.of(lonlat, len(places.members)), _near(stations, shapes), *meanings, _cell_m(places))
        fast.find(places.centre_x[:1], places.centre_y[:1], Numbers.undecided(1), 0, 1)  # compile now, not when first asked
        return fast

    def find(self, lon: Floats, lat: Floats, numbers: Numbers, begin: int, end: int) -> None:
        """Write the answers for the points from ``begin`` to ``end``; safe in several threads."""
        label = np.empty(POINTS_AT_ONCE, dtype=np.int32)
        for start in range(begin, end, POINTS_AT_ONCE):
            at = slice(start, min(start + POINTS_AT_ONCE, end))
            labels = label[: at.stop - start]
            self.places.find(lon[at], lat[at], labels)
            self.corners.find(lon[at], lat[at], labels)
            kernels.take_meanings(
                labels,
                self.grid,
                self.rule,
                self.departments,
                numbers.grid[at],
                numbers.rule[at],
                numbers.departments[at],
            )
            if self.stations is not None:
                self.stations.find(lon[at], lat[at], numbers.station[at], numbers.distance_m[at])
            else:
                numbers.station[at], numbers.distance_m[at] = NOWHERE, np.nan

    def is_clear(self, lon: Floats, lat: Floats, radius_m: Floats, rule: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether the discs surely lie within the one grid that their middle is in; False where it takes a closer look."""
        clear_m = self.places.clear_cells(lon, lat) * (self.cell_m * CAUTION)
        return (rule == number_of(AssignmentRule.INSIDE)) & (radius_m < clear_m)


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
