"""What the codes on a desk are called: units, grids, stations, teams and people that rows mention, read once a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from geogrid.rules.scope import Scope
from geogrid.store.scope import visible
from geogrid.store.tables.events import events
from geogrid.store.tables.geography import base_grids, stations, units
from geogrid.store.tables.people import people, teams
from layers.queue_rows import QueueRow
from layers.shapes import in_force

PERSON = "person"


@dataclass(frozen=True)
class Names:
    """Names by code; those of people by id, as colleagues know them: people with accounts are staff, never citizens."""

    places: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def of(self, code: str | None) -> str:
        """Return what a unit, grid, station or team is called; its code where nobody knows."""
        return self.places.get(code or "", code or "")


def names_for(session: Session, parties: Iterable[str], codes: Iterable[str | None] = ()) -> Names:
    """Return the names of parties ("kind:code") and of codes of units, grids and stations in force."""
    asked, persons = {code for code in codes if code}, set[str]()
    for party in parties:
        kind, _, code = party.partition(":")
        (persons if kind == PERSON else asked).add(code)
    found: dict[str, str] = {}
    for table in (base_grids, units, stations):
        found |= _in_force(session, table, asked)
    rows = session.execute(select(teams.c.code, teams.c.name).where(teams.c.code == func.any(list(asked))))
    return Names(found | {row.code: row.name for row in rows}, _people(session, persons))


def numbers_of(session: Session, ids: Iterable[UUID], scope: Scope) -> dict[str, str]:
    """Return the numbers of events by id, of those that the reader sees."""
    asked = set(ids)
    if not asked:
        return {}
    rows = session.execute(select(events.c.id, events.c.number).where(events.c.id.in_(asked), visible(scope)))
    return {str(row.id): row.number for row in rows}


def of_rows(session: Session, rows: Iterable[QueueRow], more: Iterable[str] = (), codes_more: Iterable[str | None] = ()) -> Names:
    """Return the names of all that rows of the queue mention, and of ``more`` parties and codes."""
    parties, codes = set(more), set(codes_more)
    for row in rows:
        parties |= {party for party in (row.values["owner"], row.values["lead"]) if party}
        codes |= {row.values[name] for name in ("grid_code", "village_code", "township_code")}
    return names_for(session, parties, codes)


def _in_force(session: Session, table: Table, codes: set[str]) -> dict[str, str]:
    """Rides the index behind the exclusion constraint on (code, valid)."""
    query = select(table.c.code, table.c.name).where(table.c.code == func.any(list(codes)), in_force(table))
    return {row.code: row.name for row in session.execute(query) if row.name}


def _people(session: Session, ids: Iterable[str]) -> dict[str, str]:
    known = [found for one in ids if (found := _uuid(one)) is not None]
    rows = session.execute(select(people.c.id, people.c.name).where(people.c.id == func.any(known)))
    return {str(row.id): row.name for row in rows}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
