"""Hears what was committed and tells every listener: at once where it was quiet, else in windows of 250 ms.

PostgreSQL forgets a notification when nobody listens, so what came meanwhile is read from the steps, which are the
truth. Ids of steps are given before their transactions commit: a step can appear after a higher one was sent. Every
replay therefore begins ``OVERLAP`` ids early; hearing of a step twice does no harm, it only names what to draw anew.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import gevent
import psycopg
from gevent.lock import BoundedSemaphore
from gevent.queue import Full, Queue
from sqlalchemy import make_url

from geogrid.errors import UnavailableError
from geogrid.errors.family import Reason
from webmap.stream_door import still_open

CHANNEL = "geogrid_steps"
WINDOW_S = 0.25
HEARTBEAT_S = 5.0
OVERLAP = 500
MOST_REPLAYED = 5_000
MOST_LISTENERS = 500
MOST_WAITING = 200  # messages a slow listener may be behind before it is let go, to come back and replay
MOST_REPLAYS_AT_ONCE = 4
LONGEST_PAUSE_S = 5.0
CELL_SHIFT = 8  # events carry their cell at zoom 24, tiles are named at zoom 16

Step = tuple[int, str, int | None, int | None]  # id, event, cell x and y at zoom 16
_STEPS = """
    SELECT steps.id, steps.event_id, events.cell_x >> %(shift)s AS x16, events.cell_y >> %(shift)s AS y16
    FROM steps JOIN events ON events.id = steps.event_id
"""
# Both ride the primary key of steps.
_NAMED = _STEPS + "WHERE steps.id = ANY(%(ids)s) ORDER BY steps.id"
_SINCE = _STEPS + "WHERE steps.id > %(since)s ORDER BY steps.id LIMIT %(most)s"

log = logging.getLogger(__name__)


def message(event: str, data: Any, step_id: int | None = None) -> bytes:
    """Return one server-sent event."""
    lines = [f"event: {event}", *([f"id: {step_id}"] if step_id is not None else []), f"data: {json.dumps(data, default=str)}"]
    return ("\n".join(lines) + "\n\n").encode()


def steps_message(steps: Sequence[Step], highest: int) -> bytes:
    """Return the event that names ``steps`` and the tiles of zoom 16 they lie in; its id is ``highest``."""
    tiles = sorted({(x, y) for _, _, x, y in steps if x is not None and y is not None})
    return message("steps", {"steps": [[step_id, str(event)] for step_id, event, _, _ in steps], "tiles16": tiles}, highest)


@dataclass(eq=False)
class Listener:
    """One open page: the messages that wait for it; ``lost`` once it fell too far behind."""

    shown: bytes = b""  # the hash of the session or key that listens
    waiting: Queue = field(default_factory=lambda: Queue(maxsize=MOST_WAITING))
    lost: bool = False

    def tell(self, sent: bytes) -> None:
        """Queue a message without waiting; a full queue means that this listener has to come back and replay."""
        try:
            self.waiting.put_nowait(sent)
        except Full:
            self.lost = True


class Hub:
    """The one reader of notifications and all its listeners. ``url`` is the database's, in any ``postgresql`` form."""

    def __init__(self, url: str) -> None:
        self._connect_args = _connect_args(url)
        self._listeners: set[Listener] = set()
        self._replays = BoundedSemaphore(MOST_REPLAYS_AT_ONCE)
        self._pending: set[int] = set()
        self._reload = False
        self._flush_at, self._flushed_at = 0.0, 0.0
        self.highest: int | None = None
        self.connected = False

    # -- listeners ------------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many listen."""
        return len(self._listeners)

    @contextmanager
    def listening(self, shown: bytes = b"") -> Iterator[Listener]:
        """Yield a listener that hears everything from now on; raises UnavailableError when there are too many."""
        if len(self._listeners) >= MOST_LISTENERS:
            raise UnavailableError(reason=Reason("{most} readers are listening already", most=MOST_LISTENERS))
        listener = Listener(shown)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def replay(self, since: int | None) -> bytes:
        """Return the message that brings a listener from step ``since`` to now; without ``since``, only where "now" is."""
        if since is None or self.highest is None:
            return steps_message([], self.highest or 0)
        with self.asked() as connection:
            return self._missed(connection, since)

    @contextmanager
    def asked(self) -> Iterator[psycopg.Connection]:
        """Yield a connection for a question of one listener; a few at a time, the others wait."""
        with self._replays, self._connect() as connection:
            yield connection

    def _missed(self, connection: psycopg.Connection, since: int) -> bytes:
        highest = _highest(connection)
        most = MOST_REPLAYED + OVERLAP
        steps = _read(connection, _SINCE, since=max(0, since - OVERLAP), most=most)
        if since > highest or len(steps) >= most:
            return message("reload", {"reloads": _reloads(connection)}, highest)
        return steps_message(steps, max(highest, since))

    def _tell_all(self, sent: bytes) -> None:
        for listener in tuple(self._listeners):
            listener.tell(sent)

    # -- the database -----------------------------------------------------------------------------------------------------

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(**self._connect_args, autocommit=True, connect_timeout=5, application_name="geogrid stream")

    def run(self) -> None:
        """Follow the database for ever; when it is gone, come back as soon as it does, and tell what was missed."""
        pause_s = 0.1
        while True:
            try:
                with self._connect() as connection:
                    pause_s = 0.1
                    self._follow(connection)
            except psycopg.Error as error:
                log.warning("the database does not answer: %s", type(error).__name__)
            self.connected = False
            gevent.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _follow(self, connection: psycopg.Connection) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        if self.highest is not None:
            self._tell_all(self._missed(connection, self.highest))
        self.highest = max(self.highest or 0, _highest(connection))
        self.connected = True
        beat_at = time.monotonic()
        while True:
            until = min(beat_at, self._flush_at) if self._pending or self._reload else beat_at
            for notice in connection.notifies(timeout=max(0.0, until - time.monotonic()), stop_after=1):
                self._take(notice.payload)
            if (self._pending or self._reload) and time.monotonic() >= self._flush_at:
                self._flush(connection)
            if time.monotonic() >= beat_at:
                self._beat(connection)
                beat_at = time.monotonic() + HEARTBEAT_S

    def _take(self, payload: str) -> None:
        if not self._pending and not self._reload:
            self._flush_at = max(time.monotonic(), self._flushed_at + WINDOW_S)
        head = payload.partition(":")[0]
        if head.isdecimal():
            self._pending.add(int(head))
        else:
            self._reload = True

    def _flush(self, connection: psycopg.Connection) -> None:
        ids, self._pending = sorted(self._pending), set()
        reload, self._reload = self._reload or len(ids) > MOST_REPLAYED, False
        self._flushed_at = time.monotonic()
        highest = max(self.highest or 0, _highest(connection) if reload else ids[-1])
        if reload:
            sent = message("reload", {"reloads": _reloads(connection)}, highest)
        else:
            sent = steps_message(_read(connection, _NAMED, ids=ids), highest)
        self.highest = highest
        self._tell_all(sent)

    def _beat(self, connection: psycopg.Connection) -> None:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        now = row[0].isoformat() if row else None
        shown = {listener.shown for listener in self._listeners if listener.shown}
        gone = shown - still_open(connection, shown) if shown else set()
        for listener in tuple(self._listeners):
            listener.lost = listener.lost or listener.shown in gone
        self._tell_all(message("heartbeat", {"now": now, "reloads": _reloads(connection)}))


def _read(connection: psycopg.Connection, query: str, **values: Any) -> list[Step]:
    return connection.execute(query, {**values, "shift": CELL_SHIFT}).fetchall()


def _highest(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT coalesce(max(id), 0) FROM steps").fetchone()
    return int(row[0]) if row else 0


def _reloads(connection: psycopg.Connection) -> int:
    """Return how often all was to be loaded anew: a page that missed such a message sees it in the next heartbeat."""
    row = connection.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM reload_number").fetchone()
    return int(row[0]) if row else 0


def _connect_args(url: str) -> dict[str, Any]:
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    return dict(parsed.get_dialect()().create_connect_args(parsed)[1])
