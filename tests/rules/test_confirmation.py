"""The thirty days for judicial confirmation: natural days, the last one to midnight, a free last day moved on."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from geogrid.actions.programmes import shipped_programmes
from geogrid.domain.clocks import Light
from geogrid.rules.confirmation import window
from tests.rules.clocks import SHANGHAI


@pytest.fixture(scope="module")
def time():
    programmes = shipped_programmes("hulan")
    return programmes.time_of(programmes.of("jinan_court"))


def at(month, day, hour=10, minute=0):
    return datetime(2025, month, day, hour, minute, tzinfo=SHANGHAI)


def test_the_thirtieth_day_is_the_last_and_counts_to_midnight(time):
    found = window(at(6, 18), now=at(7, 18, 23, 59), time=time)  # 18 July 2025 is a Friday
    assert (found.last_day, found.days_left, found.is_open) == (date(2025, 7, 18), 0, True)
    later = window(at(6, 18), now=at(7, 19, 0, 0), time=time)
    assert (later.light, later.is_open, later.days_left) == (Light.RED, False, -1)


def test_a_last_day_in_the_holidays_moves_to_the_next_working_day(time):
    found = window(at(9, 5), now=at(10, 6), time=time)  # ADR 12: the thirtieth day is 5 October, in the National Day's week
    assert found.is_open and found.last_day == date(2025, 10, 9)


def test_a_week_before_the_end_the_light_turns(time):
    signed = at(6, 18)
    assert window(signed, now=at(7, 10), time=time).light is Light.GREEN
    assert window(signed, now=at(7, 11), time=time).light is Light.AMBER


def test_it_is_open_without_a_gap_from_signing_to_its_end_and_never_again(time):
    signed = at(6, 18)
    states = [window(signed, now=signed + timedelta(hours=6 * i), time=time).is_open for i in range(4 * 40)]
    assert states == sorted(states, reverse=True) and states[0] and not states[-1]
