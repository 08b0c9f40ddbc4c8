"""Sessions of mediation in the store: appointments, what became of them, the visits of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKTElement
from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session as Database

from geogrid.domain.disputes import Session, SessionOutcome, SessionPlace, SessionState
from geogrid.space.crs import SRID_STORED
from geogrid.store.tables.disputes import mediation_sessions as table
from geogrid.store.tables.events import events


def add(database: Database, session: Session, *, by: str, now: datetime) -> int:
    """Insert an appointment and return its number; IntegrityError of an ``ex_mediation_sessions_*`` where it meets another."""
    made_up = select(events.c.synthetic).where(events.c.id == session.event_id).scalar_subquery()
    values = {
        "event_id": session.event_id,
        "mediator": session.mediator,
        "during": Range(session.start, session.end),
        "place": session.place.value,
        "station": session.station,
        "room": session.room,
        "address": session.address,
        "point": _point(session.point_lonlat),
        "state": SessionState.PLANNED.value,
        "made_by": by,
        "made_at": now,
        "synthetic": made_up,
    }
    return int(database.scalar(insert(table).values(**values).returning(table.c.id)) or 0)


def _point(lonlat: tuple[float, float] | None) -> WKTElement | None:
    return None if lonlat is None else WKTElement(f"POINT({lonlat[0]!r} {lonlat[1]!r})", srid=SRID_STORED)


def end(database: Database, session_id: int, values: Mapping[str, Any], *, by: str, now: datetime) -> None:
    """Write what became of an appointment."""
    database.execute(update(table).where(table.c.id == session_id).values(**values, ended_by=by, ended_at=now))


def find(database: Database, event_id: UUID, session_id: int, *, lock: bool = False) -> Session | None:
    """Return an appointment of a dispute by its number."""
    query = _select().where(table.c.event_id == event_id, table.c.id == session_id)
    row = database.execute(query.with_for_update(of=table) if lock else query).one_or_none()
    return _session(row) if row else None


def of_event(database: Database, event_id: UUID) -> list[Session]:
    """Return the appointments of a dispute, the earliest first. Rides ``ix_mediation_sessions_event_id``."""
    rows = database.execute(_select().where(table.c.event_id == event_id).order_by(func.lower(table.c.during), table.c.id))
    return [_session(row) for row in rows]


def between(
    database: Database, start: datetime, end_at: datetime, *, mediators: Sequence[UUID] = (), station: str = ""
) -> list[Session]:
    """Return the appointments that are not cancelled between two instants, of some people or of a station's rooms."""
    query = _select().where(table.c.during.op("&&")(func.tstzrange(start, end_at)), table.c.state != SessionState.CANCELLED.value)
    if mediators:
        query = query.where(table.c.mediator == func.any(list(mediators)))
    if station:
        query = query.where(table.c.station == station)
    return [_session(row) for row in database.execute(query.order_by(func.lower(table.c.during), table.c.id))]


def move(database: Database, times: Mapping[int, tuple[datetime, datetime]]) -> None:
    """Give appointments other times, all at once: first they step aside, so that they do not meet each other on the way.

    IntegrityError of an ``ex_mediation_sessions_*`` where one meets an appointment that stays.
    """
    aside = func.tstzrange(
        func.lower(table.c.during) + func.make_interval(1000), func.upper(table.c.during) + func.make_interval(1000)
    )
    database.execute(update(table).where(table.c.id == func.any(list(times))).values(during=aside))
    for session_id, (start, until) in sorted(times.items()):
        database.execute(update(table).where(table.c.id == session_id).values(during=Range(start, until)))


def _select() -> Select:
    columns = [c for c in table.c if c.name not in {"during", "point", "synthetic"}]
    times = (func.lower(table.c.during).label("start"), func.upper(table.c.during).label("until"))
    return select(*columns, *times, func.ST_X(table.c.point).label("lon"), func.ST_Y(table.c.point).label("lat"))


def _session(row: Row) -> Session:
    return Session(
        row.id,
        row.event_id,
        row.mediator,
        row.start,
        row.until,
        SessionPlace(row.place),
        row.station,
        row.room,
        row.address,
        None if row.lon is None else (row.lon, row.lat),
        SessionState(row.state),
        SessionOutcome(row.outcome) if row.outcome else None,
        row.minutes,
        row.reason,
    )
