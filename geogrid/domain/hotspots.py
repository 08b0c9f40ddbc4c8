"""Hotspots: of which kind, over which period, found with what numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from geogrid.domain.events import EventKind
from geogrid.domain.labelled import LabelledEnum

SAME_WEEKS = timedelta(weeks=52)  # 364 days: weekdays fall on weekdays


class HotspotKind(LabelledEnum):
    """Against what a place stands out."""

    STANDING = "standing", "More than such grids usually have"
    RISING = "rising", "More than it had before"


class Against(LabelledEnum):
    """The period that another is compared with."""

    PREVIOUS = "previous", "The period before, as long"
    LAST_YEAR = "last-year", "The same weeks of last year"


@dataclass(frozen=True)
class Period:
    """From ``start`` to before ``end``, both aware."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        """Length in days of 24 hours."""
        return (self.end - self.start) / timedelta(days=1)

    def compared(self, against: Against) -> Period:
        """Return the period that this one is compared with.

        The previous period keeps nothing of the season equal; the same weeks of last year (364 days earlier) keep season and
        weekdays, but not holidays of the lunar calendar.
        """
        back = self.end - self.start if against is Against.PREVIOUS else SAME_WEEKS
        return Period(self.start - back, self.end - back)


@dataclass(frozen=True)
class Change:
    """Events of a place now and in the period compared with, and what chance would make of it.

    ``ratio`` is now to before, each per day; None where there was nothing before. ``p`` is exact and two-sided; ``q`` is ``p``
    adjusted for all places compared.
    """

    before: int
    ratio: float | None
    p: float
    q: float


@dataclass(frozen=True)
class Hotspot:
    """A group of neighbouring grids that stands out.

    Attributes
    ----------
    rank : from 1, by how surely it stands out
    name : what is there; never empty
    codes : codes of its grids
    events, usual, ratio : counted; to be expected (of such grids, or of itself before); one to the other, None without usual
    p : the probability that chance alone makes any place of the district stand out as much
    households, per_1000, smoothed_per_1000 : of its grids; events per 1,000 households, as counted and with small numbers
        drawn to the district's rate; None where the grids have no households
    prevailing, prevailing_events : the kind of event that is most frequent, None where kinds are not known
    heart_lonlat : where its events are densest, degrees of record
    change : against the period compared with, None where there is none
    """

    rank: int
    kind: HotspotKind
    name: str
    codes: tuple[str, ...]
    events: int
    usual: float
    ratio: float | None
    p: float
    households: int
    per_1000: float | None
    smoothed_per_1000: float | None
    prevailing: EventKind | None
    prevailing_events: int
    heart_lonlat: tuple[float, float]
    change: Change | None = None
