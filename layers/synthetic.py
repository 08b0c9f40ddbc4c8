"""Whether made-up rows are loaded: then every page, map and file says so."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.store.tables.events import events
from geogrid.store.tables.geography import base_grids, units
from layers.shapes import in_force


def holds_synthetic(session: Session) -> bool:
    """Whether grids or units in force, or the event reported last, are made up. Rides ``ix_events_reported_at``."""
    for table in (units, base_grids):
        if session.scalar(select(table.c.id).where(in_force(table), table.c.synthetic).limit(1)) is not None:
            return True
    return bool(session.scalar(select(events.c.synthetic).order_by(events.c.reported_at.desc()).limit(1)))
