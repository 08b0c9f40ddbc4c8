"""A thread that listens to the database and drops the tiles that a change made old."""

from __future__ import annotations

import logging
import threading
import time
import weakref

import psycopg
from sqlalchemy import Engine

from webmap.tile_cache import TileCache

CHANNEL = "geogrid_steps"
PING_S = 5.0
RETRY_S = 1.0

log = logging.getLogger(__name__)


def start_listener(engine: Engine, cache: TileCache) -> threading.Thread:
    """Start the daemon thread that keeps ``cache`` honest; it ends when nobody holds the cache any more."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    thread = threading.Thread(target=_listen_while_used, args=(url, weakref.ref(cache)), name="tile-listener", daemon=True)
    thread.start()
    return thread


def _listen_while_used(url: str, used: weakref.ref[TileCache]) -> None:
    while used() is not None:
        try:
            _listen(url, used)
        except psycopg.Error as error:
            log.warning("the tile listener lost the database: %s", type(error).__name__)
        _forget(used())
        time.sleep(RETRY_S)


def _forget(cache: TileCache | None) -> None:
    if cache is not None:
        cache.listening = False
        cache.clear()


def _listen(url: str, used: weakref.ref[TileCache]) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        _begin(used())
        while used() is not None:
            for notification in connection.notifies(timeout=PING_S):
                _tell(used(), notification.payload)
            connection.execute("SELECT 1")  # a connection that died in silence shows here


def _begin(cache: TileCache | None) -> None:
    if cache is not None:
        cache.clear()  # what changed before this moment was not heard
        cache.listening = True


def _tell(cache: TileCache | None, payload: str) -> None:
    if cache is not None:
        hear(cache, payload)


def hear(cache: TileCache, payload: str) -> None:
    """Take one notification: ``<step>:<x16>:<y16>``, ``<step>:-:-`` (unlocated), or anything else: drop everything."""
    parts = payload.split(":")
    if len(parts) == 3 and parts[1].isdecimal() and parts[2].isdecimal():
        cache.event_changed(int(parts[1]), int(parts[2]))
    elif parts[1:] != ["-", "-"]:
        cache.clear()


def wait_until_listening(cache: TileCache, seconds: float = 5.0) -> bool:
    """Return whether ``cache`` began to keep tiles within ``seconds``: before its listener is connected it keeps none."""
    until = time.monotonic() + seconds
    while not cache.listening and time.monotonic() < until:
        time.sleep(0.02)
    return cache.listening
