"""The library of guiding cases in the store."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from geogrid.domain.disputes import CaseState, GuidingCase
from geogrid.store.tables.disputes import guiding_cases as table

MOST = 2_000  # of a library that people approve one by one


def add(session: Session, values: dict[str, Any], *, by: str, now: datetime) -> int:
    """Insert a proposed case and return its number."""
    made = insert(table).values(**values, proposed_by=by, proposed_at=now)
    return int(session.scalar(made.returning(table.c.id)) or 0)


def approve(session: Session, case_id: int, *, by: str, now: datetime) -> None:
    """Write who approved a case; the database refuses who proposed it."""
    session.execute(update(table).where(table.c.id == case_id).values(approved_by=by, approved_at=now))


def retire(session: Session, case_id: int, *, by: str, now: datetime, reason: str) -> None:
    """Write that a case is used no more."""
    session.execute(update(table).where(table.c.id == case_id).values(retired_by=by, retired_at=now, retired_reason=reason))


def find(session: Session, case_id: int, *, lock: bool = False) -> GuidingCase | None:
    """Return a case by its number."""
    query = select(table).where(table.c.id == case_id)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    return _case(row) if row else None


def approved(session: Session) -> list[GuidingCase]:
    """Return the cases that were approved and are in use, by number."""
    query = select(table).where(table.c.approved_at.is_not(None), table.c.retired_at.is_(None))
    return [_case(row) for row in session.execute(query.order_by(table.c.id).limit(MOST))]


def every(session: Session) -> list[GuidingCase]:
    """Return all cases, the newest first."""
    return [_case(row) for row in session.execute(select(table).order_by(table.c.id.desc()).limit(MOST))]


def _case(row: Row) -> GuidingCase:
    state = CaseState.RETIRED if row.retired_at else CaseState.APPROVED if row.approved_at else CaseState.PROPOSED
    return GuidingCase(
        row.id, row.title, row.kind, row.facts, row.solution, row.law, state, row.proposed_by, row.proposed_at,
        row.approved_by or "", row.approved_at, row.retired_at, row.synthetic,
    )  # fmt: skip
