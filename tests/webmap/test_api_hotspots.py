"""Hotspots over HTTP: by rank, in words of the reader's language."""

from __future__ import annotations

import pytest

from geogrid.actions.hotspots import said_of
from geogrid.domain.events import EventKind
from geogrid.domain.hotspots import Change, Hotspot, HotspotKind

HOTSPOTS = "/api/v1/hotspots"
SPOT = Hotspot(
    rank=1,
    kind=HotspotKind.STANDING,
    name="甲市场",
    codes=("999901001001001",),
    events=41,
    usual=12.98,
    ratio=41 / 12.98,
    p=0.001,
    households=0,
    per_1000=None,
    smoothed_per_1000=None,
    prevailing=EventKind.ORDER,
    prevailing_events=28,
    heart_lonlat=(126.605, 45.905),
    change=Change(20, 2.059, 0.01, 0.01),
)


@pytest.fixture
def drawn(monkeypatch):
    said = {**said_of(SPOT), "days": 30, "made_at": "2025-06-18T07:00:00+00:00", "step": 9}
    monkeypatch.setattr("webmap.api.hotspots.clusters", lambda session, *, most: [said][:most])


def test_a_hotspot_is_told_in_numbers_and_in_words(shared, drawn):
    body = shared.client().get(HOTSPOTS, query_string={"lang": "en"}).get_json()
    (spot,) = body["hotspots"]
    assert (body["days"], spot["rank"], spot["name"], spot["grids"]) == (30, 1, "甲市场", ["999901001001001"])
    assert (spot["usual"], spot["ratio"], spot["change"], spot["per_1000"]) == (12.9, 3.1, 2.05, None)
    assert spot["text"] == "甲市场: 3.1 times the usual, 41 events, mostly street order (28), 20 before (2.05 times)"
    zh = shared.client().get(HOTSPOTS, query_string={"lang": "zh"}).get_json()["hotspots"][0]["text"]
    assert zh == "甲市场，是平常的 3.1 倍，41 起，以街面秩序为主（28 起），此前 20 起（现为 2.05 倍）"
    assert "step" not in spot and "label" not in spot


def test_where_nothing_stands_out_the_list_is_empty(shared):
    assert shared.client().get(HOTSPOTS).get_json()["hotspots"] == []


@pytest.mark.parametrize("query", ["most=0", "most=101", "most=x", "sql=1"])
def test_what_is_no_question_is_refused(shared, query):
    assert shared.client().get(f"{HOTSPOTS}?{query}").status_code == 400
