"""Events as a list, page by page, newest first: the order (time reported, id) is total, so no page repeats or misses one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Subquery, TableValuedAlias, func, select, true, tuple_, union
from sqlalchemy.orm import Session

from geogrid.domain.events import EventState
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.space.crs import SRID_STORED
from geogrid.store.scope import parties_of, units_of
from geogrid.store.tables.concerns import concerns
from geogrid.store.tables.events import assignments, events

MOST_PER_PAGE = 1_000
Place = tuple[datetime, UUID]
ORDER = events.c.reported_at, events.c.id


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
    if not scope.whole and not scope.units and not scope.parties:
        return [], None
    ids = _ids(chosen, after, limit + 1) if scope.whole else _ids_of_some(chosen, after, limit + 1, scope)
    rows = session.execute(_rows(ids.subquery("newest"))).all()
    shown = rows[:limit]
    return [_listed(row) for row in shown], _place(shown) if len(rows) > limit else None


def _place(rows: Sequence[Row]) -> Place:
    return rows[-1].reported_at, rows[-1].id


def _rows(newest: Subquery) -> Select:
    """Return the SELECT of what the list shows of the events chosen. Rides the primary key and ``uq_assignments_current``."""
    current = (assignments.c.event_id == events.c.id) & assignments.c.is_current
    return (
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
        .select_from(newest.join(events, events.c.id == newest.c.id).join(assignments, current, isouter=True))
        .order_by(*(column.desc() for column in ORDER))
    )


def _ids(chosen: EventFilter, after: Place | None, limit: int, *more: ColumnElement[bool]) -> Select:
    """Return the SELECT of the newest events chosen.

    Rides ``ix_events_reported_at``, or ``idx_events_point`` (GiST) or ``ix_events_grid_code`` where those choose fewer.
    """
    return _newest(select(events.c.id, events.c.reported_at).where(*_conditions(chosen), *more), ORDER, after, limit)


def _ids_of_some(chosen: EventFilter, after: Place | None, limit: int, scope: Scope) -> Select:
    """Return the SELECT of the newest events of a reader of some units and parties.

    The newest of each unit and of each party, each read in the order of an index (``ix_events_township_code_reported_at_id``,
    ``ix_events_village_code_reported_at_id``, ``ix_concerns_party``) as far as the page reaches, and the newest of those.
    """
    unit = func.unnest(units_of(scope)).table_valued("code", name="unit").render_derived()
    party = func.unnest(parties_of(scope)).table_valued("code", name="party").render_derived()
    parts = [
        _each(unit, _ids(chosen, after, limit, events.c.township_code == unit.c.code)),
        _each(unit, _ids(chosen, after, limit, events.c.village_code == unit.c.code)),
    ]
    concerned = select(concerns.c.event_id.label("id"), concerns.c.reported_at).where(concerns.c.party == party.c.code)
    if conditions := _conditions(chosen):
        concerned = concerned.join(events, events.c.id == concerns.c.event_id).where(*conditions)
    parts.append(_each(party, _newest(concerned, (concerns.c.reported_at, concerns.c.event_id), after, limit)))
    found = union(*parts).subquery("found")
    return select(found.c.id).order_by(found.c.reported_at.desc(), found.c.id.desc()).limit(limit)


def _each(units: TableValuedAlias, ids: Select) -> Select:
    """Return the SELECT of ``ids`` for each unit or party of an array."""
    rows = ids.correlate(units).lateral()
    return select(rows.c.id, rows.c.reported_at).select_from(units.join(rows, true()))


def _newest(ids: Select, order: tuple[ColumnElement, ColumnElement], after: Place | None, limit: int) -> Select:
    if after is not None:
        ids = ids.where(tuple_(*order) < tuple_(*after))
    return ids.order_by(*(column.desc() for column in order)).limit(limit)


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
