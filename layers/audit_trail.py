"""The audit as it is read: what was done, the latest first, by who, what, to what, on which day; and how far it is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from geogrid.store.tables.audit import audit, audit_seals

VERIFIED = "audit.verify"


@dataclass(frozen=True)
class TrailFilter:
    """Which records; all that are named hold together.

    Parameters
    ----------
    actors : any of them did it, None: whoever
    object_kind, object_id : to what it was done; the id alone finds it under every kind
    since, until : when, from the first instant on and before the second
    """

    actors: Sequence[str] | None = None
    action: str = ""
    object_kind: str = ""
    object_id: str = ""
    result: str = ""
    since: datetime | None = None
    until: datetime | None = None


def read_trail(session: Session, asked: TrailFilter, *, before: int | None = None, limit: int) -> list[dict[str, Any]]:
    """Return up to ``limit`` records with ids below ``before``, the latest first, each with ``seq``, its place in the chain.

    Rides the primary key, or the index of what is asked for: actor, action, object, time.
    """
    wanted = select(audit, audit_seals.c.seq).outerjoin(audit_seals, audit_seals.c.audit_id == audit.c.id)
    if before is not None:
        wanted = wanted.where(audit.c.id < before)
    rows = session.execute(wanted.where(*_clauses(asked)).order_by(audit.c.id.desc()).limit(limit)).mappings()
    return [dict(row) for row in rows]


def _clauses(asked: TrailFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if asked.actors is not None:
        clauses.append(or_(*(audit.c.actor == actor for actor in asked.actors)))
    for column, value in ((audit.c.action, asked.action), (audit.c.result, asked.result)):
        if value:
            clauses.append(column == value)
    for column, value in ((audit.c.object_kind, asked.object_kind), (audit.c.object_id, asked.object_id)):
        if value:
            clauses.append(column == value)
    if asked.since is not None:
        clauses.append(audit.c.at >= asked.since)
    if asked.until is not None:
        clauses.append(audit.c.at < asked.until)
    return clauses


@dataclass(frozen=True)
class LastSeal:
    """The last seal: its place in the chain, its hash as hexadecimal digits, when it was laid."""

    seq: int
    hash: str
    sealed_at: datetime


def last_seal(session: Session) -> LastSeal | None:
    """Return the last seal, None where nothing is sealed yet. Rides the primary key."""
    row = session.execute(select(audit_seals).order_by(audit_seals.c.seq.desc()).limit(1)).one_or_none()
    return None if row is None else LastSeal(row.seq, bytes(row.hash).hex(), row.sealed_at)


def last_verification(session: Session) -> dict[str, Any] | None:
    """Return the record of the last verification that was asked for on a page. Rides ``ix_audit_action_id``."""
    query = select(audit).where(audit.c.action == VERIFIED).order_by(audit.c.id.desc()).limit(1)
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else dict(row)
