"""Days, weeks, months, quarters of the district's own time, as spans of instants."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from geogrid.domain.indicators import Span
from geogrid.domain.readings import Period

MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


def first_day(period: Period, day: date) -> date:
    """Return the first day of the period in which ``day`` lies; a week begins on Monday."""
    if period is Period.DAY:
        return day
    if period is Period.WEEK:
        return day - timedelta(days=day.weekday())
    months = MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def moved(period: Period, first: date, by: int) -> date:
    """Return the first day of the period that lies ``by`` periods after the one that begins at ``first``."""
    if period in MONTHS:
        months = first.year * 12 + first.month - 1 + by * MONTHS[period]
        return date(months // 12, months % 12 + 1, 1)
    return first + timedelta(days=by * (7 if period is Period.WEEK else 1))


def span_of(first: date, after: date, timezone: str) -> Span:
    """Return the span from local midnight of ``first`` to that of ``after``."""
    zone = ZoneInfo(timezone)
    start, end = (datetime.combine(day, time(), zone) for day in (first, after))
    return Span(start, end)


def starts(period: Period, first: date, last: date) -> list[date]:
    """Return the first days of the periods from the one with ``first`` to the one with ``last``."""
    found, day = [], first_day(period, first)
    while day <= last:
        found.append(day)
        day = moved(period, day, 1)
    return found
