"""Is this a tiling? Gaps, overlaps and slivers of a set of polygons, each with its area in m², a place and the codes concerned.

Quick where all is well: GEOS checks a coverage edge by edge. Only where that finds something are pairs intersected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geogrid.errors import GeometryEmpty, GeometryType
from geogrid.space import crs
from geogrid.space.columns import POLYGONAL
from geogrid.space.cover import LONGEST_EDGE_DEGREES
from geogrid.space.validity import check_rings

Objects = NDArray[np.object_]

SLIVER_WIDTH_M = 1.0  # mean width 2 * area / perimeter: nobody can stand in it
MOST_CODES = 20


@dataclass(frozen=True)
class CoverageFault:
    """One fault: ``kind`` is gap, overlap or sliver.

    ``codes`` are the polygons concerned (at a gap its neighbours, the lowest 20), ``area_m2`` and ``width_m`` (twice the area
    over the perimeter) are measured in the metric zone, ``point_lonlat`` lies in the fault, ``shape`` is its polygon (lon/lat).
    """

    kind: str
    codes: tuple[str, ...]
    area_m2: float
    width_m: float
    point_lonlat: tuple[float, float]
    shape: Any


@dataclass(frozen=True)
class CoverageReport:
    """What :func:`check` found, each kind by falling area.

    ``is_exact`` says that neighbours share their vertices to the bit, as simplifying for the map needs; it can be false
    while no fault exceeds the tolerance.
    """

    gaps: tuple[CoverageFault, ...]
    overlaps: tuple[CoverageFault, ...]
    slivers: tuple[CoverageFault, ...]
    is_exact: bool

    @property
    def is_tiling(self) -> bool:
        """Whether there is neither gap nor overlap above the tolerance."""
        return not self.gaps and not self.overlaps


def check(
    codes: ArrayLike, geoms: ArrayLike, *, within: Any | None = None, metric_srid: int, tolerance_m2: float
) -> CoverageReport:
    """Check a set of polygons as a tiling.

    Parameters
    ----------
    codes : array_like (n,) of str
    geoms : array_like (n,) of polygons and multipolygons, lon/lat of record, each valid by itself
    within : the territory that should be covered (lon/lat); its remainder counts as gaps. None: the holes of the union do
    metric_srid : EPSG code of the zone in which areas are measured
    tolerance_m2 : gaps and overlaps up to this area are not reported

    Raises
    ------
    GeometryEmpty, GeometryType, and what ``validity.check_rings`` raises, naming the code

    Notes
    -----
    A sliver is a part of a polygon itself whose mean width is below 1 m: the leftover of a careless split.
    """
    names = np.array([str(code) for code in np.asarray(codes, dtype=object)], dtype=object)
    shapes = np.asarray(geoms, dtype=object)
    _check_each(names, shapes)
    if len(shapes) == 0:
        return CoverageReport(_gaps(names, shapes, [within] if within else [], metric_srid, tolerance_m2), (), (), True)
    is_exact = bool(shapely.coverage_is_valid(shapes))
    union = shapely.coverage_union_all(shapes) if is_exact else shapely.union_all(shapes)
    missing = _holes(union) if within is None else [shapely.difference(within, union)]
    return CoverageReport(
        gaps=_gaps(names, shapes, missing, metric_srid, tolerance_m2),
        overlaps=() if is_exact else _overlaps(names, shapes, metric_srid, tolerance_m2),
        slivers=_slivers(names, shapes, metric_srid),
        is_exact=is_exact,
    )


def _check_each(codes: Objects, shapes: Objects) -> None:
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        raise GeometryEmpty(code=codes[int(np.argmax(empty))])
    for code, shape in zip(codes, shapes, strict=True):
        if shape.geom_type not in POLYGONAL:
            raise GeometryType(code=code, got=shape.geom_type, wanted=" or ".join(sorted(POLYGONAL)))
    for wrong in np.flatnonzero(~shapely.is_valid(shapes)):
        check_rings(shapes[wrong], codes[wrong])


def _holes(union: Any) -> list[Any]:
    rings = [ring for part in shapely.get_parts(union) for ring in part.interiors]
    return [shapely.difference(shapely.polygons(ring), union) for ring in rings]


def _gaps(codes: Objects, shapes: Objects, missing: Sequence[Any], srid: int, tolerance_m2: float) -> tuple[CoverageFault, ...]:
    parts = [part for area in missing for part in _polygonal_parts(area)]
    tree = shapely.STRtree(shapes)
    near = [tuple(sorted(codes[tree.query(part, predicate="intersects")])[:MOST_CODES]) for part in parts]
    return _faults("gap", near, parts, srid, least_m2=tolerance_m2)


def _overlaps(codes: Objects, shapes: Objects, srid: int, tolerance_m2: float) -> tuple[CoverageFault, ...]:
    """Intersect the pairs of which one has an edge that does not fit; a pair's parts are one fault."""
    misfits = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    first, other = shapely.STRtree(shapes).query(shapes[misfits], predicate="intersects")
    pairs = np.unique(np.sort(np.column_stack([misfits[first], other]), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    pairs = pairs[shapely.relate_pattern(shapes[pairs[:, 0]], shapes[pairs[:, 1]], "T********")]
    shared = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    found = [shapely.multipolygons(_polygonal_parts(area)) for area in shared]
    return _faults("overlap", [tuple(sorted(codes[pair])) for pair in pairs], found, srid, least_m2=tolerance_m2)


def _slivers(codes: Objects, shapes: Objects, srid: int) -> tuple[CoverageFault, ...]:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    metric = crs.to_metric(parts, srid)
    thin = 2.0 * shapely.area(metric) < SLIVER_WIDTH_M * shapely.length(metric)
    return _faults("sliver", [(code,) for code in codes[owner[thin]]], list(parts[thin]), srid, least_m2=-1.0)


def _polygonal_parts(area: Any) -> list[Any]:
    return [part for part in shapely.get_parts(shapely.get_parts(area)) if part.geom_type == "Polygon" and not part.is_empty]


def _faults(
    kind: str, codes: Iterable[tuple[str, ...]], shapes: Sequence[Any], srid: int, least_m2: float
) -> tuple[CoverageFault, ...]:
    """Measure the shapes; keep those larger than ``least_m2``, the largest first."""
    found = []
    for concerned, shape in zip(codes, shapes, strict=True):
        metric = crs.to_metric(shapely.segmentize(shape, LONGEST_EDGE_DEGREES), srid).item()
        if shape.is_empty or metric.area <= least_m2:
            continue
        place = shapely.point_on_surface(shape)
        width_m = 2.0 * metric.area / metric.length
        found.append(CoverageFault(kind, concerned, float(metric.area), float(width_m), (place.x, place.y), shape))
    return tuple(sorted(found, key=lambda fault: (-fault.area_m2, fault.codes)))
