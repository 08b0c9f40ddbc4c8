"""Frames in by COPY and out again: the same values, the same vertices to the bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy.exc import IntegrityError

from geogrid.domain.grids import GeographyKind
from geogrid.errors import NotFoundError
from geogrid.store import editions
from geogrid.store.geography import content_hash, copy_in, delete_rows, frame_of, frames_of
from tests.build_district import frame, geography, grids, stations


def roads():
    row = {"name": "中山路", "road_class": "residential", "from_node": 1, "to_node": 2**40, "oneway": np.True_, "bridge": False}
    more = {"walk": True, "ebike": True, "car": False, "speed_car_kmh": 30, "length_m": 812.5, "code": "R1"}
    return frame([{**row, **more, "geometry": shapely.LineString([(126.6, 45.9), (126.61, 45.9)])}])


def places():
    row = {"name": "呼兰河", "kind": "water", "address": None}
    shapes = [
        shapely.box(126.6, 45.9, 126.61, 45.91),
        shapely.LineString([(126.6, 45.9), (126.7, 46)]),
        shapely.Point(126.6, 45.9),
    ]
    return frame([{**row, "code": f"P{i}", "geometry": shape} for i, shape in enumerate(shapes)])


ALL = {**geography(), GeographyKind.ROADS: roads(), GeographyKind.PLACES: places()}


def with_area(kind, rows):
    return rows.assign(area_m2=1.5) if kind.value.endswith("grids") else rows


@pytest.mark.parametrize("kind", list(GeographyKind))
def test_what_goes_in_comes_out(session, edition_id, kind):
    given = with_area(kind, ALL[kind])
    assert copy_in(session, kind, given, edition_id) == len(given)
    found = frame_of(session, kind, editions.by_id(session, edition_id)).set_index("code")
    assert set(found.index) == set(given["code"])
    assert found.crs.to_epsg() == 4490
    for row in given.to_dict("records"):
        stored = found.loc[row["code"]]
        assert shapely.normalize(stored.geometry).equals(shapely.normalize(row["geometry"]))
        points = {tuple(xy) for xy in shapely.get_coordinates(row["geometry"])}
        assert {tuple(xy) for xy in shapely.get_coordinates(stored.geometry)} == points
        assert stored["synthetic"]
        for name in ("name", "kind", "level", "from_node", "oneway", "length_m", "village_code", "parent_code"):
            if name in row and not pd.isna(row[name]):
                assert stored[name] == row[name]


def test_lists_come_joined_and_leave_as_lists(session, edition_id):
    copy_in(session, GeographyKind.STATIONS, stations().assign(hours=None, capacity=np.nan), edition_id)
    found = frame_of(session, GeographyKind.STATIONS, editions.by_id(session, edition_id))
    assert found["industries"].iloc[0] == ["物业", "交通"]
    assert (found["hours"].iloc[0], found["capacity"].iloc[0]) == ("", 0)


def test_missing_values_become_null_or_their_default(session, edition_id):
    given = with_area(GeographyKind.BASE_GRIDS, grids()).assign(
        village_code=[None, np.nan, pd.NA, "999901001001"],
        leader=[None, np.nan, pd.NA, "张"],
        households=[1.0, np.nan, None, 2.0],
    )
    copy_in(session, GeographyKind.BASE_GRIDS, given, edition_id)
    found = frame_of(session, GeographyKind.BASE_GRIDS, editions.by_id(session, edition_id))
    assert found["village_code"].tolist() == [None, None, None, "999901001001"]
    assert found["leader"].tolist() == ["", "", "", "张"]
    assert found["households"].tolist() == [1, 0, 0, 2]


def test_a_missing_cell_takes_the_tables_default_and_fails_where_there_is_none(session, edition_id):
    """A road is open to walkers unless the file says no; a road without its node is none, not one from node 0."""
    copy_in(session, GeographyKind.ROADS, roads().assign(oneway=None, walk=np.nan, name=pd.NA), edition_id)
    found = frame_of(session, GeographyKind.ROADS, editions.by_id(session, edition_id)).iloc[0]
    assert (bool(found["oneway"]), bool(found["walk"]), found["name"]) == (False, True, "")
    with pytest.raises(IntegrityError, match="from_node"), session.begin_nested():
        copy_in(session, GeographyKind.ROADS, roads().assign(code="R2", from_node=None), edition_id)


def test_a_broken_row_fails_the_whole_copy(session, edition_id):
    broken = with_area(GeographyKind.BASE_GRIDS, grids())
    broken.loc[2, "geometry"] = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(IntegrityError, match="area_valid"), session.begin_nested():
        copy_in(session, GeographyKind.BASE_GRIDS, broken, edition_id)
    assert frame_of(session, GeographyKind.BASE_GRIDS, editions.by_id(session, edition_id)).empty


def test_rows_not_in_force_can_be_deleted(session, edition_id):
    copy_in(session, GeographyKind.STATIONS, stations(), edition_id)
    delete_rows(session, GeographyKind.STATIONS, edition_id)
    assert frames_of(session, edition_id).stations.empty


def test_frames_of_an_edition_without_anything(session, edition_id):
    frames = frames_of(session, edition_id, roads=True)
    assert (len(frames.grids), frames.district, frames.roads) == (0, None, None)
    with pytest.raises(NotFoundError):
        frames_of(session, edition_id + 1)


def test_the_hash_is_that_of_the_content_not_of_its_order():
    assert content_hash(grids()) == content_hash(grids().iloc[::-1])
    assert content_hash(grids()) != content_hash(grids(split_m=1e-9))
