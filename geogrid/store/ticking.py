"""What the tick looks for: clocks with alarms to be told, parked matters whose day of review has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from geogrid.store.tables.events import events
from geogrid.store.tables.matters import clocks, matters


def told_until(session: Session, event_id: UUID) -> dict[int, datetime | None]:
    """Return by run of an event's clocks up to when its alarms were told. Rides the primary key."""
    rows = session.execute(select(clocks.c.run, clocks.c.told_until).where(clocks.c.event_id == event_id))
    return {row.run: row.told_until for row in rows}


def set_told(session: Session, event_id: UUID, until: datetime) -> None:
    """Note that all alarms of an event's clocks up to ``until`` were told."""
    session.execute(update(clocks).where(clocks.c.event_id == event_id).values(told_until=until))


def look_at(session: Session, event_id: UUID, at: datetime) -> None:
    """Put off the look at an event's clocks that should have been looked at already to ``at``."""
    session.execute(update(clocks).where(clocks.c.event_id == event_id, clocks.c.next_at < at).values(next_at=at))


def look_now(session: Session, event_id: UUID, run: int, now: datetime) -> None:
    """Have the tick look at one run of a clock at once."""
    sooner = func.least(func.coalesce(clocks.c.next_at, now), now)
    session.execute(update(clocks).where(clocks.c.event_id == event_id, clocks.c.run == run).values(next_at=sooner))


def set_looked(session: Session, event_id: UUID, run: int, next_at: datetime | None, *, is_late: bool) -> None:
    """Note when the tick is to look at a run of a clock again, and whether its limit has been missed."""
    one = (clocks.c.event_id == event_id) & (clocks.c.run == run)
    session.execute(update(clocks).where(one).values(next_at=next_at, is_late=is_late))


def due_events(session: Session, now: datetime, most: int) -> list[UUID]:
    """Return up to ``most`` events with a clock to be looked at by ``now``, the longest waiting first.

    Their rows are locked until the transaction ends, as ``take_step`` locks them; those that somebody holds already are left
    to the next look. Rides ``ix_clocks_next_at`` and the primary key of events.
    """
    waiting = select(clocks.c.event_id, func.min(clocks.c.next_at).label("since")).where(clocks.c.next_at <= now)
    first = waiting.group_by(clocks.c.event_id).order_by("since", clocks.c.event_id).limit(most).subquery()
    query = select(events.c.id).join(first, first.c.event_id == events.c.id).order_by(first.c.since, events.c.id)
    return list(session.scalars(query.with_for_update(of=events, skip_locked=True)))


def next_look(session: Session) -> datetime | None:
    """Return the earliest instant at which a clock is to be looked at; None where none is. Rides ``ix_clocks_next_at``."""
    return session.scalar(select(func.min(clocks.c.next_at)).where(clocks.c.next_at.is_not(None)))


def free_events(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of ``ids`` that nobody holds at this moment; their rows are locked until the transaction ends."""
    query = select(events.c.id).where(events.c.id == func.any(list(ids))).order_by(events.c.id)
    return set(session.scalars(query.with_for_update(skip_locked=True)))


@dataclass(frozen=True)
class Parked:
    """A parked matter whose day of review has come, with the version of the programme it is under."""

    event_id: UUID
    until: datetime
    programme: str
    version: int


def parked_over(session: Session, now: datetime) -> list[Parked]:
    """Return the matters parked until ``now`` or before, the longest over first. Rides ``ix_matters_parked_until``."""
    columns = matters.c.event_id, matters.c.parked_until, matters.c.programme, matters.c.programme_version
    query = select(*columns).where(matters.c.parked_until <= now).order_by(matters.c.parked_until, matters.c.event_id)
    return [Parked(*row) for row in session.execute(query)]


def late_looks(session: Session, before: datetime) -> int:
    """Return how many clocks should have been looked at before ``before``: nobody ticks. Rides ``ix_clocks_next_at``."""
    return session.scalar(select(func.count()).select_from(clocks).where(clocks.c.next_at < before)) or 0
