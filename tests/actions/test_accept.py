"""One report: stored once, with everything that explains its place; refused where it cannot belong to the district."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from threading import Barrier, Thread
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District, district_of
from geogrid.actions.place import find_grid
from geogrid.domain.events import EventState, StepKind
from geogrid.domain.grids import AssignmentRule, GeographyKind
from geogrid.domain.places import Datum, ReportedPoint
from geogrid.errors import CoordFar, EditionNotInForce, ReportIdConflict
from geogrid.space.tiles import cell_of
from geogrid.store import cells, events
from geogrid.store.session import session_scope
from tests.build_district import (
    A1,
    A2,
    IN_A1,
    IN_B1,
    NOW,
    TOWNSHIP_A,
    VILLAGE_A,
    VILLAGE_B,
    geography,
    profile,
    publish,
    report,
    roads,
)


def accept(session, district, sent, now=NOW):
    return accept_report(session, sent, now=now, district=district, actor="officer")


def counts(session):
    return [session.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("events", "steps", "assignments")]


def test_an_accepted_report_explains_itself(session, district):
    sent = report(IN_A1, accuracy_m=20.0)
    event = accept(session, district, sent).event
    assert event.report == sent
    assert (event.state, event.point_lonlat, event.reported_at) == (EventState.REPORTED, IN_A1, NOW)
    assert event.number.startswith("20250618")
    assert [(s.seq, s.kind, s.actor) for s in event.steps] == [(1, StepKind.REPORT, "officer"), (2, StepKind.ASSIGN, "geogrid")]
    found = event.assignment
    assert (found.grid_code, found.rule, found.confidence) == (A1, AssignmentRule.INSIDE, 1.0)
    assert (found.nearest_station, found.home_station) == (VILLAGE_A + "01", VILLAGE_A + "01")
    assert found.department_codes == ("01020399990100100100",)
    row = session.execute(text("SELECT village_code, township_code, is_open FROM events")).one()
    assert tuple(row) == (VILLAGE_A, TOWNSHIP_A, True)


@pytest.mark.parametrize("place", [IN_A1, (126.605, 45.91), (126.595, 45.905), None])
def test_what_is_said_of_a_new_event_is_what_is_stored_of_it(session, district, place):
    """The event is not read again after it was written: the answer to the report and to its repetition must be one."""
    beijing = timezone(timedelta(hours=8))
    sent = replace(
        report(place, accuracy_m=20.0 if place else None),
        words="'); DROP TABLE events; -- \\ 路灯坏了",
        address="a\nb",
        photo_sha256s=("0" * 64, "f" * 64),
        mock_location=True,
        observed_at=NOW.astimezone(beijing) - timedelta(microseconds=1),
    )
    now = NOW.astimezone(beijing) + timedelta(microseconds=7)
    said, stored = accept(session, district, sent, now=now).event, events.find(session, sent.id)
    assert said == stored
    assert [one.isoformat() for one in (said.report.observed_at, said.reported_at, said.steps[1].at)] == [
        one.isoformat() for one in (stored.report.observed_at, stored.reported_at, stored.steps[1].at)
    ]
    assert said.steps[0].details == stored.steps[0].details != {}


def test_numbers_go_on_after_a_million(session, district):
    last = session.scalar(text("SELECT nextval('event_number')"))
    set_to = text("SELECT setval('event_number', :last)")
    session.execute(set_to, {"last": 999_998})
    numbers = [accept(session, district, report(IN_A1)).event.number for _ in range(2)]
    session.execute(set_to, {"last": last})  # a sequence is not rolled back
    assert numbers == ["20250618999999", "202506181000000"]


@pytest.mark.parametrize(
    ("place", "grid", "rule"),
    [
        ((126.605, 45.91), A1, "border"),  # on the border of A1 and A2: the lowest code
        ((126.61, 45.91), A1, "border"),  # where four grids meet
        ((126.595, 45.905), None, "outside"),
        ((126.59999, 45.905), None, "outside"),  # less than a metre outside is outside
        (None, None, "unlocated"),
    ],
)
def test_the_rule_is_said(session, district, place, grid, rule):
    found = accept(session, district, report(place)).event.assignment
    assert (found.grid_code, found.rule.value) == (grid, rule)
    if rule == "outside":
        assert found.nearest_grid_code == A1


def test_a_wide_accuracy_names_the_candidates(session, district):
    found = accept(session, district, report((126.605, 45.9099), accuracy_m=100.0)).event.assignment
    shares = {c.grid_code: c.share for c in found.candidates}
    assert found.grid_code == A1
    assert set(shares) == {A1, A2}
    assert found.confidence == pytest.approx(shares[A1])
    assert 0.5 < shares[A1] < 0.7


def test_gcj02_is_converted_once_and_the_original_kept(session, district):
    stated = replace(report(), point=ReportedPoint(126.611, 45.907, Datum.GCJ02))
    event = accept(session, district, stated).event
    assert event.report.point == stated.point
    assert 0.002 < event.report.point.lon - event.point_lonlat[0] < 0.01
    assert event.assignment.grid_code == A1


def test_the_same_report_again_is_the_same_event(session, district):
    sent = report()
    first = accept(session, district, sent)
    again = accept(session, district, sent, now=NOW + timedelta(hours=1))
    assert (first.created, again.created) == (True, False)
    assert again.event == first.event
    assert counts(session) == [1, 2, 1]


def test_another_body_under_the_same_id_is_refused_and_the_first_kept(session, district):
    sent = report(IN_A1)
    first = accept(session, district, sent)
    with pytest.raises(ReportIdConflict):
        accept(session, district, report(IN_B1, id=sent.id, words="另一件"))
    assert events.find(session, sent.id) == first.event
    assert counts(session) == [1, 2, 1]


@pytest.mark.parametrize(("place", "km"), [((120.0, 45.9), 512), ((36.0, 0.0), 10057)])  # the zone cannot hold the second
@pytest.mark.parametrize("more", [{}, {GeographyKind.ROADS: roads()}])
def test_a_place_far_away_is_refused_with_its_distance(session, place, km, more):
    publish(session, frames={**geography(), **more})
    district = district_of(profile(), session)
    with pytest.raises(CoordFar, match=f"{km} km away") as caught:
        accept(session, district, report(place))
    assert caught.value.where == {"lonlat": list(place)}
    assert counts(session) == [0, 0, 0]
    assert find_grid(session, *place, district=district).rule is AssignmentRule.OUTSIDE


def test_only_a_way_by_road_has_minutes(session):
    """B's north end has no road within 500 m once its street is gone; what is left there is the straight line alone."""
    lost = roads().query("code != 'B1'")
    publish(session, frames={**geography(), GeographyKind.ROADS: lost})
    district = district_of(profile(), session)
    by_road, off_road = (find_grid(session, *place, district=district) for place in (IN_A1, (126.615, 45.9195)))
    assert (by_road.station_by_time, by_road.minutes > 0) == (VILLAGE_A + "01", True)
    assert (off_road.station_by_time, off_road.minutes, off_road.nearest_station) == (None, None, VILLAGE_B + "01")


def test_nothing_is_accepted_before_an_edition_is_in_force(session):
    with pytest.raises(EditionNotInForce):
        accept(session, district_of(profile(), session), report())


def test_find_grid_answers_and_stores_nothing(session, district):
    assert find_grid(session, *IN_B1, district=district).home_station == VILLAGE_B + "01"
    assert counts(session) == [0, 0, 0]


def test_cells_count_what_was_accepted(session, district):
    for place in (IN_A1, IN_A1, IN_B1, None, (126.595, 45.905)):
        accept(session, district, report(place))
    assert [cells.total(session, zoom) for zoom in cells.ZOOMS] == [4] * len(cells.ZOOMS)
    assert cells.wrong(session) == []


def test_a_hundred_sends_at_once_are_one_event_and_equal_answers(live):
    sent, barrier, answers = report(), Barrier(100), []

    def send(district):
        barrier.wait(timeout=60)
        with session_scope(live) as session:
            answers.append(accept_report(session, sent, now=NOW, district=district, actor="officer"))

    with session_scope(live) as session:
        geography = district_of(profile(), session).geography_for(1)
    ready = District(profile(), lambda _: geography)
    threads = [Thread(target=send, args=(ready,)) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 100
    assert sum(answer.created for answer in answers) == 1
    assert len({answer.event.number for answer in answers}) == 1
    assert all(answer.event == answers[0].event for answer in answers)
    with session_scope(live) as session:
        assert counts(session) == [1, 2, 1]
        assert cells.wrong(session) == []


def test_the_stream_is_told_at_commit_with_the_steps_and_the_cell(live, fresh_database):
    x16, y16 = (int(value) for value in cell_of(*IN_A1, 16))
    with psycopg.connect(fresh_database.replace("postgresql+psycopg", "postgresql"), autocommit=True) as listener:
        listener.execute("LISTEN geogrid_steps")
        with session_scope(live) as session:
            district = district_of(profile(), session)
            accept_report(session, report(IN_A1), now=NOW, district=district, actor="officer")
            accept_report(session, report(None), now=NOW, district=district, actor="officer")
            assert list(listener.notifies(timeout=0.2)) == []
        told = [note.payload for note in listener.notifies(timeout=30, stop_after=4)]
        ids = [int(payload.split(":")[0]) for payload in told]
    assert told == [f"{ids[0]}:{x16}:{y16}", f"{ids[1]}:{x16}:{y16}", f"{ids[2]}:-:-", f"{ids[3]}:-:-"]
    with session_scope(live) as session:
        assert ids == list(session.scalars(text("SELECT id FROM steps ORDER BY id")))


def test_an_unknown_event_is_not_found(session):
    assert events.find(session, uuid4()) is None
