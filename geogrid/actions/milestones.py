"""Milestones of matters on the key list: what is to be reached by when, followed in the open until it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.reveal import HANDLERS
from geogrid.actions.words import kept
from geogrid.domain.people import Actor
from geogrid.errors import MilestoneDone, NotFoundError, NotKeyListed, RoleMissing
from geogrid.errors.family import Reason
from geogrid.rules.entitled import holds
from geogrid.rules.step_names import role_names
from geogrid.store import audit, desk, events, locks, matters

LONGEST_TITLE, LONGEST_NOTE = 200, 1000


def set_milestone(
    session: Session, event_id: UUID, title: str, due_on: date, *, actor: Actor, now: datetime, district: District
) -> int:
    """Set a milestone for a matter of the key list and return its number; one that waits for the same on that day is that one.

    Raises
    ------
    NotFoundError, NotKeyListed
        without such a matter; where it is not on the key list
    RoleMissing
        for who does not handle it
    WordsInvalid
    """
    number = _handled(session, event_id, actor, district)
    said = kept(title, "title", most=LONGEST_TITLE)
    locks.take_key(session, f"milestone:{event_id}")
    known = desk.same_milestone(session, event_id, said, due_on)
    if known is not None:
        return known
    made = desk.add_milestone(session, event_id, said, due_on, by=actor.id, now=now)
    _audit(session, "desk.milestone.set", event_id, {"milestone": made, "number": number}, actor, now)
    return made


def reach_milestone(session: Session, number: int, note: str, *, actor: Actor, now: datetime, district: District) -> UUID:
    """Note that a milestone was reached, and how; return its event. Raises MilestoneDone and what ``set_milestone`` raises."""
    found = desk.find_milestone(session, number, lock=True)
    if found is None:
        raise NotFoundError(what=Reason("milestone {number}", number=number))
    event_id: UUID = found["event_id"]
    _handled(session, event_id, actor, district)
    if found["done_at"] is not None:
        raise MilestoneDone()
    desk.end_milestone(session, number, by=actor.id, now=now, note=kept(note, "note", most=LONGEST_NOTE))
    _audit(session, "desk.milestone.done", event_id, {"milestone": number}, actor, now)
    return event_id


def _handled(session: Session, event_id: UUID, actor: Actor, district: District) -> str:
    """Return the number of an event on the key list that the actor handles."""
    event = events.find(session, event_id)
    matter = matters.find(session, event_id, district.programmes.of)
    if event is None or matter is None:
        raise NotFoundError(what=str(event_id))
    if not holds(actor, HANDLERS, matter):
        programme = district.programmes.of(matter.programme, matter.version)
        raise RoleMissing(step=Reason("milestones"), roles=role_names(programme, HANDLERS))
    if not matter.key_listed:
        raise NotKeyListed(number=event.number)
    return event.number


def _audit(session: Session, action: str, event_id: UUID, details: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    told = {"object_kind": "event", "object_id": str(event_id), "details": dict(details)}
    audit.write(session, actor=actor.id, action=action, now=now, **told)
