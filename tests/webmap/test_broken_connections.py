"""Answers that are lost, uploads that are cut, workers that are killed: a client that tries again ends with one whole report."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from geogrid.actions.photos import photo_path
from geogrid.store.session import engine_of
from tests.build_installation import HERE, free_port, payload, running, small_installation, wait_until_answers
from tests.webmap.test_api_photos import jpeg

EVENTS = "/api/v1/events"


@pytest.fixture
def serving(fresh_database, tmp_path):
    """A small installation and its web server of two processes."""
    with (
        small_installation(tmp_path / "var", fresh_database, GEOGRID_PORT=str(free_port())) as small,
        running("serve --workers 2 --threads 8", small.settings) as process,
    ):
        wait_until_answers(f"http://{HERE}:{small.settings.port}/health", process)
        yield small, process


def send(small, method: str, path: str, body: bytes, media_type: str = "application/json") -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(HERE, small.settings.port, timeout=20)) as connection:
        connection.request(method, path, body, small.write(**{"Content-Type": media_type}))
        answer = connection.getresponse()
        return answer.status, answer.read()


def cut(small, method: str, path: str, body: bytes, sent: int) -> None:
    """Announce the whole body, send a part of it, and hang up."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {HERE}\r\nAuthorization: Bearer {small.token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with closing(socket.create_connection((HERE, small.settings.port))) as connection:
        connection.sendall(head.encode() + body[:sent])


def count(small, table: str) -> int:
    engine = engine_of(small.url)
    with engine.connect() as connection:
        found = connection.scalar(text(f"SELECT count(*) FROM {table}"))
    engine.dispose()
    return found


def test_uploads_cut_at_every_tenth_leave_nothing_and_the_next_try_completes(serving):
    small, _ = serving
    report = json.dumps(payload()).encode()
    for tenth in range(10):
        cut(small, "POST", EVENTS, report, len(report) * tenth // 10)
    time.sleep(0.5)
    assert count(small, "events") == 0
    status, answer = send(small, "POST", EVENTS, report)
    assert status == 201
    data = jpeg(size=(900, 600))
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{EVENTS}/{json.loads(answer)['id']}/photos/{sha256}"
    for tenth in range(10):
        cut(small, "PUT", path, data, len(data) * tenth // 10)
    time.sleep(0.5)
    assert count(small, "photos") == 0
    folder = small.settings.var_dir / "photos"
    assert not [found for found in folder.rglob("*") if found.is_file()]
    assert send(small, "PUT", path, data, "image/jpeg")[0] == 201
    assert photo_path(small.settings.var_dir, sha256).read_bytes() == data


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def test_killed_workers_lose_nothing_that_was_acknowledged(serving):
    small, process = serving
    answers: dict[str, bytes] = {}

    def persist(report: dict) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                status, body = send(small, "POST", EVENTS, json.dumps(report).encode())
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if status in {200, 201}:
                answers[report["id"]] = body
                return

    threads = [threading.Thread(target=persist, args=(payload(text=str(number)),)) for number in range(60)]
    for number, thread in enumerate(threads):
        thread.start()
        if number % 20 == 10:
            for pid in children(process.pid):
                os.kill(pid, signal.SIGKILL)
    for thread in threads:
        thread.join(40)
    assert len(answers) == 60
    assert count(small, "events") == 60
    assert len({json.loads(body)["number"] for body in answers.values()}) == 60
