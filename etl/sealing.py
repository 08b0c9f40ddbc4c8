"""The part of the jobs that seals the audit: every second the rows that were committed; every minute the head is kept outside."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from etl.analyses import note, told

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geogrid.settings import Settings

EVERY_S = 1.0
HEAD_EVERY_S = 60.0


def seal_all(settings: Settings, engine: Engine, *, keep: bool = True) -> int:
    """Seal every committed row that has no seal yet and, with ``keep``, write the head beside the database; return how many."""
    from geogrid.actions.audit import keep_head
    from geogrid.store import audit
    from geogrid.store.session import session_scope

    sealed, made = 0, 1
    while made:
        with session_scope(engine) as session:
            made = audit.seal(session, now=settings.now())
        sealed += made
    if keep:
        with session_scope(engine) as session:
            head = audit.head(session)
        if head is not None:
            keep_head(settings.var_dir, head, settings.now())
    return sealed


def keep_sealing(settings: Settings, engine: Engine, stopped: threading.Event, *, every_s: float = EVERY_S) -> None:
    """Seal until ``stopped`` is set; a failure is said, and what waits is sealed in order the next time."""
    from psycopg import Error
    from sqlalchemy.exc import SQLAlchemyError

    from geogrid.errors import GeogridError

    kept = float("-inf")
    while not stopped.is_set():
        try:
            due = time.monotonic() - kept >= HEAD_EVERY_S
            seal_all(settings, engine, keep=due)
            kept = time.monotonic() if due else kept
        except (GeogridError, SQLAlchemyError, Error, OSError) as error:
            note(f"jobs: audit: {told(error)}; again in {every_s:.0f} s")
        stopped.wait(every_s)
