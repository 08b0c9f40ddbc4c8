"""What ``--once`` asks: every page of the bar as somebody who is logged in, what everybody may open, files, a tile, the stream.

A made-up district gets an account for the minute of the asking, of which nothing stays; elsewhere nobody is made, and pages are
asked by the key of the set-up.
"""

from __future__ import annotations

import re
import secrets
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from geogrid.settings import Settings
from webmap.tls import probe_context, scheme

if TYPE_CHECKING:
    from sqlalchemy import Engine

ANSWER_WITHIN_S = 60.0
LOGIN = "probe"
OPEN = ("/health", "/login", "/follow", "/window/display", "/officer", "/api/v1/docs")  # to everybody
BY_KEY = ("/", "/desk", "/api/v1/events?limit=1")
INSIDE = ("/account", "/api/v1/events?limit=1", "/figures.xlsx", "/figures.pdf")  # besides the pages of the bar
BEGINS = {".xlsx": b"PK", ".pdf": b"%PDF"}
ASSET = re.compile(r'(?:href|src)="(/(?:static|bundles)/[^"?#]+)')


def url(settings: Settings, path: str = "/") -> str:
    """Return the address of ``path`` on this installation's web server."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme(settings)}://{host}:{settings.port}{path}"


class _Staying(urllib.request.HTTPRedirectHandler):
    """A page that sends elsewhere was not shown."""

    def redirect_request(self, *_: object) -> None:
        return None


def fetch(
    address: str, *, first_line_only: bool = False, headers: dict[str, str] | None = None, trust: ssl.SSLContext | None = None
) -> tuple[int, bytes]:
    """Return status and body (or its first line) of ``address``, no proxy asked, no redirect followed; status 0 for no answer."""
    request = urllib.request.Request(address, headers=headers or {})
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust), _Staying())
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=ANSWER_WITHIN_S) as answer:
            return answer.status, answer.readline() if first_line_only else answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


@dataclass
class Probe:
    """Asks addresses, says status and size of each, and keeps whether all were well and which assets pages want."""

    settings: Settings
    say: Callable[[str], None]
    trust: ssl.SSLContext | None = None
    well: bool = True
    assets: set[str] = field(default_factory=set)

    def ask(self, path: str, headers: dict[str, str] | None = None, *, first_line_only: bool = False) -> None:
        """Ask for ``path``; a file must begin as its kind does."""
        status, body = fetch(url(self.settings, path), headers=headers, trust=self.trust, first_line_only=first_line_only)
        ending = next((begins for suffix, begins in BEGINS.items() if path.partition("?")[0].endswith(suffix)), b"")
        is_well = status == 200 and len(body) > 0 and body.startswith(ending)
        self.say(f"{status} {len(body):>8} B  {path}" + ("" if is_well else "  !"))
        self.well = self.well and is_well
        if body[:200].lstrip().lower().startswith(b"<!doctype html"):
            self.assets |= set(ASSET.findall(body.decode(errors="replace")))

    def ask_assets(self) -> None:
        """Ask for what the pages link to, each once; say how many there are, and each that is not there."""
        found = {path: fetch(url(self.settings, path), trust=self.trust)[0] for path in sorted(self.assets)}
        for path, status in found.items():
            if status != 200:
                self.say(f"{status} {0:>8} B  {path}  !")
                self.well = False
        self.say(f"200 {len(found):>8}    /static, /bundles" if found else "-")


def probe(settings: Settings, tile: str, say: Callable[[str], None]) -> bool:
    """Ask for each page once, files, one map tile and the stream; return whether all were well."""
    from webmap.token import read_or_make_token

    asked = Probe(settings, say, probe_context(settings))
    for path in OPEN:
        asked.ask(path)
    key = {"Authorization": f"Bearer {read_or_make_token(settings.var_dir)}"}
    with somebody(settings) as secret:
        for path in inside(settings) if secret else BY_KEY:
            asked.ask(path, _as(settings, secret) if secret else key)
    asked.ask_assets()
    asked.ask(tile, key)
    stream = replace(asked, settings=replace(settings, port=settings.stream_port))
    stream.ask("/stream?since=0", key, first_line_only=True)
    return asked.well and stream.well


def inside(settings: Settings) -> Iterator[str]:
    """Yield what somebody who is logged in is asked for: the bar, an event with its paper, files."""
    from webmap.navigation import LINKS

    yield from (link.path for link in LINKS)
    yield from INSIDE
    number = _last_event(settings)
    if number:
        yield from (f"/events/{number}", f"/events/{number}.pdf")


def _as(settings: Settings, secret: str) -> dict[str, str]:
    from webmap.login import COOKIE, COOKIE_TLS

    return {"Cookie": f"{COOKIE_TLS if scheme(settings) == 'https' else COOKIE}={secret}", "Accept": "text/html,*/*;q=0.8"}


def _engine(settings: Settings) -> Engine:
    from geogrid.store.session import make_engine

    return make_engine(settings)


def _last_event(settings: Settings) -> str:
    from sqlalchemy import text

    engine = _engine(settings)
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT number FROM events ORDER BY reported_at DESC LIMIT 1"))
    engine.dispose()
    return str(found or "")


@contextmanager
def somebody(settings: Settings) -> Iterator[str]:
    """Yield what the cookie of an account of the made-up district holds while the block lasts; "" where the place is real."""
    from geogrid.actions.district import read_profile
    from geogrid.actions.probing import begin_probe, end_probe
    from geogrid.store.session import session_scope

    profile = read_profile(settings)
    if not profile.synthetic:
        yield ""
        return
    engine, secret, person_id = _engine(settings), secrets.token_urlsafe(32), uuid4()
    at = datetime.now(UTC)
    try:
        with session_scope(engine) as session:
            begin_probe(session, LOGIN, person_id, secret, unit=f"{profile.code}000000", at=at)
        yield secret
    finally:
        with session_scope(engine) as session:
            end_probe(session, LOGIN)
        engine.dispose()
