"""Editions: which is in force, which wait, and the flip from one to the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geogrid.domain.grids import EditionState, GeographyKind
from geogrid.errors import EditionNotInForce, EditionUnknown
from geogrid.store.tables import metadata
from geogrid.store.tables.editions import editions
from geogrid.store.tables.events import assignments

IN_FORCE = select(editions).where(editions.c.state == EditionState.IN_FORCE)
UNASKED = frozenset({GeographyKind.HOUSEHOLDS, GeographyKind.PLACES})  # no assignment rests on them


@dataclass(frozen=True)
class Edition:
    """One generation of the geography; ``valid_from`` and ``valid_to`` are None where it never was, or still is, in force."""

    id: int
    name: str
    state: EditionState
    replaces: tuple[GeographyKind, ...]
    valid_from: datetime | None
    valid_to: datetime | None
    loaded_at: datetime
    content_hash: str
    source: dict[str, Any]


def _edition(row: Row) -> Edition:
    return Edition(
        id=row.id,
        name=row.name,
        state=EditionState(row.state),
        replaces=tuple(GeographyKind(kind) for kind in row.replaces),
        valid_from=None if row.valid.isempty else row.valid.lower,
        valid_to=None if row.valid.isempty else row.valid.upper,
        loaded_at=row.loaded_at,
        content_hash=row.content_hash,
        source=row.source,
    )


def every(session: Session) -> list[Edition]:
    """Return all editions in the order they were loaded."""
    return [_edition(row) for row in session.execute(select(editions).order_by(editions.c.id))]


def named(session: Session, name: str, *, lock: bool = False) -> Edition:
    """Return the edition called ``name``; with ``lock``, its row is held until the transaction ends; else EditionUnknown."""
    query = select(editions).where(editions.c.name == name)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise EditionUnknown(name=name)
    return _edition(row)


def by_id(session: Session, edition_id: int) -> Edition:
    """Return the edition with this id; raises EditionUnknown."""
    row = session.execute(select(editions).where(editions.c.id == edition_id)).one_or_none()
    if row is None:
        raise EditionUnknown(name=edition_id)
    return _edition(row)


def find_in_force(session: Session) -> Edition | None:
    """Return the edition in force, None before the first is activated. Rides the primary key: editions are few."""
    row = session.execute(IN_FORCE).one_or_none()
    return None if row is None else _edition(row)


def in_force(session: Session) -> Edition:
    """Return the edition in force; raises EditionNotInForce before the first is activated."""
    found = find_in_force(session)
    if found is None:
        raise EditionNotInForce
    return found


def add(session: Session, name: str, *, now: datetime) -> Edition:
    """Insert a loaded edition that replaces nothing yet, or find the one of this name, after waiting for whoever loads it now.

    Its row is held until the transaction ends.
    """
    values = {"name": name, "state": EditionState.LOADED, "loaded_at": now}
    session.execute(insert(editions).values(values).on_conflict_do_nothing(index_elements=["name"]))
    return named(session, name, lock=True)


def describe(session: Session, edition_id: int, replaces: Iterable[str], content_hash: str, source: dict[str, Any]) -> None:
    """Write what a loaded edition replaces, the hash of its content, and where it came from."""
    values = {"replaces": sorted(replaces), "content_hash": content_hash, "source": source}
    session.execute(update(editions).where(editions.c.id == edition_id).values(values))


def withdraw(session: Session, edition: Edition) -> None:
    """Mark a loaded edition as withdrawn and delete its rows, which were never in force."""
    for kind in GeographyKind:
        table = metadata.tables[kind]
        session.execute(table.delete().where(table.c.edition_id == edition.id))
    session.execute(update(editions).where(editions.c.id == edition.id).values(state=EditionState.WITHDRAWN))


def not_before(edition: Edition, now: datetime) -> datetime:
    """Return ``now``, or the edition's beginning where it lies after it: ``now`` was read before the lock was granted."""
    return now if edition.valid_from is None else max(now, edition.valid_from)


def flip_unasked(session: Session, new: Edition, old: Edition | None, *, now: datetime) -> None:
    """Put the rows of ``new`` that no assignment rests on in force, not later than the edition itself.

    They are most of a district's rows (its households), and take seconds for which nobody who reports should wait: the
    caller holds the publishers' lock alone.
    """
    at = _instant(session, old, now)
    for kind in new.replaces:
        if kind in UNASKED:
            _flip_rows(session, kind, new.id, at)


def _instant(session: Session, old: Edition | None, now: datetime) -> datetime:
    last = session.scalar(select(func.max(assignments.c.assigned_at)))  # rides the index on assigned_at
    earlier = [moment for moment in (last, old.valid_from if old else None) if moment is not None]
    return max([now, *(moment + timedelta(microseconds=1) for moment in earlier)])


def flip(session: Session, new: Edition, old: Edition | None, *, now: datetime) -> datetime:
    """Put ``new`` in force instead of ``old``, rows and all, and return the instant.

    The instant is ``now``, or just after the old edition's beginning and the last assignment made under it, where their clocks
    ran ahead of this one: no assignment may lie outside the time of its edition. The caller holds the exclusive lock, and
    has called :func:`flip_unasked` before.
    """
    at = _instant(session, old, now)
    for kind in new.replaces:
        if kind not in UNASKED:
            _flip_rows(session, kind, new.id, at)
    if old is not None:
        closed = func.tstzrange(func.lower(editions.c.valid), at)
        session.execute(update(editions).where(editions.c.id == old.id).values(valid=closed, state=EditionState.RETIRED))
    values = {"valid": func.tstzrange(at, None), "state": EditionState.IN_FORCE, "activated_at": at}
    session.execute(update(editions).where(editions.c.id == new.id).values(values))
    return at


def _flip_rows(session: Session, kind: str, edition_id: int, at: datetime) -> None:
    table = metadata.tables[kind]
    standing = text("NOT isempty(valid) AND upper_inf(valid)")
    session.execute(update(table).where(standing).values(valid=func.tstzrange(func.lower(table.c.valid), at)))
    session.execute(update(table).where(table.c.edition_id == edition_id).values(valid=func.tstzrange(at, None)))
