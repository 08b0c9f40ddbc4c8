"""Tickets of service windows: drawn in order, one number once a day, called by one window at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.orm import Session

from geogrid.domain.windows import Ticket, TicketState
from geogrid.rules.windows import label_of
from geogrid.store.tables.window import window_tickets as tickets

DRAWING = 0x7469636B  # "tick": one number is drawn at a time
MOST_SHOWN = 200


@dataclass(frozen=True)
class Waiting:
    """How many wait at a window, and since when the one who waits longest."""

    count: int
    since: datetime


def draw(session: Session, day: date, window: str, *, now: datetime) -> int:
    """Draw the next number of a window on a day; return the ticket's id. Numbers begin at 1 every day."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": DRAWING})
    before = select(func.coalesce(func.max(tickets.c.number), 0)).where(tickets.c.day == day, tickets.c.drawn_at == window)
    values = {"day": day, "drawn_at": window, "waits_at": window, "state": TicketState.WAITING.value, "taken_at": now}
    made = insert(tickets).values(**values, number=(session.scalar(before) or 0) + 1).returning(tickets.c.id)
    return int(session.execute(made).scalar_one())


def find(session: Session, ticket_id: int, letters: dict[str, str], *, lock: bool = False) -> Ticket | None:
    """Return a ticket, its row held until the transaction ends where ``lock``; ``letters`` are those of windows by code."""
    query = select(tickets).where(tickets.c.id == ticket_id)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _ticket(row, letters)


def next_of(session: Session, day: date, window: str) -> int | None:
    """Return the id of who waits longest at a window, its row held; two who call at once get two. None where nobody waits."""
    waiting = (tickets.c.day == day, tickets.c.waits_at == window, tickets.c.state == TicketState.WAITING.value)
    query = select(tickets.c.id).where(*waiting).order_by(tickets.c.taken_at, tickets.c.id).limit(1)
    return session.scalar(query.with_for_update(skip_locked=True))


def change(session: Session, ticket_id: int, **values: Any) -> None:
    """Change columns of a ticket."""
    session.execute(update(tickets).where(tickets.c.id == ticket_id).values(**values))


def of_day(session: Session, day: date, letters: dict[str, str], windows: Sequence[str] = ()) -> list[Ticket]:
    """Return the tickets of a day that have not ended, who waits longest first. Rides ``ix_window_tickets_day_waits_at``."""
    query = select(tickets).where(tickets.c.day == day, tickets.c.ended_at.is_(None))
    if windows:
        query = query.where(tickets.c.waits_at.in_(list(windows)))
    rows = session.execute(query.order_by(tickets.c.taken_at, tickets.c.id).limit(MOST_SHOWN))
    return [_ticket(row, letters) for row in rows]


def waiting(session: Session, day: date) -> dict[str, Waiting]:
    """Return who waits on a day, by window; windows where nobody does are left out."""
    query = (
        select(tickets.c.waits_at, func.count(), func.min(tickets.c.taken_at))
        .where(tickets.c.day == day, tickets.c.state == TicketState.WAITING.value)
        .group_by(tickets.c.waits_at)
    )
    return {row[0]: Waiting(row[1], row[2]) for row in session.execute(query)}


def called(session: Session, day: date, letters: dict[str, str], most: int = 12) -> list[Ticket]:
    """Return the tickets called last on a day, the latest first: what a screen in the hall shows."""
    query = select(tickets).where(tickets.c.day == day, tickets.c.state == TicketState.CALLED.value)
    return [_ticket(row, letters) for row in session.execute(query.order_by(tickets.c.called_at.desc()).limit(most))]


def served(session: Session, day: date) -> int:
    """Return how many were served on a day."""
    query = select(func.count()).where(tickets.c.day == day, tickets.c.state == TicketState.DONE.value)
    return session.scalar(query) or 0


def bind(session: Session, ticket_id: int, event_id: UUID) -> None:
    """Keep which event came of a ticket."""
    change(session, ticket_id, event_id=event_id)


def _ticket(row: Row, letters: dict[str, str]) -> Ticket:
    label = label_of(letters.get(row.drawn_at, "?"), row.number)
    state = TicketState(row.state)
    return Ticket(
        row.id, row.day, label, row.waits_at, state, row.taken_at, row.called_at, row.ended_at, row.calls, row.moves, row.event_id
    )
