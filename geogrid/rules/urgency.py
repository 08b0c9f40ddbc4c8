"""How pressing a matter is, from now on until somebody does something: spans of time, each with the light of its urgent clock.

A colour is never stored: it follows from what time it is. What can be stored are the instants at which it will change if nothing
is done, since those follow from the marks alone (see ``rules.alarms``). A matter has exactly one span at any instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from geogrid.domain.clocks import Audience, ClockRule, Light, Phase
from geogrid.domain.matters import ClockRun, Matter
from geogrid.domain.programmes import Programme
from geogrid.rules.deadlines import JUST_AFTER, read_clock
from geogrid.rules.work_time import WorkTime

# The most alarming first: the order of every queue, and the number by which one is sorted.
URGENT = (Light.RED, Light.AMBER, Light.GREEN, Light.GREY)


class Span(NamedTuple):
    """From ``since`` (None: ever since) up to, not including, ``until`` (None: without end) the matter shows ``light``.

    ``run`` is the number, from 1, of the run of a clock that is the most urgent then, ``due_at`` its end; None: no clock runs.
    """

    since: datetime | None
    until: datetime | None
    light: Light
    run: int | None
    due_at: datetime | None


class _Phases(NamedTuple):
    """What one run of a clock shows: its light at first, then (instant, light) in order; when it is due."""

    run: int
    first: Light
    later: tuple[tuple[datetime, Light], ...]
    due_at: datetime

    def at(self, instant: datetime | None) -> Light:
        """Return the light at an instant, None before all of them."""
        reached = [light for since, light in self.later if instant is not None and since <= instant]
        return reached[-1] if reached else self.first


def spans_of(programme: Programme, matter: Matter, *, time: WorkTime) -> tuple[Span, ...]:
    """Return the spans of a matter for staff, in order and without gaps, for every instant after its last step.

    Among clocks of one colour the first due is the most urgent; among those the one started first. A matter that was merged into
    another presses nobody, however late it was by then: its clocks stand still, and what is to be done is done on that one.
    """
    runs = [
        _phases(position, programme.clock(run.clock), run, time)
        for position, run in enumerate(matter.clocks, start=1)
        if run.is_running and not matter.parent
    ]
    if not runs:
        return (Span(None, None, Light.GREY, None, None),)
    instants = sorted({since for phases in runs for since, _ in phases.later})
    return tuple(_merged([_span(runs, since) for since in (None, *instants)]))


def _phases(position: int, rule: ClockRule, run: ClockRun, time: WorkTime) -> _Phases:
    """Read a clock as of its last mark: until the next one its phases follow from its instants alone.

    A pause that ends by itself at a day is one more such instant.
    """
    lights, last = rule.lights.get(Audience.STAFF, {}), run.marks[-1].at
    reading = read_clock(rule, run.limit, run.marks, now=last, time=time)
    first, reached = lights.get(reading.phase, Light.GREY), list[tuple[datetime, str]]()
    while reading.paused and reading.resumes_at is not None and reading.resumes_at > last:
        last = reading.resumes_at
        reading = read_clock(rule, run.limit, run.marks, now=last, time=time)
        reached.append((last, reading.phase))
    if not reading.paused and reading.phase != Phase.OVERDUE:
        reached += [(at, code) for code, at in reading.thresholds if last < at <= reading.due_at]
        reached.append((reading.due_at + JUST_AFTER, Phase.OVERDUE.value))
    later = tuple((at, lights.get(code, Light.GREY)) for at, code in reached)
    return _Phases(position, first, later, reading.due_at)


def _span(runs: Sequence[_Phases], since: datetime | None) -> Span:
    light, found = min(
        ((phases.at(since), phases) for phases in runs), key=lambda one: (URGENT.index(one[0]), one[1].due_at, one[1].run)
    )
    return Span(since, None, light, found.run, found.due_at)


def _merged(spans: Sequence[Span]) -> Iterator[Span]:
    """Close each span where the next one begins; neighbours that show the same are one."""
    kept: list[Span] = []
    for span in spans:
        if not kept or kept[-1][2:] != span[2:]:
            kept.append(span)
    for i, span in enumerate(kept):
        yield span._replace(until=kept[i + 1].since if i + 1 < len(kept) else None)
