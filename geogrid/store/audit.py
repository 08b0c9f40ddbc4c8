"""The audit in the store: rows written with what they tell of, seals laid over them in order, the chain read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select, text
from sqlalchemy.orm import Session

from geogrid.rules.chain import Head, Seal, sealed
from geogrid.store.tables.audit import audit, audit_seals

SEALING = 0x7365616C  # "seal": one sealer at a time
AT_ONCE = 5_000
OK, REFUSED = "ok", "refused"


def write(
    session: Session,
    *,
    actor: str,
    action: str,
    now: datetime,
    object_kind: str = "",
    object_id: str = "",
    result: str = OK,
    details: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Write that ``actor`` did ``action`` at ``now``, in the transaction of what was done.

    Parameters
    ----------
    action : a verb with its subject, such as ``step.take``, ``login``, ``person.disable``, ``detail.reveal``
    details : what else belongs to it; never a secret, never the personal detail itself
    address : of the network, of who asked
    """
    values = {"actor": actor, "action": action, "at": now, "object_kind": object_kind, "object_id": object_id}
    session.execute(insert(audit).values({**values, "result": result, "details": dict(details or {}), "address": address}))


def event(event_id: UUID) -> dict[str, str]:
    """Return the words by which :func:`write` is told that something was done to an event."""
    return {"object_kind": "event", "object_id": str(event_id)}


def _unsealed() -> Select:
    """Rows without a seal, by id. Rides the primary key and ``uq_audit_seals_audit_id``."""
    there = select(audit_seals.c.audit_id).where(audit_seals.c.audit_id == audit.c.id).exists()
    return select(audit).where(~there).order_by(audit.c.id)


def seal(session: Session, *, now: datetime, most: int = AT_ONCE) -> int:
    """Seal up to ``most`` rows that were committed and are not sealed yet; return how many. One process at a time."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEALING})
    rows = session.execute(_unsealed().limit(most)).mappings().all()
    made = sealed(head(session), (dict(row) for row in rows))
    if made:
        values = [{"seq": s.seq, "audit_id": s.record_id, "hash": s.hash, "sealed_at": now} for s in made]
        session.execute(insert(audit_seals), values)
    return len(made)


def head(session: Session) -> Head | None:
    """Return the last seal, None where nothing is sealed yet. Rides the primary key."""
    row = session.execute(select(audit_seals).order_by(audit_seals.c.seq.desc()).limit(1)).one_or_none()
    return None if row is None else Head(row.seq, bytes(row.hash))


def chain(session: Session, *, at_once: int = AT_ONCE) -> Iterator[tuple[Seal, dict[str, Any] | None]]:
    """Give every seal in order with its record (None: it is gone), read in portions. Rides the primary keys."""
    last = 0
    while True:
        joined = audit_seals.outerjoin(audit, audit.c.id == audit_seals.c.audit_id)
        query = select(audit_seals, audit).select_from(joined).where(audit_seals.c.seq > last)
        rows = session.execute(query.order_by(audit_seals.c.seq).limit(at_once)).all()
        for row in rows:
            values = row._mapping
            record = {column.name: values[column] for column in audit.columns}
            found = Seal(values[audit_seals.c.seq], values[audit_seals.c.audit_id], bytes(values[audit_seals.c.hash]))
            yield found, None if record["id"] is None else record
        if len(rows) < at_once:
            return
        last = rows[-1]._mapping[audit_seals.c.seq]


def count_unsealed(session: Session) -> tuple[int, datetime | None]:
    """Return how many rows wait for their seal, and when the oldest was written."""
    waiting = _unsealed().subquery()
    row = session.execute(select(func.count(), func.min(waiting.c.at)).select_from(waiting)).one()
    return row[0], row[1]


def count(session: Session, actor: str, action: str, *, since: datetime) -> int:
    """Return how often an actor did something since then, and it was let. Rides ``ix_audit_actor_at``."""
    done = (audit.c.actor == actor, audit.c.at >= since, audit.c.action == action, audit.c.result == OK)
    return session.scalar(select(func.count()).select_from(audit).where(*done)) or 0


def of_object(session: Session, object_kind: str, object_id: str, *, most: int = 200) -> list[dict[str, Any]]:
    """Return what was done to an object, the latest first. Rides ``ix_audit_object_kind_object_id``."""
    query = select(audit).where(audit.c.object_kind == object_kind, audit.c.object_id == object_id)
    return [dict(row) for row in session.execute(query.order_by(audit.c.id.desc()).limit(most)).mappings()]
