"""Readings for page and API: one snapshot each, bounded in time and rows, kept while nothing has happened."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.actions.recast import count_events
from geogrid.domain.readings import Asked, Counts, Reading
from geogrid.rules.scope import Scope
from geogrid.store import analysis, editions, scope
from geogrid.store.events import reloads
from geogrid.store.session import snapshot_scope
from layers.counts import names_of_codes
from webmap.installation import Installation
from webmap.reading import current_scope

MOST_ROWS = 50_000
TIMEOUT_MS = 60_000
KEPT = 32


@dataclass(frozen=True)
class Counted:
    """A reading and what its codes are called."""

    counts: Counts
    names: dict[str, str]


class _Kept:
    """The last readings; one is counted at a time, so that many readers of one page cost one count."""

    def __init__(self) -> None:
        self._lock, self._kept = Lock(), OrderedDict[Any, Counted]()

    def counted(self, here: Installation, asked: Asked, seen: Scope) -> Counted:
        with self._lock, snapshot_scope(here.engine) as session:
            session.execute(text(f"SET LOCAL statement_timeout = {TIMEOUT_MS}"))
            key = (str(here.engine.url), asked, _mark(session), seen.key)
            scope.enter(session, seen)
            if key not in self._kept:
                self._kept[key] = _count(session, here, asked)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]


def _mark(session: Session) -> Any:
    """Return what changes whenever a reading can: the last step, bulk loads, and the editions with their content."""
    standing = tuple((edition.id, edition.state, edition.content_hash) for edition in editions.every(session))
    return analysis.last_step(session), reloads(session), standing


def _count(session: Session, here: Installation, asked: Asked) -> Counted:
    counts = count_events(session, asked, now=here.now(), district=here.district, most_rows=MOST_ROWS)
    return Counted(counts, names_of_codes(session, counts))


_KEPT = _Kept()


def counted(here: Installation, asked: Asked) -> Counted:
    """Return a reading; see :func:`geogrid.actions.recast.count_events` for what it raises.

    As of now is stated as the instant that the platform's clock shows, so that the answer says what it is as of.
    """
    if asked.reading is Reading.AS_OF and asked.as_of is None:
        asked = replace(asked, as_of=here.now())
    return _KEPT.counted(here, asked, current_scope())
