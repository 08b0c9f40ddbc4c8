"""The part of the jobs that ticks: alarms and consequences of clocks, every few seconds, in transactions of a few events."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from etl.analyses import note, told

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geogrid.actions.district import District
    from geogrid.settings import Settings

EVERY_S = 5.0
MOST_ROUNDS = 10_000  # of one sweep: after a stop of months the other jobs get their turn too


def tick_once(
    settings: Settings, engine: Engine, district: District | None = None, stopped: threading.Event | None = None
) -> int:
    """Tick until nothing is left that is due, or ``stopped`` is set; return how many events were looked at."""
    from geogrid.actions.district import open_district
    from geogrid.actions.tick import tick
    from geogrid.store.session import session_scope

    district, looked = district or open_district(settings, engine), 0
    for _ in range(MOST_ROUNDS):
        with session_scope(engine) as session:
            done = tick(session, now=settings.now(), district=district)
        looked += done.looked
        for failure in done.failures:
            note(f"jobs: tick: {failure}")
        if not done.looked or (stopped is not None and stopped.is_set()):
            break
    return looked


def keep_ticking(settings: Settings, engine: Engine, stopped: threading.Event, *, every_s: float = EVERY_S) -> None:
    """Tick until ``stopped`` is set; a failure is said and what was missed is made good by the next tick."""
    from psycopg import Error
    from sqlalchemy.exc import SQLAlchemyError

    from geogrid.actions.district import open_district
    from geogrid.errors import GeogridError

    district = None
    while not stopped.is_set():
        try:
            district = district or open_district(settings, engine)
            tick_once(settings, engine, district, stopped)
        except (GeogridError, SQLAlchemyError, Error, OSError) as error:
            note(f"jobs: tick: {told(error)}; again in {every_s:.0f} s")
        stopped.wait(every_s)
