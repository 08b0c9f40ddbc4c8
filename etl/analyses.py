"""The part of the jobs that draws analyses for the map, beside the folding that must not wait for it."""

from __future__ import annotations

import threading
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
    from sqlalchemy.exc import SQLAlchemyError

    from geogrid.actions.district import open_district
    from geogrid.errors import GeogridError

    district = open_district(settings, engine)
    while not stopped.is_set():
        try:
            draw_once(settings, engine, district)
        except (GeogridError, SQLAlchemyError) as error:
            click.echo(f"jobs: analyses: {type(error).__name__}; again in {every_s:.0f} s", err=True)
        stopped.wait(every_s)
