"""A thread that listens to the database and drops the tiles that a change made old."""

from __future__ import annotations

import logging
import threading
import time

import psycopg
from sqlalchemy import Engine

from webmap.tile_cache import TileCache

CHANNEL = "geogrid_steps"
PING_S = 5.0
RETRY_S = 1.0

log = logging.getLogger(__name__)


def start_listener(engine: Engine, cache: TileCache) -> threading.Thread:
    """Start the daemon thread that keeps ``cache`` honest for as long as the process lives."""
    thread = threading.Thread(target=_listen_forever, args=(engine, cache), name="tile-listener", daemon=True)
    thread.start()
    return thread


def _listen_forever(engine: Engine, cache: TileCache) -> None:
    while True:
        try:
            _listen(engine, cache)
        except psycopg.Error as error:
            log.warning("the tile listener lost the database: %s", type(error).__name__)
        finally:
            cache.listening = False
            cache.clear()
        time.sleep(RETRY_S)


def _listen(engine: Engine, cache: TileCache) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        cache.clear()  # what changed before this moment was not heard
        cache.listening = True
        while True:
            for notification in connection.notifies(timeout=PING_S):
                hear(cache, notification.payload)
            connection.execute("SELECT 1")  # a connection that died in silence shows here


def hear(cache: TileCache, payload: str) -> None:
    """Take one notification: ``<step>:<x16>:<y16>``, ``<step>:-:-`` (unlocated), or anything else: drop everything."""
    parts = payload.split(":")
    if len(parts) == 3 and parts[1].isdecimal() and parts[2].isdecimal():
        cache.event_changed(int(parts[1]), int(parts[2]))
    elif parts[1:] != ["-", "-"]:
        cache.clear()
