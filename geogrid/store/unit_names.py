"""Names of administrative units in force, for texts that are written once and kept."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.domain.places import Level
from geogrid.store.tables.geography import units


def names_of(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return the names of units in force by code; codes nobody knows are left out. Rides the units' exclusion index."""
    if not codes:
        return {}
    found = select(units.c.code, units.c.name).where(units.c.code == func.any(list(codes)), func.upper_inf(units.c.valid))
    return {row.code: row.name for row in session.execute(found)}


def of_level(session: Session, level: Level) -> dict[str, str]:
    """Return the names of all units of a level in force by code."""
    found = select(units.c.code, units.c.name).where(units.c.level == level.value, func.upper_inf(units.c.valid))
    return {row.code: row.name for row in session.execute(found.order_by(units.c.code))}


def below(session: Session, level: Level, parent: str) -> dict[str, str]:
    """Return the names of the units of a level in force under ``parent`` by code."""
    found = select(units.c.code, units.c.name).where(units.c.level == level.value, units.c.parent_code == parent)
    rows = session.execute(found.where(func.upper_inf(units.c.valid)).order_by(units.c.code))
    return {row.code: row.name for row in rows}
