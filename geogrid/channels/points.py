"""Points as strangers state them: every way in which a pair of numbers is not a place has its own code."""

from __future__ import annotations

import math
import re
from typing import Any

from geogrid.channels.words import shown
from geogrid.domain.places import ReportedPoint
from geogrid.domain.profiles import Profile
from geogrid.errors import (
    AccuracyInvalid,
    CoordLooksProjected,
    CoordNotFinite,
    CoordNullIsland,
    CoordRange,
    CoordSwapped,
    CoordText,
    CoordType,
)
from geogrid.space.crs import parse_datum

PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?", re.ASCII)  # a number in quotes; other text is degrees and minutes, or worse
NULL_ISLAND_DEGREES = 1e-6
METRES_FROM = 1000.0  # beyond this it is no mistyped degree any more
NEAR_DEGREES = 3.0  # exchanged coordinates count as meant where they fall this near to the district's centre


def checked_point(lon: Any, lat: Any, datum: Any, accuracy_m: Any = None, *, profile: Profile) -> ReportedPoint:
    """Return the point as stated, once it can be one.

    Parameters
    ----------
    lon, lat : anything; only finite numbers (no text, no booleans) in the range of degrees pass
    datum : a name of the coordinate system; None is refused, never guessed
    accuracy_m : radius in metres, or None; up to the profile's ``most_accuracy_m``

    Raises
    ------
    CoordText, CoordType, CoordNotFinite, CoordNullIsland, CoordLooksProjected, CoordSwapped, CoordRange, DatumUnknown,
    AccuracyInvalid
    """
    east, north = _number(lon, "lon"), _number(lat, "lat")
    values: dict[str, Any] = {"lon": east, "lat": north, "where": {"path": "point", "lonlat": [east, north]}}
    if abs(east) < NULL_ISLAND_DEGREES and abs(north) < NULL_ISLAND_DEGREES:
        raise CoordNullIsland(**values)
    if max(abs(east), abs(north)) > METRES_FROM:
        raise CoordLooksProjected(**values)
    if _near(north, east, profile) and not _near(east, north, profile):
        raise CoordSwapped(**values)
    if abs(east) > 180.0 or abs(north) > 90.0:
        raise CoordRange(**values)
    return ReportedPoint(east, north, parse_datum(datum if datum is None else shown(datum)), _accuracy(accuracy_m, profile))


def _number(value: Any, name: str) -> float:
    where = {"path": f"point.{name}"}
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value):
        raise CoordText(got=shown(value), where=where)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CoordType(got="nothing" if value is None else f"{type(value).__name__} {shown(value)}", where=where)
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
        raise error
    if not 0 < value <= profile.most_accuracy_m:  # NaN fails both
        raise error
    return float(value)
