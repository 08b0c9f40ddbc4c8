"""What the codes of an assignment are called: people know names, programs know codes."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.domain.grids import Assignment
from geogrid.store.tables.editions import editions
from geogrid.store.tables.geography import base_grids, stations


def names_of(session: Session, assignment: Assignment) -> dict[str, str]:
    """Return the names of the grids and stations that an assignment mentions, under its edition, by code.

    Rides the indexes behind the exclusion constraints on (code, valid).
    """
    grid_codes = {assignment.grid_code, assignment.nearest_grid_code, *(one.grid_code for one in assignment.candidates)}
    station_codes = {assignment.nearest_station, assignment.home_station, assignment.station_by_time}
    since = select(func.lower(editions.c.valid)).where(editions.c.id == assignment.edition_id).scalar_subquery()
    found: dict[str, str] = {}
    for table, codes in ((base_grids, grid_codes), (stations, station_codes)):
        query = select(table.c.code, table.c.name).where(table.c.code.in_(codes - {None}), table.c.valid.op("@>")(since))
        found |= {row.code: row.name for row in session.execute(query) if row.name}
    return found
