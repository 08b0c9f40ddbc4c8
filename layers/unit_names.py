"""Names of the units in force: what a post's territory is called, and what a picker offers."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.store.tables.geography import units


def unit_names(session: Session) -> dict[str, str]:
    """Return the names of the units in force by code (a few hundred), the district first."""
    found = session.execute(select(units.c.code, units.c.name).where(func.upper_inf(units.c.valid)).order_by(units.c.code))
    return {row.code: row.name for row in found}
