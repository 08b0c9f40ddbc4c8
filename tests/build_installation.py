"""A small installation that really answers: the four grids of ``build_district``, committed; its application and processes."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient

from geogrid.actions.accept import accept_report
from geogrid.actions.district import open_district
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.domain.people import Post, Role
from geogrid.settings import Settings, read_settings
from geogrid.store import logins, people
from geogrid.store.session import engine_of, session_scope
from tests.build_district import IN_A1, NOW, geography, report
from webmap.app import create_app
from webmap.installation import installation
from webmap.login import COOKIE, mark_of, real_now

HERE = "127.0.0.1"
DISTRICT = "999901000000"


@dataclass(frozen=True)
class Small:
    """An application on a database of four grids, and how to ask it."""

    app: Flask
    settings: Settings
    url: str

    @property
    def token(self) -> str:
        return installation(self.app).token

    def guest(self) -> FlaskClient:
        """A caller who is not logged in."""
        return self.app.test_client()

    def client(self) -> FlaskClient:
        """A caller who is logged in as commander of the district."""
        return self.login_as(Role.COMMANDER, unit=DISTRICT)

    def login_as(self, *roles: Role, unit: str = "", department: str = "", station: str = "", posts=()) -> FlaskClient:
        """A browser logged in as somebody new with these posts, the second factor shown; unsafe requests carry the mark.

        ``client.person_id`` is the person's id.
        """
        held = (*(Post(role, unit, department, station) for role in roles), *posts)
        secret, person_id = secrets.token_urlsafe(), uuid4()
        with session_scope(installation(self.app).engine) as session:
            person = {"id": person_id, "login": f"p{person_id.hex}", "name": "测试员", "synthetic": True, "created_at": NOW}
            people.add(session, person | {"factor_confirmed_at": NOW})
            people.give_posts(session, person_id, held, since=None, given_by="test")
            logins.open_session(session, secret, person_id, at=real_now(), address="", browser="test")
            logins.second_factor_shown(session, logins.hash_of(secret), at=real_now())
        client = self.app.test_client()
        client.set_cookie(COOKIE, secret)
        client.environ_base["HTTP_X_CSRF_TOKEN"] = mark_of(secret)
        client.person_id = person_id
        return client

    def browser_cookies(self, *roles: Role, **place: str) -> list[dict]:
        """The same as cookies of a real browser: for ``context.add_cookies``."""
        secret = self.login_as(*(roles or (Role.COMMANDER,)), **(place or {"unit": DISTRICT})).get_cookie(COOKIE).value
        return [
            {"name": COOKIE, "value": secret, "url": f"http://{HERE}:{self.settings.port}", "httpOnly": True, "sameSite": "Lax"}
        ]

    def write(self, **headers: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **headers}

    def accept(self, lonlat=IN_A1, **values):
        """Store a report as the API would, in a transaction of its own."""
        with session_scope(installation(self.app).engine) as session:
            return accept_report(
                session, report(lonlat, **values), now=NOW, district=installation(self.app).district, actor="test"
            ).event


def settings_for(var_dir: Path, url: str, **more: str) -> Settings:
    return read_settings({"GEOGRID_VAR": str(var_dir), "GEOGRID_DATABASE_URL": url, "GEOGRID_AS_OF": NOW.isoformat(), **more})


@contextmanager
def small_installation(var_dir: Path, url: str, **more: str) -> Iterator[Small]:
    """Yield an installation on the migrated database ``url`` with its one edition in force."""
    settings = settings_for(var_dir, url, **more)
    engine = engine_of(url)
    district = open_district(settings, engine)
    with session_scope(engine) as session:
        load_edition(session, "2025", geography(), now=NOW, district=district)
    with session_scope(engine) as session:
        activate_edition(session, "2025", now=NOW, district=district)
    serving = engine_of(url)
    try:
        yield Small(create_app(settings, engine=serving, district=district), settings, url)
    finally:
        engine.dispose()
        serving.dispose()


def payload(lonlat=IN_A1, **values) -> dict:
    """A report as a phone sends it."""
    body = {
        "id": str(uuid4()),
        "channel": "patrol",
        "kind": "facility",
        "text": "路灯不亮",
        "observed_at": "2025-06-18T14:59:00+08:00",
    }
    if lonlat is not None:
        body |= {"point": {"lon": lonlat[0], "lat": lonlat[1]}, "datum": "wgs84", "accuracy_m": 12.0}
    return body | values


def free_port() -> int:
    """A port nobody listens on, below those that the system hands out by itself.

    Picked at random: two runs that both take the lowest free one meet there, and one asks the server of the other.
    """
    for _ in range(100):
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HERE, port))
            return port
    raise OSError("no port is free")


def ports() -> dict[str, str]:
    """Settings of two ports that nobody listens on, for the pages and for their stream."""
    page, stream = free_port(), free_port()
    while stream == page:
        stream = free_port()
    return {"GEOGRID_PORT": str(page), "GEOGRID_STREAM_PORT": str(stream)}


@contextmanager
def running(command: str, settings: Settings, **more: str) -> Iterator[subprocess.Popen]:
    """Run ``geogrid <command>`` of ``settings`` until the block ends; stopped by its own process id."""
    environ = {
        **os.environ,
        "GEOGRID_VAR": str(settings.var_dir),
        "GEOGRID_DATABASE_URL": settings.database_url,
        "GEOGRID_PORT": str(settings.port),
        "GEOGRID_STREAM_PORT": str(settings.stream_port),
        "GEOGRID_AS_OF": NOW.isoformat(),
        **more,
    }
    code = "from geogrid.cli import main; main()"
    with tempfile.NamedTemporaryFile() as kept, Path(kept.name).open(errors="replace") as said:
        process = subprocess.Popen([sys.executable, "-c", code, *command.split()], env=environ, stderr=kept)
        process.stderr = said  # what it logged: from a file, as a pipe that nobody reads stops who fills it
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def wait_until_answers(address: str, process: subprocess.Popen, seconds: float = 60.0) -> None:
    """Wait until ``address`` answers 200; an early end of the process fails with its last words."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}: {process.stderr.read() if process.stderr else ''}")
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"{address} did not answer in {seconds} s")
