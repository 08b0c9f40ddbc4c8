"""Capable and open: the first reason why a station cannot take a matter, and when the next one opens."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from geogrid.domain.opening import Fitness, Need, fit
from geogrid.domain.stations import StationLevel

CHINA = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2025, 6, 16, 10, 0, tzinfo=CHINA)
NIGHT = datetime(2025, 6, 16, 22, 0, tzinfo=CHINA)
SUNDAY = datetime(2025, 6, 15, 10, 0, tzinfo=CHINA)
NATIONAL_DAY = datetime(2025, 10, 1, 10, 0, tzinfo=CHINA)  # a Wednesday


def station(**columns):
    return {"level": "point", "industries": ["property", "traffic"], "hours": "Mo-Fr 08:30-17:00", "capacity": 3} | columns


def fitness(need, **columns):
    return fit([station(**columns)], need).fitness[0]


@pytest.mark.parametrize(
    ("need", "columns", "found"),
    [
        (Need(), {}, Fitness.FIT),
        (Need(), {"level": "centre"}, Fitness.OTHER_LEVEL),
        (Need(levels=frozenset({StationLevel.CENTRE})), {"level": "centre"}, Fitness.FIT),
        (Need(industry="land"), {}, Fitness.OTHER_INDUSTRY),
        (Need(industry="land"), {"industries": "property; land"}, Fitness.FIT),
        (Need(industry="land"), {"industries": ""}, Fitness.FIT),
        (Need(industry="land"), {"industries": None}, Fitness.FIT),
        (Need(with_capacity=True), {"capacity": 0}, Fitness.NO_CAPACITY),
        (Need(), {"capacity": 0}, Fitness.FIT),
        (Need(at=MONDAY), {}, Fitness.FIT),
        (Need(at=MONDAY.astimezone(ZoneInfo("UTC"))), {}, Fitness.FIT),
        (Need(at=NIGHT), {}, Fitness.CLOSED),
        (Need(at=SUNDAY), {}, Fitness.CLOSED),
        (Need(at=NATIONAL_DAY), {}, Fitness.FIT),
        (Need(at=NATIONAL_DAY), {"hours": "Mo-Fr 08:30-17:00; PH off"}, Fitness.CLOSED),
        (Need(at=MONDAY), {"hours": ""}, Fitness.HOURS_NOT_STATED),
        (Need(at=MONDAY), {"hours": None}, Fitness.HOURS_NOT_STATED),
        (Need(at=MONDAY), {"hours": "早上八点半"}, Fitness.HOURS_UNREADABLE),
    ],
)
def test_the_first_reason_why_not(need, columns, found):
    assert fitness(need, **columns) is found


def test_where_all_are_closed_the_next_opening_is_told():
    hours = ["Mo-Fr 08:30-17:00", "Tu,Th 07:00-15:00", "", "nonsense", "Mo-Fr 06:00-07:00"]
    stations = [station(hours=text) for text in hours[:4]] + [station(hours=hours[4], level="centre")]
    found = fit(stations, Need(at=NIGHT))
    assert not any(found.mask) and found.next_opening == datetime(2025, 6, 17, 7, 0, tzinfo=CHINA)


def test_what_never_opens_again_has_no_next_opening():
    found = fit([station(hours="2024 Mo-Fr 08:00-12:00")], Need(at=MONDAY))
    assert found.fitness == (Fitness.CLOSED,) and found.next_opening is None
    assert fit([], Need(at=MONDAY)).mask == []


def test_an_instant_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="no offset"):
        Need(at=datetime(2025, 6, 16, 10, 0))  # noqa: DTZ001 that it is naive is the point


def holiday(hours: str, at: datetime = NATIONAL_DAY) -> Fitness:
    days = frozenset({NATIONAL_DAY.date(), NATIONAL_DAY.date() + timedelta(days=1)})
    return fitness(Need(at=at, holidays=days), hours=hours)


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ("Mo-Fr 08:30-17:00", Fitness.CLOSED),
        ("Mo-Sa 08:30-17:00", Fitness.CLOSED),
        ("Mo-Su 08:30-17:00", Fitness.FIT),
        ("Mo-Fr 08:30-17:00; PH 09:00-11:00", Fitness.FIT),
    ],
)
def test_on_a_holiday_of_the_calendar_hours_are_those_of_a_sunday(hours, found):
    assert holiday(hours) is found


def test_the_next_opening_is_on_no_holiday():
    days = frozenset({NATIONAL_DAY.date(), NATIONAL_DAY.date() + timedelta(days=1)})
    found = fit([station()], Need(at=NATIONAL_DAY, holidays=days))
    assert found.next_opening == datetime(2025, 10, 3, 8, 30, tzinfo=CHINA)
