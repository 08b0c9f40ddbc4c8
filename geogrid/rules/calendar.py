"""Calendars of working days: public holidays with moved weekends, as ``data/calendars/<code>.toml`` lists them.

Beyond the years that a calendar lists as published, its days are provisional: whoever counts on one says so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from geogrid.errors import SetupError

SATURDAY = 5
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked. ``holidays`` are free, ``working`` are weekend days that are worked; other days go by the week.

    ``published`` are the years whose days are final.
    """

    code: str
    holidays: frozenset[date]
    working: frozenset[date]
    published: frozenset[int]

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is a working day."""
        if day in self.working:
            return True
        return day not in self.holidays and day.weekday() < SATURDAY

    def is_provisional(self, day: date) -> bool:
        """Whether the holidays of the day's year are not published yet."""
        return day.year not in self.published


def parse_calendar(text: str, name: str = "calendar") -> WorkCalendar:
    """Parse the TOML ``text`` of a calendar.

    Raises
    ------
    SetupError
        that names the file, the year and what is wrong: a broken date, a day of another year, a day both free and worked, a
        moved working day that is no weekend day, a year listed twice
    """
    try:
        values = tomllib.loads(text)
        years = [_Year.of(part) for part in values["years"]]
        code = str(values["code"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise SetupError(reason=f"{name}: {error}", mend="Compare it with data/calendars/cn.toml.") from error
    for year, count in _counts([part.year for part in years]):
        if count > 1:
            raise SetupError(reason=f"{name}: {year} is listed twice", mend="Keep one of them.")
    return WorkCalendar(
        code=code,
        holidays=frozenset(day for part in years for day in part.holidays),
        working=frozenset(day for part in years for day in part.working),
        published=frozenset(part.year for part in years if not part.provisional),
    )


def _counts(years: list[int]) -> Iterator[tuple[int, int]]:
    for year in sorted(set(years)):
        yield year, years.count(year)


@dataclass(frozen=True)
class _Year:
    year: int
    holidays: frozenset[date]
    working: frozenset[date]
    provisional: bool

    @classmethod
    def of(cls, values: dict[str, Any]) -> _Year:
        year = int(values["year"])
        holidays, working = (frozenset(d for span in values[name] for d in _days(span)) for name in ("holidays", "working"))
        for day in holidays | working:
            if day.year != year:
                raise ValueError(f"{day} is no day of {year}")
        if both := holidays & working:
            raise ValueError(f"{min(both)} is both free and worked")
        if not_moved := {day for day in working if day.weekday() < SATURDAY}:
            raise ValueError(f"{min(not_moved)} is no weekend day: it is worked anyway")
        return cls(year, holidays, working, bool(values.get("provisional", False)))


def _days(span: str) -> Iterator[date]:
    """Give the days of ``"2025-10-01"`` or ``"2025-10-01..2025-10-08"``."""
    first, _, last = span.partition("..")
    day, end = date.fromisoformat(first), date.fromisoformat(last or first)
    if end < day:
        raise ValueError(f"{span} ends before it begins")
    while day <= end:
        yield day
        day += ONE_DAY
