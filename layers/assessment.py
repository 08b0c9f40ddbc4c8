"""The names of who is assessed, and of the events that the lines of the ledger open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.rules.scope import Scope
from geogrid.store.scope import visible
from geogrid.store.tables.events import events
from geogrid.store.tables.people import people


def accounts_of(session: Session, parties: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return (name, login) of people by party ("person:<uuid>"); those nobody knows are left out. Rides the primary key."""
    ids = {party: found for party in parties if (found := _uuid(party)) is not None}
    rows = session.execute(select(people.c.id, people.c.name, people.c.login).where(people.c.id.in_(list(ids.values()))))
    known = {row.id: (row.name, row.login) for row in rows}
    return {party: known[found] for party, found in ids.items() if found in known}


def _uuid(party: str) -> UUID | None:
    try:
        return UUID(party.removeprefix("person:"))
    except ValueError:
        return None


def numbers_of(session: Session, ids: Sequence[UUID], scope: Scope) -> dict[UUID, str]:
    """Return the numbers of the events that a reader may see. Rides the primary key."""
    found = select(events.c.id, events.c.number).where(events.c.id.in_(list(ids)), visible(scope))
    return {row.id: row.number for row in session.execute(found)}
