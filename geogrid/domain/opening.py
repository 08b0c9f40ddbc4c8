"""Which stations are capable and open: by level, kind of dispute, capacity and opening hours at an instant.

Hours are OpenStreetMap's ``opening_hours`` (read by the library opening-hours-py), in the district's own time; public
holidays (``PH``) are those that the library knows of the country. On a holiday of the calendar of work, hours that say nothing
of holidays are those of a Sunday: nobody sits at the counter on National Day because it is a Wednesday. A station that states no
hours, or hours that cannot be read, is not taken for open: that would be a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.stations import StationLevel

if TYPE_CHECKING:
    from opening_hours import OpeningHours

SUNDAY = 6
SEARCHED_DAYS = 400  # how far ahead the next opening is looked for
LEVELS = frozenset(level for level in StationLevel if level.is_nearest_candidate)


class Fitness(LabelledEnum):
    """Whether a station can take a matter, else the first reason why not."""

    FIT = "fit", "Capable and open"
    OTHER_LEVEL = "other_level", "Of another level"
    OTHER_INDUSTRY = "other_industry", "Does not take this kind of dispute"
    NO_CAPACITY = "no_capacity", "Without capacity"
    CLOSED = "closed", "Closed at this time"
    HOURS_NOT_STATED = "hours_not_stated", "States no opening hours"
    HOURS_UNREADABLE = "hours_unreadable", "Opening hours cannot be read"


@dataclass(frozen=True)
class Need:
    """What is asked of a station; what is not named is not asked.

    Parameters
    ----------
    levels : those that will do
    industry : the kind of dispute, as in a station's list; one without a list takes all
    with_capacity : whether a capacity of 0 rules a station out
    at : aware instant at which it must be open
    timezone : IANA zone in which hours are meant
    country : two letters, for public holidays
    holidays : days that the calendar of work says are free
    """

    levels: frozenset[StationLevel] = LEVELS
    industry: str | None = None
    with_capacity: bool = False
    at: datetime | None = None
    timezone: str = "Asia/Shanghai"
    country: str = "CN"
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse an instant without an offset: nobody could say whether it is during opening hours."""
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError("the instant has no offset from UTC")


@dataclass(frozen=True)
class Fit:
    """Stations looked at: ``fitness`` of each, in their order, and the first instant from which any of them is open.

    ``next_opening`` is None where one is open already, none will be within 400 days, or no instant was asked about.
    """

    fitness: tuple[Fitness, ...]
    next_opening: datetime | None

    @property
    def mask(self) -> list[bool]:
        """Which stations are capable and open."""
        return [fitness is Fitness.FIT for fitness in self.fitness]


def fit(stations: Sequence[Mapping[str, Any]], need: Need) -> Fit:
    """Return which of the stations are capable and open.

    Parameters
    ----------
    stations : of each ``level industries hours capacity``, as the columns of the table; industries as a list or joined by
        ``;``
    """
    fitness = tuple(_fitness(station, need) for station in stations)
    if need.at is None or Fitness.FIT in fitness:
        return Fit(fitness, None)
    openings = [
        opening
        for station, found in zip(stations, fitness, strict=True)
        if found is Fitness.CLOSED and (opening := next_opening(station["hours"], need)) is not None
    ]
    return Fit(fitness, min(openings, default=None))


def _fitness(station: Mapping[str, Any], need: Need) -> Fitness:
    if StationLevel(station["level"]) not in need.levels:
        return Fitness.OTHER_LEVEL
    listed = _listed(station.get("industries"))
    if need.industry is not None and listed and need.industry not in listed:
        return Fitness.OTHER_INDUSTRY
    if need.with_capacity and not station.get("capacity"):
        return Fitness.NO_CAPACITY
    return Fitness.FIT if need.at is None else _open(station.get("hours") or "", need, need.at)


def _open(hours: str, need: Need, at: datetime) -> Fitness:
    if not hours.strip():
        return Fitness.HOURS_NOT_STATED
    read = _read(hours, need.timezone, need.country)
    if read is None:
        return Fitness.HOURS_UNREADABLE
    return Fitness.FIT if read.is_open(_as_counted(at.astimezone(ZoneInfo(need.timezone)), hours, need)) else Fitness.CLOSED


def _as_counted(here: datetime, hours: str, need: Need) -> datetime:
    """Return the instant at which hours are read: on a holiday of which they say nothing, the same time of the Sunday after."""
    if here.date() not in need.holidays or "PH" in hours:
        return here
    return here + timedelta(days=(SUNDAY - here.weekday()) % 7)


def next_opening(hours: str, need: Need) -> datetime | None:
    """Return the first instant after ``need.at`` from which a station of these hours is open; None where there is none."""
    read = _read(hours, need.timezone, need.country)
    if read is None or need.at is None:
        return None
    here = need.at.astimezone(ZoneInfo(need.timezone))
    change = read.next_change(here)
    while change is not None and change < here + timedelta(days=SEARCHED_DAYS):
        if read.is_open(_as_counted(change, hours, need)):
            return change
        change = read.next_change(change)
    return None


@lru_cache(maxsize=4096)
def _read(hours: str, timezone: str, country: str) -> OpeningHours | None:
    """Return the hours as the library reads them; None for what it cannot read."""
    from opening_hours import OpeningHours, validate

    return OpeningHours(hours, timezone=ZoneInfo(timezone), country=country) if validate(hours) else None


def _listed(industries: Any) -> list[str]:
    parts = industries.split(";") if isinstance(industries, str) else (industries if industries is not None else ())
    return [part.strip() for part in parts if part and part.strip()]
