"""Three readings of the register: as recorded, as of an instant, recast to the grids of another edition; what they count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geogrid.domain.labelled import LabelledEnum


class Reading(LabelledEnum):
    """Whose word counts for the place of an event."""

    RECORDED = "recorded", "As recorded"
    AS_OF = "as-of", "As of an instant"
    RECAST = "recast", "Recast to an edition"


class CountLevel(LabelledEnum):
    """What events are counted by."""

    GRID = "grid", "Base grid"
    VILLAGE = "village", "Village"
    TOWNSHIP = "township", "Township"
    DISTRICT = "district", "District"
    DEPARTMENT = "department", "Department grid"
    STATION = "station", "Nearest station"


class Period(LabelledEnum):
    """Stretches of the district's local time; a week begins on Monday."""

    DAY = "day", "Day"
    WEEK = "week", "Week"
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"
    YEAR = "year", "Year"


class Part(LabelledEnum):
    """What counts can be parted by besides place and period."""

    CHANNEL = "channel", "Channel"
    KIND = "kind", "Kind"
    STATE = "state", "Stage"


class Bucket(LabelledEnum):
    """How an event came to its place, or why it has none. The first seven are the rules of assignment."""

    INSIDE = "inside", "Inside"
    BORDER = "border", "On a border"
    GAP = "gap", "In a gap"
    OVERLAP = "overlap", "In an overlap"
    OUTSIDE = "outside", "Outside"
    UNLOCATED = "unlocated", "Without a position"
    PLACED = "placed", "Placed by hand"
    NOT_RECASTABLE = "not_recastable", "Cannot be recast"
    NOT_YET = "not_yet", "Not in the register then"


class NoHeir(LabelledEnum):
    """Why the word of a person cannot be carried to another edition."""

    DIVIDED = "divided", "The grid went to several grids"
    PARTLY = "partly", "Part of the grid is in no grid any more"
    GONE = "gone", "Nothing of the grid is in a grid any more"


@dataclass(frozen=True)
class Asked:
    """What is to be counted.

    ``start`` (included) and ``end`` (excluded) bound the time of the report, None: open. ``edition`` names the one to recast
    to, None: the one in force; ``as_of`` is the instant of AS_OF, None: now. ``flow`` asks what moved between places.
    """

    reading: Reading = Reading.RECORDED
    by: CountLevel = CountLevel.GRID
    edition: str | None = None
    as_of: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    period: Period | None = None
    parts: tuple[Part, ...] = ()
    flow: bool = False


@dataclass(frozen=True)
class Count:
    """Events of one place (``code``, None: no place at this level) and one cell of the parts asked for.

    ``period`` is the first local day, ISO 8601; ``recorded`` the number as recorded, ``counted`` that of the reading.
    """

    code: str | None
    period: str | None
    parts: tuple[str, ...]
    recorded: int
    counted: int


@dataclass(frozen=True)
class Moved:
    """Events that have ``old_code`` as recorded and ``new_code`` in the reading; for None the bucket says why."""

    old_code: str | None
    new_code: str | None
    old_bucket: Bucket | None
    new_bucket: Bucket | None
    events: int


@dataclass(frozen=True)
class NotRecast:
    """An event placed by hand whose grid has no sole heir in the edition; ``heirs`` are the codes it went to."""

    event_id: UUID
    number: str
    grid_code: str
    edition: str
    reason: NoHeir
    heirs: tuple[str, ...]


@dataclass(frozen=True)
class Counts:
    """A reading, counted. ``total`` is the number of all events of the period; the sums of both readings equal it.

    Attributes
    ----------
    edition : name of the edition recast to, None for the other readings
    last_step : id of the last step of the register that was read
    buckets : for each bucket (as recorded, in the reading)
    counts : by code, period, parts; those without a place last. By department grid an event counts once for each *set* of
        department grids that it lies in: the code then is the codes joined by ``;``, so that every event counts once
    moved : with ``flow``, every pair of places, also those that stayed; empty without
    not_recast : the first of those that cannot be recast; ``buckets`` has how many there are
    """

    asked: Asked
    edition: str | None
    total: int
    last_step: int
    buckets: dict[Bucket, tuple[int, int]]
    counts: tuple[Count, ...]
    moved: tuple[Moved, ...]
    not_recast: tuple[NotRecast, ...]
