"""Search finds by code, number and name; what is typed is a text, never a pattern."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from geogrid.actions.district import district_of
from geogrid.store.tables.events import events
from layers.cards import event_card, grid_card, station_card
from layers.extent import district_extent
from layers.search import search
from layers.synthetic import holds_synthetic
from tests.build_district import NOW, profile
from tests.layers.grounds import GRIDS, SIDE, SOUTH, TOWNSHIP, WEST, add_event, build_ground


def test_a_whole_code_comes_first(session):
    build_ground(session)
    found = search(session, GRIDS[1])
    assert (found[0].type, found[0].code) == ("grid", GRIDS[1])
    west, south, east, north = found[0].bbox
    assert west < east and south < north and abs(west - WEST - SIDE) < 1e-9


def test_two_characters_of_a_name_are_enough(session):
    build_ground(session)
    assert {f.type for f in search(session, "河滨")} == {"unit", "station"}
    assert {f.title for f in search(session, "柳河")} == {"柳河"}


def test_an_event_is_found_by_its_number(session):
    event_id = add_event(session, build_ground(session), 0.5, 0.5)
    number = session.scalar(select(events.c.number))
    assert [(f.type, f.code) for f in search(session, number)] == [("event", str(event_id))]
    assert [f.code for f in search(session, number[:7])] == [str(event_id)]


def test_wildcards_are_letters(session):
    build_ground(session)
    assert search(session, "%") == []
    assert search(session, "_") == []
    assert search(session, "  ") == []
    assert search(session, "' OR 1=1 --") == []


def test_cards_say_what_there_is(session):
    edition = build_ground(session)
    open_one = add_event(session, edition, 0.5, 0.5)
    add_event(session, edition, 0.5, 0.5, is_open=False)
    grid = grid_card(session, GRIDS[0])
    assert (grid.values["village"], grid.values["township"]) == ("柳树社区", "河滨街道")
    assert (grid.values["events"], grid.values["open_events"]) == (2, 1)
    assert grid_card(session, "no such code") is None
    assert station_card(session, TOWNSHIP + "01").values["unit"] == "河滨街道"
    here = {"now": NOW, "district": district_of(profile(), session)}
    card = event_card(session, open_one, **here)
    assert (card.values["words"], card.matter) == ("路灯不亮", None)  # an event of before there were programmes
    assert event_card(session, UUID(int=0), **here) is None


def test_extent_is_the_districts_or_around_the_centre(session):
    assert district_extent(session, (10.0, 20.0)) == (9.75, 19.75, 10.25, 20.25)
    build_ground(session)
    assert all(
        abs(a - b) < 1e-9
        for a, b in zip(district_extent(session, (0, 0)), (WEST, SOUTH, WEST + 2 * SIDE, SOUTH + 2 * SIDE), strict=True)
    )


def test_made_up_rows_are_noticed(session):
    assert not holds_synthetic(session)
    build_ground(session)
    assert holds_synthetic(session)
