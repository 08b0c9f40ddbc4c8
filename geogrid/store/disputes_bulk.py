"""Disputes that come with a past, many at once: of a register that was kept elsewhere, or of the made-up district."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from geogrid.domain.events import EventKind
from geogrid.space.crs import SRID_STORED
from geogrid.store.copying import copy_rows
from geogrid.store.tables.disputes import (
    agreements,
    dispute_consents,
    dispute_parties,
    disputes,
    guiding_cases,
    mediators,
    performances,
)
from geogrid.store.tables.events import assignments, events
from geogrid.store.tables.matters import matters

TABLES: dict[str, Table] = {
    table.name: table
    for table in (agreements, dispute_consents, dispute_parties, disputes, guiding_cases, mediators, performances)
}


@dataclass(frozen=True)
class PastDispute:
    """An event of kind dispute as it is stored: what was said, when it was reported and closed (None: open), its home station."""

    event_id: UUID
    number: str
    words: str
    programme: str
    category: str
    reported_at: datetime
    closed_at: datetime | None
    home_station: str


def of_events(session: Session) -> list[PastDispute]:
    """Return the made-up events of kind dispute without a dispute of their own, in the order of their ids."""
    current = (assignments.c.event_id == events.c.id) & assignments.c.is_current
    columns = [events.c[name] for name in ("id", "number", "words", "reported_at", "closed_at")]
    query = (
        select(*columns, matters.c.programme, matters.c.category, assignments.c.home_station)
        .join(matters, matters.c.event_id == events.c.id)
        .join(assignments, current)
        .join(disputes, disputes.c.event_id == events.c.id, isouter=True)
        .where(events.c.kind == EventKind.DISPUTE.value, events.c.synthetic, disputes.c.event_id.is_(None))
        .order_by(events.c.id)
    )
    return [
        PastDispute(r.id, r.number, r.words, r.programme, r.category, r.reported_at, r.closed_at, r.home_station or "")
        for r in session.execute(query)
    ]


def open_near(session: Session, lonlat: tuple[float, float], most: int) -> list[UUID]:
    """Return the made-up open disputes nearest to a place (degrees), the nearest first."""
    here = func.ST_SetSRID(func.ST_MakePoint(*lonlat), SRID_STORED)
    query = select(events.c.id).where(events.c.kind == EventKind.DISPUTE.value, events.c.is_open, events.c.synthetic)
    located = query.where(events.c.point.is_not(None), events.c.grid_code.is_not(None))
    return list(session.execute(located.order_by(events.c.point.op("<->")(here), events.c.id).limit(most)).scalars())


def has_mediators(session: Session) -> bool:
    """Whether anybody mediates."""
    return session.scalar(select(mediators.c.person_id).limit(1)) is not None


def copy_in(session: Session, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Copy rows into one of the tables of mediation; return how many."""
    return copy_rows(session, TABLES[name].name, columns, rows)


def reserve_parties(session: Session, count: int) -> list[int]:
    """Return so many numbers that no party has yet."""
    numbers = text("SELECT nextval(pg_get_serial_sequence('dispute_parties', 'id')) FROM generate_series(1, :count)")
    return list(session.execute(numbers, {"count": count}).scalars())


def add_cases(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert guiding cases that were approved elsewhere, where there are none yet; return how many."""
    if not rows or session.scalar(select(func.count()).select_from(guiding_cases)):
        return 0
    session.execute(insert(guiding_cases), [dict(row) for row in rows])
    return len(rows)
