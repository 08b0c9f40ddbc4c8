"""Sending: gateways that fail, accept and then fail, answer twice, are slow; senders that are killed; two of them at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from etl.carriers.config import CarrierSettings, CarriersTold
from etl.sending import send_once, sender_name
from geogrid.domain.notices import Addressee
from geogrid.settings import read_settings
from geogrid.store import outbox
from geogrid.store.session import engine_of, session_scope
from tests.etl.gateways import gateway, ok

SENDS = """
import sys
from datetime import timedelta
from etl.carriers.config import CarrierSettings, CarriersTold
from etl.sending import send_once, sender_name
from geogrid.settings import read_settings
from geogrid.store.session import engine_of
from pathlib import Path
url, database, var, lease_s = sys.argv[1:]
values = {"url": url, "body": "${id}", "encode": "plain", "allow_private": True}
told = CarriersTold({"message": CarrierSettings("message", values, Path(var))})
print("up", flush=True)
lease = timedelta(seconds=float(lease_s))
send_once(read_settings({"GEOGRID_VAR": var}), engine_of(database), told, by=sender_name(), lease=lease)
"""


@pytest.fixture
def queue(fresh_database):
    engine = engine_of(fresh_database)
    yield engine
    engine.dispose()


def put(engine, count: int) -> None:
    now = read_settings({}).now()
    people = [Addressee(f"person:{i}", "", f"138{i:08d}") for i in range(count)]
    with session_scope(engine) as session:
        outbox.enqueue(session, occasion="o", rule="r", carrier="message", recipients=people, texts={"zh": "x"}, now=now)


def carriers(tmp_path, url, **more) -> CarriersTold:
    values = {"url": url, "body": "${id}", "encode": "plain", "allow_private": True, "timeout_s": 2, **more}
    return CarriersTold({"message": CarrierSettings("message", values, tmp_path)})


def send(engine, tmp_path, url, **more) -> int:
    return send_once(read_settings({"GEOGRID_VAR": str(tmp_path)}), engine, carriers(tmp_path, url, **more), by=sender_name())


def rows(engine) -> list:
    with session_scope(engine) as session:
        return list(session.execute(text("SELECT id::text, state, tries, last_error, next_try_at FROM deliveries")))


def sooner(engine) -> None:
    """Let every wait be over."""
    with session_scope(engine) as session:
        session.execute(text("UPDATE deliveries SET next_try_at = now() - interval '1 min' WHERE state = 'waiting'"))


def keys(heard) -> Counter:
    return Counter(body.decode() for _, _, body in heard)


def test_a_gateway_that_works_gets_everything_once(queue, tmp_path):
    put(queue, 11)
    with gateway(ok) as (url, heard):
        assert send(queue, tmp_path, url) == 11
        assert send(queue, tmp_path, url) == 0
    assert keys(heard) == Counter({row.id: 1 for row in rows(queue)})
    assert {row.state for row in rows(queue)} == {"sent"}


def test_a_gateway_that_accepts_and_then_fails_gets_the_same_key_again(queue, tmp_path):
    put(queue, 1)
    with gateway(lambda n: (500 if n == 1 else 200, b"", 0.0, {})) as (url, heard):
        send(queue, tmp_path, url)
        (row,) = rows(queue)
        assert (row.state, row.tries) == ("waiting", 1)
        assert "answered 500" in row.last_error
        assert send(queue, tmp_path, url) == 0  # it waits
        sooner(queue)
        send(queue, tmp_path, url)
    (row,) = rows(queue)
    assert (row.state, row.tries) == ("sent", 2)
    assert keys(heard) == {row.id: 2}


def test_a_gateway_that_is_down_loses_nothing(queue, tmp_path):
    put(queue, 3)
    send(queue, tmp_path, "http://127.0.0.1:1/")
    assert {row.state for row in rows(queue)} == {"waiting"}
    sooner(queue)
    with gateway(ok) as (url, heard):
        assert send(queue, tmp_path, url) == 3
    assert set(keys(heard).values()) == {1}


def test_one_slow_answer_is_left_and_the_others_go_out(queue, tmp_path):
    put(queue, 3)
    left = Event()  # the first answer never comes before it was left
    with gateway(lambda n: (n == 1 and left.wait(60), (200, b"", 0.0, {}))[1]) as (url, heard):
        send(queue, tmp_path, url, timeout_s=2)
        assert Counter(row.state for row in rows(queue)) == {"sent": 2, "waiting": 1}
        left.set()  # it answers into nothing
    assert len(heard) == 3


def test_a_lease_that_is_nearly_over_begins_no_try(queue, tmp_path):
    put(queue, 4)
    settings = read_settings({"GEOGRID_VAR": str(tmp_path)})
    with gateway(lambda _: (200, b"", 0.4, {})) as (url, heard):
        # all four are claimed at once for a second: the third try would begin in its second half, and is given back
        assert send_once(settings, queue, carriers(tmp_path, url), by="a", lease=timedelta(seconds=1)) == 4
    assert set(keys(heard).values()) == {1}
    assert {(row.state, row.tries) for row in rows(queue)} == {("sent", 1)}


def test_a_sender_that_is_told_to_stop_gives_back_what_it_did_not_begin(queue, tmp_path):
    put(queue, 4)
    stopped = Event()

    def answers(number):
        stopped.set()
        return ok(number)

    settings = read_settings({"GEOGRID_VAR": str(tmp_path)})
    with gateway(answers) as (url, heard):
        assert send_once(settings, queue, carriers(tmp_path, url), by="a", stopped=stopped) == 1
    assert len(heard) == 1
    assert Counter((row.state, row.tries) for row in rows(queue)) == {("sent", 1): 1, ("waiting", 0): 3}


def test_two_senders_at_once_send_nothing_twice(queue, tmp_path):
    put(queue, 40)
    with gateway(lambda _: (200, b"", 0.005, {})) as (url, heard):
        threads = [Thread(target=send, args=(queue, tmp_path, url)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert keys(heard) == Counter({row.id: 1 for row in rows(queue)})
    assert {row.state for row in rows(queue)} == {"sent"}


def test_killed_senders_lose_nothing_and_send_at_most_once_more_each(queue, fresh_database, tmp_path):
    put(queue, 30)
    rng_waits, kills = (0.05, 0.0, 0.12, 0.2), 0
    with ExitStack() as stack:
        url, heard = stack.enter_context(gateway(lambda _: (200, b"", 0.03, {})))
        for wait_s in rng_waits:
            before = len(heard)
            command = [sys.executable, "-c", SENDS, url, fresh_database, str(tmp_path), "4"]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
            until = time.monotonic() + 30
            while len(heard) == before and time.monotonic() < until and process.poll() is None:
                time.sleep(0.005)
            time.sleep(wait_s)
            kills += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate()
        until = time.monotonic() + 30
        while any(row.state != "sent" for row in rows(queue)) and time.monotonic() < until:
            send(queue, tmp_path, url)
            time.sleep(0.5)
    assert kills
    told = keys(heard)
    assert {row.id for row in rows(queue)} == set(told)  # nobody was left out
    assert {row.state for row in rows(queue)} == {"sent"}
    assert sum(told.values()) - len(told) <= kills  # one at most was on its way at each death, and kept its key
