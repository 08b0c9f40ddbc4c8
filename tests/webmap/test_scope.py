"""Who sees what over HTTP: every reader his territory's and his party's events, on every way that leads to them."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from geogrid.domain.people import Role
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.space.tiles import cell_of
from geogrid.store.scope import enter
from geogrid.store.session import session_scope
from geogrid.store.tables.matters import matters
from layers.events import select_events
from layers.view import View
from tests.build_district import IN_A1, IN_A2, IN_B1, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, VILLAGE_B
from webmap.installation import installation

DISTRICT = "999901000000"
READERS = [
    ((Role.COMMANDER,), {"unit": DISTRICT}, "AAB"),
    ((Role.AUDITOR,), {"unit": DISTRICT}, "AAB"),
    ((Role.TOWNSHIP_LEADER,), {"unit": TOWNSHIP_A}, "AA"),
    ((Role.TOWNSHIP_LEADER,), {"unit": TOWNSHIP_B}, "B"),
    ((Role.OFFICER,), {"unit": VILLAGE_A}, "AA"),
    ((Role.GRID_LEADER,), {"unit": VILLAGE_B}, "B"),
    ((Role.DEPARTMENT,), {"department": "police"}, "B"),
    ((Role.DEPARTMENT,), {"department": "market"}, ""),
    ((Role.ADMINISTRATOR,), {"unit": DISTRICT}, ""),
]


@pytest.fixture
def three(small):
    """Two events in township A, one in B that the police lead; their ids by the letter of the township."""
    found = [small.accept(IN_A1).id, small.accept(IN_A2).id, small.accept(IN_B1).id]
    with session_scope(installation(small.app).engine) as session:
        session.execute(update(matters).where(matters.c.event_id == found[2]).values(lead="department:police"))
    return dict(zip(("A1", "A2", "B1"), found, strict=True))


@pytest.mark.parametrize(("roles", "place", "seen"), READERS, ids=str)
def test_every_way_shows_the_same_events(small, three, roles, place, seen):
    client = small.login_as(*roles, **place)
    listed = client.get("/api/v1/events").get_json()["features"]
    assert len(listed) == len(seen)
    for name, event_id in three.items():
        status = 200 if name[0] in seen else 404
        for path in (f"/api/v1/events/{event_id}", f"/events/{event_id}"):
            assert client.get(path, headers={"Accept": "application/json"}).status_code == status, (path, name)
    found = client.get(f"/search?q={listed[0]['properties']['number'] if listed else '2025'}").get_json()["found"]
    assert len([one for one in found if one["type"] == "event"]) <= len(seen)
    figures = client.get("/api/v1/counts?by=district").get_json()
    assert "error" not in figures


@pytest.mark.parametrize(("scope", "number"), [
    (EVERYTHING, 3), (Scope(False, (TOWNSHIP_A,)), 2), (Scope(False, (VILLAGE_B,)), 1), (Scope(), 0),
    (Scope(False, (), ("department:police",)), 1),
])  # fmt: skip
@pytest.mark.parametrize("zoom", [9, 12, 17])
def test_tiles_count_what_the_reader_may_see(small, three, scope, number, zoom):
    view = View((126.5, 45.8, 126.7, 46.0), zoom, scope=scope)
    with session_scope(installation(small.app).engine) as session:
        enter(session, scope)
        rows = session.execute(select_events(view)).all()
    assert sum(row.open + (row.closed if hasattr(row, "closed") else 0) for row in rows) == number


def test_a_tile_of_one_reader_is_not_sent_to_another(small, three):
    x, y = (int(value) for value in cell_of(*IN_A1, 15))
    path = f"/tiles/events/17/{x}/{y}.mvt"
    commander, other = small.client(), small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    first = commander.get(path)
    second = other.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert first.status_code == second.status_code == 200
    assert len(first.data) > len(second.data)


def test_placing_what_one_does_not_see_is_as_if_there_were_none(small, three):
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    answer = leader.put(f"/api/v1/events/{three['A1']}/grid", json={"grid_code": "999901001001001"})
    assert answer.status_code == 404
