"""What the desk shows of matters in a row: plain values by event, read by id in one statement each for a whole page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from geogrid.domain.clocks import Light
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.rules.urgency import URGENT
from geogrid.store.desk_spans import NEVER
from geogrid.store.scope import visible
from geogrid.store.tables.desk import desk_spans
from geogrid.store.tables.events import assignments, events, steps
from geogrid.store.tables.matters import clocks, matters

EVENT = ("id", "number", "kind", "channel", "words", "address", "reported_at", "closed_at", "synthetic", "grid_code")
UNITS = ("village_code", "township_code")
MATTER = (
    "programme", "programme_version", "level", "category", "handling", "complexity", "owner", "lead", "bounces", "urged",
    "supervised", "key_listed", "parent_id",
)  # fmt: skip


@dataclass(frozen=True)
class QueueRow:
    """One matter of a list. ``values`` are columns of event and matter by name; ``light`` is that of the instant asked for.

    ``clock`` is (code, due_at, paused, late, provisional) of its most urgent clock, None where none runs; ``seq`` the number
    of its last step; ``parent`` (id, number) of the matter that it was merged into.
    """

    event_id: UUID
    values: Mapping[str, Any]
    point_lonlat: tuple[float, float] | None
    light: Light
    clock: tuple[str, datetime, bool, bool, bool] | None
    seq: int
    is_border: bool
    parent: tuple[UUID, str] | None
    children: int


def read_rows(session: Session, ids: Sequence[UUID], *, now: datetime, scope: Scope = EVERYTHING) -> list[QueueRow]:
    """Return the rows of events in the order of ``ids``; those the reader may not see are left out. Rides primary keys."""
    if not ids:
        return []
    parent = events.alias("parent")
    current = (assignments.c.event_id == events.c.id) & assignments.c.is_current
    holding = (desk_spans.c.event_id == events.c.id) & desk_spans.c.during.op("@>")(now)
    running = (clocks.c.event_id == desk_spans.c.event_id) & (clocks.c.run == desk_spans.c.run)
    query = (
        select(*(events.c[name] for name in (*EVENT, *UNITS)), events.c.state.label("stage"), *_of_matter(), *_counted())
        .add_columns(
            func.ST_X(events.c.point).label("lon"),
            func.ST_Y(events.c.point).label("lat"),
            *(assignments.c.confidence, desk_spans.c.urgency, parent.c.number.label("parent_number")),
            *(clocks.c[name] for name in ("clock", "due_at", "paused_at", "provisional")),
        )
        .join(matters, matters.c.event_id == events.c.id, isouter=True)
        .join(assignments, current, isouter=True)
        .join(desk_spans, holding, isouter=True)
        .join(clocks, running, isouter=True)
        .join(parent, parent.c.id == matters.c.parent_id, isouter=True)
        .where(events.c.id == func.any(list(ids)), visible(scope))
    )
    found = {row.id: _row(row, now) for row in session.execute(query)}
    return [found[one] for one in ids if one in found]


def _of_matter() -> list[Any]:
    return [matters.c.state, *(matters.c[name] for name in MATTER)]


def _counted() -> list[Any]:
    """The number of the last step, and how many matters were merged into this one."""
    last = select(func.max(steps.c.seq)).where(steps.c.event_id == events.c.id).scalar_subquery()
    other = matters.alias("child")
    children = select(func.count()).where(other.c.parent_id == events.c.id).scalar_subquery()
    return [last.label("seq"), children.label("children")]


def _row(row: Row, now: datetime) -> QueueRow:
    values = {name: getattr(row, name) for name in (*EVENT, *UNITS, "stage", "state", *MATTER)}
    light = Light.GREY if row.urgency is None else URGENT[row.urgency]
    clock = None
    if row.clock is not None and row.due_at < NEVER:
        paused = row.paused_at is not None
        clock = (row.clock, row.due_at, paused, not paused and now > row.due_at, row.provisional)
    parent = (row.parent_id, row.parent_number) if row.parent_id and row.parent_number else None
    point = None if row.lon is None else (row.lon, row.lat)
    is_border = row.confidence is not None and row.confidence < 1
    return QueueRow(row.id, values, point, light, clock, row.seq or 0, is_border, parent, row.children)
