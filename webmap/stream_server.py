"""Server-sent events over HTTP: ``/stream?since=<step id>`` and ``/health``, on the loopback address."""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs

import gevent
import psycopg
from gevent.pywsgi import WSGIHandler, WSGIServer
from gevent.queue import Empty

from geogrid.errors import (
    AccessError,
    AccessForbidden,
    GeogridError,
    MethodNotAllowed,
    NotFoundError,
    PortTaken,
    RequestInvalid,
    SetupError,
    UnavailableError,
)
from geogrid.settings import Settings
from geogrid.store.cluster import cluster_url
from geogrid.texts import SOURCE_LANGUAGE, languages
from webmap.loopback import LOOPBACK
from webmap.stream_door import admitted, shown_hash
from webmap.stream_hub import HEARTBEAT_S, Hub, Listener
from webmap.tls import Tls, scheme, tls_of
from webmap.token import read_or_make_token

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]

SOCKET_TIMEOUT_S = 30.0  # a caller that neither finishes its headers nor reads its messages is let go
RETRY_MS = 2_000
STATUSES = {
    NotFoundError: "404 Not Found",
    MethodNotAllowed: "405 Method Not Allowed",
    AccessForbidden: "403 Forbidden",
    AccessError: "401 Unauthorized",
    RequestInvalid: "400 Bad Request",
    UnavailableError: "503 Service Unavailable",
}
FIXED_HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Vary", "Origin"),
]


class StreamApp:
    """The WSGI application; pages of the web port on this machine, and no others, may listen."""

    def __init__(self, hub: Hub, web_port: int, setup_key: str, tls: Tls | None = None) -> None:
        self._hub, self._setup_key = hub, setup_key
        self._hosts = {*LOOPBACK, *(tls.hosts() if tls else ())}
        self._origins = {f"{'https' if tls else 'http'}://{host}:{web_port}" for host in self._hosts}

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer one request."""
        headers = list(FIXED_HEADERS)
        try:
            headers += self._admit(environ)
            if environ["PATH_INFO"] == "/health":
                return self._health(start, headers)
            if environ["PATH_INFO"] != "/stream":
                raise NotFoundError(what=environ["PATH_INFO"], where={"path": environ["PATH_INFO"]})
            return self._stream(environ, start, headers)
        except GeogridError as error:
            return _refuse(error, environ, start, headers)

    def _admit(self, environ: Environ) -> list[tuple[str, str]]:
        """Return the header that lets the caller's page read the answer; raises for other methods, hosts and origins."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            raise MethodNotAllowed(method=environ["REQUEST_METHOD"], possible="GET")
        if environ.get("HTTP_HOST", "").rpartition(":")[0] not in self._hosts:
            raise AccessForbidden(where={"path": "Host"})
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            return []
        if origin not in self._origins:
            raise AccessForbidden(where={"path": "Origin"})
        return [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]

    def _health(self, start: Start, headers: list[tuple[str, str]]) -> Iterable[bytes]:
        well = self._hub.connected
        start("200 OK" if well else STATUSES[UnavailableError], [*headers, ("Content-Type", "application/json")])
        state = {"status": "ok" if well else "unavailable", "listeners": self._hub.count, "highest_step": self._hub.highest}
        return [json.dumps(state).encode()]

    def _stream(self, environ: Environ, start: Start, headers: list[tuple[str, str]]) -> Iterable[bytes]:
        since = _since(environ)
        if not self._hub.connected:
            raise UnavailableError(reason="the database does not answer")
        messages = self._messages(since, self._admitted(shown_hash(environ)))
        first = next(messages)  # too many listeners are refused before the status is sent
        start("200 OK", [*headers, ("Content-Type", "text/event-stream; charset=utf-8")])
        return _chain(first, messages)

    def _admitted(self, shown: bytes) -> bytes:
        try:
            with self._hub.asked() as connection:
                return admitted(connection, shown, self._setup_key)
        except psycopg.Error as error:
            raise UnavailableError(reason="the database does not answer") from error

    def _messages(self, since: int | None, shown: bytes) -> Iterator[bytes]:
        with self._hub.listening(shown) as listener:
            # Listening begins before the replay is read: what commits in between is told twice rather than never.
            yield f"retry: {RETRY_MS}\n\n".encode() + self._hub.replay(since)
            yield from _until_lost(listener)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield first
        yield from rest
    finally:
        rest.close()  # type: ignore[attr-defined]


def _until_lost(listener: Listener) -> Iterator[bytes]:
    while not listener.lost:
        try:
            yield listener.waiting.get(timeout=2 * HEARTBEAT_S)
        except Empty:
            yield b": the database does not answer\n\n"


def _since(environ: Environ) -> int | None:
    asked = parse_qs(environ.get("QUERY_STRING", "")).get("since", [""])[0]
    text = environ.get("HTTP_LAST_EVENT_ID", "") or asked
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise RequestInvalid(name="since", reason="the number of a step is needed", where={"path": "since"})
    return int(text)


def _refuse(error: GeogridError, environ: Environ, start: Start, headers: list[tuple[str, str]]) -> Iterable[bytes]:
    asked = environ.get("HTTP_ACCEPT_LANGUAGE", "")[:2]
    language = asked if asked in languages() else SOURCE_LANGUAGE
    status = next(text for cls, text in STATUSES.items() if isinstance(error, cls))
    extra = [("Retry-After", "5")] if error.retry else []
    start(status, [*headers, *extra, ("Content-Type", "application/json")])
    body = {"code": error.code, "message": error.message(language), "where": error.where, "retry": error.retry}
    return [json.dumps(body, ensure_ascii=False).encode()]


class _Handler(WSGIHandler):
    """Small messages leave at once; a silent peer is let go."""

    def handle(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(SOCKET_TIMEOUT_S)
        super().handle()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raises SetupError when the port is taken or the address is not loopback."""
    logging.basicConfig(level=logging.WARNING, format="stream: %(message)s")
    tls = tls_of(settings)
    if settings.host not in LOOPBACK and tls is None:
        raise SetupError(reason=f"{settings.host} is not a loopback address", mend="Start with --tls, or unset GEOGRID_HOST.")
    hub = Hub(settings.database_url or cluster_url(settings.var_dir))
    server = WSGIServer(
        (settings.host, settings.stream_port),
        StreamApp(hub, settings.port, read_or_make_token(settings.var_dir), tls),
        handler_class=_Handler,
        log=None,
        error_log=logging.getLogger("webmap.stream"),
        **({"certfile": str(tls.cert), "keyfile": str(tls.key)} if tls else {}),
    )
    try:
        server.start()
    except OSError as error:
        raise PortTaken(port=settings.stream_port, variable="GEOGRID_STREAM_PORT") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, server.stop, 1)
    gevent.spawn(hub.run)
    print(f"{scheme(settings)}://{settings.host}:{settings.stream_port}/stream", file=sys.stderr, flush=True)
    server.serve_forever()
