"""A clock read the naive way: walk minute by minute, and ask at each minute what stands still, what is worked, what is used up.

Nothing here is shared with ``geogrid.rules``: minutes are counted from a first midnight in a zone without summer time.
"""

from __future__ import annotations

from datetime import timedelta

import numba
import numpy as np

DAY = 1440
NATURAL, WORKING_HOURS, WORKING_DAYS, DAYS, LEGAL_DAYS = range(5)
PAUSE, RESUME, EXTEND = range(3)


@numba.njit(cache=True)
def is_still(minute, marks):
    """Whether the clock stands still in the minute that begins at ``minute``."""
    still = False
    for i in range(len(marks)):
        if marks[i, 0] <= minute and marks[i, 1] != EXTEND:
            still = marks[i, 1] == PAUSE
    return still


@numba.njit(cache=True)
def length_at(minute, amount, marks):
    """Return the limit with the extensions given up to ``minute``."""
    for i in range(len(marks)):
        if marks[i, 0] <= minute and marks[i, 1] == EXTEND:
            amount += marks[i, 2]
    return amount


@numba.njit(cache=True)
def due_by_minutes(amount, start, marks, counts):
    """Return the minute at which ``amount`` hours of those minutes that count are used up."""
    used, minute = 0, start
    while used < 60 * length_at(minute, amount, marks):
        if counts[minute] and not is_still(minute, marks):
            used += 1
        minute += 1
    return minute


@numba.njit(cache=True)
def due_by_days(amount, start, marks, counts, may_end, ends):
    """Return the minute at which ``amount`` of those days that count are used up, each at its minute ``ends``, and the days.

    The last one is one of those that ``may_end``.
    """
    days, minute, was_still = [0], start, False
    while True:
        if minute % DAY == ends % DAY and minute > start:
            day = (minute - 1) // DAY if ends == DAY else minute // DAY
            if day > start // DAY and counts[day] and not was_still:
                days.append(day)
                length = length_at(minute, amount, marks)
                if len(days) - 1 >= length and may_end[day]:
                    counted = days[1:length]
                    counted.append(day)
                    return minute, counted
        if minute % DAY == 0:
            was_still = False
        was_still = was_still or is_still(minute, marks)
        minute += 1


def due(unit, amount, start, marks, worked_minute, worked_day, day_ends):
    """Return the minute at which the limit is used up, and the days counted (none for hours).

    ``marks`` is (n, 3): minute, kind, amount in the limit's own unit.
    """
    if unit == WORKING_DAYS:
        return due_by_days(amount, start, marks, worked_day, worked_day, day_ends)
    if unit in (DAYS, LEGAL_DAYS):
        every = np.ones_like(worked_day)
        return due_by_days(amount, start, marks, every, worked_day if unit == LEGAL_DAYS else every, DAY)
    counts = worked_minute if unit == WORKING_HOURS else np.ones_like(worked_minute)
    return due_by_minutes(amount, start, marks, counts), []


def worked(calendar, first, days, hours):
    """Return, by minute from ``first``, whether it is worked, and by day whether it is."""
    by_day = np.array([calendar.is_working(first + timedelta(days=i)) for i in range(days)])
    pattern = np.zeros(DAY, dtype=bool)
    for begin, end in hours:
        pattern[begin:end] = True
    return (by_day[:, None] & pattern[None, :]).ravel(), by_day
