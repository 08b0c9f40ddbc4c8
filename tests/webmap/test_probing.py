"""``--once`` fails where a page, a file, an asset, a tile or the stream is broken; nothing stays of the account that asks."""

from __future__ import annotations

import http.server
import threading
from typing import ClassVar

import pytest
from sqlalchemy import text

from geogrid.settings import read_settings
from geogrid.store.session import engine_of, session_scope
from tests.build_district import IN_A1
from webmap import probing
from webmap.navigation import LINKS

TILE = "/tiles/all/11/1/1.mvt"


class Pages(http.server.BaseHTTPRequestHandler):
    """Every page is there, and wants one style sheet; ``broken`` is answered otherwise."""

    broken: ClassVar[dict[str, tuple[int, bytes]]] = {}
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Cookie", "")))
        kind = self.path.rsplit(".", 1)[-1]
        body = {"xlsx": b"PK..", "pdf": b"%PDF-"}.get(kind, b'<!doctype html><link href="/static/1/a.css">')
        status, body = self.broken.get(self.path, (200, body))
        self.send_response(status)
        if status == 303:
            self.send_header("Location", "/login")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def probed(small, tmp_path, monkeypatch):
    """``probed(broken)``: whether all was well, what was said, and what was asked with which cookie."""
    event = small.accept(IN_A1)

    def ask(broken):
        monkeypatch.setattr(Pages, "broken", broken)
        monkeypatch.setattr(Pages, "asked", [])
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            port, said = str(server.server_port), []
            told = {
                "GEOGRID_PORT": port,
                "GEOGRID_STREAM_PORT": port,
                "GEOGRID_VAR": str(tmp_path),
                "GEOGRID_DATABASE_URL": small.url,
            }
            well = probing.probe(read_settings(told), TILE, said.append)
            server.shutdown()
        return well, said, dict(Pages.asked)

    ask.number = event.number
    return ask


def test_every_page_of_the_bar_is_asked_for_by_somebody_who_is_logged_in(probed):
    well, said, asked = probed({})
    assert well, said
    inside = {*(link.path for link in LINKS), f"/events/{probed.number}", f"/events/{probed.number}.pdf", "/figures.xlsx"}
    assert inside - asked.keys() == set()
    assert all(asked[path].startswith("geogrid=") for path in inside - {"/officer"})
    assert {"/follow", "/window/display", "/static/1/a.css", TILE, "/stream?since=0"} - asked.keys() == set()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/assessment", (500, b"x")),
        ("/admin/audit", (303, b"")),
        ("/window/display", (404, b"x")),
        ("/figures.xlsx", (200, b"<!doctype html>")),
        ("/figures.pdf", (200, b"")),
        ("/static/1/a.css", (404, b"x")),
        (TILE, (503, b"x")),
        ("/stream?since=0", (404, b"x")),
    ],
)
def test_one_that_is_broken_is_enough(probed, path, answer):
    well, said, _ = probed({path: answer})
    assert not well
    assert [line for line in said if line.endswith("!") and path in line]


def test_nothing_stays_of_the_account(probed, small):
    probed({"/": (500, b"x")})
    engine = engine_of(small.url)
    with session_scope(engine) as session:
        found = [session.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("people", "posts", "sessions")]
    engine.dispose()
    assert found == [0, 0, 0]


def test_an_account_is_made_in_a_made_up_district_alone(small, tmp_path, monkeypatch):
    told = {"GEOGRID_VAR": str(tmp_path), "GEOGRID_DATABASE_URL": small.url, "GEOGRID_PROFILE": "230111"}
    with probing.somebody(read_settings(told)) as secret:
        assert secret == ""
