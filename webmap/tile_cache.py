"""Tiles kept in the process: dropped one by one as events change, all at once when an edition does.

What is kept is never older than what the caller has heard of: a page that learnt of step n from the stream asks with
``since=n``, and an answer made before anybody asked so is made again, even when this process has not heard of the step yet.
While the listener is not connected nothing is kept, because nothing would be dropped.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from geogrid.space.tiles import ancestors

MOST_BYTES = 64 * 1024 * 1024
MOST_SINCE = 64

Tile = tuple[int, int, int]


@dataclass(frozen=True)
class Key:
    """What a tile is of: the set, the choice within it (a department), which tile, and the key of what its readers may see."""

    set_name: str
    choice: str
    tile: Tile
    scope: str = "district"


@dataclass
class Made:
    """A tile as it is sent: gzipped bytes, the ETag of the data version, and the steps it is known to include."""

    body: bytes
    etag: str
    since: list[int] = field(default_factory=list)


class TileCache:
    """A bounded cache of tiles, safe between threads; see the module for what it promises."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Made] = OrderedDict()
        self._bytes = 0
        self._changes = 0  # counts drops, so that a tile begun before one is not kept after it
        self._making: dict[Key, threading.Lock] = {}
        self.listening = False
        self.cleared = threading.Event()  # set by every ``clear``, for whoever prepares things anew

    def get(self, key: Key, since: int | None, make: Callable[[], Made]) -> Made:
        """Return the tile of ``key``, made by ``make`` where none is kept that includes step ``since``."""
        found = self._fresh(key, since)
        if found:
            return found
        with self._one_maker(key):
            return self._fresh(key, since) or self._make(key, since, make)

    def _fresh(self, key: Key, since: int | None) -> Made | None:
        with self._lock:
            found = self._kept.get(key) if self.listening else None
            if found is None or (since is not None and since not in found.since):
                return None
            self._kept.move_to_end(key)
            return found

    def _make(self, key: Key, since: int | None, make: Callable[[], Made]) -> Made:
        with self._lock:
            before = self._changes
            older = self._kept.get(key)
        made = make()
        made.since = [*(older.since if older else [])[-MOST_SINCE:], *([since] if since is not None else [])]
        with self._lock:
            if self.listening and self._changes == before:
                self._put(key, made)
        return made

    def _put(self, key: Key, made: Made) -> None:
        self._drop(key)
        self._kept[key] = made
        self._bytes += len(made.body)
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone:
            self._bytes -= len(gone.body)

    @contextmanager
    def _one_maker(self, key: Key) -> Iterator[None]:
        """Let one thread make a tile; the others wait and take what it made."""
        with self._lock:
            lock = self._making.setdefault(key, threading.Lock())
        with lock:
            yield
        with self._lock:
            if not lock.locked():
                self._making.pop(key, None)

    # -- what the listener tells --------------------------------------------------------------------------------------

    def event_changed(self, x16: int, y16: int) -> None:
        """Drop the tiles with events that show the cell (x16, y16) of zoom 16, and their neighbours that draw over the edge."""
        near = {tile for dx in (-1, 0, 1) for dy in (-1, 0, 1) for tile in ancestors(max(x16 + dx, 0), max(y16 + dy, 0))}
        with self._lock:
            self._changes += 1
            for key in [key for key in self._kept if key.set_name in EVENT_SETS and _touched(key.tile, near)]:
                self._drop(key)

    def clear(self) -> None:
        """Drop everything: another edition is in force, or events came in bulk."""
        with self._lock:
            self._changes += 1
            self._kept.clear()
            self._bytes = 0
        self.cleared.set()


EVENT_SETS = frozenset({"all", "events"})


def _touched(tile: Tile, near: set[Tile]) -> bool:
    """Whether ``tile`` shows one of ``near``, or one lies within the breadth of a cluster from its edge."""
    z, x, y = tile
    if z > 18:  # finer than the cells that notifications name
        return (18, x >> (z - 18), y >> (z - 18)) in near
    return any((z, x + dx, y + dy) in near for dx in (-1, 0, 1) for dy in (-1, 0, 1))
