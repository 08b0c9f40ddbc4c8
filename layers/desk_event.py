"""What the desk shows of one event beside its matter: merged matters, milestones, its order in another system, its dispute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.store.tables.desk import milestones
from geogrid.store.tables.disputes import disputes
from geogrid.store.tables.hotline import outside_orders
from geogrid.store.tables.matters import matters

MOST_CHILDREN = 200
OUTSIDE = ("channel", "number", "state", "round", "received_at")
DISPUTE = ("kind", "amount_yuan", "station", "station_way", "station_reason", "outcome", "outcome_at", "opened_at")


@dataclass(frozen=True)
class Beside:
    """What belongs to an event; None where it is no outside order, no dispute."""

    children: Sequence[UUID]
    milestones: Sequence[Mapping[str, Any]]
    outside: Mapping[str, Any] | None
    dispute: Mapping[str, Any] | None


def beside(session: Session, event_id: UUID) -> Beside:
    """Return what belongs to an event that the reader sees.

    Rides ``ix_matters_parent_id``, ``ix_milestones_event_id`` and the keys of the orders and the disputes.
    """
    merged = select(matters.c.event_id).where(matters.c.parent_id == event_id).order_by(matters.c.event_id).limit(MOST_CHILDREN)
    return Beside(
        list(session.scalars(merged)),
        milestones_of(session, event_id),
        _one(session, select(*(outside_orders.c[name] for name in OUTSIDE)).where(outside_orders.c.event_id == event_id)),
        _one(session, select(*(disputes.c[name] for name in DISPUTE)).where(disputes.c.event_id == event_id)),
    )


def milestones_of(session: Session, event_id: UUID) -> list[Mapping[str, Any]]:
    """Return the milestones of an event, the first due first."""
    query = select(milestones).where(milestones.c.event_id == event_id).order_by(milestones.c.due_on, milestones.c.id)
    return [dict(row) for row in session.execute(query).mappings()]


def _one(session: Session, query: Any) -> Mapping[str, Any] | None:
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else dict(row)
