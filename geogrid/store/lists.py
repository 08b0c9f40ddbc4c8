"""Duties in grids, matters on lists, named people of a side: written and asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.range import TimestamptzRange
from sqlalchemy import case, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geogrid.domain.lists import Duty, Entry, Item, ItemState, Named, Part, Tier
from geogrid.domain.people import Recipient, WorkerRole
from geogrid.domain.programmes import Party
from geogrid.store.copying import copy_rows
from geogrid.store.tables.events import assignments
from geogrid.store.tables.lists import duties, list_items, tiers
from geogrid.store.tables.people import people

BY_STATE = {ItemState.ASSESSED: "assessed", ItemState.ADMITTED: "admitted", ItemState.SUSPENDED: "suspended"}


@dataclass(frozen=True)
class Listed:
    """A matter as it stands on a list: what, how far, and who proposed and decided when."""

    id: int
    item: Item
    state: ItemState
    proposed_by: str
    proposed_at: datetime
    assessed_by: str | None
    admitted_by: str | None
    admitted_at: datetime | None
    assessed_at: datetime | None = None
    suspended_by: str | None = None
    suspended_at: datetime | None = None
    note: str = ""


# -- duties -----------------------------------------------------------------------------------------------------------


def add_duties(session: Session, given: Sequence[Duty], *, given_by: str) -> None:
    """Insert duties by COPY; the database refuses those that overlap (IntegrityError of an ``ex_duties_*`` constraint)."""
    columns = ("person_id", "grid", "force", "role", "valid", "synthetic", "given_by")
    rows = (
        (d.person_id, d.grid, d.force.value, d.role.value, TimestamptzRange(d.since, d.until), d.synthetic, given_by)
        for d in given
    )
    copy_rows(session, duties.name, columns, rows)


def duties_of(session: Session, person_ids: Sequence[UUID], *, now: datetime) -> dict[tuple[UUID, str], tuple[str, str]]:
    """Return force and role of the duties of people that are held at ``now``, by person and grid."""
    query = select(duties.c.person_id, duties.c.grid, duties.c.force, duties.c.role)
    rows = session.execute(query.where(duties.c.person_id == func.any(list(person_ids)), duties.c.valid.op("@>")(now)))
    return {(row.person_id, row.grid): (row.force, row.role) for row in rows}


def end_duty(session: Session, person_id: UUID, grid: str, *, now: datetime) -> bool:
    """End a duty held at ``now``; return whether it was. One given at this very instant keeps a microsecond."""
    until = func.greatest(now, func.lower(duties.c.valid) + func.make_interval(0, 0, 0, 0, 0, 0, 0.000001))
    held = (duties.c.person_id == person_id, duties.c.grid == grid, duties.c.valid.op("@>")(now))
    ended = session.execute(update(duties).where(*held).values(valid=func.tstzrange(func.lower(duties.c.valid), until)))
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def on_duty_at(
    session: Session, event_id: UUID, village: str, roles: Collection[WorkerRole], *, now: datetime
) -> list[Recipient]:
    """Return who is on duty at ``now`` in an event's grid, by login; nobody where it is not of ``village`` (12 digits).

    Rides ``ix_assignments_event_id`` and the exclusion of duties by grid.
    """
    here = select(assignments.c.grid_code).where(assignments.c.event_id == event_id, assignments.c.is_current)
    query = (
        select(people.c.id, people.c.name, people.c.email, people.c.phone, people.c.synthetic)
        .join(duties, duties.c.person_id == people.c.id)
        .where(duties.c.grid == here.scalar_subquery(), func.left(duties.c.grid, 12) == village)
        .where(duties.c.role.in_([role.value for role in roles]), duties.c.valid.op("@>")(now))
        .where(people.c.disabled_at.is_(None), people.c.integration.is_(False))
        .order_by(people.c.login)
    )
    return [Recipient(row.id, row.name, row.email, row.phone, row.synthetic) for row in session.execute(query)]


def duty_counts(session: Session, *, now: datetime) -> dict[str, int]:
    """Return how many duties of each force are held at ``now``."""
    query = select(duties.c.force, func.count()).where(duties.c.valid.op("@>")(now)).group_by(duties.c.force)
    return {row[0]: row[1] for row in session.execute(query)}


# -- lists ------------------------------------------------------------------------------------------------------------


def propose(session: Session, item: Item, *, by: str, now: datetime, note: str = "") -> int:
    """Insert a proposed matter and return its number; IntegrityError of ``uq_list_items_one`` where it stands there already."""
    values = {"programme": item.programme, "category": item.category, "unit": item.unit, "department": item.department}
    made = {**values, "part": item.part.value, "state": ItemState.PROPOSED.value, "proposed_by": by, "proposed_at": now}
    return int(session.scalar(insert(list_items).values(**made, note=note).returning(list_items.c.id)) or 0)


def add_entries(session: Session, entries: Sequence[Entry]) -> None:
    """Insert matters with what was decided on them by COPY; IntegrityError of ``uq_list_items_one`` where one stands there."""
    place = ("programme", "category", "unit", "department", "part", "state", "note")
    decided = [f"{step}_{what}" for step in ("proposed", "assessed", "admitted") for what in ("by", "at")]
    copy_rows(session, list_items.name, (*place, *decided), map(_row, entries))


def _row(entry: Entry) -> tuple[Any, ...]:
    item, decided = entry.item, {state: (who, at) for state, who, at in entry.trace}
    place = (item.programme, item.category, item.unit, item.department, item.part.value, entry.state.value, entry.note)
    states = (ItemState.PROPOSED, ItemState.ASSESSED, ItemState.ADMITTED)
    return (*place, *(cell for state in states for cell in decided.get(state, (None, None))))


def find_item(session: Session, item_id: int, *, lock: bool = False) -> Listed | None:
    """Return a matter of a list by its number, its row held until the transaction ends where ``lock``."""
    query = select(list_items).where(list_items.c.id == item_id)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    return _listed(row) if row else None


def move(session: Session, item_id: int, state: ItemState, *, by: str, now: datetime, note: str = "") -> None:
    """Write the next state of a matter on a list, with who decided it and when."""
    name = BY_STATE[state]
    values: dict[str, Any] = {"state": state.value, f"{name}_by": by, f"{name}_at": now}
    session.execute(update(list_items).where(list_items.c.id == item_id).values(**values, **({"note": note} if note else {})))


def listed(session: Session, programme: str, *, department: str = "", unit: str = "") -> list[Listed]:
    """Return what stands on the lists of a programme and was not suspended, by category, unit and department."""
    query = select(list_items).where(list_items.c.programme == programme, list_items.c.state != ItemState.SUSPENDED.value)
    if department:
        query = query.where(list_items.c.department == department)
    if unit:
        query = query.where(list_items.c.unit == unit)
    rows = session.execute(query.order_by(list_items.c.category, list_items.c.unit, list_items.c.department))
    return [_listed(row) for row in rows]


def listed_in(session: Session, programme: str, category: str, units: Collection[str]) -> list[Listed]:
    """Return what stands, and what stood before it was suspended, of one category in units: the latest proposal first."""
    query = select(list_items).where(list_items.c.programme == programme, list_items.c.category == category)
    rows = session.execute(query.where(list_items.c.unit == func.any(list(units))).order_by(list_items.c.id.desc()))
    return [_listed(row) for row in rows]


def _listed(row: Any) -> Listed:
    item = Item(row.programme, row.category, row.unit, row.department, Part(row.part))
    decided = (row.assessed_by, row.admitted_by, row.admitted_at, row.assessed_at, row.suspended_by, row.suspended_at, row.note)
    return Listed(row.id, item, ItemState(row.state), row.proposed_by, row.proposed_at, *decided)


# -- named people -----------------------------------------------------------------------------------------------------


def name_person(session: Session, named: Named, *, now: datetime, given_by: str) -> None:
    """Name a person for a tier of a side from ``now`` on; who was named before is so no longer."""
    same = (tiers.c.party == str(named.party), tiers.c.tier == named.tier.value, tiers.c.valid.op("@>")(now))
    until = func.greatest(now, func.lower(tiers.c.valid) + func.make_interval(0, 0, 0, 0, 0, 0, 0.000001))
    ended = select(until).where(*same).scalar_subquery()
    since = session.scalar(select(func.coalesce(ended, now)))
    session.execute(update(tiers).where(*same).values(valid=func.tstzrange(func.lower(tiers.c.valid), until)))
    values = {"party": str(named.party), "tier": named.tier.value, "person_id": named.person_id, "given_by": given_by}
    session.execute(insert(tiers).values(**values, valid=Range(since, None)))


def named_for(session: Session, party: Party, wanted: Sequence[Tier], *, now: datetime) -> list[Recipient]:
    """Return the people named for a side at ``now``, in the order of ``wanted``, without those whose account is closed."""
    codes = [tier.value for tier in wanted]
    order = case({code: position for position, code in enumerate(codes)}, value=tiers.c.tier)
    query = (
        select(people.c.id, people.c.name, people.c.email, people.c.phone, people.c.synthetic)
        .join(tiers, tiers.c.person_id == people.c.id)
        .where(tiers.c.party == str(party), tiers.c.tier.in_(codes), tiers.c.valid.op("@>")(now), people.c.disabled_at.is_(None))
        .order_by(order)
    )
    return [Recipient(row.id, row.name, row.email, row.phone, row.synthetic) for row in session.execute(query)]
