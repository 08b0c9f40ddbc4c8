"""The district: its profile, and each edition's geography compiled once, whoever asks and however many at once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from threading import Barrier, Thread

import geopandas as gpd
import numpy as np
import pytest

from geogrid.actions import district as module
from geogrid.actions.answers import answers, on_record, units_of
from geogrid.actions.district import District, compile_geography, district_of, open_district, read_danger, read_profile
from geogrid.domain.grids import GeographyKind
from geogrid.domain.places import Datum, ReportedPoint
from geogrid.domain.stations import TravelMode
from geogrid.errors import NotFoundError, SetupError
from geogrid.settings import ROOT, read_settings
from geogrid.store import editions
from geogrid.store.geography import EditionFrames
from geogrid.store.session import engine_of
from tests.build_district import A1, B2, IN_A1, IN_B2, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, VILLAGE_B, grids, profile, publish


@pytest.fixture(scope="module")
def twin_geography(small_twin):
    """The small twin, compiled straight from its files."""
    read = {name: gpd.read_parquet(small_twin / f"{name}.parquet") for name in ("base_grids", "stations", "units", "roads")}
    departments = gpd.read_parquet(small_twin / "department_grids.parquet")
    frames = EditionFrames(read["base_grids"], read["stations"], departments, read["units"], None, read["roads"])
    return compile_geography(frames, 1, profile())


def test_kept_times_are_those_of_the_network(twin_geography, small_twin):
    homes = gpd.read_parquet(small_twin / "households.parquet").geometry[:300]
    lon, lat = np.append(homes.x, [126.0, 127.9]), np.append(homes.y, [45.0, 46.9])  # the last two are off every road
    for mode in TravelMode:
        for _ in range(2):
            codes, minutes = twin_geography.station_by_time(lon, lat, mode)
            asked = (lon, lat, twin_geography.station_codes, twin_geography.station_lonlat, mode)
            expected_codes, expected_minutes, straight = twin_geography.network.station_by_time(*asked)
            assert straight[-2:].all()
            assert codes.tolist() == np.where(straight, None, expected_codes).tolist()
            np.testing.assert_array_equal(minutes, np.where(straight, np.nan, expected_minutes))
    assert set(twin_geography.floods) == set(TravelMode)


def test_answers_name_the_station_by_time_and_travel_as_the_profile_says(twin_geography, small_twin):
    district = District(profile(), lambda _: twin_geography)
    homes = gpd.read_parquet(small_twin / "households.parquet").geometry[:200]
    found = answers(district, 1, homes.x, homes.y, np.full(200, np.nan))
    assert all(answer.station_by_time and answer.minutes > 0 for answer in found)
    modes = {twin_geography.mode_of[units_of(district, answer)[0]] for answer in found}
    assert modes == {TravelMode.WALK, TravelMode.EBIKE} or len(modes) == 1
    answer = found[0]
    mode = twin_geography.mode_of[units_of(district, answer)[0]]
    codes, minutes = twin_geography.station_by_time(np.array([homes.x.iloc[0]]), np.array([homes.y.iloc[0]]), mode)
    assert (answer.station_by_time, answer.minutes) == (codes[0], minutes[0])


def test_without_roads_there_are_no_minutes(session, district):
    (answer,) = answers(district, editions.in_force(session).id, [IN_A1[0]], [IN_A1[1]], [np.nan])
    assert (answer.grid_code, answer.station_by_time, answer.minutes) == (A1, None, None)


def test_units_of_a_grid_are_its_village_and_township(session, district):
    edition_id = editions.in_force(session).id
    found = answers(district, edition_id, [IN_A1[0], IN_B2[0], 126.5], [IN_A1[1], IN_B2[1], 45.9], [np.nan] * 3)
    expected = [(VILLAGE_A, TOWNSHIP_A), (VILLAGE_B, TOWNSHIP_B), (None, None)]
    assert [units_of(district, answer) for answer in found] == expected


def test_grids_without_villages_have_no_units(session):
    bare = grids().drop(columns=["village_code"])
    publish(session, "bare", {GeographyKind.BASE_GRIDS: bare})
    district = district_of(profile(), session)
    (answer,) = answers(district, editions.in_force(session).id, [IN_B2[0]], [IN_B2[1]], [np.nan])
    assert (answer.grid_code, units_of(district, answer)) == (B2, (None, None))
    assert (answer.nearest_station, answer.home_station) == (None, None)


def test_an_edition_is_compiled_once_and_the_last_few_are_kept(session, monkeypatch):
    compiled = []
    monkeypatch.setattr(module, "read_geography", lambda session, id_, profile, files: compiled.append(id_) or id_)
    district, barrier = district_of(profile(), session), Barrier(8)

    def ask():
        barrier.wait(timeout=10)
        assert district.geography_for(1) == 1

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert compiled == [1]
    for edition_id in (2, 3, 1, 4, 1, 2):
        district.geography_for(edition_id)
    assert compiled == [1, 2, 3, 4, 2]  # 1 was asked for again and stayed; 2 had to go for 4


def test_an_edition_is_compiled_while_every_connection_of_the_pool_is_held(live, tmp_path):
    """After an activation all threads of a server wait, with their connections, for the one that compiles the edition."""
    tight = engine_of(live.url.render_as_string(hide_password=False), pool_size=1)
    district = open_district(read_settings({"GEOGRID_VAR": str(tmp_path)}), tight)
    held = [tight.connect() for _ in range(1 + tight.pool._max_overflow)]
    try:
        assert district.geography_for(1).units_of[A1] == (VILLAGE_A, TOWNSHIP_A)
    finally:
        for connection in held:
            connection.close()
        tight.dispose()


def test_points_of_every_datum_come_to_the_datum_of_record():
    points = [None, *(ReportedPoint(126.6, 45.9, datum) for datum in Datum)]
    lon, lat = on_record(points)
    assert np.isnan(lon[0]) and np.isnan(lat[0])
    by_datum = dict(zip(Datum, zip(lon[1:], lat[1:], strict=True), strict=True))
    assert by_datum[Datum.WGS84] == by_datum[Datum.CGCS2000] == (126.6, 45.9)
    assert 0.003 < 126.6 - by_datum[Datum.GCJ02][0] < 0.01
    assert 0.008 < 126.6 - by_datum[Datum.BD09][0] < 0.02


def test_the_profile_is_that_of_the_settings(engine):
    settings = read_settings({"GEOGRID_PROFILE": "230111"})
    assert read_profile(settings).code == "230111"
    assert open_district(settings, engine).profile.code == "230111"
    with pytest.raises(NotFoundError, match="000000"):
        read_profile(replace(settings, profile="000000"))


@pytest.mark.parametrize("srid", [3857, 4490, 4534, 32633, 99999])
def test_a_profile_whose_zone_does_not_measure_its_district_is_refused(tmp_path, srid):
    (tmp_path / "profiles").mkdir()
    text = (ROOT / "data" / "profiles" / "999901.toml").read_text("utf-8")
    (tmp_path / "profiles" / "mine.toml").write_text(text.replace("4551", str(srid)), "utf-8")
    settings = read_settings({"GEOGRID_DATA": str(tmp_path), "GEOGRID_PROFILE": "mine"})
    with pytest.raises(SetupError, match=f"EPSG:{srid}"):
        read_profile(settings)


def test_what_means_danger_is_read_from_the_places_own_folder(session, tmp_path):
    """A place that writes its own words has them, wherever the district is opened; one without a file keeps the shipped ones."""
    own = tmp_path / "own"
    shutil.copytree(ROOT / "data", own)
    sentence = 'sentence = { zh = "请拨打 110、119、120", en = "Call 110, 119, 120" }'
    (own / "danger.toml").write_text(f'words = ["塌方"]\ncategories = []\n{sentence}\n', encoding="utf-8")
    settings = read_settings({"GEOGRID_DATA": str(own), "GEOGRID_VAR": str(tmp_path)})
    opened = open_district(settings, session.get_bind().engine)
    for found in (opened, district_of(profile(), session, data_dir=own)):
        assert found.danger.found("山路塌方") == ("塌方",)
        assert not found.danger.found("厂房着火")
    (tmp_path / "empty").mkdir()
    assert read_danger(tmp_path / "empty").found("厂房着火")
