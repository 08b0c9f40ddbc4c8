"""Closures from files: whole or not at all, kept by code with their days, respected by travel times on a day."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest
import shapely

from etl.closures import load_closures, read_closures
from etl.errors import ClosureOfNothing, ValueType, ValueUnknown
from etl.recipe import Recipe
from geogrid.domain.closures import Closure
from geogrid.domain.grids import GeographyKind
from geogrid.domain.speeds import Season
from geogrid.domain.stations import TravelMode
from geogrid.errors import GeometryType
from geogrid.space.network import RoadNetwork
from geogrid.space.network_closures import closed_rows, on_day
from geogrid.store import closures, editions
from tests import build_district as build
from tests.space.lattice import METRIC_SRID, frame, lonlat, road

HEADER = "code,road_code,from_date,to_date,modes,reason\n"
JULY = date(2025, 7, 10)


def csv(tmp_path, *rows):
    path = tmp_path / "closures.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", "utf-8")
    return path


def test_a_file_without_lines_names_roads(tmp_path):
    path = csv(tmp_path, "C1,R00001,2025-07-01,2025-07-31,car;ebike,修路", "C2,R00002,2025-07-01,,,")
    first, second = read_closures(path, Recipe())
    assert first == Closure(
        "C1", date(2025, 7, 1), date(2025, 7, 31), "R00001", None, (TravelMode.EBIKE, TravelMode.CAR), "修路", False
    )
    assert second.to_date is None and second.binds(TravelMode.WALK) and not first.binds(TravelMode.WALK)
    days = [date(2025, 6, 30), date(2025, 7, 1), date(2025, 7, 31), date(2025, 8, 1)]
    assert [first.is_on(day) for day in days] == [False, True, True, False]
    assert second.is_on(date(2030, 1, 1))


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("C1,R1,2025-07-02,2025-07-01,,", ClosureOfNothing),
        ("C1,,2025-07-01,,,", ClosureOfNothing),
        ("C1,R1,,2025-07-01,,", ClosureOfNothing),
        (",R1,2025-07-01,,,", ClosureOfNothing),
        ("C1,R1,July,,,", ValueType),
        ("C1,R1,2025-07-01,,tram,", ValueUnknown),
    ],
)
def test_a_row_that_closes_nothing_is_named(tmp_path, row, error):
    with pytest.raises(error) as caught:
        read_closures(csv(tmp_path, "C0,R0,2025-07-01,,,", row), Recipe())
    assert caught.value.where["row"] == 3


def feature(shape, **properties):
    return {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": properties}


def test_a_line_is_kept_with_its_days_and_a_point_closes_nothing(tmp_path, session):
    path = tmp_path / "closures.geojson"
    line = shapely.LineString([(126.6, 45.9), (126.61, 45.9)])
    rows = [feature(line, code="C1", from_date="2025-07-01", to_date="2025-07-31", modes="car")]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), "utf-8")
    found = read_closures(path, Recipe(datum="cgcs2000"))
    assert closures.put(session, found, now=build.NOW) == 1
    assert closures.put(session, found, now=build.NOW) == 1
    assert closures.closed_on(session, JULY) == found and closures.closed_on(session, date(2025, 8, 1)) == []
    rows = [feature(shapely.Point(126.6, 45.9), code="C1", from_date="2025-07-01")]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), "utf-8")
    with pytest.raises(GeometryType):
        read_closures(path, Recipe(datum="cgcs2000"))


def test_a_dry_run_stores_nothing(tmp_path):
    found = load_closures(csv(tmp_path, "C1,R1,2025-07-01,,,"), Recipe(), None, now=build.NOW)
    assert (found.read, found.known) == (1, None)


def test_what_runs_along_the_line_is_closed_and_what_crosses_it_is_not():
    rows = [road((0, 0), (400, 0), 0, 1), road((400, 0), (800, 0), 1, 2), road((600, -300), (600, 300), 3, 4)]
    network = RoadNetwork.from_frame(frame(rows), metric_srid=METRIC_SRID)
    line = shapely.LineString(lonlat([300, 800], [4, 4]))
    area = shapely.Polygon(lonlat([500, 700, 700, 500], [-250, -250, 250, 250]))
    one = Closure("C", JULY, JULY, line_lonlat=line, modes=(TravelMode.CAR,))
    assert {mode: rows.tolist() for mode, rows in closed_rows(network, [one], JULY).items()} == {
        TravelMode.CAR: [False, True, False]
    }
    flood = closed_rows(network, [Closure("C", JULY, line_lonlat=area)], JULY)
    assert flood.keys() == set(TravelMode) and flood[TravelMode.WALK].tolist() == [False, False, True]
    named = closed_rows(network, [Closure("C", JULY, road_code="R00000")], JULY)
    assert named[TravelMode.WALK].tolist() == [True, False, False]
    assert not closed_rows(network, [one], date(2025, 7, 11))


def test_a_day_has_its_season_and_its_closures(session):
    from geogrid.actions.roads import roads_on

    build.publish(session, frames=build.geography() | {GeographyKind.ROADS: build.roads()})
    edition, district = editions.in_force(session), build.district_of(build.profile(), session)
    closures.put(session, [Closure("C", JULY, JULY, road_code="S")], now=build.NOW)
    usual = roads_on(session, edition.id, date(2025, 7, 11), district=district)
    assert usual is district.geography_for(edition.id).network
    closed = roads_on(session, edition.id, JULY, district=district)
    assert closed.conditions.season is Season.SUMMER and closed.modes[TravelMode.CAR].closed.sum() == 1
    winter = roads_on(session, edition.id, date(2025, 1, 11), district=district)
    assert (winter.modes[TravelMode.WALK].ticks > usual.modes[TravelMode.WALK].ticks).all()
    assert np.isinf(closed.flood([(126.605, 45.9)], TravelMode.WALK).node_key).any()
    assert on_day(closed, [], date(2025, 7, 11)).modes[TravelMode.CAR].closed.sum() == 0
