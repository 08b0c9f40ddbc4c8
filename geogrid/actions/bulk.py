"""One step for many events: first a preview that says of each whether it would be taken, then each in its own right.

Every event goes through ``take_step`` under a savepoint of its own: what is refused for one is undone and told, the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.steps import TakeStep, plain_details, take_step
from geogrid.domain.people import Actor
from geogrid.errors import GeogridError, NotFoundError, RequestInvalid
from geogrid.errors.family import Reason
from geogrid.rules.workflow import Command, take
from geogrid.store import events, matters

MOST = 200


@dataclass(frozen=True)
class Item:
    """An event and the number of the last step that the sender saw of it (None: whatever happened meanwhile)."""

    event_id: UUID
    base_seq: int | None = None


@dataclass(frozen=True)
class Told:
    """What became, or would become, of an event: its number, of which step it is, the error where it is refused."""

    event_id: UUID
    number: str
    seq: int
    error: GeogridError | None = None


def preview(
    session: Session,
    ids: Sequence[UUID],
    step: str,
    details: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    district: District,
) -> list[Told]:
    """Return of each event whether the step would be taken now; nothing is changed.

    What the actor does not see was left out before. Raises RequestInvalid for more than ``MOST``, and EvidenceInvalid for
    details that nobody could store.
    """
    _check(ids)
    plain = plain_details(details)
    return [_would(session, event_id, Command(step, actor, plain), now, district) for event_id in dict.fromkeys(ids)]


def _would(session: Session, event_id: UUID, command: Command, now: datetime, district: District) -> Told:
    event = events.find(session, event_id)
    matter = matters.find(session, event_id, district.programmes.of) if event else None
    if event is None or matter is None:
        return Told(event_id, "", 0, NotFoundError(what=str(event_id)))
    programme = district.programmes.of(matter.programme, matter.version)
    try:
        take(programme, matter, command, now=now, time=district.programmes.time_of(programme))
    except GeogridError as error:
        return Told(event_id, event.number, len(event.steps), error)
    return Told(event_id, event.number, len(event.steps))


def take_all(
    session: Session,
    items: Sequence[Item],
    step: str,
    details: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    district: District,
    key: str | None = None,
    address: str = "",
) -> list[Told]:
    """Take a step for each event, in the order of their ids, so that two who do so never wait for each other for ever.

    ``key`` is the sender's own: the same again takes each step once. Raises RequestInvalid for more than ``MOST``.
    """
    _check(items)
    found = {}
    for item in sorted({item.event_id: item for item in items}.values(), key=lambda item: item.event_id.bytes):
        own_key = f"{key}:{item.event_id}" if key else None
        command = TakeStep(item.event_id, step, actor, details, item.base_seq, own_key, address)
        found[item.event_id] = _taken(session, command, now, district)
    return [found[event_id] for event_id in dict.fromkeys(item.event_id for item in items)]


def _taken(session: Session, command: TakeStep, now: datetime, district: District) -> Told:
    try:
        with session.begin_nested():
            taken = take_step(session, command, now=now, district=district)
    except GeogridError as error:
        event = events.find(session, command.event_id)
        return Told(command.event_id, event.number if event else "", len(event.steps) if event else 0, error)
    return Told(command.event_id, taken.event.number, len(taken.event.steps))


def _check(items: Sequence[Any]) -> None:
    if len(items) > MOST:
        raise RequestInvalid(
            name="items", reason=Reason("{there} of them, {most} at most", there=len(items), most=MOST), where={"path": "items"}
        )
