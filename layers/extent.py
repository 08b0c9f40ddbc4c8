"""How far the district reaches: what a map shows first."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Table, func, select
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
        if box := _extent(session, table, condition):
            return box
    lon, lat = centre_lonlat
    return lon - AROUND_CENTRE_DEG, lat - AROUND_CENTRE_DEG, lon + AROUND_CENTRE_DEG, lat + AROUND_CENTRE_DEG


def own_extent(session: Session, codes: Collection[str], centre_lonlat: tuple[float, float]) -> Box:
    """Return the same of the units of these codes in force; of the district where there are none."""
    mine = _extent(session, units, units.c.code == func.any(list(codes))) if codes else None
    return mine or district_extent(session, centre_lonlat)


def _extent(session: Session, table: Table, condition: ColumnElement[bool]) -> Box | None:
    box = func.ST_Extent(table.c.geom, type_=None).label("box")
    found = select(box).where(condition, in_force(table)).subquery("found")
    sides = [getattr(func, name)(found.c.box) for name in ("ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax")]
    row = session.execute(select(*sides)).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])
