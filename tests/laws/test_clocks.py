"""Clocks equal a walk minute by minute over ten years of calendar; by hand: GEOGRID_CLOCKS=100000."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geogrid.domain.clocks import Duration, DurationUnit, Limit, Phase, Threshold, WorkingTime
from geogrid.domain.matters import Mark, MarkKind
from geogrid.rules.deadlines import read_clock
from geogrid.rules.work_time import WorkTime
from tests.rules import oracle
from tests.rules.clocks import CHINA, HOURS, SHANGHAI, TIME, TITLE, clock

HISTORIES = int(os.environ.get("GEOGRID_CLOCKS", "3000"))
FIRST, DAYS = date(2016, 1, 1), 366 * 11
MIDNIGHT = datetime(2016, 1, 1, tzinfo=SHANGHAI).astimezone(UTC)
UNITS = {
    oracle.NATURAL: DurationUnit.HOUR,
    oracle.WORKING_HOURS: DurationUnit.WORKING_HOUR,
    oracle.WORKING_DAYS: DurationUnit.WORKING_DAY,
    oracle.DAYS: DurationUnit.DAY,
    oracle.LEGAL_DAYS: DurationUnit.LEGAL_DAY,
}
KINDS = {oracle.PAUSE: MarkKind.PAUSE, oracle.RESUME: MarkKind.RESUME, oracle.EXTEND: MarkKind.EXTEND}


def instant(minute: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=int(minute))


def made_history(rng: np.random.Generator) -> tuple[int, int, int, np.ndarray]:
    """Return unit, amount, start and marks: pauses and extensions at odd moments, at midnight, at the edges of work."""
    unit = int(rng.integers(0, 5))
    amount = int(rng.integers(1, 12 if unit >= oracle.WORKING_DAYS else 60))
    start = int(rng.integers(0, 3650) * 1440 + edge(rng))
    marks, at, paused = [], start, False
    for _ in range(int(rng.integers(0, 6))):
        at = max(at + 1, int((at // 1440 + rng.integers(0, 6)) * 1440 + edge(rng)))
        kind = oracle.RESUME if paused else int(rng.choice([oracle.PAUSE, oracle.PAUSE, oracle.EXTEND]))
        paused = kind == oracle.PAUSE
        marks.append((at, kind, int(rng.integers(1, 6)) if kind == oracle.EXTEND else 0))
    if paused:
        marks.append((max(at + 1, int(at + rng.integers(1, 9000))), oracle.RESUME, 0))
    return unit, amount, start, np.array(marks, dtype=np.int64).reshape(-1, 3)


def edge(rng: np.random.Generator) -> int:
    return int(rng.choice([0, 1439, 509, 510, 719, 720, 809, 810, 1019, 1020, 1021, *rng.integers(0, 1440, 11)]))


def marks_of(unit: int, start: int, marks: np.ndarray) -> list[Mark]:
    made = [Mark(MarkKind.START, instant(start))]
    for at, kind, amount in marks.tolist():
        made.append(Mark(KINDS[kind], instant(at), amount=Duration(amount, UNITS[unit]) if kind == oracle.EXTEND else None))
    return made


@pytest.mark.parametrize("portion", range(3))
def test_every_clock_is_due_when_a_walk_minute_by_minute_says(portion):
    worked_minute, worked_day = oracle.worked(CHINA, FIRST, DAYS, HOURS)
    rng = np.random.default_rng([2025, portion])
    for _ in range(HISTORIES // 3):
        unit, amount, start, marks = made_history(rng)
        due, days = oracle.due(unit, amount, start, marks, worked_minute, worked_day, 1020)
        rule, limit = clock(f"{amount}{UNITS[unit].value}")
        reading = read_clock(rule, limit, marks_of(unit, start, marks), now=instant(due + 1_000_000), time=TIME)
        assert reading.due_at == instant(due), (unit, amount, instant(start), marks.tolist())
        assert reading.phase == Phase.OVERDUE
        if unit >= oracle.WORKING_DAYS:
            assert [FIRST + timedelta(days=day) for day in days] == list(reading.days)


def test_the_legal_limit_takes_pauses_but_no_extensions():
    worked_minute, worked_day = oracle.worked(CHINA, FIRST, DAYS, HOURS)
    rng = np.random.default_rng(7)
    for _ in range(HISTORIES // 3):
        unit, amount, start, marks = made_history(rng)
        due, _ = oracle.due(unit, amount, start, marks[marks[:, 1] != oracle.EXTEND], worked_minute, worked_day, 1020)
        rule, _ = clock("1h")
        limit = Limit(Duration(1, UNITS[unit]), Duration(amount, UNITS[unit]))
        reading = read_clock(rule, limit, marks_of(unit, start, marks), now=instant(due + 1_000_000), time=TIME)
        assert reading.legal_due_at == instant(due), (unit, amount, instant(start), marks.tolist())


def test_any_past_colour_can_be_derived_again():
    """Reading the whole row of marks for a past instant says what was read then, before the later marks were made."""
    rng = np.random.default_rng(11)
    for _ in range(HISTORIES // 3):
        unit, amount, start, marks = made_history(rng)
        soon = Threshold("soon", TITLE, share=0.6)
        rule, limit = clock(f"{amount}{UNITS[unit].value}", thresholds=(soon,))
        made = marks_of(unit, start, marks)
        now = instant(start + rng.integers(0, 12_000))
        then = read_clock(rule, limit, [mark for mark in made if mark.at <= now], now=now, time=TIME)
        assert read_clock(rule, limit, made, now=now, time=TIME) == then
        assert then.started_at <= then.thresholds[0][1] <= then.due_at


HELSINKI = ZoneInfo("Europe/Helsinki")


def test_hours_pass_alike_where_the_wall_clock_jumps():
    """In Helsinki, over two years of summer and winter time: natural and working hours, minute by minute in UTC."""
    first, minutes = datetime(2024, 1, 1, tzinfo=UTC), 2 * 366 * 1440
    time = WorkTime(WorkingTime(HOURS, 1020), CHINA, HELSINKI)
    worked = np.zeros(minutes, dtype=bool)
    for hour in range(minutes // 60):
        wall = (first + timedelta(hours=hour)).astimezone(HELSINKI)  # zones of Europe jump by whole hours, at whole hours
        if CHINA.is_working(wall.date()):
            of_day = wall.hour * 60 + np.arange(60)
            worked[hour * 60 : hour * 60 + 60] = np.any([(of_day >= begin) & (of_day < end) for begin, end in HOURS], axis=0)
    rng = np.random.default_rng(3)
    jumps = [at for year in (2024, 2025) for at in (datetime(year, 3, 31, tzinfo=UTC), datetime(year, 10, 27, tzinfo=UTC))]
    for _ in range(HISTORIES // 6):
        unit, amount, _, marks = made_history(rng)
        if unit >= oracle.WORKING_DAYS:
            continue
        near = jumps[int(rng.integers(len(jumps)))] - first
        start = int(near.total_seconds() // 60 + rng.integers(-3000, 1500))
        marks[:, 0] += start - (marks[0, 0] if len(marks) else 0) + int(rng.integers(1, 2000))
        counts = worked if unit == oracle.WORKING_HOURS else np.ones_like(worked)
        due = oracle.due_by_minutes(amount, start, marks, counts)
        made = [
            Mark(m.kind, (first + (m.at - MIDNIGHT)).astimezone(HELSINKI), amount=m.amount) for m in marks_of(unit, start, marks)
        ]
        rule, limit = clock(f"{amount}{UNITS[unit].value}")
        now = (first + timedelta(minutes=int(due) + 100_000)).astimezone(HELSINKI)
        reading = read_clock(rule, limit, made, now=now, time=time)
        assert reading.due_at == first + timedelta(minutes=int(due)), (unit, amount, start, marks.tolist())


def test_twelve_hours_are_twelve_hours_in_the_night_in_which_clocks_go_forward():
    rule, limit = clock("12h")
    start = datetime(2025, 3, 29, 20, 0, tzinfo=HELSINKI)
    time = WorkTime(WorkingTime(HOURS, 1020), CHINA, HELSINKI)
    reading = read_clock(rule, limit, [Mark(MarkKind.START, start)], now=start, time=time)
    assert reading.due_at.astimezone(HELSINKI).isoformat() == "2025-03-30T09:00:00+03:00"
