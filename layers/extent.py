"""How far the district reaches: what a map shows first."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.domain.places import Level
from geogrid.store.tables.geography import base_grids, units
from layers.shapes import in_force

Box = tuple[float, float, float, float]
AROUND_CENTRE_DEG = 0.25


def district_extent(session: Session, centre_lonlat: tuple[float, float]) -> Box:
    """Return west, south, east, north in degrees: of the district in force, else of its grids, else around the centre.

    Reads one row of ``units``, or all grids in force.
    """
    for table, condition in ((units, units.c.level == Level.DISTRICT.value), (base_grids, base_grids.c.code != "")):
        box = func.ST_Extent(table.c.geom, type_=None).label("box")
        found = select(box).where(condition, in_force(table)).subquery("found")
        sides = [getattr(func, name)(found.c.box) for name in ("ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax")]
        row = session.execute(select(*sides)).one()
        if row[0] is not None:
            return row[0], row[1], row[2], row[3]
    lon, lat = centre_lonlat
    return lon - AROUND_CENTRE_DEG, lat - AROUND_CENTRE_DEG, lon + AROUND_CENTRE_DEG, lat + AROUND_CENTRE_DEG
