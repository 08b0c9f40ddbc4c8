"""A few grids change, as when a planner drags a border: the index and a year's answers follow in milliseconds.

Only within a window, the box around the edges that are not the same before and after, can a point's cover have changed: the
difference of two polygons is bounded by edges that only one of them has. So the raster of the index stays as it is, points in
windows are decided by the plain way on the new polygons, and of given answers only those in the window are asked again.
Windows are always taken against the polygons that the raster was made from: a border that is dragged to and fro a hundred
times has one window, and none when it comes back. :func:`settled` makes a raster anew; a planner's session can have that done
in the background.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geogrid.errors import FrameInvalid
from geogrid.space import cover
from geogrid.space.answers import UNDECIDED, Assignments, Int32s, Numbers, Tables, Weighed
from geogrid.space.columns import POLYGONAL, codes_of, shapes_of, texts_of
from geogrid.space.fast import Fast, Found
from geogrid.space.index import AssignmentIndex, outline_of
from geogrid.space.windows import SPARE_M, Box, around, bounds_of, boxes_of, by_code, reaching, widened, within

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Objects = NDArray[np.object_]

NONE = np.empty(0, dtype=object)


@dataclass(frozen=True)
class PatchedFast(Fast):
    """The compiled way of an older state of the grids, put right within windows.

    ``made_from`` are the polygons its raster was made from, ``boxes`` the windows by the code of the grid that changed,
    ``windows`` (n, 4) the distinct ones, ``plain`` the index as it is now, without its department grids, ``renumbered`` the
    present position of each grid of ``made_from`` (last: of none), None where all kept theirs.
    """

    made_from: cover.Polygons
    boxes: Mapping[str, Box]
    windows: Floats
    plain: AssignmentIndex
    renumbered: Int32s | None

    @property
    def share(self) -> float:
        """The part of the grids' bounding box that is answered the plain way, 0 to 1 (windows may overlap: at most)."""
        west, south, east, north = shapely.total_bounds(self.made_from.shapes)
        width, height = (self.windows[:, 2:] - self.windows[:, :2]).T
        return float(min((width * height).sum() / ((east - west) * (north - south)), 1.0))

    def find(self, lon: Floats, lat: Floats, numbers: Numbers, begin: int, end: int) -> Found | None:
        """Write the answers for the points from ``begin`` to ``end``; see :meth:`Fast.find`."""
        found = super().find(lon, lat, numbers, begin, end)
        if found is None:
            return None
        grid, rule = numbers.grid[begin:end], numbers.rule[begin:end]
        if self.renumbered is not None:
            grid[rule != UNDECIDED] = self.renumbered[grid[rule != UNDECIDED]]
        at = within(self.windows, lon[begin:end], lat[begin:end])
        at = at[rule[at] != UNDECIDED] + begin
        if not len(at):
            return found
        told, _ = self.plain.places_plainly(lon[at], lat[at])
        numbers.grid[at], numbers.rule[at] = told.grid, told.rule
        return np.union1d(found[0], at), found[1]

    def is_clear(self, lon: Floats, lat: Floats, radius_m: Floats, rule: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether the discs surely lie within one grid; never where a window is within reach."""
        clear = super().is_clear(lon, lat, radius_m, rule)
        at = np.flatnonzero(clear)
        for window in self.windows:
            clear[at[reaching(window, lon[at], lat[at], radius_m[at])]] = False
        return clear


@dataclass(frozen=True)
class Redrawn:
    """An index in which some grids changed, and what is needed to bring earlier answers up to it.

    ``window`` is the box around all edges that changed (None: none did), ``reach`` that around the changed grids as they were
    and are, ``renumbered`` the new position of each grid (last: of none), None where the codes stayed.
    """

    index: AssignmentIndex
    window: Box | None
    reach: Box | None
    renumbered: Int32s | None

    def reassign(self, previous: Assignments, lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike | None = None) -> Assignments:
        """Return the answers for points under the new index, given those under the one before.

        Equal to asking the new index for all of them. Only points in the window, and those that a gap or a disc of accuracy
        ties to it, are asked; stations and department grids did not change.

        Parameters
        ----------
        previous : the answers of the index that was changed, for the same points in the same order
        lon, lat : (n,) degrees
        accuracy_m : (n,) metres, as ``previous`` was asked with
        """
        x, y = (np.atleast_1d(np.asarray(values, float)) for values in (lon, lat))
        accuracy = None if accuracy_m is None else np.atleast_1d(np.asarray(accuracy_m, float))
        if not len(x) == len(y) == len(previous):
            raise ValueError(f"lengths differ: {len(x)} lon, {len(y)} lat, {len(previous)} answers")
        at = self.asked_again(x, y, accuracy)
        part = self.index.assign(x[at], y[at], None if accuracy is None else accuracy[at])
        free = np.sort(np.concatenate([_others(previous.free, at), at[part.free]]))
        return Assignments(
            numbers=self._numbers(previous.numbers, at, part.numbers),
            tables=self.index.tables,
            department_sets=previous.department_sets,
            confidence=_replaced(previous.confidence, at, part.confidence),
            weighed=_weighed(previous.weighed, at, part.weighed, self.index.grids.codes, self.renumbered),
            free=free,
            free_lonlat=np.stack([x[free], y[free]]),
            metric=self.index.metric,
        )

    def asked_again(self, lon: Floats, lat: Floats, accuracy_m: Floats | None) -> Ints:
        """Return the positions of the points whose answer may be another: ascending."""
        if self.window is None or self.reach is None:
            return np.empty(0, dtype=np.int64)
        window = np.array([widened(self.window, self.index.gap_tolerance_m + SPARE_M)])
        at = within(window, lon, lat)
        if accuracy_m is None:
            return at
        known = np.flatnonzero(~np.isnan(accuracy_m))
        radius_m = cover.disc_radius_m(accuracy_m[known], self.index.accuracy_share)
        return np.union1d(at, known[reaching(np.array(self.reach), lon[known], lat[known], radius_m)])

    def _numbers(self, before: Numbers, at: Ints, part: Numbers) -> Numbers:
        grid = before.grid.copy() if self.renumbered is None else self.renumbered[before.grid]
        rule = before.rule.copy()
        grid[at], rule[at] = part.grid, part.rule
        return replace(before, grid=grid, rule=rule)


def redrawn(index: AssignmentIndex, changed: Any, *, removed: Iterable[str] = (), outlined: bool = False) -> Redrawn:
    """Return the index with some grids replaced or added, by their codes, and some removed.

    Its answers are those of an index made anew from all grids.

    Parameters
    ----------
    changed : GeoDataFrame (EPSG:4490) with ``code``, polygonal ``geometry``, optionally ``village_code``; without that
        column grids keep the village they have, and new ones have none
    removed : codes of grids that are no more
    outlined : whether the index was built without a district: its outline is then that of the grids. Where it changes with
        them, which no drag of a border between two grids does, the whole index is made anew

    Raises
    ------
    FrameInvalid, FrameWithoutCrs, GeometryEmpty, GeometryType, GeometrySelfIntersection, GeometryRingOpen,
    GeometryNested : what is wrong in which row or code; a code to remove is not there
    """
    codes, shapes, homes = _changed(index, changed)
    gone = _positions(index.grids, removed)
    before, (grids, source) = index.grids, _merged(index.grids, codes, shapes, gone)
    renumbered = None if _same(before.codes, grids.codes) else _renumbered(before.codes, grids.codes)
    touched = {*codes.tolist(), *before.codes[gone].tolist()}
    boxes = boxes_of(before, grids, touched)
    plain = AssignmentIndex(
        grids=grids,
        metric=_metric(index.metric, grids, source),
        departments=index.departments,
        stations=index.stations,
        tables=_tables(index, grids, dict(zip(codes, homes, strict=True))),
        district=index.district,
        gap_tolerance_m=index.gap_tolerance_m,
        accuracy_share=index.accuracy_share,
        fast=None,
    )
    window = around(boxes.values())
    reach = around([*bounds_of(before, touched), *bounds_of(grids, touched)])
    if outlined and not _outline_stays(before, grids, touched):
        plain = replace(plain, district=_prepared(outline_of(grids.shapes)))
        if not shapely.equals_identical(shapely.normalize(plain.district), shapely.normalize(index.district)):
            everywhere = around([shapely.total_bounds(before.shapes), shapely.total_bounds(grids.shapes)])
            fast = None if index.fast is None else settled(plain)
            return Redrawn(fast or plain, everywhere, everywhere, renumbered)
    return Redrawn(_patched(index, plain, touched, boxes), window, reach, renumbered)


def settled(index: AssignmentIndex) -> AssignmentIndex:
    """Return the index with a raster of its own polygons: no windows. Takes as long as building it from frames."""
    plain = replace(index, fast=None)
    return replace(plain, fast=Fast.of(plain.grids, plain.departments, plain.district, plain.stations, plain.places_plainly))


# -- the polygons -----------------------------------------------------------------------------------------------------


def _changed(index: AssignmentIndex, frame: Any) -> tuple[Objects, Objects, Objects]:
    """Return codes, polygons and home stations of the changed grids."""
    if not len(frame):
        return NONE, NONE, NONE
    codes = codes_of(frame, "grids")
    shapes = shapes_of(frame, codes, POLYGONAL)
    villages = texts_of(frame, "village_code")
    if villages is not None:
        return codes, shapes, index.stations.home(villages)
    old = dict(zip(index.grids.codes, index.tables.home_stations, strict=False))
    return codes, shapes, np.array([old.get(code) for code in codes], dtype=object)


def _positions(polygons: cover.Polygons, codes: Iterable[str]) -> Ints:
    known = {code: position for position, code in enumerate(polygons.codes)}
    wanted = list(codes)
    for code in wanted:
        if code not in known:
            raise FrameInvalid(what="grids", reason=f"there is no {code} to remove")
    return np.array([known[code] for code in wanted], dtype=np.int64)


def _merged(polygons: cover.Polygons, codes: Objects, shapes: Objects, gone: Ints) -> tuple[cover.Polygons, Ints]:
    """Return the polygons with some replaced, added and left out, and the earlier position of each, -1 where it is new.

    Those that stay are prepared already.
    """
    fresh = cover.Polygons.of(codes, shapes) if len(codes) else replace(polygons, codes=codes, shapes=shapes)
    stay = np.setdiff1d(np.flatnonzero(~_known(polygons.codes, fresh.codes)), gone)
    all_codes = np.concatenate([polygons.codes[stay], fresh.codes])
    order = np.argsort(all_codes.astype(str), kind="stable")
    source = np.concatenate([stay, np.full(len(codes), cover.NOWHERE)])[order]
    all_shapes = np.concatenate([polygons.shapes[stay], fresh.shapes])[order]
    return cover.Polygons(all_codes[order], all_shapes, _warm(shapely.STRtree(all_shapes))), source


def _known(codes: Objects, among: Objects) -> NDArray[np.bool_]:
    """Return which of the codes are in ``among``, which is sorted."""
    if not len(among):
        return np.zeros(len(codes), dtype=bool)
    place = np.minimum(np.searchsorted(among.astype(str), codes.astype(str)), len(among) - 1)
    found: NDArray[np.bool_] = among[place] == codes
    return found


def _metric(metric: cover.MetricPolygons, after: cover.Polygons, source: Ints) -> cover.MetricPolygons:
    """Return the polygons in metres; those that have an earlier position in ``source`` are not projected again."""
    fresh = source == cover.NOWHERE
    made = cover.MetricPolygons.of(replace(after, shapes=after.shapes[fresh]), metric.srid) if fresh.any() else metric
    shapes, borders = _joined(metric.shapes, source, fresh, made.shapes), _joined(metric.borders, source, fresh, made.borders)
    bounds, areas_m2 = _joined(metric.bounds, source, fresh, made.bounds), _joined(metric.areas_m2, source, fresh, made.areas_m2)
    return cover.MetricPolygons(shapes, borders, bounds, areas_m2, _warm(shapely.STRtree(shapes)), metric.srid)


def _warm(tree: shapely.STRtree) -> shapely.STRtree:
    """Use the tree once: GEOS builds it then, which is not safe in two threads."""
    tree.query(shapely.Point(0.0, 0.0))
    return tree


def _joined(old: NDArray[Any], source: Ints, fresh: NDArray[np.bool_], new: NDArray[Any]) -> NDArray[Any]:
    whole = old[source]
    if fresh.any():
        whole[fresh] = new
    return whole


def _tables(index: AssignmentIndex, grids: cover.Polygons, homes: Mapping[str, str | None]) -> Tables:
    old = dict(zip(index.grids.codes, index.tables.home_stations, strict=False))
    if _same(index.grids.codes, grids.codes) and all(old[code] == home for code, home in homes.items()):
        return index.tables
    now = {**old, **homes}
    home_stations = np.array([now[code] for code in grids.codes], dtype=object)
    return Tables.of(grids.codes, home_stations, index.stations.codes)


def _same(one: Objects, other: Objects) -> bool:
    return len(one) == len(other) and bool((one == other).all())


def _renumbered(before: Objects, after: Objects) -> Int32s:
    now = {code: position for position, code in enumerate(after)}
    return np.array([*(now.get(code, cover.NOWHERE) for code in before), cover.NOWHERE], dtype=np.int32)


# -- windows ----------------------------------------------------------------------------------------------------------


def _patched(index: AssignmentIndex, plain: AssignmentIndex, touched: set[str], boxes: dict[str, Box]) -> AssignmentIndex:
    """Return ``plain`` with the compiled way of ``index``, put right in ``boxes``, or in those since its raster was made."""
    if index.fast is None:
        return plain
    raster = {field.name: getattr(index.fast, field.name) for field in fields(Fast)}
    made_from = index.grids
    if isinstance(index.fast, PatchedFast):
        made_from, known = index.fast.made_from, index.fast.boxes
        since = boxes_of(made_from, plain.grids, touched)
        boxes = {code: box for code, box in known.items() if code not in touched} | since
    same = _same(made_from.codes, plain.grids.codes)
    if same and not boxes:
        return replace(plain, fast=Fast(**raster))
    patched = PatchedFast(
        **raster,
        made_from=made_from,
        boxes=boxes,
        windows=np.unique(np.array(list(boxes.values()), dtype=float).reshape(-1, 4), axis=0),
        plain=replace(plain, departments=None),
        renumbered=None if same else _renumbered(made_from.codes, plain.grids.codes),
    )
    return replace(plain, fast=patched)


# -- the district's outline -------------------------------------------------------------------------------------------


def _outline_stays(before: cover.Polygons, after: cover.Polygons, codes: Iterable[str]) -> bool:
    """Whether the changed grids surely fill the same place as before, vertex for vertex: then so do all grids together."""
    filled = []
    for polygons in (before, after):
        shapes = np.array(list(by_code(polygons, codes).values()), dtype=object)
        if not len(shapes) or not bool(shapely.coverage_is_valid(shapes)):
            return False
        filled.append(shapely.normalize(shapely.coverage_union_all(shapes)))
    return bool(shapely.equals_identical(*filled))


def _prepared(outline: Any) -> Any:
    shapely.prepare(outline)
    shapely.covers(outline, shapely.point_on_surface(outline))
    return outline


# -- answers ----------------------------------------------------------------------------------------------------------


def _others(positions: Ints, at: Ints) -> Ints:
    """Return the positions that are not among ``at``, which is ascending."""
    return positions[~_among(positions, at)]


def _among(positions: Ints, at: Ints) -> NDArray[np.bool_]:
    if not len(at):
        return np.zeros(len(positions), dtype=bool)
    found: NDArray[np.bool_] = at[np.minimum(np.searchsorted(at, positions), len(at) - 1)] == positions
    return found


def _replaced(before: Floats, at: Ints, part: Floats) -> Floats:
    if not before.flags.writeable and not part.flags.writeable:
        return before  # the same for every point
    whole = before.copy()
    whole[at] = part
    return whole


def _weighed(before: Weighed, at: Ints, part: Weighed, codes: Objects, renumbered: Int32s | None) -> Weighed:
    """Return what was weighed before but for the points at ``at``, and what was weighed of those now."""
    stay, named = ~_among(before.position, at), ~_among(before.named_position, at)
    place, kept = np.cumsum(stay) - 1, stay[before.shares[0]]
    given, polygon = before.given[stay], before.shares[1][kept]
    if renumbered is not None:
        given, polygon = renumbered[given].astype(np.int64), renumbered[polygon].astype(np.int64)
    return Weighed(
        position=np.concatenate([before.position[stay], at[part.position]]),
        given=np.concatenate([given, part.given]),
        shares=(
            np.concatenate([place[before.shares[0][kept]], part.shares[0] + int(stay.sum())]),
            np.concatenate([polygon, part.shares[1]]),
            np.concatenate([before.shares[2][kept], part.shares[2]]),
        ),
        grid_codes=codes,
        named_position=np.concatenate([before.named_position[named], at[part.named_position]]),
        named=np.concatenate([before.named[named], part.named]),
    )
