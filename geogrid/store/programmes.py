"""Versions of programmes in the store: the text of every version under which matters were opened."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.store.tables.matters import programmes

Version = tuple[str, int]


def texts(session: Session) -> dict[Version, str]:
    """Return the text of every version that was ever in use; a few dozen rows in the life of an installation."""
    return {(row.code, row.version): row.text for row in session.execute(select(programmes))}


def text_of(session: Session, code: str, version: int) -> str | None:
    """Return the text of one version, None where it was never in use. Rides the primary key."""
    found = select(programmes.c.text).where(programmes.c.code == code, programmes.c.version == version)
    return session.scalar(found)


def keep(session: Session, code: str, version: int, text: str, *, now: datetime) -> None:
    """Keep the text of a version; what is kept already stays as it is."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    values = {"code": code, "version": version, "text": text, "sha256": sha256, "since": now}
    session.execute(upsert(programmes).values(values).on_conflict_do_nothing())
