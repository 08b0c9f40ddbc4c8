"""The part of the jobs that draws analyses for the map, beside the folding that must not wait for it."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geogrid.actions.district import District
    from geogrid.settings import Settings

EVERY_S = 30.0


def draw_once(settings: Settings, engine: Engine, district: District | None = None) -> bool:
    """Draw the service circles and hotspots that are missing or old; return whether anything was drawn."""
    from geogrid.actions.analysis import refresh
    from geogrid.actions.district import open_district
    from geogrid.store.session import session_scope

    with session_scope(engine) as session:
        return refresh(session, now=settings.now(), district=district or open_district(settings, engine))


def keep_drawn(settings: Settings, engine: Engine, stopped: threading.Event, *, every_s: float = EVERY_S) -> None:
    """Draw until ``stopped`` is set; a failure is said and tried again, since no report depends on it."""
    from psycopg import Error
    from sqlalchemy.exc import SQLAlchemyError

    from etl.memory import give_back
    from geogrid.actions.district import open_district
    from geogrid.errors import GeogridError

    district = None
    while not stopped.is_set():
        try:
            district = district or open_district(settings, engine)
            if draw_once(settings, engine, district):
                district = None  # roads and times are needed for the next drawing alone: made again in seconds
                give_back()
        except (GeogridError, SQLAlchemyError, Error, OSError) as error:
            note(f"jobs: analyses: {told(error)}; again in {every_s:.0f} s")
        stopped.wait(every_s)


def note(line: str) -> None:
    """Write ``line`` to the log of the jobs; where its disk is full the line is lost and the work goes on."""
    with suppress(OSError):
        click.echo(line, err=True)


def told(error: Exception) -> str:
    """Return the class of ``error`` and the first line of what the database, or the system, said."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
