"""Counts by cell stay exact: after inserts, closings, moves, folds, rebuilds, and folds while others write."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District, district_of
from geogrid.domain.events import EventState
from geogrid.space.tiles import cells_of_tile
from geogrid.store import cells, events
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope
from tests.build_district import IN_A1, IN_A2, IN_B1, NOW, profile, publish, report


def accept(session, district, place):
    return accept_report(session, report(place), now=NOW, district=district, actor="x").event


def close(session, event_id):
    cells.subtract(session, [event_id])
    events.project(session, event_id, EventState.CLOSED, closed_at=NOW + timedelta(hours=1))
    cells.add(session, [event_id])


def counts(session, zoom=17):
    query = (
        "SELECT coalesce(sum(events) FILTER (WHERE is_open), 0), coalesce(sum(events) FILTER (WHERE NOT is_open), 0) "
        "FROM (SELECT zoom, is_open, events FROM event_cells UNION ALL SELECT zoom, is_open, events FROM event_cell_deltas) AS c "
        "WHERE zoom = :zoom"
    )
    return tuple(int(value) for value in session.execute(text(query), {"zoom": zoom}).one())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["accept", "close", "fold", "rebuild"]), max_size=12), st.data())
def test_counts_equal_the_events_after_anything(session, steps, data):
    with session.begin_nested() as savepoint:
        publish(session)
        district, open_ids, closed = district_of(profile(), session), [], 0
        for step in steps:
            if step == "accept":
                open_ids.append(accept(session, district, data.draw(st.sampled_from([IN_A1, IN_A2, IN_B1]))).id)
            elif step == "close" and open_ids:
                close(session, open_ids.pop())
                closed += 1
            elif step == "fold":
                cells.fold(session, most=data.draw(st.integers(1, 40)))
            elif step == "rebuild":
                cells.rebuild(session)
        assert cells.wrong(session) == []
        assert counts(session) == (len(open_ids), closed)
        savepoint.rollback()


def test_a_fold_moves_all_deltas_and_changes_no_sum(session):
    publish(session)
    district = district_of(profile(), session)
    ids = [accept(session, district, place).id for place in (IN_A1, IN_A1, IN_B1)]
    before = counts(session)
    assert cells.fold(session) > 0
    assert (cells.fold(session), counts(session)) == (0, before)
    for event_id in ids:
        close(session, event_id)
    cells.fold(session)
    assert counts(session) == (0, 3)
    assert session.scalar(text("SELECT count(*) FROM event_cells WHERE is_open")) == 0  # nothing is left of what is nought


def test_a_tile_is_the_cells_and_the_deltas_not_folded_yet(session):
    publish(session)
    district = district_of(profile(), session)
    accept(session, district, IN_A1)
    cells.fold(session)
    event = accept(session, district, IN_A1)
    zoom, columns, rows = cells_of_tile(8, 3, 1)
    x, y = session.execute(text("SELECT cell_x >> 14, cell_y >> 14 FROM events LIMIT 1")).one()
    (found,) = cells.of_tile(session, zoom, range(x - 3, x + 4), range(y - 3, y + 4))
    assert (found["events"], found["is_open"]) == (2, True)
    assert found["sum_lon_e7"] == 2 * round(event.point_lonlat[0] * 1e7)
    assert cells.of_tile(session, zoom, range(x + 1, x + 4), range(y - 3, y + 4)) == []
    assert (zoom, len(columns), len(rows)) == (10, 16, 16)


@pytest.fixture
def live(fresh_database):
    engine = engine_of(fresh_database)
    migrate(engine)
    with session_scope(engine) as session:
        publish(session)
    yield engine
    engine.dispose()


def test_folds_and_rebuilds_while_others_write_lose_nothing(live):
    with session_scope(live) as session:
        geography = district_of(profile(), session).geography_for(1)
    district = District(profile(), lambda _: geography)

    def write():
        for place in (IN_A1, IN_A2, IN_B1) * 5:
            with session_scope(live) as session:
                accept(session, district, place)

    def fold():
        for _ in range(15):
            with session_scope(live) as session:
                cells.fold(session, most=10)

    def rebuild():
        for _ in range(4):
            with session_scope(live) as session:
                cells.rebuild(session)

    threads = [Thread(target=work) for work in (write, write, fold, fold, rebuild)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with session_scope(live) as session:
        assert counts(session) == (30, 0)
        assert cells.wrong(session) == []
