"""The lights of the desk's map over HTTP: the very matters and lights of the queue, bounded however many there are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Float, literal, select

from geogrid.domain.events import Channel, EventKind
from geogrid.domain.people import Role
from geogrid.space.tiles import cell_of
from layers import queue_map
from layers.queue_map import MOST_CELLS, cell_holding, cells_over
from tests.build_district import IN_A1, IN_A2, IN_B1, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A
from tests.build_installation import DISTRICT
from tests.webmap.test_desk_queue import QUEUE, accept, step

MAP = "/api/v1/desk/map"
WHOLE = "126.5,45.8,126.7,46.0"


def shown(client, bbox=WHOLE, zoom=14, **query):
    found = client.get(MAP, query_string={"bbox": bbox, "zoom": zoom, **query})
    assert found.status_code == 200, found.get_json()
    return found.get_json()


def queued(client, **query):
    return client.get(QUEUE, query_string={"limit": 200, **query}).get_json()


def counted(body):
    """How many of each light a map shows, pins and cells together."""
    found = Counter(pin["light"] for pin in body["pins"])
    for cell in body["cells"]:
        found.update(cell["counts"])
    return {light: found[light] for light in ("red", "amber", "green", "grey")}


@pytest.fixture
def busy(small):
    """Matters of several lights, classes and channels, one without a place, one closed."""
    a, b = accept(small, channel=Channel.HOTLINE, hours=-200), accept(small, IN_B1, kind=EventKind.DISPUTE, words="三楼着火了")
    step(small, a, "open", category="C01", hours=-200)
    step(small, a, "dispatch", party="department:urban", hours=-200)
    for lonlat in (IN_A1, IN_A2, IN_A2, None):
        accept(small, lonlat, words="井盖缺失")
    step(small, accept(small, IN_A2), "decline", reason="twice")
    return a, b


@pytest.mark.parametrize("most", [100, 2])
def test_the_map_shows_what_the_queue_lists_with_the_same_lights(small, busy, monkeypatch, most):
    """Under every filter, each by itself or counted, and each reader his own."""
    monkeypatch.setattr(queue_map, "MOST_PINS", most)
    posts = ((Role.TOWNSHIP_LEADER, TOWNSHIP_A), (Role.OFFICER, VILLAGE_A), (Role.ADMINISTRATOR, DISTRICT))
    of_units = [small.login_as(role, unit=unit) for role, unit in posts]
    readers = (small.client(), small.login_as(Role.DEPARTMENT, department="urban"), *of_units)
    seen = set()
    for reader in readers:
        for query in (
            {}, {"light": "red"}, {"light": "green,grey"}, {"channel": "hotline"}, {"category": "C"}, {"township": TOWNSHIP_B},
            {"q": "井盖"}, {"q": "没有的话"}, {"danger": 1}, {"owner": "department:urban"}, {"border": 1}, {"mine": 1},
        ):  # fmt: skip
            rows = [row for row in queued(reader, **query)["rows"] if row["point_lonlat"]]
            body = shown(reader, **query)
            wanted = Counter(row["light"] for row in rows)
            assert counted(body) == {light: wanted[light] for light in ("red", "amber", "green", "grey")}, query
            assert body["total"] == len(rows)
            lights = {row["id"]: (row["light"], row["danger"], row["point_lonlat"], row["category"]) for row in rows}
            for pin in body["pins"]:
                assert lights[pin["id"]] == (pin["light"], pin["danger"], pin["point_lonlat"], pin["category"])
            seen |= {(len(rows), bool(body["cells"]))}
    assert {count for count, _ in seen} >= {0, 1, 5}
    assert any(cells for _, cells in seen) is (most == 2)


def test_a_cell_says_its_worst_light_and_danger_and_one_alone_is_a_pin(small, busy, monkeypatch):
    monkeypatch.setattr(queue_map, "MOST_PINS", 2)
    a, b = busy
    for _ in range(2):
        accept(small, (126.6151, 45.9051), words="路灯不亮")
    body = shown(small.client(), zoom=15)
    by_light = {cell["light"]: cell for cell in body["cells"]}
    assert by_light["red"]["counts"] == {"red": 1, "amber": 0, "green": 1, "grey": 0}
    assert [cell["danger"] for cell in body["cells"] if cell["counts"]["green"] == 3] == [True]
    assert sorted(cell["counts"]["green"] for cell in body["cells"]) == [1, 2, 3]
    assert body["pins"] == []
    near = shown(small.client(), bbox="126.60,45.90,126.61,45.91", zoom=16)
    assert (near["cells"], near["total"]) == ([], 2)
    assert str(a.id) in {pin["id"] for pin in near["pins"]}
    assert str(b.id) not in {pin["id"] for pin in near["pins"]}


def test_a_cell_at_the_edge_of_the_box_counts_all_that_it_holds(small, monkeypatch):
    """Else its number would change while the map is moved."""
    monkeypatch.setattr(queue_map, "MOST_PINS", 1)
    for east in (0.0, 0.0001, 0.0002):
        accept(small, (IN_A1[0] + east, IN_A1[1]))
    lon = IN_A1[0] + 0.00005
    west, east = (shown(small.client(), bbox=box, zoom=12) for box in (f"126.5,45.8,{lon},46.0", f"{lon},45.8,126.7,46.0"))
    assert west["cells"] == east["cells"]
    assert [cell["counts"]["green"] for cell in west["cells"]] == [3]


def test_what_is_closed_has_no_light(small, busy):
    client = small.client()
    assert shown(client, open="0") == shown(client, open="0") | {"pins": [], "cells": [], "total": 0}
    assert shown(client, open="all")["pins"] == shown(client)["pins"] != []


def test_a_saved_view_chooses_what_the_map_shows_too(small, busy):
    client = small.client()
    made = client.post(
        "/api/v1/desk/views", json={"name": "乙镇", "query": {"township": TOWNSHIP_B, "sort": "reported"}, "shared": False}
    )
    view = made.get_json()["id"]
    assert shown(client, view=view)["pins"] == shown(client, township=TOWNSHIP_B)["pins"] != []


@pytest.mark.parametrize(("query", "named"), [
    ("zoom=14", "bbox"), (f"bbox={WHOLE}", "zoom"), ("bbox=1,2,3&zoom=14", "bbox"), ("bbox=2,2,1,1&zoom=14", "bbox"),
    (f"bbox={WHOLE}&zoom=20", "zoom"), (f"bbox={WHOLE}&zoom=14&limit=5", "limit"), (f"bbox={WHOLE}&zoom=14&light=blue", "light"),
])  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(client, query, named):
    found = client.get(f"{MAP}?{query}")
    assert (found.status_code, found.get_json()["where"]["path"]) == (400, named)


degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90))


@given(degrees, st.integers(0, 19))
def test_the_cells_of_a_box_cover_it_and_are_few(corners, zoom):
    """However large the box: the answer is bounded by them."""
    west, east = sorted(corners[::2])
    south, north = sorted(corners[1::2])
    z, box = cells_over((west, south, east, north), zoom)
    slack = 1e-9
    assert box[0] <= west + slack
    assert east <= box[2] + slack
    assert box[1] <= max(south, -85.05) + slack
    assert min(north, 85.05) <= box[3] + slack
    x, y = cell_of((west, east), (south, north), z)
    assert (x[1] - x[0] + 1) * (y[0] - y[1] + 1) <= MOST_CELLS
    assert z <= zoom + 2


def test_the_database_puts_places_into_the_same_cells(session):
    rng = np.random.default_rng(5)
    for lon, lat, zoom in zip(rng.uniform(73, 135, 50), rng.uniform(18, 54, 50), rng.integers(5, 21, 50), strict=True):
        columns = cell_holding(literal(float(lon), Float), literal(float(lat), Float), int(zoom))
        x, y = cell_of(lon, lat, int(zoom))
        assert tuple(session.execute(select(*columns)).one()) == (int(x), int(y))
