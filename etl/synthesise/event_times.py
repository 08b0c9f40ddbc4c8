"""When things happen: rhythm of day, week and season, and the life of an event in working time.

Times are seconds of local time since the year's first midnight; the time zone is put on at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from etl.synthesise.ground import Floats, Ints
from geogrid.domain.events import Channel, EventKind

DAY_S = 86_400
WORK_HOURS = ((8.5, 12.0), (13.5, 17.0))
WORK_DAY_H = sum(end - start for start, end in WORK_HOURS)
SPRING_FESTIVAL = {2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26)}  # else about the mean date
LAST_STEP_S = 364 * DAY_S + 23 * 3600  # the year's work is done by 23:00 on its last day

MONTHS = np.array([0.92, 0.72, 0.98, 1.05, 1.08, 1.16, 1.12, 1.06, 1.02, 0.98, 0.95, 0.98])
WEEKDAYS = np.array([1.18, 1.12, 1.10, 1.08, 1.10, 0.78, 0.64])
HOURS = {  # weight of each hour of the day, by when people send by each channel
    Channel.PATROL: "0 0 0 0 0 0 1 4 12 16 13 7 3 8 13 12 8 4 2 1 1 0 0 0",
    Channel.ONLINE: "1 1 0 0 0 1 2 5 7 8 8 7 7 6 6 6 6 7 8 9 8 6 4 2",
    Channel.HOTLINE: "2 1 1 1 1 2 3 6 11 12 11 7 5 7 10 10 8 6 5 5 4 3 2 2",
}
OFFICE = "0 0 0 0 0 0 0 0 9 16 15 8 0 6 14 14 9 0 0 0 0 0 0 0"

# Median working days from dispatch to handled.
HANDLE_DAYS = {
    EventKind.DISPUTE: 3.6,
    EventKind.ENVIRONMENT: 0.8,
    EventKind.FACILITY: 2.2,
    EventKind.SAFETY: 0.9,
    EventKind.ORDER: 0.5,
    EventKind.TRAFFIC: 0.6,
    EventKind.SERVICE: 1.2,
    EventKind.ENTERPRISE: 4.0,
    EventKind.AGRICULTURE: 2.4,
    EventKind.OTHER: 1.6,
}
IMMEDIATE_SHARE = 0.34  # of what patrols report, handled on the spot


@dataclass(frozen=True)
class WorkTime:
    """Working hours passed at given seconds, and back: two piecewise straight functions."""

    seconds: Floats
    hours: Floats

    @classmethod
    def of(cls, year: int) -> WorkTime:
        """Return the working time of ``year`` and two months more: Monday to Friday but for public holidays."""
        first = date(year, 1, 1)
        free = holidays(year) | holidays(year + 1)
        seconds, hours = [-DAY_S * 1.0], [0.0]
        for number in range(430):
            day = first + timedelta(days=number)
            if day.weekday() >= 5 or day in free:
                continue
            for start, end in WORK_HOURS:
                seconds += [number * DAY_S + start * 3600, number * DAY_S + end * 3600]
                hours += [hours[-1] + 1e-6, hours[-1] + (end - start)]  # a hair of rise in the pauses: it can be turned round
        return cls(np.array(seconds), np.array(hours))

    def later(self, at: Floats, work_h: Floats) -> Floats:
        """Return the time ``work_h`` working hours after ``at``."""
        return np.maximum(np.interp(np.interp(at, self.seconds, self.hours) + work_h, self.hours, self.seconds), at + 60.0)


def holidays(year: int) -> set[date]:
    """Return the public holidays of ``year``, about: without the working weekends that make up for them."""
    spring = date(year, *SPRING_FESTIVAL.get(year, (2, 5)))
    days = [date(year, 1, 1), *(date(year, 5, d) for d in range(1, 6)), *(date(year, 10, d) for d in range(1, 8))]
    return {*days, date(year, 4, 4), date(year, 6, 2), *(spring + timedelta(days=d) for d in range(-1, 7))}


def reported_times(rng: np.random.Generator, year: int, channel: Ints) -> Floats:
    """Return the time at which each event is reported; ``channel`` holds indices into the channels."""
    first, free = date(year, 1, 1), holidays(year)
    days = [first + timedelta(days=number) for number in range(365)]
    weight = np.array([MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] * (0.45 if day in free else 1.0) for day in days])
    weight *= 1 + 0.35 * np.array([day.month == 6 and 9 <= day.day <= 20 for day in days])  # a campaign in June
    weight *= rng_of_year(year).lognormal(0, 0.10, 365)
    office = weight * np.array([day.weekday() < 5 and day not in free for day in days])
    members = list(Channel)
    at = np.empty(len(channel))
    for number, name in enumerate(members):
        own = np.flatnonzero(channel == number)
        open_always = name in HOURS
        by_day = weight if open_always else office
        day = rng.choice(365, len(own), p=by_day / by_day.sum())
        by_hour = np.array((HOURS[name] if open_always else OFFICE).split(), float)
        hour = rng.choice(24, len(own), p=by_hour / by_hour.sum())
        at[own] = day * DAY_S + hour * 3600 + rng.random(len(own)) * 3600
    return np.minimum(at, LAST_STEP_S - 3 * 3600)


def rng_of_year(year: int) -> np.random.Generator:
    """Return the generator of the year's good and bad days, the same for all parts of the year's events."""
    return np.random.default_rng([year, 7])


def life(rng: np.random.Generator, work: WorkTime, reported: Floats, channel: Ints, kind: Ints) -> Floats:
    """Return opened, dispatched, handled, verified and closed times, shape (n, 5), each after the one before.

    Whatever would be closed after the year's last working evening is hurried to fit in before it.
    """
    count = len(reported)
    patrol = channel == list(Channel).index(Channel.PATROL)
    at_once = patrol & (rng.random(count) < IMMEDIATE_SHARE)
    days = np.array([HANDLE_DAYS[name] for name in EventKind])[kind]
    hotline = channel == list(Channel).index(Channel.HOTLINE)
    opened = reported + rng.lognormal(np.log(np.where(hotline, 9, 25)), 0.7, count) * 60
    opened = np.where(patrol, opened, work.later(reported, rng.gamma(1.2, 0.5, count)))
    dispatched = work.later(opened, rng.gamma(1.3, 1.2, count))
    handled = work.later(dispatched, days * WORK_DAY_H * rng.lognormal(0, 0.65, count))
    verified = work.later(handled, rng.gamma(1.4, 0.45 * WORK_DAY_H, count))
    closed = work.later(verified, rng.gamma(1.1, 0.25 * WORK_DAY_H, count))
    steps = np.column_stack([opened, dispatched, handled, verified, closed])
    quick = reported[:, None] + np.cumsum(rng.gamma(1.5, [120, 60, 1500, 900, 600], (count, 5)) + 30, axis=1)
    steps[at_once] = quick[at_once]
    late = steps[:, -1] > LAST_STEP_S
    room = (LAST_STEP_S - reported[late]) * rng.uniform(0.55, 0.98, late.sum())
    share = (steps[late] - reported[late, None]) / (steps[late, -1:] - reported[late, None])
    steps[late] = reported[late, None] + share * room[:, None]
    return steps


def left_open(rng: np.random.Generator, reported: Floats, steps: Floats, count: int) -> Floats:
    """Leave ``count`` events of the year's last weeks open, in every state; steps not reached become NaN."""
    steps = steps.copy()
    late = np.argsort(-reported, kind="stable")[: max(count * 40, count)]
    chosen = rng.choice(late, count, replace=False)
    for number, event in enumerate(np.sort(chosen).tolist()):
        steps[event, number % 5 :] = np.nan
    return steps
