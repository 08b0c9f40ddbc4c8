"""Pauses that end by themselves read as if somebody had ended them then, whenever one looks; by hand: GEOGRID_CLOCKS=100000."""

from __future__ import annotations

import os
from datetime import timedelta

import numpy as np

from geogrid.domain.clocks import Phase, Threshold
from geogrid.domain.matters import ClockRun, Mark, MarkKind
from geogrid.rules.alarms import alarms
from geogrid.rules.deadlines import next_instant, read_clock
from geogrid.rules.pauses import pause_of, settled
from tests.laws.test_clocks import MIDNIGHT, UNITS, instant, made_history, marks_of
from tests.rules import oracle
from tests.rules.clocks import TIME, TITLE, clock

HISTORIES = int(os.environ.get("GEOGRID_CLOCKS", "1500"))
SOON = Threshold("soon", TITLE, share=0.6)


def limited(marks: list[Mark], rng: np.random.Generator) -> tuple[list[Mark], list[Mark]]:
    """Return marks whose pauses have a longest length, and the same with what it comes to written out by hand.

    A pause that nobody ended in time is ended at its end; who ends it afterwards finds nothing to end. What else happened
    meanwhile (an extension) stays where it was.
    """
    given, plain = [], []
    end, over = None, False
    for mark in marks:
        if end is not None and mark.at > end:
            plain.append(Mark(MarkKind.RESUME, end))
            end, over = None, True
        if mark.kind is MarkKind.PAUSE:
            end, over = mark.at + timedelta(minutes=int(rng.choice([1, 59, 700, 1440, 5000, 20_000]))), False
            given.append(Mark(mark.kind, mark.at, until=end))
            plain.append(Mark(mark.kind, mark.at))
            continue
        given.append(mark)
        if mark.kind is MarkKind.RESUME:
            end = None
            if over:
                over = False
                continue
        plain.append(mark)
    return given, plain if end is None else [*plain, Mark(MarkKind.RESUME, end)]


def histories(seed: int):
    rng = np.random.default_rng([seed, 5])
    for _ in range(HISTORIES // 3):
        unit, amount, start, marks = made_history(rng)
        rule, limit = clock(f"{amount}{UNITS[unit].value}", thresholds=(SOON,))
        given, plain = limited(marks_of(unit, start, marks), rng)
        if len(given) > 1 and given[-1].kind is MarkKind.RESUME and rng.random() < 0.5:
            given.pop()  # nobody ever ended the last pause
            given, plain = limited([Mark(m.kind, m.at, m.reason, m.amount) for m in given], rng)
        yield rule, limit, given, plain, start, rng


def test_a_clock_reads_as_if_somebody_had_ended_each_pause_in_time():
    paused = late = 0
    for rule, limit, given, plain, start, rng in histories(1):
        for _ in range(4):
            now = instant(start + int(rng.integers(0, 20_000)))
            reading, wanted = (read_clock(rule, limit, marks, now=now, time=TIME) for marks in (given, plain))
            assert reading._replace(resumes_at=None) == wanted, (given, now)
            paused, late = paused + reading.paused, late + reading.is_late
    assert paused > HISTORIES / 25 and late > HISTORIES / 25, "both are looked at"


def test_its_alarms_are_the_same_whenever_one_looks():
    for rule, limit, given, plain, start, rng in histories(2):
        until = instant(start + int(rng.integers(1, 40_000)))
        wanted = alarms(rule, limit, plain, since=None, until=until, time=TIME)
        assert alarms(rule, limit, given, since=None, until=until, time=TIME) == wanted
        found, since = [], None
        for look in sorted(instant(start + int(rng.integers(0, 40_000))) for _ in range(4)):
            if look < until:
                found += alarms(rule, limit, given, since=since, until=look, time=TIME)
                since = look
        found += alarms(rule, limit, given, since=since, until=until, time=TIME)
        assert tuple(found) == wanted


def test_the_end_of_a_pause_is_an_instant_at_which_one_looks():
    for rule, limit, given, _, _, _ in histories(3):
        last = max(mark.at for mark in given)
        pause = pause_of(ClockRun(rule.code, limit, tuple(given)))
        reading = read_clock(rule, limit, given, now=last, time=TIME)
        if pause is None or pause.until <= last:
            assert not reading.paused and reading.resumes_at is None
            continue
        assert reading.resumes_at == pause.until
        assert next_instant(reading, last) == pause.until or not reading.paused
        assert not read_clock(rule, limit, given, now=pause.until, time=TIME).paused


def test_a_walk_minute_by_minute_agrees():
    """The oracle of clocks, given the same pauses ended by hand."""
    rng = np.random.default_rng(9)
    for _ in range(HISTORIES // 15):
        amount, length = int(rng.integers(1, 40)), int(rng.integers(1, 3000))
        start = int(rng.integers(0, 300) * 1440 + rng.integers(0, 1440))
        begin = start + int(rng.integers(1, 2000))
        rows = np.array([(begin, oracle.PAUSE, 0), (begin + length, oracle.RESUME, 0)], dtype=np.int64)
        due, _ = oracle.due(oracle.NATURAL, amount, start, rows, np.ones(600 * 1440, dtype=bool), np.ones(600, dtype=bool), 1020)
        rule, limit = clock(f"{amount}h")
        marks = [Mark(MarkKind.START, instant(start)), Mark(MarkKind.PAUSE, instant(begin), until=instant(begin + length))]
        reading = read_clock(rule, limit, marks, now=instant(due + 9999), time=TIME)
        assert reading.due_at == instant(due)
        assert reading.phase == Phase.OVERDUE


def test_marks_without_a_longest_length_are_left_as_they_are():
    marks = [Mark(MarkKind.START, MIDNIGHT), Mark(MarkKind.PAUSE, MIDNIGHT + timedelta(hours=1))]
    assert settled(marks, MIDNIGHT + timedelta(days=900)) is marks


def test_a_pause_that_was_over_when_it_was_allowed_stops_nothing():
    rule, limit = clock("3h")
    begin = MIDNIGHT + timedelta(hours=1)
    marks = [Mark(MarkKind.START, MIDNIGHT), Mark(MarkKind.PAUSE, begin, until=begin)]
    reading = read_clock(rule, limit, marks, now=begin, time=TIME)
    assert (reading.phase, reading.due_at, reading.resumes_at) == (Phase.RUNNING, MIDNIGHT + timedelta(hours=3), None)
    assert [one.phase for one in alarms(rule, limit, marks, since=None, until=begin, time=TIME)] == [Phase.RUNNING]
