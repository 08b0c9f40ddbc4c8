"""Steps taken at once, with real commits: one wins, equal ones are one, activations wait; every step is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import text

from geogrid.actions.district import open_district
from geogrid.errors import GeogridError, StepConflict
from geogrid.settings import read_settings
from geogrid.store import events
from geogrid.store.session import session_scope
from tests.build_district import NOW, publish
from tests.build_life import COMMANDER, DISPATCHER, assert_follows, reported, take


@pytest.fixture
def installed(live, tmp_path):
    """The district as an installation opens it, on a database of its own: its threads really commit."""
    return live, open_district(read_settings({"GEOGRID_VAR": str(tmp_path)}), live)


def at_once(engine, work, count):
    """Run ``work(session, i)`` in ``count`` threads that start together; return what each came to."""
    barrier = Barrier(count)

    def one(i):
        barrier.wait()
        try:
            with session_scope(engine) as session:
                return work(session, i)
        except GeogridError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_of_two_at_once_one_wins_and_the_other_is_told(installed):
    engine, district = installed
    for _ in range(5):
        with session_scope(engine) as session:
            event_id = reported(session, district)
        rivals = [("open", DISPATCHER, {}), ("decline", COMMANDER, {"reason": "not ours"})]

        def work(session, i, rivals=rivals, event_id=event_id):
            step, actor, details = rivals[i]
            return take(session, district, event_id, step, actor, hours=1, base_seq=2, **details)

        results = at_once(engine, work, 2)
        lost = [result for result in results if isinstance(result, GeogridError)]
        (won,) = [result for result in results if not isinstance(result, GeogridError)]
        assert [type(error) for error in lost] == [StepConflict]
        assert won.event.steps[-1].step in [step["step"] for step in lost[0].where["steps"]]
        with session_scope(engine) as session:
            assert len(events.find(session, event_id).steps) == 3
            assert_follows(session, district, event_id)


def test_a_hundred_equal_sends_take_one_step(installed):
    engine, district = installed
    with session_scope(engine) as session:
        event_id = reported(session, district)
    results = []
    for _ in range(10):
        results += at_once(
            engine, lambda s, i: take(s, district, event_id, "open", DISPATCHER, hours=1, base_seq=2, key="phone-1-7"), 10
        )
    assert sum(result.taken for result in results) == 1
    assert all(result.event.steps == results[0].event.steps for result in results)
    with session_scope(engine) as session:
        assert len(events.find(session, event_id).steps) == 3


def test_one_key_for_two_events_at_once_takes_one_step(installed):
    engine, district = installed
    with session_scope(engine) as session:
        ids = [reported(session, district) for _ in range(2)]
    results = at_once(engine, lambda s, i: take(s, district, ids[i], "open", DISPATCHER, hours=1, key="same"), 2)
    assert sorted(type(result).__name__ for result in results) == ["StepKeyConflict", "StepTaken"]


def test_steps_while_editions_are_activated_follow_one_another(installed):
    """An activation writes steps of all open events: none may take the number of a step that somebody takes just then."""
    engine, district = installed
    with session_scope(engine) as session:
        ids = [reported(session, district) for _ in range(6)]

    def work(session, i):
        if i == 6:
            return publish(session, "second", now=NOW + timedelta(hours=1))
        return take(session, district, ids[i], "open", DISPATCHER, hours=2)

    assert [r for r in at_once(engine, work, 7) if isinstance(r, Exception)] == []
    with session_scope(engine) as session:
        for event_id in ids:
            assert_follows(session, district, event_id)


def test_every_step_is_told_to_the_stream_with_its_cell(installed):
    engine, district = installed
    with session_scope(engine) as session:
        event_id = reported(session, district)
    raw = engine.raw_connection()
    try:
        raw.driver_connection.autocommit = True
        raw.driver_connection.execute("LISTEN geogrid_steps")
        with session_scope(engine) as session:
            take(session, district, event_id, "open", DISPATCHER, hours=1)
        (told,) = [n.payload for n in raw.driver_connection.notifies(timeout=30, stop_after=1)]
    finally:
        raw.driver_connection.execute("UNLISTEN *")
        raw.driver_connection.autocommit = False
        raw.close()
    with session_scope(engine) as session:
        number = session.scalar(text("SELECT max(id) FROM steps"))
    assert told.split(":")[0] == str(number)
    assert ":-" not in told
