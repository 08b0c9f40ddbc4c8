"""The clocks of a matter as a time line: a lane for each run, standing still where it was paused, its end where it was due.

Plain numbers in a box of ``width`` units; a page draws them. The same numbers stand on the screen and on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from geogrid.domain.clocks import Audience, Light
from geogrid.domain.events import Step
from geogrid.domain.matters import MarkKind
from geogrid.store.matter_views import ClockView

LANE, TOP, BELOW = 28.0, 30.0, 16.0
LEAST = timedelta(hours=1)  # a matter of a minute is drawn on an hour
MOST_TICKS = 8
TICKS = (
    timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=3), timedelta(hours=6), timedelta(hours=12),
    timedelta(days=1), timedelta(days=2), timedelta(days=7), timedelta(days=14), timedelta(days=30), timedelta(days=90),
    timedelta(days=365),
)  # fmt: skip


@dataclass(frozen=True)
class Span:
    """A stretch of a lane: where it begins and how long it is; ``paused`` where the clock stood still."""

    x: float
    width: float
    paused: bool
    reason: str = ""


@dataclass(frozen=True)
class Lane:
    """One run of a clock. ``due_x`` and ``legal_x`` are where it is due by promise and by law, ``stop_x`` where it stopped."""

    title: str
    light: Light
    y: float
    spans: tuple[Span, ...]
    due_x: float
    due_at: datetime
    legal_x: float | None
    legal_at: datetime | None
    stop_x: float | None
    stopped_at: datetime | None
    extended: tuple[float, ...]


@dataclass(frozen=True)
class Timeline:
    """Lanes under an axis with ticks (x, local instant), the steps as marks on it, where now is. Names stand left of 0."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, datetime], ...]
    steps: tuple[tuple[float, int], ...]
    now_x: float | None
    begin: datetime
    end: datetime


def draw(
    clocks: Sequence[ClockView], steps: Sequence[Step], *, now: datetime, timezone: str, language: str, width: float = 640.0
) -> Timeline:
    """Return the time line of a matter at ``now``; without clocks it holds the steps alone."""
    zone = ZoneInfo(timezone)
    begin, end = _reach(clocks, steps, now)
    whole = (end - begin).total_seconds()

    def x_of(at: datetime) -> float:
        return round(width * min(1.0, max(0.0, (at - begin).total_seconds() / whole)), 2)

    lanes = []
    for number, view in enumerate(clocks):
        reading = view.reading
        lanes.append(
            Lane(
                title=view.rule.title.text(language),
                light=view.lights[Audience.STAFF],
                y=TOP + LANE * number,
                spans=_spans(view, now, x_of),
                due_x=x_of(reading.due_at),
                due_at=reading.due_at.astimezone(zone),
                legal_x=None if reading.legal_due_at is None else x_of(reading.legal_due_at),
                legal_at=None if reading.legal_due_at is None else reading.legal_due_at.astimezone(zone),
                stop_x=None if reading.stopped_at is None else x_of(reading.stopped_at),
                stopped_at=None if reading.stopped_at is None else reading.stopped_at.astimezone(zone),
                extended=tuple(x_of(mark.at) for mark in view.run.marks if mark.kind is MarkKind.EXTEND),
            )
        )
    height = TOP + LANE * max(1, len(lanes)) + BELOW
    ticks = tuple((x_of(at), at) for at in _ticks(begin, end, zone))
    marks = tuple((x_of(step.at), step.seq) for step in steps)
    return Timeline(width, height, tuple(lanes), ticks, marks, x_of(now) if begin <= now <= end else None, begin, end)


def _reach(clocks: Sequence[ClockView], steps: Sequence[Step], now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when is drawn: from the report to the last thing that happened or is due, with some air behind."""
    moments = [step.at for step in steps] or [now]
    is_open = any(view.run.is_running for view in clocks)
    for view in clocks:
        moments += [view.reading.started_at, view.reading.stopped_at or view.reading.due_at]
        moments += [view.reading.due_at, view.reading.legal_due_at or view.reading.due_at]
    begin = min(moments)
    end = max([*moments, now] if is_open else moments)
    end = max(end, begin + LEAST)
    return begin, end + (end - begin) * 0.04


def _spans(view: ClockView, now: datetime, x_of: Callable[[datetime], float]) -> tuple[Span, ...]:
    """Return the stretches between the marks of a run, up to its stop, or to now while it runs."""
    marks, found, paused, reason = view.run.marks, [], False, ""
    end = view.reading.stopped_at or max(now, marks[-1].at)
    since = marks[0].at
    for mark in marks[1:]:
        if mark.kind in {MarkKind.PAUSE, MarkKind.RESUME, MarkKind.STOP}:
            found.append((since, mark.at, paused, reason))
            since, paused = mark.at, mark.kind is MarkKind.PAUSE
            reason = mark.reason if paused else ""
    if view.reading.stopped_at is None:
        found.append((since, end, paused, reason))
    spans = [Span(x_of(start), round(x_of(stop) - x_of(start), 2), still, why) for start, stop, still, why in found]
    return tuple(span for span in spans if span.width > 0)


def _ticks(begin: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return round local instants between both, at most ``MOST_TICKS``."""
    whole = end - begin
    every = next((step for step in TICKS if whole / step <= MOST_TICKS), whole / MOST_TICKS)
    midnight = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + every * int((begin - midnight) / every + 1)
    found = []
    while first < end:
        found.append(first)
        first += every
    return found
