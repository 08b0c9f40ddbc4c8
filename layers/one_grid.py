"""One grid in force, by code: what it is, who leads it, where it lies."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from geogrid.store.tables.geography import base_grids, department_grids
from layers.shapes import in_force

DIGITS = 7  # a centimetre
_SHOWN = {
    base_grids.name: (
        "name",
        "kind",
        "exclusive_kind",
        "village_code",
        "leader",
        "households",
        "area_m2",
        "edition_id",
        "synthetic",
    ),
    department_grids.name: ("name", "department", "object_class", "leader", "area_m2", "edition_id", "synthetic"),
}


def read_grid(session: Session, code: str) -> dict[str, Any] | None:
    """Return the GeoJSON feature (lon/lat, RFC 7946) of the base or department grid in force with this code, or None."""
    for table in (base_grids, department_grids):
        found = _read(session, table, code)
        if found is not None:
            return found
    return None


def _read(session: Session, table: Table, code: str) -> dict[str, Any] | None:
    """Rides the index behind the exclusion constraint on (code, valid)."""
    columns = [table.c[name] for name in _SHOWN[table.name]]
    geometry = func.ST_AsGeoJSON(func.ST_ForcePolygonCCW(table.c.geom), DIGITS, 0, type_=None).label("geometry")
    row = session.execute(select(*columns, geometry).where(table.c.code == code, in_force(table))).one_or_none()
    if row is None:
        return None
    properties = {name: value for name, value in row._mapping.items() if name != "geometry"}
    shown = {"code": code, "layer": table.name, **properties}
    return {"type": "Feature", "id": code, "geometry": json.loads(row.geometry), "properties": shown}
