"""Clocks: from the marks left on one (started, paused, resumed, extended, stopped) to when it is due and where it stands.

Nothing is stored but marks. Only marks made up to ``now`` count, so that the colour at any past instant is derived by asking
with that instant. A clock that has run out stays out: a pause or an extension that comes afterwards changes nothing.

A pause moves the promised and the legal limit alike; an extension is a promise made anew and moves the promised limit alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from geogrid.domain.clocks import Audience, ClockRule, Duration, DurationUnit, Light, Limit, Phase, Threshold
from geogrid.domain.conditions import Complexity, When
from geogrid.domain.matters import Mark, MarkKind, Matter
from geogrid.errors import ClockMarksBroken
from geogrid.errors.family import Label, Reason
from geogrid.rules.pauses import resumes_at, settled
from geogrid.rules.work_time import BY_DAY, IN_SECONDS, OF_WORK, Counted, Span, WorkTime

JUST_AFTER = timedelta(microseconds=1)  # what is done at the due instant itself is done in time


@dataclass(frozen=True)
class Facts:
    """What the limits of clocks and the conditions of steps ask of a matter."""

    handling: str = ""
    category: str = ""
    level: str = ""
    complexity: Complexity | None = None
    channel: str = ""
    amount_yuan: float | None = None


class Reading(NamedTuple):
    """Where a clock stands at an instant.

    ``phase`` is a value of :class:`Phase` or the code of a threshold; ``thresholds`` are (code, instant), the earliest first.
    ``due_at`` is the end of the promised limit; while the clock is paused, what it would be if it went on now. ``days`` are the
    days counted (none for natural hours), and ``provisional`` says that working days between the start and the end, promised
    or legal, lie in a year whose holidays are not published yet. ``resumes_at``: when a pause that nobody ended ends by itself.
    Instants are in UTC.
    """

    phase: str
    started_at: datetime
    due_at: datetime
    legal_due_at: datetime | None
    thresholds: tuple[tuple[str, datetime], ...]
    stopped_at: datetime | None
    paused: bool
    days: tuple[date, ...]
    provisional: bool
    resumes_at: datetime | None = None

    @property
    def is_late(self) -> bool:
        """Whether the promised limit was missed."""
        return self.phase in {Phase.OVERDUE, Phase.DONE_LATE}


def facts_of(matter: Matter) -> Facts:
    """Return what rules ask of a matter."""
    return Facts(matter.handling, matter.category, matter.level, matter.complexity, matter.channel, matter.amount_yuan)


# -- which limit ------------------------------------------------------------------------------------------------------


def fits(when: When, facts: Facts) -> bool:
    """Whether a rule that is for ``when`` is for a matter of these facts; what is not known fits no bound on the amount."""
    named: list[tuple[tuple[str, ...], str | None]] = [(when.handling, facts.handling), (when.categories, facts.category)]
    named += [(when.levels, facts.level), (when.complexities, facts.complexity), (when.channels, facts.channel)]
    if any(asked and has not in asked for asked, has in named):
        return False
    least, most = when.amount_yuan
    if least is None and most is None:
        return True
    amount = facts.amount_yuan
    return amount is not None and (least is None or amount >= least) and (most is None or amount < most)


def limit_for(rule: ClockRule, facts: Facts) -> Limit | None:
    """Return the first limit of the clock that is for such a matter; None: the clock does not run for it."""
    return next((limit for limit in rule.limits if fits(limit.when, facts)), None)


# -- reading a clock --------------------------------------------------------------------------------------------------


def read_clock(rule: ClockRule, limit: Limit, marks: Sequence[Mark], *, now: datetime, time: WorkTime) -> Reading:
    """Return where the clock stands at ``now`` (aware).

    Parameters
    ----------
    marks : in order of time; the first is START; later than ``now`` they did not happen yet

    Raises
    ------
    ClockMarksBroken
        where the marks cannot follow one another, or none of them happened by ``now``
    """
    known = [mark if mark.at.tzinfo is UTC else _in_utc(mark) for mark in settled(marks, now) if mark.at <= now]
    if len(known) != 1 or known[0].kind is not MarkKind.START:
        _check(rule, limit, known)
    stop = known[-1] if known[-1].kind is MarkKind.STOP else None
    start, until = known[0].at, stop.at if stop else now.astimezone(UTC)
    promised = _run(limit.promised, known, until, time, extended=True)
    legal = None if limit.legal is None else _run(limit.legal, known, until, time, extended=False)
    reached = [(threshold.code, _reached(threshold, start, promised, time)) for threshold in rule.thresholds]
    thresholds = tuple(sorted(reached, key=_at) if len(reached) > 1 else reached)
    due_at = promised.counted.end
    return Reading(
        phase=_phase(due_at, thresholds, stop, until, paused=promised.paused),
        started_at=start,
        due_at=due_at,
        legal_due_at=legal.counted.end if legal else None,
        thresholds=thresholds,
        stopped_at=stop.at if stop else None,
        paused=promised.paused and stop is None,
        days=promised.counted.days,
        provisional=_is_provisional(promised, time) or (legal is not None and _is_provisional(legal, time)),
        resumes_at=known[-1].until if len(known) == 1 else resumes_at(known),
    )


def light_of(rule: ClockRule, audience: Audience, reading: Reading) -> Light:
    """Return the colour for an audience; a phase that the clock gives it no colour is grey."""
    return rule.lights.get(audience, {}).get(reading.phase, Light.GREY)


def next_instant(reading: Reading, now: datetime) -> datetime | None:
    """Return when the phase changes next if nothing is done, or a pause ends by itself; None: never by itself."""
    if reading.stopped_at is not None or reading.paused or reading.phase == Phase.OVERDUE:
        return reading.resumes_at
    ahead = [at for _, at in reading.thresholds if at > now] + [reading.due_at + JUST_AFTER]
    return min(ahead)


def _at(threshold: tuple[str, datetime]) -> datetime:
    return threshold[1]


def _phase(
    due_at: datetime, thresholds: tuple[tuple[str, datetime], ...], stop: Mark | None, until: datetime, *, paused: bool
) -> str:
    if stop:
        return Phase.DONE_IN_TIME if stop.at <= due_at else Phase.DONE_LATE
    if until > due_at:
        return Phase.OVERDUE
    if paused:
        return Phase.PAUSED
    reached = [code for code, at in thresholds if at <= until]
    return reached[-1] if reached else Phase.RUNNING


def _in_utc(mark: Mark) -> Mark:
    """Return the mark with its time in UTC: Python compares and subtracts times of one zone by the wall clock."""
    return Mark(mark.kind, mark.at.astimezone(UTC), mark.reason, mark.amount, mark.until and mark.until.astimezone(UTC))


class _Run(NamedTuple):
    """What a clock counts towards one limit: its length with extensions, where it stood still, whether it does now."""

    counted: Counted
    length: Duration
    still: Sequence[Span]
    paused: bool


def _run(length: Duration, marks: Sequence[Mark], until: datetime, time: WorkTime, *, extended: bool) -> _Run:
    """Follow the marks in order: one that comes after the end that was due by then changes nothing.

    A pause of no length leaves nothing out.
    """
    start, still, paused_since = marks[0].at, list[Span](), None
    counted = time.count(start, length, still)
    if len(marks) == 1:
        return _Run(counted, length, still, paused=False)
    for mark in marks[1:]:
        if paused_since is None and (mark.at > counted.end or (mark.kind is MarkKind.PAUSE and mark.at == counted.end)):
            break  # it has run out
        if mark.kind is MarkKind.PAUSE:
            paused_since = mark.at
        elif mark.kind is MarkKind.EXTEND and mark.amount and extended:
            length = Duration(length.amount + mark.amount.amount, length.unit)
            counted = time.count(start, length, still)
        elif paused_since is not None and mark.kind in {MarkKind.RESUME, MarkKind.STOP}:
            still += [(paused_since, mark.at)] if mark.at > paused_since else []
            counted, paused_since = time.count(start, length, still), None
    if paused_since is not None and until > paused_since:
        still.append((paused_since, until))
        counted = time.count(start, length, still)
    return _Run(counted, length, still, paused_since is not None)


def _reached(threshold: Threshold, start: datetime, run: _Run, time: WorkTime) -> datetime:
    """Return when a threshold is reached: so much before the end, or so large a share of the length used up.

    With days: ``left`` of k days begins with the day that has k counted days after it (0: the last day itself); a share begins
    with the day before which that share of the days has passed.
    """
    length, counted = run.length, run.counted
    if length.unit in BY_DAY:
        if threshold.left is not None:
            position = length.amount - threshold.left.amount
        else:
            position = int((threshold.share or 0.0) * length.amount + 1e-9) + 1
        if position < 1 or not counted.days:
            return start
        return max(start, time.at(counted.days[min(position, length.amount) - 1], 0))
    whole: float = length.amount * IN_SECONDS[length.unit]
    if threshold.left is not None:
        used = whole - threshold.left.amount * IN_SECONDS[threshold.left.unit]
    else:
        used = (threshold.share or 0.0) * whole
    if used <= 0:
        return start
    return time.after(start, used, run.still, working=length.unit is DurationUnit.WORKING_HOUR).end


def _is_provisional(run: _Run, time: WorkTime) -> bool:
    days, published = run.counted.days, time.calendar.published
    if run.length.unit not in OF_WORK or (days[0].year == days[-1].year and days[0].year in published):
        return False
    return any(year not in published for year in range(days[0].year, days[-1].year + 1))


# -- what cannot be ---------------------------------------------------------------------------------------------------


def _check(rule: ClockRule, limit: Limit, marks: Sequence[Mark]) -> None:
    if not marks or marks[0].kind is not MarkKind.START:
        raise ClockMarksBroken(clock=rule.code, reason="it was not started by then")
    paused, before = False, marks[0].at
    for mark in marks[1:]:
        broken = (
            mark.at < before
            or mark.kind is MarkKind.START
            or (mark.kind is MarkKind.PAUSE and paused)
            or (mark.kind is MarkKind.RESUME and not paused)
            or (mark.kind is MarkKind.EXTEND and (mark.amount is None or mark.amount.unit is not limit.promised.unit))
            or (mark.kind is MarkKind.STOP and mark is not marks[-1])
        )
        if broken:
            raise ClockMarksBroken(
                clock=rule.code, reason=Reason("{mark} at {at}", mark=Label(mark.kind), at=mark.at.isoformat())
            )
        paused = mark.kind is MarkKind.PAUSE or (paused and mark.kind is not MarkKind.RESUME)
        before = mark.at
