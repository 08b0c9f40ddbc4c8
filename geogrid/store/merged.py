"""Merged matters: which follow which."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.store.tables.events import events
from geogrid.store.tables.matters import matters


def children_of(session: Session, parent_id: UUID) -> list[UUID]:
    """Return the open events that follow another one, in the order of their ids. Rides ``ix_matters_parent_id``."""
    query = select(matters.c.event_id).join(events, events.c.id == matters.c.event_id)
    return list(session.scalars(query.where(matters.c.parent_id == parent_id, events.c.is_open).order_by(matters.c.event_id)))


def parent_of(session: Session, event_id: UUID) -> UUID | None:
    """Return the event that an event follows, None where it goes its own way. Rides the primary key."""
    return session.scalar(select(matters.c.parent_id).where(matters.c.event_id == event_id))
