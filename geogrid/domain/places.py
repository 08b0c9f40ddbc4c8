"""Places: datums, units of the administrative tree, points as they were reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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


class NamedKind(LabelledEnum):
    """Kinds of things whose former names are kept."""

    UNIT = "unit", "Unit"
    GRID = "grid", "Base grid"
    ROAD = "road", "Road"
    PLACE = "place", "Place"


class PlacePrecision(LabelledEnum):
    """How exact a place found from words is, the most exact first."""

    ADDRESS = "address", "House number"
    CROSSING = "crossing", "Crossing of two streets"
    INTERPOLATED = "interpolated", "House number, estimated from its neighbours"
    LANDMARK = "landmark", "Landmark"
    OFFSET = "offset", "So far from a landmark, number or crossing"
    BETWEEN = "between", "Street between two others"
    STREET = "street", "Street"
    GRID = "grid", "Base grid"
    SETTLEMENT = "settlement", "Settlement"
    VILLAGE = "village", "Village or community"
    TOWNSHIP = "township", "Township or street"


class NameMatch(LabelledEnum):
    """How a part of an address fits what the gazetteer knows."""

    EXACT = "exact", "as named"
    OLD_NAME = "old_name", "an old name"
    OTHER_NAME = "other_name", "another name of it"
    SHORT = "short", "the short form"
    SOUND = "sound", "by its sound"
    TYPO = "typo", "one character differs"
    PART = "part", "a part of the name"
    BETWEEN = "between", "between the numbers known"
    NEAREST = "nearest", "the nearest number known"
    ELSEWHERE = "elsewhere", "lies elsewhere"


@dataclass(frozen=True)
class FormerName:
    """A name that a thing had: the thing by ``code``, or, where that is not known, by the ``name`` it has now.

    ``from_date`` and ``to_date`` (excluded) say when it was in use, None where that is not known.
    """

    kind: NamedKind
    old_name: str
    code: str = ""
    name: str = ""
    from_date: date | None = None
    to_date: date | None = None
    source: str = ""

    @property
    def years(self) -> str:
        """When it was in use, as years: ``1998–2011``, ``–2011``; empty where neither end is known."""
        ends = ["" if at is None else str(at.year) for at in (self.from_date, self.to_date)]
        return "–".join(ends) if any(ends) else ""


@dataclass(frozen=True)
class MatchedPart:
    """One part of an address in words: what was ``said``, what was ``found`` for it, and how the two fit.

    ``years`` says of a former name when it was in use ("" where that is not known).
    """

    part: PlacePrecision | Level
    said: str
    found: str
    match: NameMatch
    years: str = ""


@dataclass(frozen=True)
class PlaceCandidate:
    """A place that words could mean.

    Attributes
    ----------
    name : the place in full: township, village, street or settlement, number
    point_lonlat : degrees of record
    radius_m : the disc that is meant to hold the true place, nine times in ten, if the words mean this place
    confidence : 0 to 1, that the words mean this place
    village_code : the village or community it lies in, None where none is known
    reason : which parts of the words fit, and which do not
    """

    name: str
    point_lonlat: tuple[float, float]
    precision: PlacePrecision
    radius_m: float
    confidence: float
    village_code: str | None
    reason: tuple[MatchedPart, ...]


@dataclass(frozen=True)
class ConfirmedPlace:
    """A candidate that a person confirmed as what the words of a report mean: as it was shown, reasons in their language."""

    name: str
    point_lonlat: tuple[float, float]
    precision: PlacePrecision
    radius_m: float
    confidence: float
    reason: tuple[str, ...] = ()


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
