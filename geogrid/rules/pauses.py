"""Pauses that have a longest length: they end by themselves, whether or not anybody says so.

When it ends is written with the mark of the pause, so that a clock is read from its marks alone, as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from geogrid.domain.matters import ClockRun, Mark, MarkKind


def settled(marks: Sequence[Mark], now: datetime) -> Sequence[Mark]:
    """Return the marks as they count at ``now``: a pause that went on for too long was resumed at its end, not later.

    What comes in its place is marked RESUME at that instant; a RESUME that came later has nothing left to resume.
    """
    if all(mark.until is None for mark in marks):
        return marks
    counted, until, by_itself = list[Mark](), None, False
    for mark in marks:
        if until is not None and mark.at > until:
            counted.append(Mark(MarkKind.RESUME, until))
            until, by_itself = None, True
        if mark.kind is MarkKind.RESUME and by_itself:
            by_itself = False
            continue
        if mark.kind in {MarkKind.PAUSE, MarkKind.RESUME, MarkKind.STOP}:
            until, by_itself = mark.until, False
        counted.append(mark)
    if until is not None and until <= now:
        counted.append(Mark(MarkKind.RESUME, until))
    return counted


def pause_of(run: ClockRun) -> Mark | None:
    """Return the pause for which a clock was last made to stand still and that nobody ended; None: there is none."""
    if not (run.is_running and run.is_paused):
        return None
    return next(mark for mark in reversed(run.marks) if mark.kind is MarkKind.PAUSE)


def broken_off(run: ClockRun) -> Mark | None:
    """Return the pause with a longest length that ended at the instant at which the last one began; None: there was none."""
    still = [mark for mark in run.marks if mark.kind in {MarkKind.PAUSE, MarkKind.RESUME}]
    if len(still) < 3:
        return None
    before, ended, last = still[-3:]
    is_one = (before.kind, ended.kind, last.kind) == (MarkKind.PAUSE, MarkKind.RESUME, MarkKind.PAUSE)
    return before if is_one and before.until is not None and ended.at == last.at else None


def resumes_at(marks: Sequence[Mark]) -> datetime | None:
    """Return when the pause that nobody ended yet ends by itself; None: there is none, or it has no longest length."""
    held = [mark for mark in marks if mark.kind in {MarkKind.PAUSE, MarkKind.RESUME, MarkKind.STOP}]
    return held[-1].until if held and held[-1].kind is MarkKind.PAUSE else None
