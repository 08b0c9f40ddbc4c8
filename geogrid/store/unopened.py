"""Events that were taken in before there were programmes: they have steps and no matter yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geogrid.domain.events import EventKind, EventState, StepKind
from geogrid.store.tables.events import events, steps
from geogrid.store.tables.matters import matters

COLUMNS = ("id", "kind", "channel", "state", "closed_at", "village_code", "township_code", "words")
MATTERS_LOCK = 0x6D617474657273  # "matters": one process at a time opens what is missing


@dataclass(frozen=True)
class Unopened:
    """An event without a matter: what it is, how it stands, where it lies (village, township), its steps in order, its words."""

    event_id: UUID
    kind: EventKind
    channel: str
    state: EventState
    closed_at: datetime | None
    units: tuple[str | None, str | None]
    steps: tuple[tuple[StepKind, datetime, str], ...]
    words: str = ""


def alone(session: Session) -> None:
    """Wait until nobody else opens what is missing, then be alone until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MATTERS_LOCK})


def count(session: Session) -> int:
    """Return how many events have no matter (an anti-join of two primary keys)."""
    found = select(func.count()).select_from(events.outerjoin(matters)).where(matters.c.event_id.is_(None))
    return int(session.scalar(found) or 0)


def portion(session: Session, after: UUID | None, most: int) -> list[Unopened]:
    """Return up to ``most`` events without a matter, in the order of their ids from ``after``; their rows are held.

    Rides the primary keys.
    """
    columns = [events.c[name] for name in COLUMNS]
    query = select(*columns).select_from(events.outerjoin(matters)).where(matters.c.event_id.is_(None))
    query = query if after is None else query.where(events.c.id > after)
    rows = session.execute(query.order_by(events.c.id).limit(most).with_for_update(of=events)).all()
    taken = _steps_of(session, [row.id for row in rows])
    return [
        Unopened(
            row.id,
            EventKind(row.kind),
            row.channel,
            EventState(row.state),
            row.closed_at,
            (row.village_code, row.township_code),
            tuple(taken.get(row.id, ())),
            row.words,
        )
        for row in rows
    ]


def _steps_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[tuple[StepKind, datetime, str]]]:
    columns = [steps.c[name] for name in ("event_id", "kind", "at", "actor")]
    found = select(*columns).where(steps.c.event_id == func.any(list(ids))).order_by(steps.c.event_id, steps.c.seq)
    taken: dict[UUID, list[tuple[StepKind, datetime, str]]] = {}
    for row in session.execute(found):
        taken.setdefault(row.event_id, []).append((StepKind(row.kind), row.at, row.actor))
    return taken
