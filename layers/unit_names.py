"""Units in force: what a post's territory is called, what a picker offers, where a village's station is."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.store.tables.geography import stations, units
from layers.shapes import in_force


def unit_names(session: Session) -> dict[str, str]:
    """Return the names of the units in force by code (a few hundred), the district first."""
    found = session.execute(select(units.c.code, units.c.name).where(in_force(units)).order_by(units.c.code))
    return {row.code: row.name for row in found}


def units_in_force(session: Session) -> list[tuple[str, str, str | None]]:
    """Return code, level and parent of the units in force, by code."""
    columns = (units.c.code, units.c.level, units.c.parent_code)
    return [(row[0], row[1], row[2]) for row in session.execute(select(*columns).where(in_force(units)).order_by(units.c.code))]


def home_station(session: Session, village: str) -> str:
    """Return the code of the station of a village, "" where it has none."""
    wanted = select(stations.c.code).where(in_force(stations), stations.c.unit_code == village).order_by(stations.c.code).limit(1)
    return session.scalar(wanted) or ""
