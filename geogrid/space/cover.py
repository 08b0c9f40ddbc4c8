"""Which grid holds a point: the rules of borders, gaps, overlaps and of the accuracy disc.

Topology (inside, on the border) is decided in stored lon/lat, by GEOS' exact orientation test and without any tolerance.
Metres (how far, how much of a disc) are measured on copies in the metric zone, whose long edges are cut into pieces first,
since a straight line in degrees is none in metres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.domain.grids import Candidate
from geogrid.space import crs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Objects = NDArray[np.object_]

NOWHERE = -1
LONGEST_EDGE_DEGREES = 0.001  # about 100 m: the sag of a straight edge between the two planes is then below 1 mm
DISC_SHARE = 0.95  # the disc whose parts are weighed holds 95 % of the true places
DISC_QUARTER_SEGMENTS = 64
LEAST_RADIUS_M = 0.01  # a smaller disc is lost in the rounding of metres in the millions
LEAST_SHARE = 0.01  # candidates from 1 % down the order
SHARE_STEP = 1e-6  # shares are cut (never rounded up) to six decimals, so that equal parts compare equal
DISCS_AT_ONCE = 4096
TIE_M = 1e-6  # distances that differ by less than a micrometre are a tie


@dataclass(frozen=True)
class Polygons:
    """Polygons in the order of their codes as text, ready for many threads to ask.

    ``shapes`` are lon/lat and prepared. GEOS builds parts of a prepared shape on first use, which is not safe in two
    threads at once: :meth:`of` uses each once.
    """

    codes: Objects
    shapes: Objects
    tree: shapely.STRtree

    @classmethod
    def of(cls, codes: Objects, shapes: Objects) -> Polygons:
        """Sort by code, prepare and warm up."""
        order = np.argsort(codes.astype(str), kind="stable")
        codes, shapes = codes[order], shapes[order].copy()
        shapely.prepare(shapes)
        corners = shapely.get_point(shapely.get_exterior_ring(shapely.get_geometry(shapes, 0)), 0)
        shapely.covers(shapes, corners)
        shapely.contains_properly(shapes, corners)
        tree = shapely.STRtree(shapes)
        tree.query(corners[:1])
        return cls(codes, shapes, tree)

    def covering(self, points: Objects) -> tuple[Ints, Ints]:
        """Return (point, polygon) index pairs where the polygon covers the point, by point, then by code."""
        point, polygon = self.tree.query(points)
        covered = shapely.covers(self.shapes[polygon], points[point])
        point, polygon = point[covered], polygon[covered]
        order = np.lexsort((polygon, point))
        return point[order], polygon[order]

    def codes_at(self, points: Objects) -> Objects:
        """Return for each point the tuple of codes of all polygons that cover it, sorted."""
        found = np.empty(len(points), dtype=object)
        found[:] = [()] * len(points)
        point, polygon = self.covering(points)
        groups = np.split(polygon, np.flatnonzero(np.diff(point)) + 1) if len(point) else []
        for index, group in zip(np.unique(point), groups, strict=True):
            found[index] = tuple(self.codes[group])
        return found


@dataclass(frozen=True)
class Cover:
    """For each point: the covering polygon of the lowest code (or -1), how many cover it, whether one has it inside."""

    grid: Ints
    covering: Ints
    interior: NDArray[np.bool_]


def cover(polygons: Polygons, points: Objects) -> Cover:
    """Find what covers the points (lon/lat).

    One covering polygon with the point inside: ``inside``. Several, and the point on the border of each: a shared
    border (or, with one, the outer border). Several, and inside one of them: the polygons overlap.
    """
    count = len(points)
    point, polygon = polygons.covering(points)
    grid = np.full(count, NOWHERE, dtype=np.int64)
    grid[point[::-1]] = polygon[::-1]  # the first of each point, the lowest code, is written last
    inside = shapely.contains_properly(polygons.shapes[polygon], points[point])
    interior = np.zeros(count, dtype=bool)
    interior[point[inside]] = True
    return Cover(grid, np.bincount(point, minlength=count).astype(np.int64), interior)


def disc_radius_m(accuracy_m: Floats, accuracy_share: float) -> Floats:
    """Return the radius in metres of the disc that holds 95 % of the true places.

    ``accuracy_share`` says what the reported radius holds. At 0.95, the assumption of the house, the disc has the reported
    radius. A profile whose phones report another share (68 % is usual) widens or narrows the disc as errors that are
    normal and equal in both directions would (Rayleigh: the radius grows with sqrt(-ln(1 - share))). Within the disc
    every place is taken as equally likely; the 5 % beyond it are left out of account. The least radius is 1 cm.

    Raises ValueError for a share that is not between 0 and 1.
    """
    return np.maximum(accuracy_m * disc_factor(accuracy_share), LEAST_RADIUS_M)


def disc_factor(accuracy_share: float) -> float:
    """Return what a reported radius is multiplied by; see :func:`disc_radius_m`."""
    if not 0.0 < accuracy_share < 1.0:
        raise ValueError(f"accuracy_share must be between 0 and 1, not {accuracy_share}")
    return math.sqrt(math.log(1.0 - DISC_SHARE) / math.log(1.0 - accuracy_share))


@dataclass(frozen=True)
class MetricPolygons:
    """The polygons in metres of the zone, with the same indices; for distances and parts of discs."""

    shapes: Objects
    borders: Objects
    bounds: Floats
    areas_m2: Floats
    tree: shapely.STRtree
    srid: int

    @classmethod
    def of(cls, polygons: Polygons, srid: int) -> MetricPolygons:
        """Project, prepare and warm up (see :class:`Polygons`)."""
        shapes = crs.to_metric(shapely.segmentize(polygons.shapes, LONGEST_EDGE_DEGREES), srid)
        borders = shapely.boundary(shapes)
        corners = shapely.get_point(shapely.get_exterior_ring(shapely.get_geometry(shapes, 0)), 0)
        shapely.prepare(borders)
        shapely.dwithin(borders, corners, 1.0)
        tree = shapely.STRtree(shapes)
        tree.query(corners[:1])
        return cls(shapes, borders, shapely.bounds(shapes), shapely.area(shapes), tree, srid)

    def nearest(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """Return for each point the nearest polygon (ties: the lowest code) and its distance, geodesic metres.

        Points so far away that the zone cannot hold them get -1 and NaN.
        """
        grid, distance = np.full(len(lon), NOWHERE, dtype=np.int64), np.full(len(lon), np.nan)
        x, y = crs.metric_xy(lon, lat, self.srid, strict=False)
        known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        points = shapely.points(x[known], y[known])
        (point, _), least = self.tree.query_nearest(points, all_matches=False, return_distance=True)
        reach = np.empty(len(points))
        reach[point] = least + TIE_M
        point, polygon = self.tree.query(points, predicate="dwithin", distance=reach)
        order = np.lexsort((polygon, point))[::-1]  # the first of each point, the lowest code, is written last
        grid[known[point[order]]] = polygon[order]
        foot = shapely.get_point(shapely.shortest_line(self.shapes[grid[known]], points), 0)
        foot_lon, foot_lat = crs.lonlat_of(shapely.get_x(foot), shapely.get_y(foot), self.srid)
        metres = crs.geodesic_m(lon[known], lat[known], foot_lon, foot_lat)
        distance[known] = np.where(shapely.distance(self.shapes[grid[known]], points) == 0.0, 0.0, metres)
        return grid, distance

    def shares(self, lon: Floats, lat: Floats, radius_m: Floats) -> tuple[Ints, Ints, Floats]:
        """Return (point, polygon, share) where a part of the point's disc lies in the polygon; share of the disc, 0 to 1."""
        x, y = crs.metric_xy(lon, lat, self.srid, strict=False)
        known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        points = shapely.points(x[known], y[known])
        point, polygon = self.tree.query(points, predicate="dwithin", distance=radius_m[known])
        share = np.ones(len(point))
        cut = np.flatnonzero(shapely.dwithin(self.borders[polygon], points[point], radius_m[known][point]))
        for start in range(0, len(cut), DISCS_AT_ONCE):
            part = cut[start : start + DISCS_AT_ONCE]
            share[part] = self._parts(points[point[part]], radius_m[known][point[part]], polygon[part])
        return known[point], polygon, shares_cut(share)

    def _parts(self, points: Objects, radius_m: Floats, polygon: Ints) -> Floats:
        """Return the share of each disc that lies in its polygon; a polygon wholly within the disc is not cut."""
        x, y = shapely.get_x(points), shapely.get_y(points)
        west, south, east, north = self.bounds[polygon].T
        farthest = np.hypot(np.maximum(x - west, east - x), np.maximum(y - south, north - y))
        facet = math.cos(math.pi / (4 * DISC_QUARTER_SEGMENTS))
        disc_m2 = radius_m**2 * 2 * DISC_QUARTER_SEGMENTS * math.sin(math.pi / (2 * DISC_QUARTER_SEGMENTS))
        inside_m2 = self.areas_m2[polygon].copy()
        cut = farthest > radius_m * facet
        discs = shapely.buffer(points[cut], radius_m[cut], quad_segs=DISC_QUARTER_SEGMENTS)
        inside_m2[cut] = shapely.area(shapely.intersection(discs, self.shapes[polygon[cut]]))
        return inside_m2 / disc_m2


def shares_cut(share: Floats) -> Floats:
    """Return shares between 0 and 1, cut (never rounded up) to six decimals."""
    share = np.floor((np.clip(share, 0.0, 1.0) + SHARE_STEP * 1e-3) / SHARE_STEP) * SHARE_STEP
    return np.round(share, 6)


def candidates_of(given: Ints, codes: Objects, parts: tuple[Ints, Ints, Floats]) -> Objects:
    """Return the candidates of each point: shares from 1 % up, in falling order, then by code.

    The grid ``given`` to the point (or -1) is always among them, however small its share, also where it is 0.
    """
    found = np.empty(len(given), dtype=object)
    found[:] = [()] * len(given)
    point, polygon, share = _with_given(given, parts)
    order = np.lexsort((polygon, -share, point))
    for index, grid, part in zip(point[order].tolist(), polygon[order].tolist(), share[order].tolist(), strict=True):
        found[index] = (*found[index], Candidate(codes[grid], part))
    return found


def _with_given(given: Ints, parts: tuple[Ints, Ints, Floats]) -> tuple[Ints, Ints, Floats]:
    """Return the parts worth naming: from 1 % up, and those of the grids given, with share 0 where the disc misses them."""
    point, polygon, share = parts
    own = polygon == given[point]
    missed = given != NOWHERE
    missed[point[own]] = False
    extra = np.flatnonzero(missed)
    kept = own | (share >= LEAST_SHARE)
    joined = np.concatenate([point[kept], extra]), np.concatenate([polygon[kept], given[extra]])
    return *joined, np.concatenate([share[kept], np.zeros(len(extra))])
