"""Reports that may tell of the same matter as another one: a bounded search by place and time, judged by ``rules.duplicates``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from geogrid.rules.duplicates import RADIUS_M, WITHIN, Likeness, Told, box_degrees, likeness
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.space.crs import SRID_STORED
from geogrid.store.scope import visible
from geogrid.store.tables.events import events

MOST_LOOKED_AT = 300
MOST_SHOWN = 10
COLUMNS = ("id", "number", "kind", "words", "address", "reported_at", "state", "village_code", "township_code")


@dataclass(frozen=True)
class Duplicate:
    """A report that is like another: how far from it (None: one has no place), how many minutes apart, how alike and why."""

    event_id: UUID
    values: dict[str, Any]
    point_lonlat: tuple[float, float] | None
    distance_m: float | None
    minutes_apart: float
    likeness: Likeness


def duplicates(session: Session, event_id: UUID, *, metric_srid: int, scope: Scope = EVERYTHING) -> list[Duplicate] | None:
    """Return reports like an event's, the most alike first, at most ``MOST_SHOWN``; None where the reader sees no such event.

    Metres are measured in ``metric_srid``. Looked at are reports of its kind within ``WITHIN`` of it: those ``RADIUS_M``
    around its place (rides ``idx_events_point``), the nearest first, and those without a place, the closest in time first
    (rides ``ix_events_without_point``); of one that has no place itself, those anywhere (ride ``ix_events_reported_at_id``).
    ``MOST_LOOKED_AT`` of either at most.
    """
    lon, lat = func.ST_X(events.c.point).label("lon"), func.ST_Y(events.c.point).label("lat")
    mine = session.execute(
        select(*(events.c[name] for name in COLUMNS), lon, lat).where(events.c.id == event_id, visible(scope))
    ).one_or_none()
    if mine is None:
        return None
    found = [*session.execute(_soon(mine, scope))]
    if mine.lon is not None:
        found += session.execute(_near(mine, metric_srid, scope))
    compared = [_compared(mine, row) for row in found]
    shown = [one for one in compared if one.likeness.is_worth_showing]
    return sorted(shown, key=lambda one: (-one.likeness.score, one.values["number"]))[:MOST_SHOWN]


def _selected(mine: Row, scope: Scope) -> Select:
    lon, lat = func.ST_X(events.c.point).label("lon"), func.ST_Y(events.c.point).label("lat")
    return select(*(events.c[name] for name in COLUMNS), lon, lat).where(
        visible(scope),
        events.c.id != mine.id,
        events.c.kind == mine.kind,
        events.c.reported_at.between(mine.reported_at - WITHIN, mine.reported_at + WITHIN),
    )


def _near(mine: Row, metric_srid: int, scope: Scope) -> Select:
    d_lon, d_lat = box_degrees(mine.lat)
    here = func.ST_SetSRID(func.ST_MakePoint(mine.lon, mine.lat), SRID_STORED)
    box = func.ST_MakeEnvelope(mine.lon - d_lon, mine.lat - d_lat, mine.lon + d_lon, mine.lat + d_lat, SRID_STORED)
    distance_m = func.ST_Distance(func.ST_Transform(events.c.point, metric_srid), func.ST_Transform(here, metric_srid))
    nearest = _selected(mine, scope).add_columns(distance_m.label("distance_m")).where(events.c.point.op("&&")(box))
    return nearest.where(distance_m <= RADIUS_M).order_by("distance_m", events.c.id).limit(MOST_LOOKED_AT)


def _soon(mine: Row, scope: Scope) -> Select:
    apart = func.abs(func.extract("epoch", events.c.reported_at - mine.reported_at))
    query = _selected(mine, scope)
    if mine.lon is not None:
        query = query.where(events.c.point.is_(None))
    return query.order_by(apart, events.c.id).limit(MOST_LOOKED_AT)


def _compared(mine: Row, row: Row) -> Duplicate:
    distance_m = getattr(row, "distance_m", None)
    alike = likeness(_told(mine), _told(row), distance_m)
    minutes = abs((row.reported_at - mine.reported_at).total_seconds()) / 60
    values = {name: getattr(row, name) for name in COLUMNS}
    return Duplicate(row.id, values, None if row.lon is None else (row.lon, row.lat), distance_m, minutes, alike)


def _told(row: Row) -> Told:
    return Told(row.kind, row.reported_at, row.words, row.address)
