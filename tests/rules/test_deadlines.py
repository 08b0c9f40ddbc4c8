"""Clocks by hand: the week of the National Day, Spring Festival, thresholds, pauses, what comes too late."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from geogrid.domain.clocks import Audience, Light, Phase
from geogrid.domain.conditions import Complexity, When
from geogrid.domain.matters import Mark, MarkKind
from geogrid.errors import ClockMarksBroken, SetupError
from geogrid.rules.calendar import parse_calendar
from geogrid.rules.deadlines import Facts, fits, light_of, next_instant, read_clock
from tests.rules.clocks import CHINA, SHANGHAI, TIME, clock, duration, left


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def started(text: str, *more: Mark) -> list[Mark]:
    return [Mark(MarkKind.START, at(text)), *more]


def mark(kind: str, text: str, amount: str = "") -> Mark:
    return Mark(MarkKind(kind), at(text), amount=duration(amount) if amount else None)


def test_five_working_days_across_the_national_day_of_2025():
    """Reported on Monday 29 September: 30 September, then 9, 10, 11 (a Saturday that is worked) and 13 October."""
    rule, limit = clock("5wd")
    reading = read_clock(rule, limit, started("2025-09-29T10:00"), now=at("2025-09-29T10:00"), time=TIME)
    assert [day.isoformat() for day in reading.days] == ["2025-09-30", "2025-10-09", "2025-10-10", "2025-10-11", "2025-10-13"]
    assert reading.due_at == at("2025-10-13T17:00")
    assert not reading.provisional


def test_eight_working_hours_across_spring_festival_of_2025():
    """From Monday 27 January 15:00: two hours that day, and six on 5 February (8:30 to 12:00, 13:30 to 16:00)."""
    rule, limit = clock("8wh")
    reading = read_clock(rule, limit, started("2025-01-27T15:00"), now=at("2025-01-27T15:00"), time=TIME)
    assert reading.due_at == at("2025-02-05T16:00")


def test_twelve_hours_run_through_the_night_and_the_holiday():
    rule, limit = clock("12h")
    reading = read_clock(rule, limit, started("2025-10-01T20:30"), now=at("2025-10-01T20:30"), time=TIME)
    assert reading.due_at == at("2025-10-02T08:30")


def test_a_year_whose_holidays_are_not_published_is_provisional():
    rule, limit = clock("5wd")
    assert read_clock(rule, limit, started("2026-12-30T10:00"), now=at("2026-12-30T10:00"), time=TIME).provisional
    hours, natural = clock("5h")
    assert not read_clock(hours, natural, started("2026-12-31T22:00"), now=at("2026-12-31T22:00"), time=TIME).provisional


def test_two_days_left_are_yellow_and_the_due_day_is_red():
    """Kulun: staff see yellow with 2 days left and red on the due day; the public sees yellow in progress, red when overdue."""
    lights = {
        Audience.STAFF: {"running": Light.GREEN, "soon": Light.AMBER, "due_day": Light.RED, "overdue": Light.RED},
        Audience.PUBLIC: {"running": Light.AMBER, "soon": Light.AMBER, "due_day": Light.AMBER, "overdue": Light.RED},
    }
    rule, limit = clock("5wd", thresholds=(left("2wd"), left("0wd", "due_day")), lights=lights)
    marks = started("2025-06-09T10:00")  # counted: 10, 11, 12, 13, 16 June
    seen = {}
    for day in (10, 11, 12, 13, 14, 15, 16, 17):
        reading = read_clock(rule, limit, marks, now=at(f"2025-06-{day}T12:00"), time=TIME)
        seen[day] = light_of(rule, Audience.STAFF, reading), light_of(rule, Audience.PUBLIC, reading)
    green, amber, red = Light.GREEN, Light.AMBER, Light.RED
    assert seen == {
        10: (green, amber), 11: (green, amber), 12: (amber, amber), 13: (amber, amber), 14: (amber, amber), 15: (amber, amber),
        16: (red, amber), 17: (red, red),
    }  # fmt: skip


def test_a_threshold_before_the_end_of_a_clock_of_minutes():
    rule, limit = clock("15min", thresholds=(left("5min"),))
    reading = read_clock(rule, limit, started("2025-06-18T23:55"), now=at("2025-06-19T00:06"), time=TIME)
    assert (reading.phase, reading.thresholds) == ("soon", (("soon", at("2025-06-19T00:05")),))
    assert next_instant(reading, at("2025-06-19T00:06")) == at("2025-06-19T00:10") + timedelta(microseconds=1)


def test_done_at_the_due_instant_is_done_in_time_and_a_moment_later_is_late():
    rule, limit = clock("1h")
    for second, phase in ((0, Phase.DONE_IN_TIME), (1, Phase.DONE_LATE)):
        stop = Mark(MarkKind.STOP, at("2025-06-18T10:00") + timedelta(seconds=second))
        reading = read_clock(rule, limit, started("2025-06-18T09:00", stop), now=at("2025-06-19T00:00"), time=TIME)
        assert reading.phase == phase
        assert next_instant(reading, at("2025-06-19T00:00")) is None


def test_what_comes_after_the_end_brings_nothing_back():
    rule, limit = clock("1h")
    late = [mark("pause", "2025-06-18T10:30"), mark("resume", "2025-06-18T12:30"), mark("extend", "2025-06-18T12:40", "5h")]
    reading = read_clock(rule, limit, started("2025-06-18T09:00", *late), now=at("2025-06-18T12:50"), time=TIME)
    assert (reading.due_at, reading.phase) == (at("2025-06-18T10:00"), Phase.OVERDUE)


def test_while_paused_the_due_time_moves_on_and_nothing_is_about_to_happen():
    rule, limit = clock("2h", legal="4h")
    marks = started("2025-06-18T09:00", mark("pause", "2025-06-18T09:30"))
    reading = read_clock(rule, limit, marks, now=at("2025-06-18T12:00"), time=TIME)
    assert (reading.phase, reading.paused) == (Phase.PAUSED, True)
    assert (reading.due_at, reading.legal_due_at) == (at("2025-06-18T13:30"), at("2025-06-18T15:30"))
    assert next_instant(reading, at("2025-06-18T12:00")) is None


def test_a_pause_in_a_working_day_leaves_that_day_out_and_one_after_work_does_not():
    rule, limit = clock("1wd")
    for begin, end, due in (("11:00", "11:05", "2025-06-20T17:00"), ("17:00", "18:00", "2025-06-19T17:00")):
        pause = [mark("pause", f"2025-06-19T{begin}"), mark("resume", f"2025-06-19T{end}")]
        reading = read_clock(rule, limit, started("2025-06-18T09:00", *pause), now=at("2025-06-25T09:00"), time=TIME)
        assert reading.due_at == at(due)


@pytest.mark.parametrize("marks", [
    [],
    [mark("pause", "2025-06-18T09:00")],
    started("2025-06-18T09:00", mark("resume", "2025-06-18T09:10")),
    started("2025-06-18T09:00", mark("pause", "2025-06-18T09:10"), mark("pause", "2025-06-18T09:20")),
    started("2025-06-18T09:00", mark("start", "2025-06-18T09:10")),
    started("2025-06-18T09:00", mark("stop", "2025-06-18T09:10"), mark("pause", "2025-06-18T09:20")),
    started("2025-06-18T09:00", mark("pause", "2025-06-18T08:00")),
    started("2025-06-18T09:00", mark("extend", "2025-06-18T09:10", "1wd")),
])  # fmt: skip
def test_marks_that_cannot_follow_one_another_are_refused(marks):
    rule, limit = clock("2h")
    with pytest.raises(ClockMarksBroken):
        read_clock(rule, limit, marks, now=at("2025-06-19T00:00"), time=TIME)


def test_a_rule_is_for_the_matters_it_names_and_an_unknown_amount_fits_no_bound():
    small = When(amount_yuan=(None, 50_000.0))
    assert [fits(small, Facts(amount_yuan=a)) for a in (49_999.99, 50_000.0, None)] == [True, False, False]
    assert fits(When(), Facts())
    named = When(handling=("timed",), complexities=(Complexity.COMPLEX,))
    assert fits(named, Facts(handling="timed", complexity=Complexity.COMPLEX))
    assert not fits(named, Facts(handling="timed"))


def test_the_calendar_of_china_moves_weekends():
    days = {
        "2025-10-08": False,
        "2025-10-11": True,
        "2025-09-28": True,
        "2025-01-26": True,
        "2025-06-18": True,
        "2025-06-21": False,
    }
    assert {day: CHINA.is_working(datetime.fromisoformat(day).date()) for day in days} == days


@pytest.mark.parametrize(("broken", "says"), [
    ("code = 'x'\n[[years]]\nyear = 2025\nholidays = ['2024-12-31']\nworking = []", "no day of 2025"),
    ("code = 'x'\n[[years]]\nyear = 2025\nholidays = []\nworking = ['2025-06-18']", "no weekend day"),
    ("code = 'x'\n[[years]]\nyear = 2025\nholidays = ['2025-10-11']\nworking = ['2025-10-11']", "both free and worked"),
    ("code = 'x'\n[[years]]\nyear = 2025\nholidays = ['2025-10-08..2025-10-01']\nworking = []", "ends before"),
    ("code = 'x'\n" + "[[years]]\nyear = 2025\nholidays = []\nworking = []\n" * 2, "listed twice"),
    ("code = 'x'", "years"),
])  # fmt: skip
def test_a_broken_calendar_says_where(broken, says):
    with pytest.raises(SetupError, match=says):
        parse_calendar(broken)
