"""Places: datums, units of the administrative tree, points as they were reported."""

from __future__ import annotations

from dataclasses import dataclass

from geogrid.domain.labelled import LabelledEnum


class Datum(LabelledEnum):
    """The coordinate system in which a point was stated. A point whose datum is not known is not a location."""

    CGCS2000 = "cgcs2000", "CGCS2000"
    WGS84 = "wgs84", "WGS 84"
    GCJ02 = "gcj02", "GCJ-02"
    BD09 = "bd09", "BD-09"


class Level(LabelledEnum):
    """Levels of the administrative tree above the base grid."""

    DISTRICT = "district", "District"
    TOWNSHIP = "township", "Township or street"
    VILLAGE = "village", "Village or community"


class UnitKind(LabelledEnum):
    """What a unit is called; the range of its code says the same (streets 001-099, towns 100-199, townships 200-399)."""

    DISTRICT = "district", "District"
    STREET = "street", "Street"
    TOWN = "town", "Town"
    TOWNSHIP = "township", "Township"
    COMMUNITY = "community", "Community"
    VILLAGE = "village", "Village"


class PlaceKind(LabelledEnum):
    """Kinds of named places that the base map and the gazetteer know."""

    WATER = "water", "Water"
    SETTLEMENT = "settlement", "Settlement"
    LANDMARK = "landmark", "Landmark"
    ADDRESS = "address", "Address point"
    ROAD_NAME = "road_name", "Road"


@dataclass(frozen=True)
class ReportedPoint:
    """A point as a stranger stated it.

    ``lon`` and ``lat`` are degrees in ``datum``; ``accuracy_m`` is the radius in metres of the disc said to hold the
    true place, or None where none was given. ``z_dropped`` says that a height came with it, which is not kept.
    """

    lon: float
    lat: float
    datum: Datum
    accuracy_m: float | None = None
    z_dropped: bool = False
