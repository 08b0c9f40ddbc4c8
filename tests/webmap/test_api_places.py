"""Words to places over HTTP."""

from __future__ import annotations

import pytest

from tests.build_district import VILLAGE_A, VILLAGE_B

PLACES = "/api/v1/places"


def test_words_have_their_place_with_the_reason(shared):
    answer = shared.client().get(PLACES, query_string={"text": "乙镇乙村路边有垃圾", "lang": "en"})
    first, second = answer.get_json()["places"]
    assert (first["name"], first["precision"], first["village_code"]) == ("乙镇乙村", "village", VILLAGE_B)
    assert 126.61 < first["point"]["lon"] < 126.62 and 45.90 < first["point"]["lat"] < 45.92
    assert first["confidence"] == 1.0 and first["radius_m"] > 1000
    assert first["reason"] == ["Township or street 乙镇: as named", "Village or community 乙村: as named"]
    assert second["precision"] == "township" and second["confidence"] < 0.9


def test_the_reason_is_in_the_readers_language(shared):
    found = shared.client().get(PLACES, query_string={"text": "甲社区", "lang": "zh"}).get_json()["places"][0]
    assert found["village_code"] == VILLAGE_A and found["reason"] == ["村、社区“甲社区”：名称一致"]


def test_words_without_a_place_find_none(shared):
    assert shared.client().get(f"{PLACES}?text=hello").get_json() == {"places": []}


def test_a_place_nearby_may_be_named_in_any_datum(shared):
    query = {"text": "甲社区", "near_lon": "126.605", "near_lat": "45.905", "datum": "gcj02"}
    assert shared.client().get(PLACES, query_string=query).get_json()["places"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "request.invalid"),
        ("text=", "request.invalid"),
        ("text=" + "a" * 501, "request.invalid"),
        ("text=a&near_lon=126.6", "request.invalid"),
        ("text=a&near_lon=45.9&near_lat=126.6", "coord.swapped"),
        ("text=a&sql=1", "request.invalid"),
    ],
)
def test_what_is_no_question_is_refused(shared, query, code):
    answer = shared.client().get(f"{PLACES}?{query}")
    assert answer.get_json()["code"] == code and answer.status_code in {400, 422}


def test_the_gazetteer_of_an_edition_is_compiled_once(shared):
    gazetteer_for = shared.app.extensions["geogrid"].district.gazetteer_for
    assert gazetteer_for(1) is gazetteer_for(1)
