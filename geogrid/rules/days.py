"""Which days a clock counted, which it left out, and why: what a person checks a deadline by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geogrid.domain.clocks import DayKind, DurationUnit
from geogrid.rules.calendar import ONE_DAY, SATURDAY
from geogrid.rules.deadlines import Reading
from geogrid.rules.work_time import OF_WORK, WorkTime

BY_WORK = frozenset({DurationUnit.WORKING_DAY, DurationUnit.WORKING_HOUR})


@dataclass(frozen=True)
class Day:
    """A day between the start and the end of a clock; ``number`` is its place among those counted, 0 where it is left out."""

    date: date
    number: int
    kind: DayKind
    provisional: bool


def days_of(reading: Reading, unit: DurationUnit, time: WorkTime) -> tuple[Day, ...]:
    """Return every day from the first that could count to the last that did; none for clocks of natural hours.

    The day of the start is never counted by limits in days; by those in working hours it is, if there was work left in it.
    """
    if not reading.days:
        return ()
    day = reading.started_at.astimezone(time.timezone).date()
    if unit is not DurationUnit.WORKING_HOUR or day not in reading.days:
        day += ONE_DAY
    last_but_one = reading.days[-2] if len(reading.days) > 1 else date.min
    numbers = {counted: number for number, counted in enumerate(reading.days, start=1)}
    found = []
    while day <= reading.days[-1]:
        provisional = unit in OF_WORK and time.calendar.is_provisional(day)
        is_worked = unit in BY_WORK or (unit is DurationUnit.LEGAL_DAY and day > last_but_one)
        found.append(Day(day, numbers.get(day, 0), _kind(day, day in numbers, time, by_work=is_worked), provisional))
        day += ONE_DAY
    return tuple(found)


def _kind(day: date, counted: bool, time: WorkTime, *, by_work: bool) -> DayKind:
    """Say why a day counts or does not; ``by_work``: whether it has to be worked to count (of legal days only the last has)."""
    if counted:
        return DayKind.MOVED if by_work and day in time.calendar.working else DayKind.COUNTED
    if by_work and not time.calendar.is_working(day):
        return DayKind.HOLIDAY if day in time.calendar.holidays or day.weekday() < SATURDAY else DayKind.WEEKEND
    return DayKind.PAUSED
