"""Merge what tells of one matter: the child follows its parent and ends with it, or is taken apart again before."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.steps import StepTaken, TakeStep, take_step
from geogrid.domain.events import Event
from geogrid.domain.people import Actor
from geogrid.errors import MergeRefused, NotFoundError
from geogrid.errors.family import Reason
from geogrid.rules.merging import step_with
from geogrid.store import events, locks, matters, merged


def merge(
    session: Session,
    event_id: UUID,
    parent_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    district: District,
    base_seq: int | None = None,
    key: str | None = None,
    address: str = "",
) -> StepTaken:
    """Merge an event into another one, which is open and goes its own way.

    That the actor sees both was checked before. One merge at a time: else two could make a ring of each other. The parent's row
    is held before the child's, as its closing holds them.

    Raises
    ------
    NotFoundError
        without one of them, or where one has no programme
    MergeRefused
        into itself, into what is closed or follows another one, or of what others follow
    StepUnknown, and what ``take_step`` raises
    """
    locks.share_edition(session)
    locks.take_merging(session)
    parent = _held(session, parent_id)
    if event_id == parent_id:
        raise MergeRefused(reason="an event cannot follow itself", where={"path": "parent"})
    if not parent.state.is_open:
        raise MergeRefused(reason=Reason("{number} is closed", number=parent.number), where={"path": "parent"})
    if merged.parent_of(session, parent_id) is not None:
        reason = Reason("{number} was merged itself; merge into the one it follows", number=parent.number)
        raise MergeRefused(reason=reason, where={"path": "parent"})
    if merged.children_of(session, event_id):
        raise MergeRefused(reason="others follow this one; merge the other way round", where={"path": "event"})
    details = {"parent": str(parent_id), "number": parent.number}
    return _taken(session, event_id, "merge", details, actor, now, district, base_seq=base_seq, key=key, address=address)


def unmerge(
    session: Session,
    event_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    district: District,
    reason: str,
    base_seq: int | None = None,
    key: str | None = None,
    address: str = "",
) -> StepTaken:
    """Take a merged event apart again, so that it goes its own way from where it stood.

    Raises
    ------
    MergeRefused
        where it follows nobody, or its parent is closed and it with it; and what ``merge`` raises
    """
    locks.share_edition(session)
    locks.take_merging(session)
    parent_id = merged.parent_of(session, event_id)
    if parent_id is None:
        if key and (known := events.step_of_key(session, key)) and known[0] == event_id:
            return _taken(session, event_id, "unmerge", {"reason": reason}, actor, now, district, key=key, address=address)
        raise MergeRefused(reason="it follows no other matter", where={"path": "event"})
    if not _held(session, parent_id).state.is_open:
        raise MergeRefused(reason="the matter it follows is closed, and it was closed with it", where={"path": "event"})
    details = {"reason": reason, "parent": str(parent_id)}
    return _taken(session, event_id, "unmerge", details, actor, now, district, base_seq=base_seq, key=key, address=address)


def _held(session: Session, event_id: UUID) -> Event:
    """Return an event whose row is held until the transaction ends."""
    event = events.find(session, event_id, lock=True)
    if event is None:
        raise NotFoundError(what=str(event_id))
    return event


def _taken(
    session: Session,
    event_id: UUID,
    effect: str,
    details: dict[str, Any],
    actor: Actor,
    now: datetime,
    district: District,
    **sent: Any,
) -> StepTaken:
    """Take the step of the event's programme that has this effect."""
    matter = matters.find(session, event_id, district.programmes.of)
    if matter is None:
        raise NotFoundError(what=str(event_id))
    programme = district.programmes.of(matter.programme, matter.version)
    return take_step(
        session, TakeStep(event_id, step_with(programme, effect), actor, details, **sent), now=now, district=district
    )
