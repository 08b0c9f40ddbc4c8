"""The jobs keep the assessment up to date by themselves."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from etl.assessing import assess_once, keep_assessing
from geogrid.actions.district import open_district
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope
from tests.build_district import NOW, publish
from tests.build_installation import settings_for
from tests.build_life import live, reported


@pytest.fixture
def lived(fresh_database, tmp_path):
    """Settings and engine of a district with one closed event, its clock a day later."""
    settings, engine = settings_for(tmp_path, fresh_database), engine_of(fresh_database)
    migrate(engine)
    with session_scope(engine) as session:
        publish(session)
    district = open_district(settings, engine)
    with session_scope(engine) as session:
        live(session, district, reported(session, district))
    yield replace(settings, as_of=NOW + timedelta(days=1), clock_start=None), engine
    engine.dispose()


def lines(engine) -> int:
    with session_scope(engine) as session:
        return session.execute(text("SELECT count(*) FROM assessment_lines")).scalar_one()


def test_once_and_again_the_same_lines(lived):
    settings, engine = lived
    assert assess_once(settings, engine) == 4
    assert assess_once(settings, engine) == 0
    assert lines(engine) == 4


def test_the_month_before_is_looked_at_too(lived):
    settings, engine = lived
    assert assess_once(replace(settings, as_of=NOW + timedelta(days=30)), engine) == 4
    assert assess_once(replace(settings, as_of=NOW + timedelta(days=70)), engine) == 0


def test_without_a_sheet_nobody_is_assessed(lived, tmp_path):
    settings, engine = lived
    assert assess_once(replace(settings, data_dir=tmp_path), engine) == 0


def test_the_thread_writes_them_and_stops(lived):
    settings, engine = lived
    stopped = threading.Event()
    thread = threading.Thread(target=keep_assessing, args=(settings, engine, stopped), kwargs={"first_after_s": 0.01})
    thread.start()
    until = time.monotonic() + 20
    while not lines(engine) and time.monotonic() < until:
        time.sleep(0.05)
    stopped.set()
    thread.join(60)
    assert lines(engine) == 4 and not thread.is_alive()
