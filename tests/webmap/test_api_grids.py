"""Which grid has a place, over HTTP; and one grid."""

from __future__ import annotations

import pytest
from shapely.geometry import shape

from tests.build_district import A1, B2, IN_A1

GRIDS = "/api/v1/grids"


def test_a_place_has_its_grid_and_nothing_is_stored(shared):
    body = shared.client().get(f"{GRIDS}?lon=126.605&lat=45.905&accuracy_m=20").get_json()
    assert (body["grid_code"], body["rule"]) == (A1, "inside")
    assert body["explanation"]


def test_a_place_in_gcj02_is_converted_first(shared):
    there = shared.client().get(f"{GRIDS}?lon=126.605&lat=45.9&datum=gcj02").get_json()
    assert there["rule"] == "outside"
    assert 100 < there["nearest_grid_m"] < 700


def test_a_place_outside_is_unplaced_with_the_nearest_suggested(shared):
    body = shared.client().get(f"{GRIDS}?lon=126.63&lat=45.915").get_json()
    assert (body["grid_code"], body["nearest_grid_code"]) == (None, B2)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("lon=45.9&lat=126.6", "coord.swapped"),
        ("lon=0&lat=0", "coord.null_island"),
        ("lon=999&lat=45", "coord.range"),
        ("lon=nan&lat=45", "coord.not_finite"),
        ("lon=1e999&lat=45", "coord.not_finite"),
        ("lon=14093000&lat=5771000", "coord.looks_projected"),
        ("lon=126°36′&lat=45°54′", "coord.text"),
        ("lon=１２６.5&lat=45.9", "coord.text"),
        ("lon=126,5&lat=45,9", "coord.text"),
        ("lon=1_2&lat=45.9", "coord.text"),
        ("lon=&lat=45.9", "coord.text"),
        ("lat=45.9", "request.invalid"),
        ("lon=126.6&lat=45.9&datum=beijing54", "request.invalid"),
        ("lon=126.6&lat=45.9&accuracy_m=-1", "coord.accuracy"),
        ("lon=126.6&lat=45.9&accuracy_m=nan", "coord.accuracy"),
        ("lon=126.6&lat=45.9&sql=1", "request.invalid"),
    ],
)
def test_bad_places_are_refused_by_name(shared, query, code):
    answer = shared.client().get(f"{GRIDS}?{query}")
    assert answer.get_json()["code"] == code
    assert answer.status_code in {400, 422}
    assert not answer.get_json()["where"].get("path", "").startswith("point"), "a query has no field of that name"


@pytest.mark.parametrize(
    ("path", "zh"),
    [
        (f"{GRIDS}?lat=45.9", "lon：缺少该参数"),
        (f"{GRIDS}?lon=126.6&lat=45.9&sql=1", "sql：此处没有该参数"),
        (f"{GRIDS}?lon=126.6&lat=45.9&datum=beijing54", "datum：应为以下之一：cgcs2000, wgs84, gcj02, bd09"),
        (f"{GRIDS}?lon={'1' * 41}&lat=45.9", "lon：最多 40 个字符"),
        (f"{GRIDS}/abc", "code：格式不符"),
        ("/api/v1/events?limit=x", "limit：应为整数"),
        ("/api/v1/events?limit=0", "limit：不小于 1"),
        ("/api/v1/events?open=perhaps", "open：应为 true 或 false"),
        ("/api/v1/events?from=2025-06-18T15:00:00", "from：应为带时区偏移的时间"),
        ("/api/v1/events?from=yesterday", "from：应为带时区偏移的时间"),
        ("/api/v1/events?cursor=x", "cursor：不是本平台给出的值"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said_in_chinese(shared, path, zh):
    message = shared.client().get(path, headers={"Accept-Language": "zh"}).get_json()["message"]
    assert zh in message, message


def test_a_place_far_away_is_refused_as_in_a_report_with_its_kilometres(shared):
    refusal = shared.client().get(f"{GRIDS}?lon=121.47&lat=31.23&lang=en").get_json()
    assert refusal["code"] == "coord.far"
    assert " 16" in refusal["message"]
    assert "km" in refusal["message"]


def test_one_grid_is_a_geojson_feature(shared):
    answer = shared.client().get(f"{GRIDS}/{A1}")
    feature = answer.get_json()
    assert answer.mimetype == "application/geo+json"
    assert feature["properties"]["layer"] == "base_grids"
    assert shape(feature["geometry"]).bounds == (126.6, 45.9, 126.61, 45.91)
    assert shape(feature["geometry"]).geoms[0].exterior.is_ccw
    assert shared.client().get(f"{GRIDS}/01020399990100100100").get_json()["properties"]["department"] == "market"


def test_an_unknown_grid_is_not_found(shared):
    for code in ("999901009009009", "230111-", "%00", "'; DROP TABLE events; --"):
        assert shared.client().get(f"{GRIDS}/{code}").status_code in {400, 404}


def test_codes_are_told_with_their_names(shared):
    found = shared.client().get(f"/api/v1/grids?lon={IN_A1[0]}&lat={IN_A1[1]}").get_json()
    assert found["grid_code"] in found["names"]
    assert found["home_station"] in found["names"]
