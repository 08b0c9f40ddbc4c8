"""All events with their steps and what is stored of their matters, portion by portion, for ``geogrid fsck`` to fold again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.domain.events import StepKind
from geogrid.rules.workflow import Past
from geogrid.store import desk_spans
from geogrid.store.tables.events import events, steps
from geogrid.store.tables.matters import clocks, matters

PORTION = 2000
EVENT_COLUMNS = ("id", "state", "closed_at", "village_code", "township_code", "words")


@dataclass(frozen=True)
class Held:
    """An event as it is stored: projection, steps, the rows of its matter (None: none), of clocks, of spans, its words."""

    event_id: UUID
    state: str
    closed_at: datetime | None
    units: tuple[str | None, str | None]
    past: tuple[Past, ...]
    matter: Mapping[str, Any] | None
    clocks: tuple[Mapping[str, Any], ...]
    spans: tuple[dict[str, Any], ...] = ()
    words: str = ""


def every(session: Session, *, portion: int = PORTION) -> Iterator[Held]:
    """Yield every event, ``portion`` of them in memory at a time. Rides the primary keys and ``uq_steps_event_id_seq``."""
    after: UUID | None = None
    while True:
        columns = [events.c[name] for name in EVENT_COLUMNS]
        query = select(*columns).order_by(events.c.id).limit(portion)
        rows = session.execute(query if after is None else query.where(events.c.id > after)).all()
        if not rows:
            return
        yield from _held(session, rows)
        after = rows[-1].id


def _held(session: Session, rows: Sequence[Any]) -> Iterator[Held]:
    ids = [row.id for row in rows]
    kept = {row["event_id"]: row for row in session.execute(_of(matters, ids)).mappings()}
    runs = _grouped(session.execute(_of(clocks, ids).order_by(clocks.c.event_id, clocks.c.run)).mappings())
    spans = desk_spans.of_events(session, ids)
    taken = _grouped(session.execute(_of(steps, ids).order_by(steps.c.event_id, steps.c.seq)).mappings())
    for row in rows:
        past = tuple(
            Past(s["seq"], StepKind(s["kind"]), s["step"], s["actor"], s["at"], s["details"]) for s in taken.get(row.id, ())
        )
        units = (row.village_code, row.township_code)
        mine = tuple(runs.get(row.id, ())), tuple(spans.get(row.id, ()))
        yield Held(row.id, row.state, row.closed_at, units, past, kept.get(row.id), *mine, row.words)


def _of(table: Any, ids: Sequence[UUID]) -> Any:
    return select(table).where(table.c.event_id == func.any(list(ids)))


def _grouped(rows: Any) -> dict[UUID, list[Mapping[str, Any]]]:
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["event_id"], []).append(row)
    return found
