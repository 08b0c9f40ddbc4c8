"""How pressing matters are, as rows: written with the matter in one transaction, read by the queue of the desk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geogrid.domain.clocks import Light
from geogrid.domain.matters import Matter
from geogrid.domain.programmes import Programme
from geogrid.rules.stages import stage_of
from geogrid.rules.urgency import URGENT, spans_of
from geogrid.rules.work_time import WorkTime
from geogrid.store.copying import copy_rows
from geogrid.store.tables.desk import desk_spans
from geogrid.store.tables.events import events
from geogrid.store.tables.matters import clocks, matters

PORTION = 2000
NEVER = datetime(9999, 12, 1, tzinfo=UTC)  # when what has no end is due: after everything else
BY_TRIGGER = frozenset({"township_code", "village_code", "kind", "channel"})  # what the database takes from the event itself
COLUMNS = [column.name for column in desk_spans.columns if column.name not in BY_TRIGGER]


def span_rows(event_id: UUID, matter: Matter, programme: Programme, time: WorkTime, *, danger: bool) -> list[dict[str, Any]]:
    """Return the rows of a matter: none where it is not open and no clock of it runs."""
    is_open = stage_of(programme, matter).is_open
    spans = spans_of(programme, matter, time=time)
    if not is_open and spans[0].run is None:
        return []
    return [
        {
            "event_id": event_id,
            "span": number,
            "during": Range(span.since, span.until),
            "urgency": URGENT.index(span.light),
            "run": span.run,
            "due_at": span.due_at or NEVER,
            "is_open": is_open,
            "category": matter.category,
            "danger": danger,
        }
        for number, span in enumerate(spans, start=1)
    ]


def same_spans(before: Matter, after: Matter, programme: Programme) -> bool:
    """Whether a step left the spans as they were: no clock changed, nor the class, nor whether the matter is open."""
    if (before.clocks, before.category) != (after.clocks, after.category):
        return False
    return stage_of(programme, before).is_open == stage_of(programme, after).is_open


def write(session: Session, event_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Write the spans of a matter in the place of those that it had."""
    session.execute(delete(desk_spans).where(desk_spans.c.event_id == event_id))
    if rows:
        session.execute(insert(desk_spans), list(rows))


def copy_in(session: Session, ids: Sequence[UUID], rows: Iterable[dict[str, Any]]) -> int:
    """Copy the spans of new matters in, in the place of those their events had without one; return how many."""
    session.execute(delete(desk_spans).where(desk_spans.c.event_id == func.any(list(ids))))
    return copy_rows(session, "desk_spans", COLUMNS, ([_copied(value) for value in row.values()] for row in rows))


def _copied(value: Any) -> Any:
    if not isinstance(value, Range):
        return value
    since, until = (side.isoformat() if side else "" for side in (value.lower, value.upper))
    return f"{'[' if since else '('}{since},{until})"


def without(session: Session, most: int) -> list[UUID]:
    """Return up to ``most`` events that should have spans and have none: those of a database of before there were any.

    Looks at every event that has none: asked at a start alone.
    """
    spans = select(desk_spans.c.event_id).where(desk_spans.c.event_id == events.c.id).exists()
    runs = select(clocks.c.event_id).where(clocks.c.event_id == events.c.id, clocks.c.stopped_at.is_(None)).exists()
    query = select(events.c.id).where(~spans, events.c.is_open | runs)
    return list(session.scalars(query.order_by(events.c.id).limit(most)))


def of_no_matter(event_id: UUID, *, danger: bool) -> list[dict[str, Any]]:
    """Return the rows of an open event without a matter: no clock of it runs, and it waits all the same."""
    told = {"during": Range(None, None), "urgency": URGENT.index(Light.GREY), "run": None, "due_at": NEVER}
    return [{"event_id": event_id, "span": 1, **told, "is_open": True, "category": "", "danger": danger}]


def marked(session: Session) -> Iterator[tuple[UUID, bool, str, str, str]]:
    """Yield of every event with spans whether it is marked as a danger to life, its words, its programme and its class."""
    query = select(desk_spans.c.event_id, desk_spans.c.danger, events.c.words, matters.c.programme, desk_spans.c.category)
    query = query.join(events, events.c.id == desk_spans.c.event_id).join(
        matters, matters.c.event_id == desk_spans.c.event_id, isouter=True
    )
    for row in session.execute(query.where(desk_spans.c.span == 1).execution_options(yield_per=PORTION)):
        yield row.event_id, row.danger, row.words, row.programme or "", row.category


def mark(session: Session, ids: Sequence[UUID], *, danger: bool) -> None:
    """Mark events as a danger to life, or as none."""
    session.execute(update(desk_spans).where(desk_spans.c.event_id == func.any(list(ids))).values(danger=danger))


def of_events(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the rows of events in their order. Rides the primary key."""
    query = select(desk_spans).where(desk_spans.c.event_id == func.any(list(ids)))
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in session.execute(query.order_by(desk_spans.c.event_id, desk_spans.c.span)).mappings():
        found.setdefault(row["event_id"], []).append(dict(row))
    return found


def unequal(kept: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Give what is stored otherwise than it should be."""
    if len(kept) != len(rows):
        yield f"{len(kept)} / {len(rows)}"
        return
    for old, new in zip(kept, rows, strict=True):
        for name in COLUMNS:
            if old[name] != new[name]:
                yield f"{name} {old[name]} / {new[name]}"
