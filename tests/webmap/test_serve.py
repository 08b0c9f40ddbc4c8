"""The web server as a real process: loopback alone, stopped without losing a request, unharmed by slow callers."""

from __future__ import annotations

import http.client
import json
import logging
import signal
import socket
import threading
import time
from contextlib import closing
from types import SimpleNamespace

import pytest

from geogrid.errors import PortTaken, SetupError
from tests.build_installation import (
    HERE,
    free_port,
    payload,
    running,
    settings_for,
    small_installation,
    wait_until_answers,
)
from webmap import warm, web_worker
from webmap.serve import check_address, options
from webmap.tile_cache import Key
from webmap.web_worker import HEADERS_S


@pytest.fixture
def serving(fresh_database, tmp_path):
    """A small installation and its web server."""
    home = tmp_path / "home"
    home.mkdir()
    command = "serve --workers 1 --threads 8"
    with (
        small_installation(tmp_path / "var", fresh_database, GEOGRID_PORT=str(free_port())) as small,
        running(command, small.settings, HOME=str(home)) as process,
    ):
        wait_until_answers(f"http://{HERE}:{small.settings.port}/health", process)
        yield small, process, home


def ask(port: int, method: str, path: str, body=None, **options):
    with closing(http.client.HTTPConnection(HERE, port, timeout=30)) as connection:
        connection.request(method, path, body=body, **options)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_reports_are_taken_bodies_without_end_are_not_and_no_control_socket_is_opened(serving):
    small, _, home = serving
    port, headers = small.settings.port, small.write(**{"Content-Type": "application/json"})
    status, body = ask(port, "POST", "/api/v1/events", json.dumps(payload()), headers=headers)
    assert (status, body.get("state")) == (201, "reported"), body
    chunks = (b"a" * 65_536 for _ in range(9))  # sent without a length
    status, body = ask(port, "POST", "/api/v1/events", chunks, headers=headers, encode_chunked=True)
    assert (status, body["code"]) == (413, "body.too_large")
    assert not [path for path in home.rglob("*") if path.is_socket()]


def test_a_stop_finishes_what_is_under_way(serving):
    small, process, _ = serving
    answers, sent, first = [], threading.Barrier(9), threading.Event()

    def send():
        with closing(http.client.HTTPConnection(HERE, small.settings.port, timeout=30)) as connection:
            headers = small.write(**{"Content-Type": "application/json"})
            connection.request("POST", "/api/v1/events", body=json.dumps(payload()), headers=headers)
            sent.wait(30)
            answers.append(connection.getresponse().status)
            first.set()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    sent.wait(30)
    assert first.wait(30)
    process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(20)
    process.wait(20)
    assert process.returncode == 0
    assert answers == [201] * 8


def test_callers_that_send_nothing_cost_the_others_no_time(serving):
    small, _, _ = serving
    silent = [socket.create_connection((HERE, small.settings.port)) for _ in range(60)]
    try:
        begun = time.monotonic()
        assert ask(small.settings.port, "GET", "/health")[0] == 200
        assert time.monotonic() - begun < HEADERS_S, "who waits for them to be cut off would wait longer"
    finally:
        for connection in silent:
            connection.close()


def test_callers_that_dribble_are_cut_off_and_the_others_are_served(serving):
    small, _, _ = serving
    slow = [socket.create_connection((HERE, small.settings.port)) for _ in range(8)]  # as many as there are threads
    try:
        for connection in slow:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        time.sleep(0.5)
        begun = time.monotonic()
        assert ask(small.settings.port, "GET", "/health")[0] == 200
        assert time.monotonic() - begun < 3 * HEADERS_S
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_addresses_that_others_reach_are_refused_with_the_way_to_do_it(tmp_path, host):
    with pytest.raises(SetupError, match="--tls"):
        check_address(settings_for(tmp_path, "", GEOGRID_HOST=host))


def test_a_taken_port_is_said(tmp_path):
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        taken.listen()
        with pytest.raises(PortTaken, match=str(taken.getsockname()[1])):
            check_address(settings_for(tmp_path, "", GEOGRID_PORT=str(taken.getsockname()[1])))


def test_the_control_socket_is_off_and_only_the_given_address_is_bound(tmp_path):
    told = options(settings_for(tmp_path, "", GEOGRID_PORT="8765"))
    assert told["control_socket_disable"] is True
    assert told["bind"] == "127.0.0.1:8765"


def test_the_first_view_is_made_before_somebody_asks_for_it(shared):
    assert warm.warm(shared.app) == []
    kept = shared.app.extensions["geogrid_tiles"]
    extent = (126.60, 45.90, 126.62, 45.92)
    wanted = warm.first_tiles(extent)
    assert wanted
    assert len({z for z, _, _ in wanted}) > 3
    asked = []
    for tile in wanted:
        kept.get(Key("all", "", tile), None, lambda tile=tile: asked.append(tile))
    assert asked == []


def test_what_somebody_would_wait_for_is_compiled_before_he_asks(shared, monkeypatch):
    """The edition's index, its gazetteer and the pages of the day: afterwards nobody compiles or reads a template first."""
    compiled, district = [], shared.app.extensions["geogrid"].district
    for name in ("geography_for", "gazetteer_for"):
        kept = getattr(district, name)
        was = kept._compiling
        monkeypatch.setattr(kept, "_compiling", lambda *given, was=was, name=name: [compiled.append(name), was(*given)][1])
        kept._kept.clear()
    asked = []
    monkeypatch.setattr(warm, "_get", lambda app, *paths: asked.extend((p, warm._client(app).get(p).status_code) for p in paths))
    assert warm.warm(shared.app) == []
    assert sorted(compiled) == ["gazetteer_for", "geography_for"]
    assert dict.fromkeys(warm.FIRST_PAGES, 200).items() <= dict(asked).items()
    assert {status for _, status in asked} == {200}
    client = shared.client()
    assert client.get("/api/v1/places?text=%E5%B9%B8%E7%A6%8F%E8%B7%AF").status_code == 200
    assert len(compiled) == 2


def test_a_step_that_fails_is_told_and_stops_neither_the_others_nor_the_worker(shared, monkeypatch, caplog):
    def broken(app):
        raise RuntimeError("13812345678")

    taken = []
    monkeypatch.setattr(warm, "STEPS", (("grids", broken), ("places", taken.append)))
    monkeypatch.delitem(shared.app.extensions, warm.WARMTH, raising=False)
    assert warm.is_warm(shared.app)
    assert warm.begin_to_warm(shared.app).wait(20)
    assert (taken, warm.is_warm(shared.app)) == ([shared.app], True)
    assert "not warmed: grids: RuntimeError" in caplog.text
    assert "13812345678" not in caplog.text
    monkeypatch.delitem(shared.app.extensions, warm.WARMTH)


def test_a_worker_takes_requests_when_it_is_warm_but_waits_no_longer_than_that(monkeypatch):
    """One that never gets warm serves all the same; one that is told to stop meanwhile does not wait at all."""
    monkeypatch.setattr(web_worker, "MOST_S", 0.3)
    monkeypatch.setattr(web_worker, "LOOK_S", 0.05)
    through, told = threading.Event(), []
    worker = SimpleNamespace(alive=True, notify=lambda: told.append("notified"), log=logging.getLogger("worker"))
    worker.wsgi = SimpleNamespace(extensions={warm.WARMTH: through})

    def waited():
        start = time.monotonic()
        web_worker.Worker._await_warmth(worker)
        return time.monotonic() - start

    assert waited() >= 0.3
    assert told
    monkeypatch.setattr(web_worker, "MOST_S", 3600)
    worker.alive = False
    waited()
    worker.alive = True
    threading.Timer(0.1, through.set).start()
    assert waited() >= 0.05
