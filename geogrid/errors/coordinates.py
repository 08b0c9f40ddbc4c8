"""What can be wrong with the coordinates of a point."""

from __future__ import annotations

from geogrid.errors.family import CoordError


class CoordNotFinite(CoordError):
    """The coordinates are not finite numbers. Send longitude and latitude in decimal degrees."""

    code = "coord.not_finite"


class CoordType(CoordError):
    """A coordinate must be a number, not {got}. Send 126.6, not "126.6"."""

    code = "coord.type"


class CoordRange(CoordError):
    """The coordinates {lon}, {lat} are outside the range of longitude and latitude."""

    code = "coord.range"


class CoordNullIsland(CoordError):
    """The coordinates are 0, 0: the device had no position. Wait for a position or tap the place on the map."""

    code = "coord.null_island"


class CoordSwapped(CoordError):
    """Longitude and latitude look swapped: did you mean longitude {lat}, latitude {lon}? Send longitude first."""

    code = "coord.swapped"


class CoordFar(CoordError):
    """The place {lon}, {lat} is {distance_km} km away from the district. Check the place and the coordinate system."""

    code = "coord.far"


class CoordLooksProjected(CoordError):
    """The coordinates {lon}, {lat} look like metres, not degrees. State the coordinate system or convert them first."""

    code = "coord.looks_projected"


class DatumUnknown(CoordError):
    """The coordinate system {datum!r} is unknown or not stated. State one of: {known}."""

    code = "coord.datum"


class AccuracyInvalid(CoordError):
    """The accuracy {accuracy_m} m is not usable. Send metres above 0 and up to {most_m}, or leave it out."""

    code = "coord.accuracy"


class DatumMissing(DatumUnknown):
    """State the coordinate system (datum) of the point, one of: {known}."""

    code = "coord.datum_missing"


class AccuracyType(AccuracyInvalid):
    """The accuracy must be a number of metres, not {got}. Send 12, not "12"."""

    code = "coord.accuracy_type"


class CoordText(CoordError):
    """{got!r} is not a decimal number. Send decimal degrees with digits 0-9 and a point, such as 126.6."""

    code = "coord.text"
