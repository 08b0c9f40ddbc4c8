"""One accepted report: the rows that every event begins with, by statements made once.

Building a statement and looking up its compiled form costs more than running it; here both are done when the module is
imported. What the rows mean, ``events`` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, Text, bindparam, func, insert, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.domain.events import Event, EventState, Report, Step
from geogrid.domain.grids import Assignment
from geogrid.space.crs import SRID_STORED
from geogrid.store.events import PointLonLat, assignment_values, event_values
from geogrid.store.tables.desk import desk_spans
from geogrid.store.tables.events import assignments, event_number, events
from geogrid.store.tables.matters import clocks, matters

EVENT, ASSIGNMENT = "event_", "assignment_"  # prefixes of parameters: both tables have columns of the same name
MADE_HERE = {"number", "point"}
OF_EVENT = [column.name for column in events.columns if column.name not in MADE_HERE]
OF_ASSIGNMENT = [column.name for column in assignments.columns if column.name not in {"id", "event_id", "is_current"}]
SIX_DIGITS_OR_MORE = "'FM999999999000000'"

ADD_MATTER, ADD_CLOCK, ADD_SPAN = insert(matters), insert(clocks), insert(desk_spans)
IS_STORED = select(events.c.id).where(events.c.id == bindparam("event_id"))


def _bound(table: Table, prefix: str, names: Sequence[str]) -> dict[str, Any]:
    return {name: bindparam(prefix + name, type_=table.c[name].type) for name in names}


def _adding() -> Select[Any]:
    """Return the statement that inserts an event and its assignment, and gives its number; no row where its id is stored."""
    day = bindparam("local_day", type_=Text)
    number = day.concat(func.to_char(event_number.next_value(), literal_column(SIX_DIGITS_OR_MORE)))
    lon, lat = (bindparam(name, type_=events.c.original_lon.type) for name in ("point_lon", "point_lat"))
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID_STORED)
    event = upsert(events).values(number=number, point=point, **_bound(events, EVENT, OF_EVENT))
    stored = event.on_conflict_do_nothing(index_elements=["id"]).returning(events.c.id, events.c.number).cte("stored")
    values = select(stored.c.id, *_bound(assignments, ASSIGNMENT, OF_ASSIGNMENT).values())
    assigned = insert(assignments).from_select(["event_id", *OF_ASSIGNMENT], values).cte("assigned")
    return select(stored.c.number).add_cte(assigned)


ADD = _adding()


def is_stored(session: Session, event_id: UUID) -> bool:
    """Whether an event has this id. Rides the primary key."""
    return session.execute(IS_STORED, {"event_id": event_id}).scalar() is not None


def add(
    session: Session,
    report: Report,
    point_lonlat: PointLonLat,
    assignment: Assignment,
    units: tuple[str | None, str | None],
    *,
    reported_at: datetime,
    assigned_at: datetime,
    local_day: datetime,
) -> str | None:
    """Insert an event with its first assignment and return its number: the day it came in, six digits or more.

    None where its id is stored already (after waiting for whoever stores it now). ``units`` are the codes of its village and
    township.
    """
    event = event_values(report, "", point_lonlat, assignment, units, reported_at)
    assigned = assignment_values(report.id, assignment, now=assigned_at)
    lon, lat = point_lonlat or (None, None)
    told = {"local_day": f"{local_day:%Y%m%d}", "point_lon": lon, "point_lat": lat}
    told |= {EVENT + name: event[name] for name in OF_EVENT} | {ASSIGNMENT + name: assigned[name] for name in OF_ASSIGNMENT}
    return session.execute(ADD, told).scalar()


def add_matter(
    session: Session, values: dict[str, Any], clock_rows: Iterable[dict[str, Any]], spans: Sequence[dict[str, Any]] = ()
) -> None:
    """Insert the matter of a new event, its clocks, and how pressing it is: where nothing is stored yet."""
    session.execute(ADD_MATTER, values)
    rows = list(clock_rows)
    if rows:
        session.execute(ADD_CLOCK, rows)
    if spans:
        session.execute(ADD_SPAN, list(spans))


def as_stored(
    report: Report, number: str, point_lonlat: PointLonLat, assignment: Assignment, reported_at: datetime, steps: Sequence[Step]
) -> Event:
    """Return what ``events.find`` reads of an event that was just written, times in UTC, without reading it."""
    return Event(
        id=report.id,
        number=number,
        report=replace(report, observed_at=report.observed_at.astimezone(UTC)),
        state=EventState.REPORTED,
        point_lonlat=point_lonlat,
        assignment=assignment,
        reported_at=reported_at.astimezone(UTC),
        steps=tuple(replace(step, at=step.at.astimezone(UTC)) for step in steps),
    )
