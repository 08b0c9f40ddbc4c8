"""The jobs process with alarms and notices: killed again and again, nothing is lost, and nobody is told twice of one thing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from etl.notices_command import notices
from etl.sending import send_all
from etl.ticking import tick_once
from geogrid.actions.district import district_of
from geogrid.settings import ROOT, read_settings
from geogrid.store.session import engine_of, session_scope
from tests.build_district import NOW, profile, publish
from tests.build_life import reported
from tests.build_people import employ

JOBS = """
import os, threading
from etl.sending import keep_sending
from etl.ticking import keep_ticking
from geogrid.settings import read_settings
from geogrid.store.session import make_engine
settings, stopped = read_settings(os.environ), threading.Event()
engine = make_engine(settings)
threading.Thread(target=keep_ticking, args=(settings, engine, stopped), kwargs={"every_s": 0.1}, daemon=True).start()
keep_sending(settings, engine, stopped, every_s=0.1)
"""  # the two parts of ``geogrid jobs`` that are asked here
AFTER = NOW + timedelta(hours=3)
EVENTS = 60


@pytest.fixture
def unopened(fresh_database):
    """Reports of Wednesday 15:00 that nobody opened: each is told to the dispatcher at 17:00."""
    engine = engine_of(fresh_database)
    with session_scope(engine) as session:
        publish(session)
        employ(session)
        district = district_of(profile(), session)
        for _ in range(EVENTS):
            reported(session, district)
    yield engine
    engine.dispose()


def told(var) -> Counter:
    lines = [line for path in (var / "outbox").glob("*.jsonl") for line in path.read_text("utf-8").splitlines()]
    return Counter(json.loads(line)["id"] for line in lines)


def environ(tmp_path, url: str) -> dict[str, str]:
    return {"GEOGRID_VAR": str(tmp_path), "GEOGRID_DATABASE_URL": url, "GEOGRID_AS_OF": AFTER.isoformat()}


def test_killed_jobs_lose_no_alarm_and_make_none_twice(unopened, fresh_database, tmp_path):
    kills = 0
    for wait_s in (0.3, 0.6, 1.0):
        env = {**os.environ, **environ(tmp_path, fresh_database), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([sys.executable, "-c", JOBS], env=env, stderr=subprocess.DEVNULL)
        until, before = time.monotonic() + 40, sum(told(tmp_path).values())
        while sum(told(tmp_path).values()) == before and time.monotonic() < until and process.poll() is None:
            time.sleep(0.02)
        time.sleep(wait_s / 4)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        if sum(told(tmp_path).values()) >= EVENTS:
            break
    assert kills
    settings = read_settings(environ(tmp_path, fresh_database))
    tick_once(settings, unopened)
    with session_scope(unopened) as session:
        made = session.execute(text("SELECT count(*), count(DISTINCT event_id) FROM notices WHERE rule = 'unopened'")).one()
        assert tuple(made) == (EVENTS, EVENTS)
        assert session.scalar(text("SELECT count(*) FROM steps WHERE kind = 'time_out'")) == EVENTS
        session.execute(text("UPDATE deliveries SET lease_until = lease_until - interval '1 hour' WHERE state = 'sending'"))
    send_all(settings, unopened)
    with session_scope(unopened) as session:
        ids = set(session.scalars(text("SELECT id::text FROM deliveries WHERE state = 'sent'")))
    assert len(ids) == EVENTS
    assert set(told(tmp_path)) == ids
    assert sum(told(tmp_path).values()) - EVENTS <= kills


def test_what_was_given_up_is_listed_and_tried_again_by_command(unopened, fresh_database, tmp_path, monkeypatch, capsys):
    for name, value in {**environ(tmp_path, fresh_database), "GEOGRID_LANGUAGE": "en"}.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(os.environ)
    assert tick_once(settings, unopened) == EVENTS
    (tmp_path / "carriers.toml").write_text('[mail]\nhost = "127.0.0.1"\nsender = "a@example.org"\n')
    assert send_all(settings, unopened) == EVENTS  # no carrier for text messages is set up
    notices.main(["list", "--state", "refused", "--most", "2"], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "Refused\tmessage\tperson:" in lines[0] and "it is not set up" in lines[0] and "was not opened in time" in lines[0]
    one = lines[0].split("\t")[0]
    notices.main(["retry", one], standalone_mode=False)
    assert capsys.readouterr().out == "1 deliveries are tried again.\n"
    notices.main(["retry", "--all"], standalone_mode=False)
    (tmp_path / "carriers.toml").unlink()
    assert send_all(settings, unopened) == EVENTS
    assert len(told(tmp_path)) == EVENTS
