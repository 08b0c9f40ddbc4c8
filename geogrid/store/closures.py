"""Dated closures in and out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import shapely
from geoalchemy2 import WKTElement
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geogrid.domain.closures import Closure
from geogrid.domain.stations import TravelMode
from geogrid.space.crs import SRID_STORED
from geogrid.store.tables.closures import closures

_CHANGED = ("road_code", "modes", "from_date", "to_date", "reason", "synthetic", "loaded_at", "geom")


def put(session: Session, found: Sequence[Closure], *, now: datetime) -> int:
    """Store closures, those known already by their code as they are now; return how many there are."""
    if found:
        statement = insert(closures)
        changed = {name: statement.excluded[name] for name in _CHANGED}
        session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=changed), [_row(c, now) for c in found])
    return session.scalar(select(func.count()).select_from(closures)) or 0


def _row(closure: Closure, now: datetime) -> dict[str, object]:
    line = closure.line_lonlat
    return {
        "code": closure.code,
        "road_code": closure.road_code,
        "modes": [mode.value for mode in closure.modes],
        "from_date": closure.from_date,
        "to_date": closure.to_date,
        "reason": closure.reason,
        "synthetic": closure.synthetic,
        "loaded_at": now,
        "geom": None if line is None else WKTElement(shapely.to_wkt(shapely.force_2d(line), rounding_precision=-1), SRID_STORED),
    }


def closed_on(session: Session, day: date) -> list[Closure]:
    """Return the closures that are in force on a day, by code; a district has some hundreds: a sequential scan."""
    c = closures.c
    query = select(closures, func.ST_AsBinary(c.geom, type_=None).label("wkb")).order_by(c.code)
    rows = session.execute(query.where(c.from_date <= day, or_(c.to_date.is_(None), c.to_date >= day)))
    return [
        Closure(
            code=row.code,
            from_date=row.from_date,
            to_date=row.to_date,
            road_code=row.road_code,
            line_lonlat=None if row.wkb is None else shapely.from_wkb(bytes(row.wkb)),
            modes=tuple(TravelMode(mode) for mode in row.modes),
            reason=row.reason,
            synthetic=row.synthetic,
        )
        for row in rows
    ]
