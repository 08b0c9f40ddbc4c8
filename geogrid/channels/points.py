"""Points as strangers state them: every way in which a pair of numbers is not a place has its own code."""

from __future__ import annotations

import math
import re
from typing import Any

from geogrid.channels.words import kind_of, shown
from geogrid.domain.places import Datum, ReportedPoint
from geogrid.domain.profiles import Profile
from geogrid.errors import (
    AccuracyInvalid,
    AccuracyType,
    CoordLooksProjected,
    CoordNotFinite,
    CoordNullIsland,
    CoordRange,
    CoordSwapped,
    CoordText,
    CoordType,
    DatumMissing,
    FieldMissing,
)
from geogrid.space.crs import parse_datum

PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?", re.ASCII)  # a number in quotes; other text is degrees and minutes, or worse
NULL_ISLAND_DEGREES = 1e-6
METRES_FROM = 1000.0  # beyond this it is no mistyped degree any more
NEAR_DEGREES = 3.0  # exchanged coordinates count as meant where they fall this near to the district's centre


def checked_point(
    lon: Any, lat: Any, datum: Any, accuracy_m: Any = None, *, profile: Profile, under: str = "point."
) -> ReportedPoint:
    """Return the point as stated, once it can be one.

    Parameters
    ----------
    lon, lat : anything; only finite numbers (no text, no booleans) in the range of degrees pass
    datum : a name of the coordinate system; None is refused, never guessed
    accuracy_m : radius in metres, or None; up to the profile's ``most_accuracy_m``
    under : what stands before lon and lat in the place that an error names

    Raises
    ------
    FieldMissing, CoordText, CoordType, CoordNotFinite, CoordNullIsland, CoordLooksProjected, CoordSwapped, CoordRange,
    DatumMissing, DatumUnknown, AccuracyType, AccuracyInvalid
    """
    east, north = _number(lon, f"{under}lon"), _number(lat, f"{under}lat")
    values: dict[str, Any] = {"lon": east, "lat": north, "where": {"path": under.rstrip(".") or "lon", "lonlat": [east, north]}}
    if abs(east) < NULL_ISLAND_DEGREES and abs(north) < NULL_ISLAND_DEGREES:
        raise CoordNullIsland(**values)
    if max(abs(east), abs(north)) > METRES_FROM:
        raise CoordLooksProjected(**values)
    if _near(north, east, profile) and not _near(east, north, profile):
        raise CoordSwapped(**values)
    if abs(east) > 180.0 or abs(north) > 90.0:
        raise CoordRange(**values)
    if datum is None or datum == "":
        raise DatumMissing(known=", ".join(Datum.codes()), where={"path": "datum"})
    return ReportedPoint(east, north, parse_datum(shown(datum)), _accuracy(accuracy_m, profile))


def _number(value: Any, path: str) -> float:
    where = {"path": path}
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value):
        raise CoordText(got=shown(value), where=where)
    if value is None:
        raise FieldMissing(field=where["path"], where=where)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CoordType(got=kind_of(value), where=where)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise CoordNotFinite(where=where)
    return number


def _near(lon: float, lat: float, profile: Profile) -> bool:
    centre_lon, centre_lat = profile.centre_lonlat
    return abs(lon - centre_lon) < NEAR_DEGREES and abs(lat - centre_lat) < NEAR_DEGREES


def _accuracy(value: Any, profile: Profile) -> float | None:
    if value is None:
        return None
    error = AccuracyInvalid(accuracy_m=shown(value), most_m=int(profile.most_accuracy_m), where={"path": "accuracy_m"})
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AccuracyType(got=kind_of(value), where={"path": "accuracy_m"})
    if not 0 < value <= profile.most_accuracy_m:  # NaN fails both
        raise error
    return float(value)
