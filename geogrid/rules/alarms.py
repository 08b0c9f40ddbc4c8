"""Alarms: which phases a clock entered in a span of time, each with the instant, from its marks alone.

What is found does not depend on when somebody looks: looked at every second or once after a week, the same alarms come out, in
the same order, with the same instants. A threshold that was reached and moved away again (the clock was paused or extended) is
reached anew later, and is then another alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from geogrid.domain.clocks import ClockRule, Limit, Phase
from geogrid.domain.matters import Mark, MarkKind
from geogrid.rules.deadlines import JUST_AFTER, next_instant, read_clock
from geogrid.rules.pauses import settled
from geogrid.rules.work_time import WorkTime


@dataclass(frozen=True)
class Alarm:
    """A phase (a value of :class:`Phase` or a threshold's code), when it was entered, and the promised end as it stood then."""

    phase: str
    at: datetime
    due_at: datetime


def alarms(
    rule: ClockRule, limit: Limit, marks: Sequence[Mark], *, since: datetime | None, until: datetime, time: WorkTime
) -> tuple[Alarm, ...]:
    """Return the phases entered after ``since`` (None: from the start) and up to ``until``, in order.

    Raises
    ------
    ClockMarksBroken
        where the marks cannot follow one another
    """
    known = [mark for mark in settled(marks, until) if mark.at <= until]
    found: list[Alarm] = []
    for i, mark in enumerate(known):
        end = known[i + 1].at if i + 1 < len(known) else until
        found += _after(rule, limit, known[: i + 1], mark.at, end, time)
    return tuple(alarm for alarm in found if since is None or alarm.at > since)


def _after(rule: ClockRule, limit: Limit, marks: Sequence[Mark], begin: datetime, end: datetime, time: WorkTime) -> list[Alarm]:
    """Return the phases entered from the last of ``marks``, at ``begin``, to ``end`` where the next one is, or nothing is yet."""
    reading, last = read_clock(rule, limit, marks, now=begin, time=time), marks[-1].kind
    if last is MarkKind.STOP:
        return [Alarm(str(reading.phase), begin, reading.due_at)]
    found = [Alarm(Phase.RUNNING.value, begin, reading.due_at)] if last is MarkKind.START else []
    if reading.paused:
        return [Alarm(Phase.PAUSED.value, begin, reading.due_at)] if last is MarkKind.PAUSE else []
    begins_anew = last in {MarkKind.START, MarkKind.RESUME}
    reached = [(at, code) for code, at in reading.thresholds if at <= reading.due_at]
    reached.append((reading.due_at + JUST_AFTER, Phase.OVERDUE.value))
    for at, code in reached:
        if begin < at <= end or (begins_anew and at == begin):
            found.append(Alarm(code, at, reading.due_at))
    return found


def next_look(
    rule: ClockRule,
    limit: Limit,
    marks: Sequence[Mark],
    phases: Collection[str],
    *,
    since: datetime | None,
    now: datetime,
    time: WorkTime,
) -> datetime | None:
    """Return when the tick has to look at a clock: at once where one of ``phases`` was entered after ``since``.

    Else when its phase changes next by itself; None: never.
    """
    for alarm in alarms(rule, limit, marks, since=since, until=now, time=time):
        if alarm.phase in phases:
            return alarm.at
    return next_instant(read_clock(rule, limit, marks, now=now, time=time), now)
