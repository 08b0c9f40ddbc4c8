"""Clocks equal a walk minute by minute over ten years of calendar; by hand: GEOGRID_CLOCKS=100000."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from geogrid.domain.clocks import Duration, DurationUnit, Limit, Phase, Threshold
from geogrid.domain.matters import Mark, MarkKind
from geogrid.rules.deadlines import read_clock
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
