"""The roads of a day in the database: closures, season, stations that are open, households that reach none."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geogrid.actions.roads import day_of, roads_on, soonest, unreached_homes
from geogrid.domain.closures import Closure
from geogrid.domain.grids import GeographyKind
from geogrid.domain.opening import Need
from geogrid.domain.stations import TravelMode
from geogrid.domain.unreached import Unreached
from geogrid.store import closures, editions
from tests import build_district as build

WALK = TravelMode.WALK
DAY = date(2025, 7, 10)  # a Thursday
CHINA = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def town(session):
    stations = build.stations().assign(hours="Mo-Fr 08:30-17:00")
    frames = build.geography() | {GeographyKind.ROADS: build.roads(), GeographyKind.STATIONS: stations}
    build.publish(session, frames=frames)
    return editions.in_force(session).id, build.district_of(build.profile(), session)


def need(hour):
    return Need(at=datetime(2025, 7, 10, hour, 0, tzinfo=CHINA))


def test_the_station_reached_soonest_is_one_that_is_open(session, town):
    edition, district = town
    found = soonest(session, edition, [126.605], [45.91], WALK, need(10), DAY, district=district)
    assert found.codes[0] is not None and not found.straight[0]
    shut = soonest(session, edition, [126.605], [45.91], WALK, need(20), DAY, district=district)
    assert shut.codes[0] is None and np.isnan(shut.minutes[0])
    assert shut.stations.next_opening == datetime(2025, 7, 11, 8, 30, tzinfo=CHINA)


def test_households_that_a_closure_cuts_off_are_found_on_its_days_only(session, town):
    edition, district = town
    rows = [Closure(f"C{i}", DAY, DAY, road_code=code) for i, code in enumerate(("A0", "A1", "B0", "B1", "S"))]
    closures.put(session, rows, now=build.NOW)
    homes, lost = unreached_homes(session, edition, WALK, Need(), DAY, district=district)
    assert len(lost.position) and set(lost.reason) == {Unreached.CLOSED} and len(homes) >= len(lost.position)
    assert not len(unreached_homes(session, edition, WALK, Need(), date(2025, 7, 11), district=district)[1].position)
    nobody = unreached_homes(session, edition, WALK, need(20), date(2025, 7, 11), district=district)[1]
    assert nobody.count() == {Unreached.NO_STATION: len(homes)}


def test_without_roads_there_is_no_answer(session):
    build.publish(session)
    edition, district = editions.in_force(session).id, build.district_of(build.profile(), session)
    assert roads_on(session, edition, DAY, district=district) is None
    assert soonest(session, edition, [126.605], [45.91], WALK, Need(), DAY, district=district) is None
    assert unreached_homes(session, edition, WALK, Need(), DAY, district=district) is None


def test_the_day_is_the_districts():
    assert day_of(Need(at=datetime(2025, 7, 9, 20, 0, tzinfo=ZoneInfo("UTC")))) == DAY and day_of(Need()) is None
