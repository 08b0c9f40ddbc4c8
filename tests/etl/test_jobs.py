"""The jobs process: counts are folded while it runs, and it ends when it is told to."""

from __future__ import annotations

import errno
import os
import time
from threading import Event, Thread

import click
from sqlalchemy import create_engine, text

from etl import jobs
from etl.jobs import fold_all, work
from geogrid.actions.accept import accept_report
from geogrid.actions.district import district_of
from geogrid.store import cells
from geogrid.store.session import engine_of, session_scope
from tests.build_district import IN_A1, IN_B1, NOW, profile, publish, report


def deltas(engine) -> int:
    with session_scope(engine) as session:
        return session.scalar(text("SELECT count(*) FROM event_cell_deltas"))


def test_deltas_are_folded_until_it_is_stopped(fresh_database):
    engine = engine_of(fresh_database)
    with session_scope(engine) as session:
        publish(session)
        for place in (IN_A1, IN_B1):
            accept_report(session, report(place), now=NOW, district=district_of(profile(), session), actor="x")
    assert deltas(engine) > 0
    stopped = Event()
    worker = Thread(target=work, args=(engine, stopped), kwargs={"every_s": 0.05})
    worker.start()
    until = time.monotonic() + 20
    while deltas(engine) and time.monotonic() < until:
        time.sleep(0.05)
    stopped.set()
    worker.join(timeout=60)
    assert not worker.is_alive()
    assert deltas(engine) == 0
    assert fold_all(engine) == 0
    with session_scope(engine) as session:
        assert cells.wrong(session) == []
    engine.dispose()


def test_a_database_that_does_not_answer_is_waited_for(tmp_path, capsys):
    nowhere = create_engine(f"postgresql+psycopg:///none?host={tmp_path}")
    stopped = Event()
    worker = Thread(target=work, args=(nowhere, stopped), kwargs={"every_s": 0.05})
    worker.start()
    time.sleep(0.5)
    assert worker.is_alive()
    stopped.set()
    worker.join(timeout=60)
    assert not worker.is_alive()
    assert "OperationalError" in capsys.readouterr().err


def test_a_full_disk_is_waited_for_even_where_the_log_takes_nothing(monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    calls, stopped = [], Event()

    def folds(_):
        calls.append(1)
        if len(calls) == 3:
            stopped.set()
        full()

    monkeypatch.setattr(jobs, "fold_all", folds)
    monkeypatch.setattr(jobs, "WAIT_AFTER_FAILURE_S", 0.01)
    monkeypatch.setattr(click, "echo", full)
    work(None, stopped)
    assert len(calls) == 3
