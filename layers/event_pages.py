"""Events as a list, page by page, newest first: the order (time reported, id) is total, so no page repeats or misses one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.orm import Session

from geogrid.domain.events import EventState
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.space.crs import SRID_STORED
from geogrid.store.scope import visible
from geogrid.store.tables.events import assignments, events

MOST_PER_PAGE = 1_000
Place = tuple[datetime, UUID]


@dataclass(frozen=True)
class EventFilter:
    """Which events; None chooses all.

    Parameters
    ----------
    bbox : west, south, east, north in degrees (EPSG:4490); events without a point are then left out
    reported_from, reported_to : aware times; from included, to excluded
    grid_code : a base grid's code; ``""`` chooses the unplaced
    """

    bbox: tuple[float, float, float, float] | None = None
    reported_from: datetime | None = None
    reported_to: datetime | None = None
    grid_code: str | None = None
    state: EventState | None = None
    is_open: bool | None = None


def read_page(
    session: Session, chosen: EventFilter, *, limit: int, after: Place | None = None, scope: Scope = EVERYTHING
) -> tuple[list[dict[str, Any]], Place | None]:
    """Return up to ``limit`` events after ``after`` in the order of the list, and the place to go on from (None at the end)."""
    limit = min(limit, MOST_PER_PAGE)
    rows = session.execute(_select(chosen, after).where(visible(scope)).limit(limit + 1)).all()
    shown = rows[:limit]
    return [_listed(row) for row in shown], _place(shown) if len(rows) > limit else None


def _place(rows: Sequence[Row]) -> Place:
    return rows[-1].reported_at, rows[-1].id


def _select(chosen: EventFilter, after: Place | None) -> Select:
    """Rides ``ix_events_reported_at``, or ``idx_events_point`` (GiST) or ``ix_events_grid_code`` where those choose fewer."""
    current = (assignments.c.event_id == events.c.id) & assignments.c.is_current
    query = (
        select(
            *(column for column in events.c if column.name in _COLUMNS),
            func.ST_X(events.c.point).label("lon"),
            func.ST_Y(events.c.point).label("lat"),
            assignments.c.confidence,
            assignments.c.department_codes,
            assignments.c.nearest_station,
            assignments.c.distance_m,
            assignments.c.home_station,
            assignments.c.nearest_grid_code,
            assignments.c.nearest_grid_m,
        )
        .join(assignments, current, isouter=True)
        .order_by(events.c.reported_at.desc(), events.c.id.desc())
    )
    if after is not None:
        query = query.where(tuple_(events.c.reported_at, events.c.id) < tuple_(*after))
    for condition in _conditions(chosen):
        query = query.where(condition)
    return query


def _conditions(chosen: EventFilter) -> list[Any]:
    found: list[Any] = []
    if chosen.bbox is not None:
        found.append(events.c.point.op("&&")(func.ST_MakeEnvelope(*chosen.bbox, SRID_STORED)))
    if chosen.reported_from is not None:
        found.append(events.c.reported_at >= chosen.reported_from)
    if chosen.reported_to is not None:
        found.append(events.c.reported_at < chosen.reported_to)
    if chosen.grid_code is not None:
        found.append(events.c.grid_code == chosen.grid_code if chosen.grid_code else events.c.grid_code.is_(None))
    if chosen.state is not None:
        found.append(events.c.state == chosen.state.value)
    if chosen.is_open is not None:
        found.append(events.c.is_open.is_(chosen.is_open))
    return found


_COLUMNS = {
    "id", "number", "state", "channel", "kind", "words", "address", "observed_at", "reported_at", "closed_at", "grid_code",
    "rule", "edition_id", "accuracy_m", "synthetic",
}  # fmt: skip


def _listed(row: Row) -> dict[str, Any]:
    values = dict(row._mapping)
    lonlat = values.pop("lon"), values.pop("lat")
    return {**values, "point_lonlat": None if lonlat[0] is None else lonlat}


def count_unplaced(session: Session) -> int:
    """Return how many open events are in nobody's grid. Rides ``ix_events_unplaced``."""
    return session.scalar(select(func.count()).where(events.c.grid_code.is_(None), events.c.is_open)) or 0
