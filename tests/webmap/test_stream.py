"""The live stream as a real process: what commits is told at once, nothing is missed, strangers are refused."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from geogrid.store import events as stored_events
from geogrid.store import keys, people
from geogrid.store.session import session_scope
from tests.build_district import IN_B2
from tests.build_installation import HERE, free_port, running, small_installation, wait_until_answers
from webmap.installation import installation
from webmap.login import COOKIE


@pytest.fixture
def streaming(fresh_database, tmp_path):
    """A small installation and its stream, both running."""
    port = free_port()
    ports = {"GEOGRID_STREAM_PORT": str(port), "GEOGRID_PORT": str(port + 100)}
    with small_installation(tmp_path / "var", fresh_database, **ports) as small, running("stream", small.settings) as process:
        wait_until_answers(f"http://{HERE}:{port}/health", process)
        yield small


class Page:
    """One listener: the raw events as they come."""

    def __init__(self, port: int, path: str = "/stream", **headers: str) -> None:
        """``headers`` name a session or a key, or the stream refuses."""
        self.connection = http.client.HTTPConnection(HERE, port, timeout=15)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def next(self, kind: str) -> dict:
        """The next event of ``kind`` with its id, others passed over."""
        found: dict = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name in {"event", "id", "data"}:
                found[name] = value
            elif not line and found.get("event") == kind:
                return {"id": int(found["id"]) if "id" in found else None, **json.loads(found["data"])}
            elif not line:
                found = {}

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


@contextmanager
def listening(small, **options):
    page = Page(small.settings.stream_port, **{"Authorization": f"Bearer {small.token}", **options})
    try:
        yield page
    finally:
        page.close()


def test_an_accepted_report_is_told_with_its_event_and_tile_within_a_second(streaming):
    with listening(streaming) as page:
        assert page.next("steps")["steps"] == []
        begun = time.monotonic()
        event = streaming.accept(IN_B2)
        told = page.next("steps")
        assert time.monotonic() - begun < 5 * 1.0, "five times the budget: machines are loaded"
        assert {event_id for _, event_id in told["steps"]} == {str(event.id)}
        assert told["id"] == max(step_id for step_id, _ in told["steps"])
        x = int((IN_B2[0] + 180) / 360 * 2**16)
        assert [tile[0] for tile in told["tiles16"]] == [x]


def test_changes_in_quick_succession_come_in_windows(streaming):
    with listening(streaming) as page:
        page.next("steps")
        for _ in range(12):
            streaming.accept(IN_B2)
        heard, messages = set(), 0
        while len(heard) < 12:
            heard |= {event_id for _, event_id in page.next("steps")["steps"]}
            messages += 1
        assert messages < 12


def test_what_came_while_nobody_listened_is_replayed_even_out_of_order(streaming):
    first = streaming.accept(IN_B2)
    with listening(streaming) as page:
        last_seen = page.next("steps")["id"]
    second = streaming.accept(IN_B2)
    for options in ({"path": f"/stream?since={last_seen}"}, {"path": "/stream", "Last-Event-ID": str(last_seen)}):
        with listening(streaming, **options) as page:
            replayed = page.next("steps")
            heard = {event_id for _, event_id in replayed["steps"]}
            assert str(second.id) in heard
            assert str(first.id) in heard, "steps just before are told again: a lower id can commit after a higher one"
            assert replayed["id"] > last_seen


def test_a_listener_ahead_of_the_database_is_told_to_reload(streaming):
    with listening(streaming, path="/stream?since=999999999") as page:
        assert page.next("reload")["id"] < 999999999


def test_what_commits_while_the_stream_has_lost_the_database_is_told_afterwards(streaming):
    with listening(streaming) as page:
        page.next("steps")
        with session_scope(installation(streaming.app).engine) as session:
            gone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'geogrid stream'"
            assert session.scalars(text(gone)).all()
        event = streaming.accept(IN_B2)
        heard = page.next("steps")["steps"] or page.next("steps")["steps"]  # it may be back before the report is stored
        assert str(event.id) in {event_id for _, event_id in heard}


def test_heartbeats_carry_the_time_of_the_database(streaming):
    with listening(streaming) as page:
        assert page.next("heartbeat")["now"].startswith("20")


def test_a_page_that_was_away_when_all_changed_sees_it_by_the_number_in_the_heartbeat(streaming):
    engine = installation(streaming.app).engine
    with session_scope(engine) as session:
        before = stored_events.reloads(session)
        stored_events.tell_reload(session)
    with listening(streaming) as page:
        assert page.next("heartbeat")["reloads"] > before
    with session_scope(engine) as session:
        assert f'"reloads":{stored_events.reloads(session)}' in streaming.client().get("/").get_data(as_text=True).replace(
            " ", ""
        )


def test_only_pages_of_this_machine_s_web_port_may_listen(streaming):
    ours = f"http://localhost:{streaming.settings.port}"
    with listening(streaming, Origin=ours) as page:
        assert page.answer.status == 200
        assert page.answer.getheader("Access-Control-Allow-Origin") == ours
        assert page.answer.getheader("Content-Type").startswith("text/event-stream")
    for stranger in ("http://evil.example", "http://127.0.0.1:1", "null", f"https://localhost:{streaming.settings.port}"):
        with listening(streaming, Origin=stranger) as page:
            assert page.answer.status == 403
            assert page.answer.getheader("Access-Control-Allow-Origin") is None
    with listening(streaming, Host="evil.example:80") as page:
        assert page.answer.status == 403


def test_who_is_not_logged_in_hears_nothing_and_who_is_disabled_nothing_more(streaming):
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Cookie": "geogrid=wrong"},
        {"Cookie": "geogrid"},
        {"Cookie": "\x00"},
    ):
        with listening(streaming, **{"Authorization": "", **headers}) as page:
            assert (page.answer.status, json.loads(page.answer.read())["code"]) == (401, "access.denied")
    client = streaming.client()
    cookie = f"{COOKIE}={client.get_cookie(COOKIE).value}"
    ours = f"http://localhost:{streaming.settings.port}"
    with listening(streaming, Authorization="", Cookie=f"lang=zh; {cookie}", Origin=ours) as page:
        assert page.answer.getheader("Access-Control-Allow-Credentials") == "true"
        assert page.next("steps")["steps"] == []
        engine = installation(streaming.app).engine
        with session_scope(engine) as session:
            people.change(session, client.person_id, {"disabled_at": datetime.now(UTC)})
        until = time.monotonic() + 12
        while page.answer.readline() and time.monotonic() < until:
            pass
        assert time.monotonic() < until, "the session ended: so does what it hears"
    with listening(streaming, Authorization="", Cookie=cookie) as page:
        assert page.answer.status == 401


def test_a_key_that_was_revoked_hears_nothing(streaming):
    streaming.guest().get("/api/v1/events", headers=streaming.write())
    with listening(streaming) as page:
        assert page.answer.status == 200
    with session_scope(installation(streaming.app).engine) as session:
        assert keys.revoke_key(session, "set-up", at=datetime.now(UTC))
    with listening(streaming) as page:
        assert page.answer.status == 401
    assert streaming.guest().get("/api/v1/events", headers=streaming.write()).status_code == 401


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/stream?since=x", 400, "request.invalid"),
        ("/stream?since=-1", 400, "request.invalid"),
        ("/stream?since=" + "9" * 40, 400, "request.invalid"),
        ("/etc/passwd", 404, "not_found"),
    ],
)
def test_refusals_have_the_one_form(streaming, path, status, code):
    with listening(streaming, path=path) as page:
        body = json.loads(page.answer.read())
        assert (page.answer.status, body["code"]) == (status, code)
        assert set(body) == {"code", "message", "where", "retry"}


def test_two_hundred_pages_hear_every_change(streaming):
    key = {"Authorization": f"Bearer {streaming.token}"}
    pages = [Page(streaming.settings.stream_port, **key) for _ in range(200)]
    try:
        for page in pages:
            page.next("steps")
        wanted = {str(streaming.accept(IN_B2).id) for _ in range(3)}
        missed = []

        def hear(page: Page) -> None:
            heard: set[str] = set()
            while not wanted <= heard:
                heard |= {event_id for _, event_id in page.next("steps")["steps"]}

        threads = [threading.Thread(target=hear, args=(page,)) for page in pages]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            missed += [thread] if thread.is_alive() else []
        assert not missed
    finally:
        for page in pages:
            page.close()


def test_pages_that_stop_reading_or_never_ask_do_not_stop_the_others(streaming):
    silent = [socket.create_connection((HERE, streaming.settings.stream_port)) for _ in range(50)]
    key = {"Authorization": f"Bearer {streaming.token}"}
    deaf = [Page(streaming.settings.stream_port, **key) for _ in range(50)]
    try:
        with listening(streaming) as page:
            page.next("steps")
            event = streaming.accept(IN_B2)
            assert str(event.id) in {event_id for _, event_id in page.next("steps")["steps"]}
    finally:
        for connection in (*silent, *deaf):
            connection.close()


def test_the_process_loads_no_geometry_stack():
    code = (
        "import sys, webmap.stream, webmap.stream_hub, webmap.stream_server;"
        "print([m for m in ('geopandas', 'shapely', 'numba', 'pandas', 'scipy', 'folium', 'flask') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_taken_port_is_said(streaming):
    with running("stream", streaming.settings) as second:
        second.wait(30)
        assert second.returncode == 1
        assert f"{streaming.settings.stream_port}" in second.stderr.read()
