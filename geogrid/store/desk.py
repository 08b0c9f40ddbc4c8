"""What the desk keeps, as rows: saved views, milestones, orders with their receipts, the log of shifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from geogrid.store.tables.desk import milestones, order_receipts, orders, saved_views, shift_accepted, shift_log
from geogrid.store.tables.people import people

Row = Mapping[str, Any]
MOST_LISTED = 200
ORDER_SAYS = ("to_party", "words", "event_id", "due_at", "given_by")
LINE_SAYS = ("desk", "by", "words", "event_id", "handed_to")


def _one(session: Session, query: Any) -> Row | None:
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else dict(row)


# -- saved views ------------------------------------------------------------------------------------------------------


def views_of(session: Session, person: str) -> list[Row]:
    """Return the views of a person and those that others share, by name."""
    query = select(saved_views).where(or_(saved_views.c.person == person, saved_views.c.shared))
    return [dict(row) for row in session.execute(query.order_by(saved_views.c.name, saved_views.c.id)).mappings()]


def find_view(session: Session, number: int, *, lock: bool = False) -> Row | None:
    """Return a view by its number."""
    query = select(saved_views).where(saved_views.c.id == number)
    return _one(session, query.with_for_update() if lock else query)


def add_view(session: Session, values: Mapping[str, Any]) -> int:
    """Insert a view and return its number; IntegrityError of ``uq_saved_views_person_name`` for a name in use."""
    return int(session.scalar(insert(saved_views).values(**values).returning(saved_views.c.id)) or 0)


def change_view(session: Session, number: int, values: Mapping[str, Any]) -> None:
    """Change a view."""
    session.execute(update(saved_views).where(saved_views.c.id == number).values(**values))


def delete_view(session: Session, number: int) -> None:
    """Delete a view."""
    session.execute(delete(saved_views).where(saved_views.c.id == number))


# -- sent twice -------------------------------------------------------------------------------------------------------


def same_order(session: Session, values: Mapping[str, Any], since: datetime) -> int | None:
    """Return the order that says the same to the same by the same person, given since then. Rides ``ix_orders_given_at_id``."""
    return _same(session, orders, {name: values[name] for name in ORDER_SAYS}, orders.c.given_at >= since)


def same_line(session: Session, values: Mapping[str, Any], since: datetime) -> int | None:
    """Return the line that says the same by the same person at the same desk since then. Rides ``ix_shift_log_desk_at_id``."""
    return _same(session, shift_log, {name: values.get(name) for name in LINE_SAYS}, shift_log.c.at >= since)


def same_milestone(session: Session, event_id: UUID, title: str, due_on: date) -> int | None:
    """Return the milestone of a matter that waits for the same on the same day. Rides ``ix_milestones_event_id``."""
    said = {"event_id": event_id, "title": title, "due_on": due_on}
    return _same(session, milestones, said, milestones.c.done_at.is_(None))


def _same(session: Session, table: Table, said: Mapping[str, Any], *more: Any) -> int | None:
    equal = [table.c[name].is_not_distinct_from(value) for name, value in said.items()]
    return session.scalar(select(func.min(table.c.id)).where(*equal, *more))


# -- milestones -------------------------------------------------------------------------------------------------------


def add_milestone(session: Session, event_id: UUID, title: str, due_on: date, *, by: str, now: datetime) -> int:
    """Insert a milestone and return its number."""
    values = {"event_id": event_id, "title": title, "due_on": due_on, "made_by": by, "made_at": now}
    return int(session.scalar(insert(milestones).values(**values).returning(milestones.c.id)) or 0)


def find_milestone(session: Session, number: int, *, lock: bool = False) -> Row | None:
    """Return a milestone by its number, its row held until the transaction ends where ``lock``."""
    query = select(milestones).where(milestones.c.id == number)
    return _one(session, query.with_for_update() if lock else query)


def end_milestone(session: Session, number: int, *, by: str, now: datetime, note: str) -> None:
    """Note that a milestone was reached."""
    session.execute(update(milestones).where(milestones.c.id == number).values(done_by=by, done_at=now, note=note))


# -- orders -----------------------------------------------------------------------------------------------------------


def add_order(session: Session, values: Mapping[str, Any], people_ids: Sequence[UUID]) -> int:
    """Insert an order with a receipt to come from each of those told; return its number."""
    number = int(session.scalar(insert(orders).values(**values).returning(orders.c.id)) or 0)
    rows = [{"order_id": number, "person_id": one, "given_by": values["given_by"]} for one in dict.fromkeys(people_ids)]
    if rows:
        session.execute(insert(order_receipts), rows)
    return number


def list_orders(
    session: Session, *, person: str, everything: bool, event_id: UUID | None = None, number: int | None = None
) -> list[Row]:
    """Return the orders that a person ("person:<uuid>") gave or was given, or all of them, the latest first, with counts.

    ``mine``: whether it was given to him, ``my_read_at`` when he read it. Rides ``ix_orders_given_at_id``.
    """
    me = func.concat("person:", order_receipts.c.person_id) == person
    of_order = order_receipts.c.order_id == orders.c.id
    told = select(func.count()).where(of_order).scalar_subquery().label("told")
    read = select(func.count(order_receipts.c.read_at)).where(of_order).scalar_subquery().label("read")
    mine = select(order_receipts.c.order_id).where(of_order, me).exists().label("mine")
    my_read_at = select(order_receipts.c.read_at).where(of_order, me).limit(1).scalar_subquery().label("my_read_at")
    query = select(orders, told, read, mine, my_read_at)
    if not everything:
        query = query.where(or_(orders.c.given_by == person, select(order_receipts.c.order_id).where(of_order, me).exists()))
    if event_id is not None:
        query = query.where(orders.c.event_id == event_id)
    if number is not None:
        query = query.where(orders.c.id == number)
    rows = session.execute(query.order_by(orders.c.given_at.desc(), orders.c.id.desc()).limit(MOST_LISTED)).mappings()
    return [dict(row) for row in rows]


def receipts_of(session: Session, number: int) -> list[Row]:
    """Return who was told of an order and when each read it: those who did not first, then by name."""
    columns = (people.c.id, people.c.name, order_receipts.c.read_at)
    query = select(*columns).join(people, people.c.id == order_receipts.c.person_id).where(order_receipts.c.order_id == number)
    rows = session.execute(query.order_by(order_receipts.c.read_at.desc().nullsfirst(), people.c.name, people.c.id)).mappings()
    return [dict(row) for row in rows]


def mark_read(session: Session, number: int, person_id: UUID, *, now: datetime) -> bool:
    """Note that a person read an order, the first time alone; return whether it was given to him at all."""
    mine = (order_receipts.c.order_id == number, order_receipts.c.person_id == person_id)
    session.execute(update(order_receipts).where(*mine, order_receipts.c.read_at.is_(None)).values(read_at=now))
    return session.scalar(select(order_receipts.c.order_id).where(*mine)) is not None


def unread_by(session: Session, person_id: UUID) -> int:
    """Return how many orders a person was given and has not read. Rides ``ix_order_receipts_person_id``."""
    mine = (order_receipts.c.person_id == person_id, order_receipts.c.read_at.is_(None))
    return int(session.scalar(select(func.count()).where(*mine)) or 0)


# -- shifts -----------------------------------------------------------------------------------------------------------


def add_line(session: Session, values: Mapping[str, Any]) -> int:
    """Add a line to the log of a desk and return its number."""
    return int(session.scalar(insert(shift_log).values(**values).returning(shift_log.c.id)) or 0)


def lines_of(session: Session, desks: Sequence[str] | None, *, before: int | None = None, most: int = 100) -> list[Row]:
    """Return the lines of desks (None: of all), the latest first, hand-overs with who accepted them and when.

    Rides ``ix_shift_log_desk_at_id``.
    """
    accepted = shift_accepted.alias("accepted")
    query = select(shift_log, accepted.c.by.label("accepted_by"), accepted.c.at.label("accepted_at"))
    query = query.join(accepted, accepted.c.handover_id == shift_log.c.id, isouter=True)
    if desks is not None:
        query = query.where(shift_log.c.desk == func.any(list(desks)))
    if before is not None:
        query = query.where(shift_log.c.id < before)
    rows = session.execute(query.order_by(shift_log.c.at.desc(), shift_log.c.id.desc()).limit(min(most, MOST_LISTED)))
    return [dict(row) for row in rows.mappings()]


def find_line(session: Session, number: int, *, lock: bool = False) -> Row | None:
    """Return a line of a log by its number, its row held until the transaction ends where ``lock``."""
    query = select(shift_log).where(shift_log.c.id == number)
    return _one(session, query.with_for_update() if lock else query)


def handovers_to(session: Session, person: str, desks: Sequence[str] | None) -> int:
    """Return how many hand-overs of desks (None: of all) wait for a person ("person:<uuid>")."""
    waits = ~select(shift_accepted.c.handover_id).where(shift_accepted.c.handover_id == shift_log.c.id).exists()
    query = select(func.count()).select_from(shift_log).where(shift_log.c.handed_to == person, waits)
    return int(session.scalar(query if desks is None else query.where(shift_log.c.desk == func.any(list(desks)))) or 0)


def accepted(session: Session, number: int) -> Row | None:
    """Return who accepted a hand-over and when, None while nobody did."""
    return _one(session, select(shift_accepted).where(shift_accepted.c.handover_id == number))


def accept_line(session: Session, number: int, *, by: str, now: datetime) -> None:
    """Note that a hand-over was accepted."""
    session.execute(insert(shift_accepted).values(handover_id=number, by=by, at=now))
