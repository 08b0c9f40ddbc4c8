"""Roads that are closed for a time: works, floods, markets, snow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from geogrid.domain.stations import TravelMode


@dataclass(frozen=True)
class Closure:
    """A stretch of road that nobody, or nobody by some modes, may travel on from one day to another.

    Parameters
    ----------
    code : the closure's own
    road_code : the road that is closed, whole; empty where ``line_lonlat`` says it
    line_lonlat : a line (or area) in degrees of record: what runs along it (or lies in it) is closed; None where there is none
    modes : who may not travel; all where none is named
    from_date, to_date : the first and the last day, in the district's time; None: until further notice
    reason : in words
    """

    code: str
    from_date: date
    to_date: date | None = None
    road_code: str = ""
    line_lonlat: Any = None
    modes: tuple[TravelMode, ...] = ()
    reason: str = ""
    synthetic: bool = False

    def is_on(self, day: date) -> bool:
        """Whether the road is closed on a day."""
        return self.from_date <= day and (self.to_date is None or day <= self.to_date)

    def binds(self, mode: TravelMode) -> bool:
        """Whether those who travel by ``mode`` may not."""
        return not self.modes or mode in self.modes
