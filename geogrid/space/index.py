"""The look-up structure: where is this point, who answers for it, how sure is that?

Two ways give the same answers. The plain way asks shapely's tree; it holds every rule. The compiled way answers most points
from rasters and leaves to the plain way each point it cannot be sure of: on borders, in gaps, near a tie.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geogrid.domain.grids import AssignmentRule, Candidate
from geogrid.errors import AccuracyInvalid, CoordNotFinite, CoordRange, FrameInvalid, GeogridError
from geogrid.space import cover as rules
from geogrid.space.answers import FREE, UNDECIDED, Assignments, Numbers, Tables, Weighed, number_of
from geogrid.space.columns import POLYGONAL, codes_of, require_rows, shapes_of, texts_of
from geogrid.space.nearest import StationIndex
from geogrid.space.threads import shared_out

if TYPE_CHECKING:
    from geogrid.space.discs import Discs
    from geogrid.space.fast import Fast

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

POINTS_AT_ONCE = 100_000
POINTS_A_PORTION = 32_768  # what a thread takes at a time; fewer are not worth a thread
MOST_ACCURACY_M = 1_000_000.0  # beyond it a radius means nothing; profiles set a lower limit


@dataclass(frozen=True)
class AssignmentIndex:
    """Grids, departments and stations of one edition, ready to be asked from many threads; see :meth:`from_frames`."""

    grids: rules.Polygons
    metric: rules.MetricPolygons
    departments: rules.Polygons | None
    stations: StationIndex
    tables: Tables
    district: Any
    gap_tolerance_m: float
    accuracy_share: float
    fast: Fast | None

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
        compiled: bool | None = None,
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
        compiled : whether to build the compiled way too; None: where numba works

        Raises
        ------
        FrameInvalid, FrameWithoutCrs, GeometryEmpty, GeometryType, GeometrySelfIntersection, GeometryRingOpen,
        GeometryNested : what is wrong in which frame, row or code
        """
        rules.disc_radius_m(np.ones(1), accuracy_share)
        polygons, order = _polygons(grids, "grids")
        areas = None if _is_empty(departments) else _polygons(departments, "department grids")[0]
        points = StationIndex.from_frame(None if _is_empty(stations) else stations)
        villages = texts_of(grids, "village_code")
        outline = district if district is not None else outline_of(polygons.shapes)
        shapely.prepare(outline)
        shapely.covers(outline, shapely.point_on_surface(outline))
        plain = cls(
            grids=polygons,
            metric=rules.MetricPolygons.of(polygons, metric_srid),
            departments=areas,
            stations=points,
            tables=Tables.of(polygons.codes, _homes(points, villages, order), points.codes),
            district=outline,
            gap_tolerance_m=gap_tolerance_m,
            accuracy_share=accuracy_share,
            fast=None,
        )
        return plain if compiled is False else replace(plain, fast=_fast(plain))

    def assign(self, lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike | None = None) -> Assignments:
        """Answer for points on the datum of record.

        Many points are shared out to threads; few are answered in the caller's.

        Parameters
        ----------
        lon, lat : array_like (n,) of degrees
        accuracy_m : array_like (n,) of metres, NaN where none was given; None: none at all

        Raises
        ------
        CoordNotFinite, CoordRange, AccuracyInvalid : with the row of the first wrong point
        """
        x, y = _column(lon), _column(lat)
        accuracy = None if accuracy_m is None else np.atleast_1d(np.asarray(accuracy_m, float))
        _check_accuracy(x, y, accuracy)
        numbers, sets, special = self._numbers(x, y)
        confidence, weighed = self._weigh(x, y, accuracy, numbers)
        rule = numbers.rule[special]
        overlap = special[rule == number_of(AssignmentRule.OVERLAP)]
        if len(overlap):
            confidence, weighed = self._doubt_overlaps(x, y, accuracy, overlap, confidence, weighed)
        free = special[(rule == FREE[0]) | (rule == FREE[1])]
        return Assignments(
            numbers=numbers,
            tables=self.tables,
            department_sets=sets,
            confidence=confidence,
            weighed=weighed,
            free=free,
            free_lonlat=np.stack([x[free], y[free]]),
            metric=self.metric,
        )

    def _numbers(self, lon: Floats, lat: Floats) -> tuple[Numbers, Objects, rules.Ints]:
        """Return grid, rule, departments and station of each point, the sets of departments that are meant, and which points
        are not simply inside one grid."""
        numbers = Numbers.undecided(len(lon), departments=self._has_departments, stations=len(self.stations.codes) > 0)
        if self.fast is None:
            _check_places(lon, lat)
            everyone = np.arange(len(lon))
            sets = self._places(lon, lat, everyone, numbers, EMPTY_SET)
            self._stations(lon, lat, everyone, numbers)
            return numbers, sets, np.flatnonzero(numbers.rule != number_of(AssignmentRule.INSIDE))
        find = self.fast.find
        parts = shared_out(lambda begin, end: find(lon, lat, numbers, begin, end), len(lon), POINTS_A_PORTION)
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            _check_places(lon, lat)
        special, open_stations = (np.concatenate([*column]) for column in zip((EMPTY, EMPTY), *found, strict=True))
        sets = self._places(lon, lat, special[numbers.rule[special] == UNDECIDED], numbers, self.fast.sets)
        self._stations(lon, lat, open_stations, numbers)
        return numbers, sets, special

    @property
    def _has_departments(self) -> bool:
        return self.departments is not None if self.fast is None else len(self.fast.departments) > 0

    def _stations(self, lon: Floats, lat: Floats, positions: rules.Ints, numbers: Numbers) -> None:
        """Write the stations of the points at ``positions`` the plain way."""
        if not len(self.stations.codes):
            return
        for at in _portions(positions):
            numbers.station[at], numbers.distance_m[at] = self.stations.nearest_position(lon[at], lat[at])

    def places_plainly(self, lon: Floats, lat: Floats) -> tuple[Numbers, Objects]:
        """Return the plain way's grid, rule and departments of each point (stations are left out), and the sets."""
        numbers = Numbers.undecided(len(lon), departments=self.departments is not None, stations=False)
        return numbers, self._places(lon, lat, np.arange(len(lon)), numbers, EMPTY_SET)

    def _places(self, lon: Floats, lat: Floats, positions: rules.Ints, numbers: Numbers, sets: Objects) -> Objects:
        """Write grid, rule and departments of the points at ``positions`` the plain way; return the sets with new ones."""
        more: dict[tuple[str, ...], int] = {}
        for at in _portions(positions):
            self._place(lon[at], lat[at], at, numbers)
            if self.departments is not None:
                numbers.departments[at] = _departments_at(self.departments, lon[at], lat[at], len(sets), more)
        return np.concatenate([sets, _set_table(list(more))]) if more else sets

    def _place(self, lon: Floats, lat: Floats, at: rules.Ints, numbers: Numbers) -> None:
        """Write the grid (or -1) and the rule of points into the places ``at`` of ``numbers``: the plain way."""
        points = shapely.points(lon, lat)
        found = rules.cover(self.grids, points)
        grid = found.grid.copy()
        rule = np.full(len(points), number_of(AssignmentRule.OUTSIDE), dtype=np.uint8)
        rule[found.covering == 1] = number_of(AssignmentRule.INSIDE)
        rule[(found.covering > 0) & ~found.interior] = number_of(AssignmentRule.BORDER)
        rule[(found.covering > 1) & found.interior] = number_of(AssignmentRule.OVERLAP)
        free = np.flatnonzero(found.covering == 0)
        gap = free[shapely.covers(self.district, points[free])]
        if len(gap):
            rule[gap] = number_of(AssignmentRule.GAP)
            nearest, metres = self.metric.nearest(lon[gap], lat[gap])
            grid[gap] = np.where(metres <= self.gap_tolerance_m, nearest, rules.NOWHERE)
        numbers.grid[at], numbers.rule[at] = grid, rule

    def _weigh(self, lon: Floats, lat: Floats, accuracy_m: Floats | None, numbers: Numbers) -> tuple[Floats, Weighed]:
        """Return the confidence in each point's grid, and what may lie in another grid."""
        if accuracy_m is None or np.isnan(accuracy_m).all():
            return np.broadcast_to(np.float64(1.0), len(lon)), NOTHING_WEIGHED
        confidence, known = np.ones(len(lon)), np.flatnonzero(~np.isnan(accuracy_m))
        radius_m = rules.disc_radius_m(accuracy_m[known], self.accuracy_share)
        if self.fast is not None:
            sure = self.fast.is_clear(lon[known], lat[known], radius_m, numbers.rule[known])
            known, radius_m = known[~sure], radius_m[~sure]
        given = numbers.grid[known].astype(np.int64)
        shares = self._shares(lon[known], lat[known], radius_m, given, numbers.rule[known])
        confidence[known] = _confidence(given, shares)
        return confidence, replace(NOTHING_WEIGHED, position=known, given=given, shares=shares, grid_codes=self.grids.codes)

    def _shares(
        self, lon: Floats, lat: Floats, radius_m: Floats, given: rules.Ints, rule: NDArray[np.uint8]
    ) -> tuple[rules.Ints, rules.Ints, Floats]:
        """Return (point, polygon, share) where a part of a point's disc lies in the polygon."""
        if self.fast is None:
            return self._shares_plainly(lon, lat, radius_m, np.arange(len(lon)))
        inside = np.where(rule == number_of(AssignmentRule.INSIDE), given, rules.NOWHERE).astype(np.int32)
        shares, sure = self.discs.shares(lon, lat, radius_m, inside)
        sure &= rule != number_of(AssignmentRule.OVERLAP)
        if sure.all():
            return shares
        plain = self._shares_plainly(lon, lat, radius_m, np.flatnonzero(~sure))
        kept = sure[shares[0]]
        point, polygon, share = (np.concatenate([one[kept], other]) for one, other in zip(shares, plain, strict=True))
        return point, polygon, share

    def _shares_plainly(
        self, lon: Floats, lat: Floats, radius_m: Floats, positions: rules.Ints
    ) -> tuple[rules.Ints, rules.Ints, Floats]:
        found = [(EMPTY, EMPTY, EMPTY.astype(float))]
        for at in _portions(positions):
            point, polygon, share = self.metric.shares(lon[at], lat[at], radius_m[at])
            found.append((at[point], polygon, share))
        point, polygon, share = (np.concatenate(column) for column in zip(*found, strict=True))
        return point, polygon, share

    @cached_property
    def discs(self) -> Discs:
        """The edges of the grids in metres, for the compiled way of accuracy discs; made when first asked for."""
        from geogrid.space.discs import Discs

        return Discs.of(self.metric)

    def _doubt_overlaps(
        self, lon: Floats, lat: Floats, accuracy_m: Floats | None, overlap: rules.Ints, confidence: Floats, weighed: Weighed
    ) -> tuple[Floats, Weighed]:
        """Where n grids overlap at the point, bound its confidence by 1/n; where no accuracy was given, name all n of them."""
        codes = self.grids.codes_at(shapely.points(lon[overlap], lat[overlap]))
        shares = np.array([round(1.0 / len(covering), 6) for covering in codes])
        confidence = confidence.copy()
        confidence[overlap] = np.minimum(confidence[overlap], shares)
        exact = np.full(len(overlap), True) if accuracy_m is None else np.isnan(accuracy_m[overlap])
        named = np.empty(int(exact.sum()), dtype=object)
        named[:] = [tuple(Candidate(code, 1.0) for code in covering) for covering in codes[exact]]
        return confidence, replace(weighed, named_position=overlap[exact], named=named)


def _confidence(given: rules.Ints, shares: tuple[rules.Ints, rules.Ints, Floats]) -> Floats:
    """Return the share of each point's disc in the grid given to it, or, where there is none, in no grid."""
    point, polygon, share = shares
    in_grids = np.minimum(np.bincount(point, weights=share, minlength=len(given)), 1.0)
    own = polygon == given[point]
    in_own = np.bincount(point[own], weights=share[own], minlength=len(given))
    confidence: Floats = np.where(given == rules.NOWHERE, 1.0 - in_grids, in_own)
    return np.round(confidence, 6)


def _set_table(sets: list[tuple[str, ...]]) -> Objects:
    table = np.empty(len(sets), dtype=object)
    table[:] = sets
    return table


EMPTY_SET = _set_table([()])
EMPTY = np.empty(0, dtype=np.int64)
NO_OBJECT = np.empty(0, dtype=object)
NOTHING_WEIGHED = Weighed(EMPTY, EMPTY, (EMPTY, EMPTY, np.empty(0)), NO_OBJECT, EMPTY, NO_OBJECT)


def _portions(positions: rules.Ints) -> list[rules.Ints]:
    return [positions[start : start + POINTS_AT_ONCE] for start in range(0, len(positions), POINTS_AT_ONCE)]


def _column(degrees: ArrayLike) -> Floats:
    """Return numbers that compiled loops read: in one piece, and not marked as read-only, which they were not compiled for."""
    column = np.ascontiguousarray(np.atleast_1d(np.asarray(degrees, np.float64)))
    return column if column.flags.writeable else column.copy()


def _departments_at(
    departments: rules.Polygons, lon: Floats, lat: Floats, first: int, more: dict[tuple[str, ...], int]
) -> rules.Ints:
    """Return the number of each point's set of departments; sets get numbers from ``first`` on, kept in ``more``."""
    found = departments.codes_at(shapely.points(lon, lat))
    return np.array([more.setdefault(codes, first + len(more)) for codes in found], dtype=np.int64)


def _fast(plain: AssignmentIndex) -> Fast | None:
    """Return the compiled way of an index; None where numba is not there or finds no place to keep its code."""
    try:
        from geogrid.space.fast import Fast
    except (ImportError, RuntimeError):
        return None
    return Fast.of(plain.grids, plain.departments, plain.district, plain.stations, plain.places_plainly)


def _homes(stations: StationIndex, villages: Objects | None, order: rules.Ints) -> Objects:
    return np.full(len(order), None, dtype=object) if villages is None else stations.home(villages[order])


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


def _check_places(lon: Floats, lat: Floats) -> None:
    """Raise for the first point that is no place on Earth."""
    _refuse(CoordNotFinite, ~(np.isfinite(lon) & np.isfinite(lat)), lon, lat, None)
    _refuse(CoordRange, (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0), lon, lat, None)


def _check_accuracy(lon: Floats, lat: Floats, accuracy_m: Floats | None) -> None:
    """Raise where the columns are not of one length, and for the first accuracy that cannot be."""
    if not len(lon) == len(lat) == len(lon if accuracy_m is None else accuracy_m):
        lengths = f"{len(lon)} lon, {len(lat)} lat, {len(lon if accuracy_m is None else accuracy_m)} accuracy_m"
        raise ValueError(f"lengths differ: {lengths}")
    if accuracy_m is not None:
        stated = ~np.isnan(accuracy_m)
        _refuse(AccuracyInvalid, stated & ~((accuracy_m > 0.0) & (accuracy_m <= MOST_ACCURACY_M)), lon, lat, accuracy_m)


def _refuse(error: type[GeogridError], wrong: NDArray[np.bool_], lon: Floats, lat: Floats, accuracy_m: Floats | None) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        accuracy = np.nan if accuracy_m is None else float(accuracy_m[row])
        raise error(where={"row": row}, most_m=MOST_ACCURACY_M, lon=float(lon[row]), lat=float(lat[row]), accuracy_m=accuracy)
