from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point

import geogrid
from geogrid import errors
from geogrid.domain.grids import Candidate
from geogrid.space.frames import candidates_text
from tests.space import shapes

GRIDS = shapes.frame([shapes.square(0, 0), shapes.square(0.01, 0)], ["b", "a"])
STATIONS = shapes.points_frame([shapes.at(0.005, 0.005), shapes.at(0.015, 0.005)], ["s2", "s1"])
DEPARTMENTS = shapes.frame([shapes.square(0, 0, 0.02), shapes.square(0, 0)], ["d2", "d1"])


def events(**columns):
    places = [Point(shapes.at(0.005, 0.005)), None, Point(shapes.at(0.01, 0.005)), Point(), Point(shapes.at(0.005, -0.1))]
    return gpd.GeoDataFrame({"words": list("vwxyz"), **columns}, geometry=places, crs=4490, index=[9, 9, 3, 1, 0])


def test_every_row_is_kept_in_order_with_its_answers():
    found = geogrid.assign(events(), GRIDS, STATIONS, DEPARTMENTS)
    assert found.index.tolist() == [9, 9, 3, 1, 0]
    assert found["words"].tolist() == list("vwxyz")
    assert [None if pd.isna(code) else code for code in found["grid_code"]] == ["b", None, "a", None, None]
    assert found["rule"].tolist() == ["inside", "unlocated", "border", "unlocated", "outside"]
    assert found["confidence"].tolist() == [1.0, 0.0, 1.0, 0.0, 1.0]
    assert found["department_codes"].iloc[0] == "d1;d2"
    assert found["department_codes"].iloc[4] == ""
    assert found["station_code"].iloc[0] == "s2"
    assert found["distance_m"].iloc[0] == 0.0
    assert np.isnan(found["distance_m"].iloc[1])
    assert found["confidence"].iloc[2] == 1.0
    assert found["candidates"].iloc[2] == "a:1.00"
    assert list(found.columns[-7:]) == [
        "grid_code",
        "department_codes",
        "station_code",
        "distance_m",
        "rule",
        "confidence",
        "candidates",
    ]


def test_the_frames_given_are_left_alone():
    given = events()
    before = given.copy()
    geogrid.assign(given, GRIDS, STATIONS)
    pd.testing.assert_frame_equal(given, before)
    assert list(GRIDS.columns) == ["code", "geometry"]


def test_accuracy_gives_candidates():
    found = geogrid.assign(events(accuracy_m=[5.0, None, "20", "", 30]), GRIDS, STATIONS)
    assert found["candidates"].iloc[0] == "b:1.00"
    assert sorted(item.split(":")[0] for item in found["candidates"].iloc[2].split(";")) == ["a", "b"]
    assert found["confidence"].iloc[2] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("value", ["far", 0, -3])
def test_an_accuracy_that_is_none_names_its_row(value):
    with pytest.raises(errors.AccuracyInvalid):
        geogrid.assign(events(accuracy_m=[5.0, None, value, None, None]), GRIDS, STATIONS)


@pytest.mark.parametrize("srid", [4326, 4551, 3857, 32652])
def test_any_stated_system_gives_the_same_answers(srid):
    expected = geogrid.assign(events(), GRIDS, STATIONS)
    found = geogrid.assign(events().to_crs(srid), GRIDS.to_crs(srid), STATIONS.to_crs(srid))
    assert found.crs.to_epsg() == srid
    inside = [0, 4]
    for name in ("grid_code", "rule", "station_code"):
        assert list(found[name].astype(object).iloc[inside]) == list(expected[name].astype(object).iloc[inside])


def test_another_datum_is_shifted_and_not_taken_for_ours():
    """Tokyo's old datum lies some 400 m from WGS 84, so the same figures are another place."""
    square = gpd.GeoDataFrame({"code": ["t"]}, geometry=[shapely.box(139.745, 35.652, 139.749, 35.655)], crs=4326)
    asked = gpd.GeoDataFrame(geometry=[Point(139.75, 35.65), None], crs=4301)
    assert geogrid.assign(asked, square, None)["rule"].tolist() == ["inside", "unlocated"]


def test_wgs84_is_relabelled_to_the_bit():
    found = geogrid.assign(events().set_crs(4326, allow_override=True), GRIDS.set_crs(4326, allow_override=True), STATIONS)
    assert found["rule"].iloc[2] == "border"


@pytest.mark.parametrize("which", range(4))
def test_a_frame_without_a_system_is_asked_for_it(which):
    frames = [events(), GRIDS, STATIONS, DEPARTMENTS]
    frames[which] = frames[which].set_crs(None, allow_override=True)
    with pytest.raises(errors.FrameWithoutCrs, match=["events", "grids", "stations", "department grids"][which]):
        geogrid.assign(*frames)


@pytest.mark.parametrize("which", [1, 2, 3])
def test_a_frame_without_rows_is_said(which):
    frames = [events(), GRIDS, STATIONS, DEPARTMENTS]
    frames[which] = frames[which].iloc[:0]
    with pytest.raises(errors.FrameInvalid, match="no row"):
        geogrid.assign(*frames)


def test_points_made_from_empty_columns_are_unlocated():
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy([126.605, np.nan], [45.905, np.nan]), crs=4490)
    assert geogrid.assign(frame, GRIDS, STATIONS)["rule"].tolist() == ["inside", "unlocated"]
    half = gpd.GeoDataFrame(geometry=gpd.points_from_xy([126.605, 126.6], [45.905, np.nan]), crs=4490)
    with pytest.raises(errors.CoordNotFinite) as caught:
        geogrid.assign(half, GRIDS, STATIONS)
    assert caught.value.where == {"row": 1}


def test_codes_may_stand_in_other_columns():
    grids = GRIDS.rename(columns={"code": "precinct"}).assign(code="not this one")
    found = geogrid.assign(events(), grids, STATIONS, grid_code_column="precinct")
    assert found["grid_code"].iloc[0] == "b"
    with pytest.raises(errors.FrameInvalid, match="'zone' is missing; there are"):
        geogrid.assign(events(), grids, STATIONS, grid_code_column="zone")


def test_a_column_of_the_same_name_is_kept_apart():
    once = geogrid.assign(events(grid_code=["mine"] * 5), GRIDS, STATIONS)
    assert once["grid_code_before"].tolist() == ["mine"] * 5
    assert once["grid_code"].iloc[0] == "b"
    twice = geogrid.assign(once, GRIDS, STATIONS)
    assert twice.columns.is_unique


def test_events_must_be_points():
    lines = gpd.GeoDataFrame({"words": ["x"]}, geometry=[LineString([(126.6, 45.9), (126.7, 45.9)])], crs=4490)
    with pytest.raises(errors.GeometryType, match="event 0 is a LineString"):
        geogrid.assign(lines, GRIDS, STATIONS)


def test_no_events_have_no_answers():
    found = geogrid.assign(events().iloc[:0], GRIDS, STATIONS)
    assert len(found) == 0
    assert "grid_code" in found.columns


def test_elsewhere_the_local_zone_is_taken():
    def moved(frame):
        return frame.set_geometry(shapely.transform(frame.geometry.values, lambda xy: xy - np.array([200.6, 5.2])), crs=4490)

    found = geogrid.assign(moved(events(accuracy_m=[5.0, None, 20.0, None, None])), moved(GRIDS), moved(STATIONS))
    assert found["grid_code"].iloc[0] == "b"
    assert found["confidence"].iloc[2] == pytest.approx(0.5, abs=0.01)


def roads_frame(places):
    lines = [LineString([start, end]) for start, end in pairwise(places)]
    count = len(lines)
    return gpd.GeoDataFrame(
        {
            "from_node": np.arange(count),
            "to_node": np.arange(count) + 1,
            "oneway": False,
            "bridge": False,
            "walk": True,
            "ebike": True,
            "car": True,
            "speed_car_kmh": 30.0,
            "length_m": [750.0] * count,
        },
        geometry=lines,
        crs=4490,
    )


def test_minutes_go_by_road_and_stay_empty_where_no_road_leads():
    roads = roads_frame([shapes.at(0.005, 0.005), shapes.at(0.015, 0.005), shapes.at(0.025, 0.005)])
    found = geogrid.assign(events(), GRIDS, STATIONS[STATIONS["code"] == "s1"], roads=roads, mode="ebike")
    assert found["station_by_time"].iloc[0] == "s1"
    assert found["minutes"].iloc[0] == pytest.approx(3.0, abs=0.1)
    assert np.isnan(found["minutes"].iloc[4])
    assert "minutes" not in geogrid.assign(events(), GRIDS, STATIONS).columns


def test_candidates_are_cut_not_rounded():
    assert candidates_text((Candidate("a", 0.87), Candidate("b", 0.13))) == "a:0.87;b:0.13"
    assert candidates_text((Candidate("a", 0.999),)) == "a:0.99"
    assert candidates_text((Candidate("a", 1.0),)) == "a:1.00"
    assert candidates_text(()) == ""


def test_importing_the_house_loads_no_geometry_stack():
    loaded = "import geogrid, geogrid.domain.grids, sys; print('geopandas' in sys.modules, 'shapely' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
