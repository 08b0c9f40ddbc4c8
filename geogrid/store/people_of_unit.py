"""Everybody who holds a post in a unit or in what lies in it: whom an order to a whole township reaches."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from geogrid.domain.people import Recipient
from geogrid.domain.programmes import PartyKind
from geogrid.store.tables.people import people, posts

UNIT_DIGITS = 12
DIGITS_OF_LEVELS = (6, 9, 12)  # county, township, village


def person(session: Session, code: str) -> list[Recipient]:
    """Return the person of this id; nobody where it is none, disabled, or a program."""
    try:
        known = UUID(code)
    except ValueError:
        return []
    return _found(session, _selected().where(people.c.id == known))


def everybody(session: Session, unit: str, *, now: datetime) -> list[Recipient]:
    """Return everybody with a post at ``now`` in a unit (12 digits) or in one that lies in it, by login."""
    inside = posts.c.unit.startswith(stem_of(unit), autoescape=True)
    held = select(posts.c.person_id).where(inside, posts.c.valid.op("@>")(now))
    return _found(session, _selected().where(people.c.id.in_(held)).order_by(people.c.login))


def is_within(session: Session, party: str, units: Collection[str], *, now: datetime) -> bool:
    """Whether a unit, or somebody by one of his posts at ``now``, belongs to one of ``units`` or lies in it."""
    kind, _, code = party.partition(":")
    stems = [stem_of(unit) for unit in units]
    if kind == PartyKind.UNIT:
        return any(code.startswith(stem) for stem in stems)
    found = person(session, code)
    if kind != PartyKind.PERSON or not found:
        return False
    held = select(posts.c.unit).where(posts.c.person_id == found[0].person_id, posts.c.valid.op("@>")(now))
    return any(unit.startswith(stem) for unit in session.scalars(held) for stem in stems)


def stem_of(unit: str) -> str:
    """Return the digits that all units within a unit begin with; what is no code of a unit holds only itself."""
    if len(unit) != UNIT_DIGITS or not unit.isdigit():
        return unit
    return next(unit[:digits] for digits in DIGITS_OF_LEVELS if not unit[digits:].strip("0"))


def _selected() -> Select:
    columns = (people.c.id, people.c.name, people.c.email, people.c.phone, people.c.synthetic)
    return select(*columns).where(people.c.disabled_at.is_(None), people.c.integration.is_(False))


def _found(session: Session, query: Any) -> list[Recipient]:
    return [Recipient(row.id, row.name, row.email, row.phone, row.synthetic) for row in session.execute(query)]
