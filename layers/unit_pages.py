"""Administrative units in force by the page: code, level, parent, box."""

from __future__ import annotations

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from geogrid.domain.places import Level
from geogrid.store.tables.geography import units
from layers.shapes import in_force


def read_units(
    session: Session, *, level: Level | None = None, parent: str | None = None, after: str = "", limit: int
) -> list[Row]:
    """Return up to ``limit`` units in force whose codes follow ``after``, by code.

    Rows have code, name, level, kind, parent_code and the box west, south, east, north in degrees (EPSG:4490).
    """
    box = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
    sides = [side(units.c.geom).label(name) for side, name in zip(box, ("west", "south", "east", "north"), strict=True)]
    columns = (units.c.code, units.c.name, units.c.level, units.c.kind, units.c.parent_code)
    wanted = select(*columns, *sides).where(in_force(units), units.c.code > after)
    if level is not None:
        wanted = wanted.where(units.c.level == level.value)
    if parent is not None:
        wanted = wanted.where(units.c.parent_code == parent)
    return list(session.execute(wanted.order_by(units.c.code).limit(limit)))
