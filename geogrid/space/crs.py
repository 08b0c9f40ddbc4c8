"""The only file that knows coordinate systems, their axis order and their SRIDs.

Everything here is lon/lat (x/y) order: transformers are made with ``always_xy``, because the registry orders EPSG:4490
and the Chinese Gauss-Krüger zones north/east.

Datums: WGS 84 and CGCS2000 coincide at the accuracy of this work (a few centimetres) and are relabelled, not shifted.
GCJ-02 (map SDKs) and BD-09 (Baidu) are shifts of WGS 84 by published formulas; their inverses are found by fixed-point
steps on the forward formula. Both leave places outside a rough box around China as they are.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod, Transformer
from pyproj.exceptions import CRSError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from geogrid.domain.places import Datum
from geogrid.errors import CoordNotFinite, CoordRange, DatumUnknown

SRID_STORED = 4490  # CGCS2000 geographic, degrees: the datum of record
SRID_WGS84 = 4326
SRID_WEB_MERCATOR = 3857  # for tiles only; never measure in it

SNAP_DECIMALS = 9  # stored coordinates lie on a grid of 1e-9 degree, about 0.1 mm
GEOD = Geod(ellps="GRS80")  # CGCS2000's ellipsoid is GRS80's to 0.1 mm; geodesic distances are measured on it

FIRST_ZONE_SRID = 4534  # CGCS2000 / 3-degree Gauss-Krüger CM 75E; the zones follow in steps of 3 degrees
FIRST_ZONE_LON, LAST_ZONE = 75.0, 20
CHINA_ZONES_LON = (73.5, 136.5)

Floats = NDArray[np.float64]
Shift = Callable[[Floats, Floats], tuple[Floats, Floats]]


@lru_cache(maxsize=64)
def transformer(source_srid: int | str, target_srid: int) -> Transformer:
    """Return the cached transformer from an EPSG code (or WKT) to an EPSG code, x/y (lon/lat, east/north) on both sides."""
    return Transformer.from_crs(source_srid, target_srid, always_xy=True)


def transformer_to_record(source: str, x: ArrayLike, y: ArrayLike) -> tuple[Transformer, bool]:
    """Return the transformer (x/y to lon/lat of record) that serves best where the points lie, and whether it knows the shift.

    PROJ's registry names no shift from other datums to CGCS2000, so that it would take them for equal, off by 100 m and
    more; to WGS 84, which coincides with CGCS2000, it names many, each for its area. False: it names none there either.

    Parameters
    ----------
    source : a coordinate system as WKT or ``EPSG:n``
    x, y : east and north, or lon and lat, in ``source``
    """
    lon, lat = transformer(source, SRID_WGS84).transform(np.asarray(x, float), np.asarray(y, float))
    usable = np.isfinite(lon) & np.isfinite(lat)
    area = None
    if usable.any():
        area = AreaOfInterest(lon[usable].min(), lat[usable].min(), lon[usable].max(), lat[usable].max())
    for target in (SRID_STORED, SRID_WGS84):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a grid of shifts that is not installed: the next best is taken
            known = TransformerGroup(source, target, always_xy=True, area_of_interest=area).transformers
        if known and "Ballpark" not in known[0].description:
            return known[0], True
    return transformer(source, SRID_WGS84), False


# -- datums -----------------------------------------------------------------------------------------------------------

DATUM_NAMES = {
    "cgcs2000": Datum.CGCS2000,
    "epsg4490": Datum.CGCS2000,
    "4490": Datum.CGCS2000,
    "wgs84": Datum.WGS84,
    "epsg4326": Datum.WGS84,
    "4326": Datum.WGS84,
    "crs84": Datum.WGS84,
    "gcj02": Datum.GCJ02,
    "bd09": Datum.BD09,
    "bd09ll": Datum.BD09,
}


def parse_datum(name: object) -> Datum:
    """Return the datum called ``name`` ("GCJ-02", "wgs84", "EPSG:4490" ...); raises DatumUnknown, also for None: no guesses."""
    if isinstance(name, Datum):
        return name
    key = re.sub(r"[\s:_.-]", "", name).lower() if isinstance(name, str) else ""
    if key not in DATUM_NAMES:
        raise DatumUnknown(datum=name, known=", ".join(Datum.codes()), where={"path": "datum"})
    return DATUM_NAMES[key]


def snap(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return lon and lat (degrees) on the 1e-9 degree grid of the store; negative zero becomes zero."""
    return tuple(np.round(np.asarray(value, float), SNAP_DECIMALS) + 0.0 for value in (lon, lat))  # type: ignore[return-value]


def snap_geometries(geometries: ArrayLike) -> NDArray[np.object_]:
    """Return the geometries (lon/lat) with every vertex on the 1e-9 degree grid; Z and M are dropped."""
    return np.asarray(shapely.transform(shapely.force_2d(geometries), lambda xy: np.round(xy, SNAP_DECIMALS) + 0.0))


def to_record(lon: ArrayLike, lat: ArrayLike, datum: Datum | str) -> tuple[Floats, Floats]:
    """Convert points stated in ``datum`` to the datum of record, snapped to the store's grid.

    Parameters
    ----------
    lon, lat : array_like of degrees in ``datum``, equal shapes
    datum : Datum or its name

    Returns
    -------
    lon, lat : float arrays of degrees, CGCS2000 (EPSG:4490), on the 1e-9 degree grid. Not finite stays not finite.

    Raises
    ------
    DatumUnknown
    """
    return snap(*to_record_exactly(lon, lat, datum))


def to_record_exactly(lon: ArrayLike, lat: ArrayLike, datum: Datum | str) -> tuple[Floats, Floats]:
    """Convert as :func:`to_record`, not snapped: for areas, which must be looked at before their vertices move."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    source = parse_datum(datum)
    if source is Datum.BD09:
        x, y = _inverse(_gcj_to_bd, x, y)
    if source in {Datum.BD09, Datum.GCJ02}:
        x, y = _inverse(_wgs_to_gcj, x, y)
    return x, y


def from_record(lon: ArrayLike, lat: ArrayLike, datum: Datum | str) -> tuple[Floats, Floats]:
    """Convert points of record (CGCS2000 degrees) to ``datum``, not snapped; the inverse of :func:`to_record` to below 1 mm."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    target = parse_datum(datum)
    if target in {Datum.BD09, Datum.GCJ02}:
        x, y = _wgs_to_gcj(x, y)
    if target is Datum.BD09:
        x, y = _gcj_to_bd(x, y)
    return x, y


GCJ_AXIS_M = 6378245.0  # Krasovsky 1940: the published GCJ-02 formula rests on it
GCJ_E2 = 0.00669342162296594323
CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)  # the box inside which map SDKs shift; GCJ-02 equals WGS 84 outside


def _wgs_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift WGS 84 to GCJ-02 (degrees), by the published polynomial and sine terms around 105 E 35 N."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    shared = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (shared + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (shared + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    squeeze = 1.0 - GCJ_E2 * np.sin(np.radians(lat)) ** 2
    dlat = np.degrees(north_m / (GCJ_AXIS_M * (1.0 - GCJ_E2) / squeeze**1.5))
    dlon = np.degrees(east_m / (GCJ_AXIS_M / np.sqrt(squeeze) * np.cos(np.radians(lat))))
    west, south, east, north = CHINA_BOX
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return np.where(inside, lon + dlon, lon), np.where(inside, lat + dlat, lat)


def _gcj_to_bd(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift GCJ-02 to BD-09 (degrees), by the published formula: a small turn, stretch and offset."""
    wave = np.pi * 3000.0 / 180.0
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * wave)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * wave)
    west, south, east, north = CHINA_BOX
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return np.where(inside, radius * np.cos(angle) + 0.0065, lon), np.where(inside, radius * np.sin(angle) + 0.006, lat)


FIXED_POINT_STEPS = 3  # after the first guess; leaves 0.1 mm


def _inverse(forward: Shift, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Invert a small smooth shift: a first guess by subtracting the shift at the target, then three fixed-point steps."""
    x, y = lon, lat
    for _ in range(1 + FIXED_POINT_STEPS):
        shifted_x, shifted_y = forward(x, y)
        with np.errstate(invalid="ignore"):  # infinity stays no place, and is told as such by who checks
            x, y = x - (shifted_x - lon), y - (shifted_y - lat)
    return x, y


# -- metric zones -----------------------------------------------------------------------------------------------------


def local_utm_srid(lon: float, lat: float) -> int:
    """Return the EPSG code of the plain 6-degree UTM zone (WGS 84) at a place; raises CoordNotFinite, CoordRange."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise CoordNotFinite(where={"lonlat": [lon, lat]})
    if not (-180.0 <= lon <= 180.0 and -80.0 <= lat <= 84.0):
        raise CoordRange(lon=lon, lat=lat, where={"lonlat": [lon, lat]})
    zone = min(int((lon + 180.0) // 6.0) + 1, 60)
    return (32600 if lat >= 0 else 32700) + zone


def default_metric_srid(lon: float, lat: float | None = None) -> int:
    """Return the metric zone to measure in where no profile names one.

    Between 73.5 and 136.5 E it is the CGCS2000 3-degree Gauss-Krüger zone, 4534 + round((lon - 75) / 3). Elsewhere that
    formula would silently name wrong zones: then the local UTM zone at ``lat`` is returned, or, without ``lat``,
    CoordRange raised. A latitude that is not China's (0 to 56 N) takes UTM as well.
    """
    in_zones = CHINA_ZONES_LON[0] <= lon <= CHINA_ZONES_LON[1]
    if in_zones and (lat is None or 0.0 <= lat <= 56.0):
        return FIRST_ZONE_SRID + min(math.floor((lon - FIRST_ZONE_LON) / 3.0 + 0.5), LAST_ZONE)
    if lat is None:
        raise CoordRange(lon=lon, lat="?", where={"lonlat": [lon, None]})
    return local_utm_srid(lon, lat)


TRUE_WITHIN = 0.003  # UTM shrinks by 0.0004 at its middle, a 3-degree zone stretches by 0.0002 at its edge


def measures_true(srid: int, lon: float, lat: float) -> bool:
    """Whether a length measured in the zone ``srid`` at a place (degrees) is the geodesic one, to 0.3 %.

    False for the web map's 3857, for degrees, for a zone of another part of the world, and for a code that names none.
    """
    try:
        x, y = metric_xy([lon, lon, lon + 0.01], [lat, lat + 0.01, lat], srid)
    except (CRSError, CoordRange):
        return False
    measured = np.hypot(x[1:] - x[0], y[1:] - y[0])
    true = geodesic_m(lon, lat, [lon, lon + 0.01], [lat + 0.01, lat])
    return bool(np.all(np.abs(measured / true - 1.0) <= TRUE_WITHIN))


def to_metric(geometries: ArrayLike, srid: int) -> NDArray[np.object_]:
    """Project geometries (array of shapely, lon/lat of record) to metres of the zone ``srid``; None stays None.

    Raises CoordRange that names the first vertex the zone cannot hold.
    """
    return _project(geometries, SRID_STORED, srid)


def from_metric(geometries: ArrayLike, srid: int) -> NDArray[np.object_]:
    """Bring geometries in metres of the zone ``srid`` back to lon/lat of record, not snapped."""
    return _project(geometries, srid, SRID_STORED)


def metric_xy(lon: ArrayLike, lat: ArrayLike, srid: int, *, strict: bool = True) -> tuple[Floats, Floats]:
    """Project point arrays (lon/lat of record, degrees) to metres of the zone ``srid``.

    A point the zone cannot hold raises CoordRange, or, with ``strict`` False, becomes infinite.
    """
    return _project_xy(np.asarray(lon, float), np.asarray(lat, float), SRID_STORED, srid, strict)


def metric_one(lon: float, lat: float, srid: int) -> tuple[float, float]:
    """Project one point as :func:`metric_xy` does; infinite where the zone cannot hold it."""
    x_m, y_m = transformer(SRID_STORED, srid).transform(lon, lat)
    return float(x_m), float(y_m)


def lonlat_of(x_m: ArrayLike, y_m: ArrayLike, srid: int) -> tuple[Floats, Floats]:
    """Bring point arrays in metres of the zone ``srid`` back to lon/lat of record, not snapped."""
    return _project_xy(np.asarray(x_m, float), np.asarray(y_m, float), srid, SRID_STORED)


def _project(geometries: ArrayLike, source_srid: int, target_srid: int) -> NDArray[np.object_]:
    def transformation(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return _project_xy(x, y, source_srid, target_srid)

    return np.asarray(shapely.transform(geometries, transformation, interleaved=False))


def _project_xy(x: Floats, y: Floats, source_srid: int, target_srid: int, strict: bool = True) -> tuple[Floats, Floats]:
    u, v = transformer(source_srid, target_srid).transform(x, y)
    u, v = np.asarray(u, float), np.asarray(v, float)
    bad = np.flatnonzero(~(np.isfinite(u) & np.isfinite(v)))
    if strict and len(bad):
        lon, lat = float(np.ravel(x)[bad[0]]), float(np.ravel(y)[bad[0]])
        raise CoordRange(lon=lon, lat=lat, where={"lonlat": [lon, lat]})
    return u, v


def geodesic_m(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Return geodesic distances in metres on CGCS2000's ellipsoid between two arrays of points (degrees), broadcast."""
    a, b, c, d = np.broadcast_arrays(*(np.asarray(value, float) for value in (lon1, lat1, lon2, lat2)))
    _, _, distance = GEOD.inv(a.ravel(), b.ravel(), c.ravel(), d.ravel())
    return np.asarray(distance, float).reshape(a.shape)
