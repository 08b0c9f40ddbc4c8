"""The look-up structure: where is this point, who answers for it, how sure is that?

Simple and exact on shapely's tree. A faster structure can stand behind the same functions later; this one stays as the
witness and the fallback.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geogrid.domain.grids import Assignment, AssignmentRule, Candidate
from geogrid.errors import AccuracyInvalid, CoordNotFinite, CoordRange, FrameInvalid, GeogridError
from geogrid.space import cover as rules
from geogrid.space.columns import POLYGONAL, codes_of, require_rows, shapes_of, texts_of
from geogrid.space.nearest import StationIndex

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

POINTS_AT_ONCE = 100_000
MOST_ACCURACY_M = 1_000_000.0  # beyond it a radius means nothing; profiles set a lower limit


@dataclass(frozen=True)
class Assignments:
    """The answers for n points under one set of grids: arrays of length n, in the order asked.

    Attributes
    ----------
    grid_code : object, str or None where unplaced
    department_codes : object, tuple of str, sorted
    station_code : object, str or None; the nearest station, geodesic
    distance_m : float, geodesic metres to it, NaN where there is none
    home_station : object, str or None; the point of the covering grid's village
    rule : object, str: a code of AssignmentRule
    confidence : float, 0 to 1: the share of the accuracy disc in the grid given, or, for an unplaced point, in no grid;
        1.0 where no accuracy was given. Where n grids overlap at the point it is at most 1/n: the lowest code decides there,
        and nothing speaks for it more than for the others
    candidates : object, tuple of Candidate from 1 % up, falling, the grid given always among them; without accuracy the
        grid given alone, or all that overlap at the point
    nearest_grid_code, nearest_grid_m : the suggestion for points that no grid covers (geodesic metres), else None, NaN
    """

    grid_code: Objects
    department_codes: Objects
    station_code: Objects
    distance_m: Floats
    home_station: Objects
    rule: Objects
    confidence: Floats
    candidates: Objects
    nearest_grid_code: Objects
    nearest_grid_m: Floats

    def __len__(self) -> int:
        return len(self.grid_code)

    def one(self, i: int, edition_id: int) -> Assignment:
        """Return the answer for point ``i`` as the domain's value, under the edition the index was built from."""
        return Assignment(
            edition_id=edition_id,
            grid_code=self.grid_code[i],
            department_codes=self.department_codes[i],
            rule=AssignmentRule(self.rule[i]),
            confidence=float(self.confidence[i]),
            candidates=self.candidates[i],
            nearest_station=self.station_code[i],
            distance_m=_metres(self.distance_m[i]),
            home_station=self.home_station[i],
            nearest_grid_code=self.nearest_grid_code[i],
            nearest_grid_m=_metres(self.nearest_grid_m[i]),
        )


def _metres(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


@dataclass(frozen=True)
class AssignmentIndex:
    """Grids, departments and stations of one edition, ready to be asked from many threads; see :meth:`from_frames`."""

    grids: rules.Polygons
    metric: rules.MetricPolygons
    departments: rules.Polygons | None
    stations: StationIndex
    village_codes: Objects
    district: Any
    gap_tolerance_m: float
    accuracy_share: float

    @classmethod
    def from_frames(
        cls,
        grids: Any,
        stations: Any | None,
        departments: Any | None = None,
        *,
        district: Any | None = None,
        metric_srid: int,
        gap_tolerance_m: float = 15.0,
        accuracy_share: float = 0.95,
    ) -> AssignmentIndex:
        """Build the index from GeoDataFrames on the datum of record (EPSG:4490).

        Parameters
        ----------
        grids : ``code``, polygonal ``geometry``, optionally ``village_code`` (for the home station)
        stations : ``code``, Point ``geometry``, optionally ``level`` and ``unit_code``; None or no row: there are none
        departments : ``code``, polygonal ``geometry``; may overlap; None or no row: there are none
        district : polygon of the district (lon/lat), to tell a gap from outside; None: the union of the grids without holes
        metric_srid : EPSG code of the zone to measure in
        gap_tolerance_m : a point in a gap of the district takes the nearest grid up to this distance
        accuracy_share : share of the true places within the reported accuracy; see ``cover.disc_radius_m``

        Raises
        ------
        FrameInvalid, FrameWithoutCrs, GeometryEmpty, GeometryType, GeometrySelfIntersection, GeometryRingOpen,
        GeometryNested : what is wrong in which frame, row or code
        """
        rules.disc_radius_m(np.ones(1), accuracy_share)
        polygons, order = _polygons(grids, "grids")
        villages = texts_of(grids, "village_code")
        outline = district if district is not None else outline_of(polygons.shapes)
        shapely.prepare(outline)
        shapely.covers(outline, shapely.point_on_surface(outline))
        return cls(
            grids=polygons,
            metric=rules.MetricPolygons.of(polygons, metric_srid),
            departments=None if _is_empty(departments) else _polygons(departments, "department grids")[0],
            stations=StationIndex.from_frame(None if _is_empty(stations) else stations),
            village_codes=np.full(len(order), None, dtype=object) if villages is None else villages[order],
            district=outline,
            gap_tolerance_m=gap_tolerance_m,
            accuracy_share=accuracy_share,
        )

    def assign(self, lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike | None = None) -> Assignments:
        """Answer for points on the datum of record.

        Parameters
        ----------
        lon, lat : array_like (n,) of degrees
        accuracy_m : array_like (n,) of metres, NaN where none was given; None: none at all

        Raises
        ------
        CoordNotFinite, CoordRange, AccuracyInvalid : with the row of the first wrong point
        """
        x, y = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
        accuracy = np.full(len(x), np.nan) if accuracy_m is None else np.atleast_1d(np.asarray(accuracy_m, float))
        _check(x, y, accuracy)
        starts = range(0, max(len(x), 1), POINTS_AT_ONCE)
        parts = [self._assign(*(values[start : start + POINTS_AT_ONCE] for values in (x, y, accuracy))) for start in starts]
        if len(parts) == 1:
            return parts[0]
        return Assignments(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Assignments)})

    def _assign(self, lon: Floats, lat: Floats, accuracy_m: Floats) -> Assignments:
        points = shapely.points(lon, lat)
        found = rules.cover(self.grids, points)
        grid, rule, nearest_grid, nearest_m = self._place(lon, lat, points, found)
        confidence, candidates = self._weigh(lon, lat, accuracy_m, grid)
        self._doubt_overlaps(points, found, np.isnan(accuracy_m), confidence, candidates)
        station, distance_m = self.stations.nearest(lon, lat)
        return Assignments(
            grid_code=_take(self.grids.codes, grid),
            department_codes=self._departments_at(points),
            station_code=station,
            distance_m=distance_m,
            home_station=self.stations.home(_take(self.village_codes, grid)),
            rule=rule,
            confidence=confidence,
            candidates=candidates,
            nearest_grid_code=_take(self.grids.codes, nearest_grid),
            nearest_grid_m=nearest_m,
        )

    def _departments_at(self, points: Objects) -> Objects:
        if self.departments is not None:
            return self.departments.codes_at(points)
        none = np.empty(len(points), dtype=object)
        none[:] = [()] * len(points)
        return none

    def _place(
        self, lon: Floats, lat: Floats, points: Objects, found: rules.Cover
    ) -> tuple[rules.Ints, Objects, rules.Ints, Floats]:
        """Return the grid's index (or -1), the rule, and for uncovered points the nearest grid and its distance."""
        grid = found.grid.copy()
        rule = np.full(len(points), AssignmentRule.OUTSIDE.value, dtype=object)
        rule[found.covering == 1] = AssignmentRule.INSIDE.value
        rule[(found.covering > 0) & ~found.interior] = AssignmentRule.BORDER.value
        rule[(found.covering > 1) & found.interior] = AssignmentRule.OVERLAP.value
        nearest_grid, nearest_m = np.full(len(points), rules.NOWHERE, dtype=np.int64), np.full(len(points), np.nan)
        free = np.flatnonzero(found.covering == 0)
        if len(free):
            nearest_grid[free], nearest_m[free] = self.metric.nearest(lon[free], lat[free])
            gap = free[shapely.covers(self.district, points[free])]
            rule[gap] = AssignmentRule.GAP.value
            close = gap[nearest_m[gap] <= self.gap_tolerance_m]
            grid[close] = nearest_grid[close]
        return grid, rule, nearest_grid, nearest_m

    def _weigh(self, lon: Floats, lat: Floats, accuracy_m: Floats, grid: rules.Ints) -> tuple[Floats, Objects]:
        """Return confidence and candidates of each point, given its grid's index."""
        confidence = np.ones(len(lon))
        candidates = np.empty(len(lon), dtype=object)
        candidates[:] = [() if i == rules.NOWHERE else (Candidate(self.grids.codes[i], 1.0),) for i in grid]
        known = np.flatnonzero(~np.isnan(accuracy_m))
        if len(known) == 0:
            return confidence, candidates
        radius_m = rules.disc_radius_m(accuracy_m[known], self.accuracy_share)
        point, polygon, share = self.metric.shares(lon[known], lat[known], radius_m)
        candidates[known] = rules.candidates_of(grid[known], self.grids.codes, (point, polygon, share))
        given = grid[known]
        in_grids = np.minimum(np.bincount(point, weights=share, minlength=len(known)), 1.0)
        own = polygon == given[point]
        in_own = np.bincount(point[own], weights=share[own], minlength=len(known))
        confidence[known] = np.round(np.where(given == rules.NOWHERE, 1.0 - in_grids, in_own), 6)
        return confidence, candidates

    def _doubt_overlaps(
        self, points: Objects, found: rules.Cover, exact: NDArray[np.bool_], confidence: Floats, candidates: Objects
    ) -> None:
        """Where n grids overlap at the point, bound its confidence by 1/n; without accuracy (``exact``) name all n of them."""
        overlap = np.flatnonzero((found.covering > 1) & found.interior)
        confidence[overlap] = np.minimum(confidence[overlap], np.round(1.0 / found.covering[overlap], 6))
        named = overlap[exact[overlap]]
        for i, codes in zip(named, self.grids.codes_at(points[named]), strict=True):
            candidates[i] = tuple(Candidate(code, 1.0) for code in codes)


def outline_of(shapes: Objects) -> Any:
    """Return the union of the polygons with its holes filled: what lies in a hole is a gap, what lies beyond is outside."""
    try:
        whole = shapely.coverage_union_all(shapes) if bool(shapely.coverage_is_valid(shapes)) else shapely.union_all(shapes)
    except shapely.GEOSException as error:
        raise FrameInvalid(what="grids", reason=f"their union cannot be made ({error})") from error
    rings = shapely.get_exterior_ring(shapely.get_parts(whole))
    return shapely.union_all(shapely.polygons(rings))


def _polygons(frame: Any, what: str) -> tuple[rules.Polygons, rules.Ints]:
    """Return the frame's polygons in the order of their codes, and that order."""
    require_rows(frame, what)
    codes = codes_of(frame, what)
    shapes = shapes_of(frame, codes, POLYGONAL)
    return rules.Polygons.of(codes, shapes), np.argsort(codes.astype(str), kind="stable")


def _is_empty(frame: Any | None) -> bool:
    return frame is None or len(frame) == 0


def _take(codes: Objects, index: rules.Ints) -> Objects:
    """Return codes by index, None for -1."""
    taken = codes[index]
    taken[index == rules.NOWHERE] = None
    return taken


def _check(lon: Floats, lat: Floats, accuracy_m: Floats) -> None:
    if not len(lon) == len(lat) == len(accuracy_m):
        raise ValueError(f"lengths differ: {len(lon)} lon, {len(lat)} lat, {len(accuracy_m)} accuracy_m")
    _refuse(CoordNotFinite, ~(np.isfinite(lon) & np.isfinite(lat)), lon, lat, accuracy_m)
    _refuse(CoordRange, (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0), lon, lat, accuracy_m)
    stated = ~np.isnan(accuracy_m)
    _refuse(AccuracyInvalid, stated & ~((accuracy_m > 0.0) & (accuracy_m <= MOST_ACCURACY_M)), lon, lat, accuracy_m)


def _refuse(error: type[GeogridError], wrong: NDArray[np.bool_], lon: Floats, lat: Floats, accuracy_m: Floats) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        values = {"lon": float(lon[row]), "lat": float(lat[row]), "accuracy_m": float(accuracy_m[row])}
        raise error(where={"row": row}, most_m=MOST_ACCURACY_M, **values)
