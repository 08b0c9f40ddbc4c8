"""Alarms of a clock are those that somebody would note who asked at every minute, and do not depend on when one looks."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import numpy as np

from geogrid.domain.clocks import Duration, DurationUnit, Phase, Threshold
from geogrid.domain.matters import Mark, MarkKind
from geogrid.rules.alarms import alarms, next_look
from geogrid.rules.deadlines import read_clock
from tests.rules.clocks import TIME, TITLE, clock

HISTORIES = int(os.environ.get("GEOGRID_CLOCKS", "400"))
MINUTE = timedelta(minutes=1)
UNITS = [DurationUnit.HOUR, DurationUnit.WORKING_HOUR, DurationUnit.WORKING_DAY, DurationUnit.DAY]


def made(rng: np.random.Generator, longest_h: int):
    """Return rule, limit and marks of a clock with two thresholds; some are paused, extended, stopped, at odd minutes."""
    unit = UNITS[int(rng.integers(4))]
    amount = int(rng.integers(1, 4 if unit in {DurationUnit.WORKING_DAY, DurationUnit.DAY} else longest_h))
    near, nearer = Threshold("near", TITLE, share=0.5), Threshold("nearer", TITLE, share=0.8)
    rule, limit = clock(f"{amount}{unit.value}", thresholds=(near, nearer))
    at = datetime.fromisoformat("2025-06-16T00:00+08:00") + int(rng.integers(0, 2 * 1440)) * MINUTE
    marks, paused = [Mark(MarkKind.START, at)], False
    for _ in range(int(rng.integers(0, 5))):
        at += int(rng.choice([1, 37, 97, 613, 1447])) * MINUTE
        kind = MarkKind.RESUME if paused else [MarkKind.PAUSE, MarkKind.EXTEND, MarkKind.STOP][int(rng.integers(3))]
        paused = kind is MarkKind.PAUSE
        marks.append(Mark(kind, at, amount=Duration(1, unit) if kind is MarkKind.EXTEND else None))
        if kind is MarkKind.STOP:
            break
    return rule, limit, tuple(marks)


def asked_every_minute(rule, limit, marks, until: datetime) -> list[tuple[str, datetime]]:
    """The phases that are new from one minute to the next, but for those to which a pause's end, or an extension, leads back."""
    noted, before, held = [], "", ""
    at = marks[0].at
    while at <= until:
        phase = str(read_clock(rule, limit, marks, now=at, time=TIME).phase)
        if phase != before:
            last = held if before == Phase.PAUSED else before
            fell_back = phase == last or (phase, last) == ("near", "nearer")
            if phase != Phase.RUNNING and not fell_back:
                noted.append((phase, at))
            held = before if phase == Phase.PAUSED else held
            before = phase
        at += MINUTE
    return noted


def by_minute(found) -> list[tuple[str, datetime]]:
    """Alarms by the first whole minute at which they can be seen; of several at one minute the last is seen."""
    seen: dict[datetime, str] = {}
    for alarm in found:
        rounded = alarm.at.replace(second=0, microsecond=0)
        seen[rounded if rounded == alarm.at else rounded + MINUTE] = alarm.phase
    return [(phase, at) for at, phase in seen.items() if phase != Phase.RUNNING]


def test_alarms_are_what_one_notes_who_asks_every_minute():
    rng = np.random.default_rng(2025)
    for _ in range(max(HISTORIES // 20, 20)):
        rule, limit, marks = made(rng, 8)
        until = marks[-1].at + 3 * 1440 * MINUTE
        found = alarms(rule, limit, marks, since=None, until=until, time=TIME)
        assert by_minute(found) == asked_every_minute(rule, limit, marks, until), (limit, marks)


def test_however_often_one_looks_the_same_alarms_come_out():
    rng = np.random.default_rng(7)
    for _ in range(HISTORIES):
        rule, limit, marks = made(rng, 40)
        until = marks[-1].at + int(rng.integers(1, 20 * 1440)) * MINUTE
        whole = alarms(rule, limit, marks, since=None, until=until, time=TIME)
        looks = sorted(marks[0].at + float(rng.random()) * (until - marks[0].at) for _ in range(int(rng.integers(0, 6))))
        parts, since = [], None
        for look in (*looks, until):
            parts += alarms(rule, limit, marks, since=since, until=look, time=TIME)
            since = look
        assert tuple(parts) == whole
        assert [alarm.at for alarm in whole] == sorted(alarm.at for alarm in whole)


def test_who_looks_only_when_told_to_misses_nothing():
    """Following ``next_look`` alone, with marks made as time passes, every alarm is found at its instant."""
    rng = np.random.default_rng(11)
    for _ in range(HISTORIES):
        rule, limit, marks = made(rng, 40)
        until = marks[-1].at + 30 * 1440 * MINUTE
        phases = {"near", "nearer", Phase.OVERDUE.value}
        found, since, now, known = [], None, marks[0].at, marks[:1]
        while now <= until:
            look = next_look(rule, limit, known, phases, since=since, now=now, time=TIME)
            following = next((mark.at for mark in marks[len(known) :]), until + MINUTE)
            if look is not None and look <= following:
                now = max(look, now)
                found += [a for a in alarms(rule, limit, known, since=since, until=now, time=TIME) if a.phase in phases]
                since = now
            else:
                now, known = following, marks[: len(known) + 1]
        expected = alarms(rule, limit, marks, since=None, until=until, time=TIME)
        assert found == [alarm for alarm in expected if alarm.phase in phases], (limit, marks)
