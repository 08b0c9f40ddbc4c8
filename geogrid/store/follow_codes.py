"""Codes to follow a matter by: only their hashes are kept, so that no dump of the database opens one."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.store.tables.events import events
from geogrid.store.tables.window import follow_codes

NOBODYS = hashlib.sha256(b"no code has this hash").digest()  # compared where there is none, so that the time says nothing


def hash_of(event_id: UUID, code: str) -> bytes:
    """Return the hash of a code for an event; the code has 50 random bits, so that a slow hash would add nothing."""
    return hashlib.sha256(event_id.bytes + code.encode()).digest()


def keep(session: Session, event_id: UUID, code: str, *, now: datetime, made_by: str) -> None:
    """Keep the hash of a new code; the one before is not valid any more."""
    values = {"code_hash": hash_of(event_id, code), "made_at": now, "made_by": made_by, "used_at": None}
    session.execute(
        upsert(follow_codes).values(event_id=event_id, **values).on_conflict_do_update(index_elements=["event_id"], set_=values)
    )


def keep_first(session: Session, event_id: UUID, code: str, *, now: datetime, made_by: str) -> bool:
    """Keep the hash of a code where the event has none yet; return whether it was kept now."""
    values = {"code_hash": hash_of(event_id, code), "made_at": now, "made_by": made_by, "used_at": None}
    keeping = upsert(follow_codes).values(event_id=event_id, **values).on_conflict_do_nothing(index_elements=["event_id"])
    return session.scalar(keeping.returning(follow_codes.c.event_id)) is not None


def keep_unlooked(session: Session, event_id: UUID, code: str, *, now: datetime, made_by: str) -> bool:
    """Keep the hash of a code where there is none yet, or one of the same maker with which nobody looked; return whether it was.

    One statement: of two at once the later one's code is the valid one.
    """
    values = {"code_hash": hash_of(event_id, code), "made_at": now, "made_by": made_by, "used_at": None}
    keeping = (
        upsert(follow_codes)
        .values(event_id=event_id, **values)
        .on_conflict_do_update(
            index_elements=["event_id"],
            set_=values,
            where=(follow_codes.c.made_by == made_by) & follow_codes.c.used_at.is_(None),
        )
    )
    return session.scalar(keeping.returning(follow_codes.c.event_id)) is not None


def is_valid(session: Session, event_id: UUID, code: str) -> bool:
    """Whether a code is the one that is kept for an event."""
    kept = session.scalar(select(follow_codes.c.code_hash).where(follow_codes.c.event_id == event_id))
    return hmac.compare_digest(hash_of(event_id, code), NOBODYS if kept is None else bytes(kept))


def maker(session: Session, event_id: UUID) -> str:
    """Return who made the code that is kept for an event ("person:<uuid>", "key:<name>"); "" where there is none."""
    return session.scalar(select(follow_codes.c.made_by).where(follow_codes.c.event_id == event_id)) or ""


def find(session: Session, number: str, code: str) -> UUID | None:
    """Return the event that a number and a code belong to; None where they do not, or where there is neither.

    Rides ``uq_events_number`` and a primary key.
    """
    query = (
        select(events.c.id, follow_codes.c.code_hash)
        .join(follow_codes, follow_codes.c.event_id == events.c.id)
        .where(events.c.number == number)
    )
    row = session.execute(query).one_or_none()
    event_id, kept = (UUID(int=0), NOBODYS) if row is None else (row.id, bytes(row.code_hash))
    return event_id if hmac.compare_digest(hash_of(event_id, code), kept) and row is not None else None


def has_code(session: Session, event_id: UUID) -> bool:
    """Whether a code was made for an event."""
    return session.scalar(select(follow_codes.c.event_id).where(follow_codes.c.event_id == event_id)) is not None


def used(session: Session, event_id: UUID, *, at: datetime) -> None:
    """Keep when a code was used last."""
    session.execute(update(follow_codes).where(follow_codes.c.event_id == event_id).values(used_at=at))
