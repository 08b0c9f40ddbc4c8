"""What can be wrong with a geometry, or with a frame of them."""

from __future__ import annotations

from geogrid.errors.family import WORDS, GeometryError, InputError


class GeometrySelfIntersection(GeometryError):
    """The border of {code} crosses itself at {lon}, {lat}. Mend it in a GIS and load it again."""

    code = "geom.self_intersection"


class GeometryEmpty(GeometryError):
    """The geometry of {code} is empty or has no area."""

    code = "geom.empty"


class GeometryType(GeometryError):
    """{code} is a {got}; {wanted} is needed here."""

    code = "geom.type"


class GeometryTooLarge(GeometryError):
    """The geometry of {code} has {vertices} vertices, more than {most}. Simplify it with a coverage-aware tool."""

    code = "geom.too_large"


class FrameInvalid(InputError):
    """The {what} cannot be used: {reason}."""

    code = "frame.invalid"
    worded = WORDS | {"what"}


class FrameWithoutCrs(InputError):
    """The {what} do not state their coordinate system. Set it (frame.set_crs) or state the datum; it is never guessed."""

    code = "frame.no_crs"


class GeometryRingOpen(GeometryError):
    """A ring of {code} has only {vertices} different vertices at {lon}, {lat}; a border needs three or more."""

    code = "geom.ring_open"


class GeometryNested(GeometryError):
    """The rings of {code} do not fit together at {lon}, {lat}: {reason}. Mend it in a GIS and load it again."""

    code = "geom.rings"
