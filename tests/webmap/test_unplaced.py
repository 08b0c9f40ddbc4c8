"""The queue of the unplaced: seen on a page, emptied by a person who names a grid."""

from __future__ import annotations

import pytest

from geogrid.store import events
from geogrid.store.session import session_scope
from tests.build_district import A1, B2, IN_A1
from webmap.installation import installation

OUTSIDE = (126.5999, 45.905)


def put(small, event, body):
    return small.client().put(f"/api/v1/events/{event.id}/grid", json=body, headers=small.write())


def test_the_queue_shows_what_no_grid_covers_with_the_nearest_grid_and_nothing_else(small):
    outside, inside = small.accept(OUTSIDE), small.accept(IN_A1)
    page = small.client().get("/unplaced?lang=en").get_data(as_text=True)
    assert outside.number in page
    assert A1 in page
    assert inside.number not in page
    assert '<span id="total">1</span>' in page
    assert 'href="/unplaced">To be placed 1</a>' in small.client().get("/?lang=en").get_data(as_text=True)
    assert small.client().get("/unplaced/count").get_json() == {"count": 1}


def test_a_person_names_the_grid_and_the_event_leaves_the_queue(small):
    event = small.accept(OUTSIDE)
    answer = put(small, event, {"grid_code": B2})
    body = answer.get_json()
    assert answer.status_code == 200
    assert (body["assignment"]["grid_code"], body["assignment"]["rule"]) == (B2, "placed")
    assert [body["point"]["lon"], body["point"]["lat"]] == list(event.point_lonlat)
    page = small.client().get("/unplaced?lang=en").get_data(as_text=True)
    assert event.number not in page
    assert "Nothing waits" in page


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"grid_code": "999901009009009"}, 404, "not_found"),
        ({"grid_code": 5}, 422, "report.field_type"),
        ({}, 422, "report.field_missing"),
        ({"grid_code": ""}, 422, "report.field_missing"),
        ({"grid_code": "9" * 41}, 422, "text.too_long"),
        ({"grid_code": A1, "state": "closed"}, 422, "report.field_unknown"),
    ],
)
def test_a_placing_that_cannot_be_is_refused_and_changes_nothing(small, body, status, code):
    event = small.accept(OUTSIDE)
    answer = put(small, event, body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert small.client().get(f"/api/v1/events/{event.id}").get_json()["assignment"]["grid_code"] is None


def test_an_event_that_has_a_grid_by_rule_keeps_it(small):
    event = small.accept(IN_A1)
    answer = put(small, event, {"grid_code": B2})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "event.not_waiting")


def test_placing_needs_to_be_known(small):
    event = small.accept(OUTSIDE)
    assert small.guest().put(f"/api/v1/events/{event.id}/grid", json={"grid_code": A1}).status_code == 401


def test_words_of_strangers_are_text_and_never_markup(small):
    small.accept(OUTSIDE, words="<script>alert(1)</script>")
    page = small.client().get("/unplaced").get_data(as_text=True)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("path", ["/unplaced", "/imports", "/nowhere", "/api/v1/docs"])
def test_every_page_can_be_read_in_the_other_language_and_leads_back_to_the_map(small, path):
    page = small.client().get(f"{path}?lang=zh", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert 'href="?lang=en"' in page
    assert 'href="/"' in page


@pytest.mark.parametrize("path", ["/unplaced", "/imports", "/"])
def test_pages_with_rows_that_are_made_up_say_so(small, path):
    assert "SIMULATED" in small.client().get(path).get_data(as_text=True)


def test_a_wrong_address_is_called_a_wrong_address_and_no_wrong_code(small):
    page = small.client().get("/nowhere?lang=zh", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "没有这个页面" in page.text
    assert "编码" not in page.text


WORDS_PLACE = {
    "name": "甲社区甲路1号",
    "lon": 126.605,
    "lat": 45.905,
    "precision": "address",
    "radius_m": 80.0,
    "confidence": 0.72,
    "reason": ["道路“甲路”：名称一致"],
}


def test_a_person_confirms_a_place_for_the_words_and_it_is_kept(small):
    event = small.accept(None, words="甲社区甲路1号门前积水")
    answer = put(small, event, {"place": WORDS_PLACE})
    body = answer.get_json()
    assert answer.status_code == 200, body
    found = body["assignment"]
    assert (found["grid_code"], found["rule"]) == (A1, "placed")
    assert found["place"]["point"] == {"lon": 126.605, "lat": 45.905}
    assert (found["place"]["name"], found["place"]["confidence"], found["place"]["reason"]) == (
        WORDS_PLACE["name"],
        0.72,
        WORDS_PLACE["reason"],
    )
    assert found["distance_m"] is not None, "the nearest station of the confirmed place"
    assert body["point"] is None, "nobody reported a point"
    assert body["text"] == "甲社区甲路1号门前积水"
    again = small.client().get(f"/api/v1/events/{event.id}?lang=en").get_json()["assignment"]
    assert again["place"] == found["place"]
    with session_scope(installation(small.app).engine) as session:
        stored = events.find(session, event.id)
        assert (stored.steps[-1].actor, stored.steps[-1].note) == ("key:set-up", f"{A1} 甲社区甲路1号 ±80 m")
        assert [one.place is None for _, one in events.history(session, event.id)] == [True, False]


def test_a_grid_named_with_a_place_counts(small):
    event = small.accept(None)
    found = put(small, event, {"place": WORDS_PLACE, "grid_code": B2}).get_json()["assignment"]
    assert (found["grid_code"], found["place"]["name"]) == (B2, WORDS_PLACE["name"])


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lon": 126.5999}, 409, "place.uncovered"),
        ({"lon": 226.0}, 400, "request.invalid"),
        ({"lon": "126.6"}, 422, "report.field_type"),
        ({"precision": "exact"}, 400, "request.invalid"),
        ({"confidence": 1.5}, 400, "request.invalid"),
        ({"radius_m": 0}, 400, "request.invalid"),
        ({"reason": ["x"] * 21}, 400, "request.invalid"),
        ({"name": "x" * 501}, 400, "request.invalid"),
        ({"who": "me"}, 400, "request.invalid"),
    ],
)
def test_a_place_that_cannot_be_is_refused_and_changes_nothing(small, change, status, code):
    event = small.accept(None)
    answer = put(small, event, {"place": WORDS_PLACE | change})
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert small.client().get(f"/api/v1/events/{event.id}").get_json()["assignment"]["grid_code"] is None
