"""Many events at once: numbers, events, steps and assignments by COPY."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.domain.events import Step
from geogrid.domain.grids import Assignment
from geogrid.space.crs import SRID_STORED
from geogrid.store.copying import copy_rows
from geogrid.store.events import assignment_values
from geogrid.store.tables.events import assignments, events

ASSIGNMENT_COLUMNS = [c.name for c in assignments.columns if c.name not in {"id", "is_current"}]
EVENT_COLUMNS = [c.name for c in events.columns if c.name != "point"]
NUMBERS = "SELECT nextval('event_number') FROM generate_series(1, :count)"


def next_numbers(session: Session, days: Sequence[str]) -> list[str]:
    """Return a new number for each of ``days`` (YYYYMMDD), as ``reports.add`` makes one."""
    numbers = session.scalars(text(NUMBERS), {"count": len(days)})
    return [f"{day}{number:06d}" for day, number in zip(days, numbers, strict=True)]


def copy_events(session: Session, values: Iterable[dict[str, Any]], points: np.ndarray) -> int:
    """Copy events in; ``points`` (shapely, EPSG:4490) has None for an event without a position."""
    hexes = shapely.to_wkb(shapely.set_srid(points, SRID_STORED), hex=True, include_srid=True)
    rows = ([*(row[name] for name in EVENT_COLUMNS), point] for row, point in zip(values, hexes, strict=True))
    return copy_rows(session, "events", [*EVENT_COLUMNS, "point"], rows)


def copy_steps(session: Session, rows: Iterable[tuple[UUID, Step]]) -> int:
    """Copy steps in, each with the id of its event."""
    values = ((i, s.seq, s.kind.value, s.at, s.actor, s.note, s.step, json.dumps(s.details, ensure_ascii=False)) for i, s in rows)
    return copy_rows(session, "steps", ["event_id", "seq", "kind", "at", "actor", "note", "step", "details"], values)


def copy_assignments(session: Session, ids: Sequence[UUID], found: Sequence[Assignment], at: datetime) -> int:
    """Copy assignments made at ``at`` in, as current ones."""

    def row(event_id: UUID, assignment: Assignment) -> list[Any]:
        values = assignment_values(event_id, assignment, now=at)
        values["candidates"] = json.dumps(values["candidates"])
        values["place"] = None if values["place"] is None else json.dumps(values["place"], ensure_ascii=False)
        return [values[name] for name in ASSIGNMENT_COLUMNS]

    rows = (row(event_id, assignment) for event_id, assignment in zip(ids, found, strict=True))
    return copy_rows(session, "assignments", ASSIGNMENT_COLUMNS, rows)
