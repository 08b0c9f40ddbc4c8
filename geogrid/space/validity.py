"""One incoming geometry: can it be used, where is it wrong, and what was mended on the way in.

Only what cannot change the meaning is mended, and each mending is a note: repeated vertices, winding, Z and M, the snap
to the store's grid. Rings that cross are refused with the place, never repaired: a repair of a hostile ring can run for
minutes and guesses what was meant. Rings that cross only because our snap moved their vertices are laid on the grid so
that they do not.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geogrid.errors import (
    CoordLooksProjected,
    CoordNotFinite,
    CoordRange,
    CoordSwapped,
    GeometryEmpty,
    GeometryError,
    GeometryNested,
    GeometryRingOpen,
    GeometrySelfIntersection,
    GeometryTooLarge,
    GeometryType,
)
from geogrid.space.crs import SNAP_DECIMALS, snap_geometries

MOST_VERTICES = 20_000
SAME_PLACE_DEGREES = 1e-12


@dataclass(frozen=True)
class Checked:
    """A geometry fit for the store (lon/lat, 2-D, snapped) and the notes of what was mended, as (code, count)."""

    shape: Any
    notes: tuple[tuple[str, int], ...] = ()


def check_geometry(
    shape: Any,
    code: object,
    *,
    wanted: frozenset[str],
    most_vertices: int = MOST_VERTICES,
    likely_lonlat: tuple[float, float, float, float] | None = None,
) -> Checked:
    """Check one geometry on the datum of record and mend what is harmless.

    Parameters
    ----------
    shape : shapely geometry (lon, lat in degrees; not snapped, so that it is seen which faults are its own) or None
    code : its code or row, for messages; also a remark with ``words(language)``
    wanted : names of geometry types that are right here ("Polygon", "MultiPolygon", "Point", ...)
    most_vertices : a larger geometry is refused before anything slow is done with it
    likely_lonlat : (west, south, east, north) of where it should lie, to tell swapped axes from a distant place

    Raises
    ------
    GeometryEmpty, GeometryType, GeometryTooLarge, CoordNotFinite, CoordLooksProjected, CoordSwapped, CoordRange,
    GeometryRingOpen, GeometrySelfIntersection, GeometryNested

    Notes
    -----
    Codes of notes: ``z_dropped``, ``repeated_vertices``, ``winding``, ``snapped`` (vertices moved by the 1e-9 grid),
    ``laid_on_grid`` (sound, but not once every vertex was snapped by itself: parts narrower than the grid were closed).
    """
    if shape is None or shape.is_empty:
        raise GeometryEmpty(code=code)
    if shape.geom_type not in wanted:
        raise GeometryType(code=code, got=shape.geom_type, wanted=" or ".join(sorted(wanted)))
    vertices = int(shapely.get_num_coordinates(shape))
    if vertices > most_vertices:
        raise GeometryTooLarge(code=code, vertices=vertices, most=most_vertices)
    check_coordinates(shapely.get_coordinates(shape), likely_lonlat)
    try:
        mended, notes = _mend(shape, code)
        check_rings(mended, code)
    except GeometryError:
        laid = _laid_on_grid(shape)
        if laid is None or laid.geom_type not in wanted:
            raise
        mended, notes = laid, Counter(laid_on_grid=1)
    return Checked(mended, tuple(sorted(notes.items())))


def _laid_on_grid(shape: Any) -> Any | None:
    """Return a sound polygon or multipolygon on the 1e-9 degree grid by snap rounding; None where that cannot be.

    Vertices go where plain rounding puts them; only where an edge passes a vertex closer than the grid it gets that vertex
    too, and what is narrower than the grid vanishes. The work grows with the vertices, which are bounded; an unsound
    geometry is not touched.
    """
    if shape.geom_type not in {"Polygon", "MultiPolygon"} or not shapely.is_valid(shape):
        return None
    try:
        laid = shapely.set_precision(shapely.force_2d(shape), 10.0**-SNAP_DECIMALS)
    except shapely.errors.GEOSException:
        return None
    free = shapely.from_wkb(shapely.to_wkb(laid))  # without the grid, which every later operation would round to
    found = shapely.orient_polygons(snap_geometries(free).item())
    return found if shapely.is_valid(found) and found.area > 0.0 else None


def check_coordinates(lonlat: Any, likely_lonlat: tuple[float, float, float, float] | None = None) -> None:
    """Refuse vertices (n, 2) that are not degrees; the first wrong one is named.

    Raises CoordNotFinite, CoordLooksProjected (metres), CoordSwapped (latitude first: out of range, or in the likely
    place only when exchanged), CoordRange.
    """
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    _first(CoordNotFinite, ~(np.isfinite(lon) & np.isfinite(lat)), lonlat)
    _first(CoordLooksProjected, (np.abs(lon) > 1000.0) | (np.abs(lat) > 1000.0), lonlat)
    if likely_lonlat is not None and len(lonlat):
        west, south, east, north = likely_lonlat
        as_is = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        exchanged = (lat >= west) & (lat <= east) & (lon >= south) & (lon <= north)
        _first(CoordSwapped, ~as_is & exchanged, lonlat)
    _first(CoordSwapped, (np.abs(lat) > 90.0) & (np.abs(lat) <= 180.0) & (np.abs(lon) <= 90.0), lonlat)
    _first(CoordRange, (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0), lonlat)


def _first(error: type[Exception], wrong: Any, lonlat: Any) -> None:
    if wrong.any():
        lon, lat = (float(value) for value in lonlat[int(np.argmax(wrong))])
        raise error(lon=lon, lat=lat, where={"lonlat": [lon, lat]})  # type: ignore[call-arg]


def _mend(shape: Any, code: object) -> tuple[Any, Counter[str]]:
    notes: Counter[str] = Counter()
    if shapely.has_z(shape) or shapely.has_m(shape):
        notes["z_dropped"] = int(shapely.get_num_coordinates(shape))
        shape = shapely.force_2d(shape)
    snapped = snap_geometries(shape).item()
    moved = np.abs(shapely.get_coordinates(snapped) - shapely.get_coordinates(shape)).max(axis=1) > SAME_PLACE_DEGREES
    if moved.any():
        notes["snapped"] = int(moved.sum())
    if shape.geom_type in {"Point", "MultiPoint"}:
        return snapped, notes
    _check_counts(snapped, code)
    cleaned = shapely.remove_repeated_points(snapped)
    repeated = int(shapely.get_num_coordinates(snapped) - shapely.get_num_coordinates(cleaned))
    if repeated:
        notes["repeated_vertices"] = repeated
    oriented = shapely.orient_polygons(cleaned)
    if not shapely.equals_identical(oriented, cleaned):
        notes["winding"] = 1
    return oriented, notes


def _check_counts(shape: Any, code: object) -> None:
    """Raise GeometryRingOpen for a ring of fewer than three different vertices: repairing it would mean inventing one."""
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        places = np.unique(shapely.get_coordinates(ring), axis=0)
        if len(places) < 3:
            lon, lat = (float(value) for value in places[0])
            raise GeometryRingOpen(code=code, vertices=len(places), lon=lon, lat=lat, where={"lonlat": [lon, lat]})


REASON = re.compile(r"(?P<reason>.*?)\s*\[(?P<lon>[-\d.e+]+) (?P<lat>[-\d.e+]+)\]")


def check_rings(shape: Any, code: object) -> None:
    """Refuse an invalid polygon or multipolygon with the reason and the place that GEOS finds; never mends it.

    Raises GeometrySelfIntersection, GeometryRingOpen, GeometryNested (holes and shells) or GeometryEmpty (no area).
    """
    if shape.geom_type not in {"Polygon", "MultiPolygon"}:
        return
    if not shapely.is_valid(shape):
        found = REASON.match(shapely.is_valid_reason(shape))
        reason = found["reason"] if found else "invalid"
        lon, lat = (float(found["lon"]), float(found["lat"])) if found else shapely.get_coordinates(shape)[0].tolist()
        where = {"lonlat": [lon, lat]}
        if "Too few points" in reason:
            raise GeometryRingOpen(code=code, vertices=2, lon=lon, lat=lat, where=where)
        if "Self-intersection" in reason:
            raise GeometrySelfIntersection(code=code, lon=lon, lat=lat, where=where)
        raise GeometryNested(code=code, lon=lon, lat=lat, reason=reason, where=where)
    if shape.area == 0.0:
        raise GeometryEmpty(code=code)
