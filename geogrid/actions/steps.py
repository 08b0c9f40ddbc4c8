"""Take a step of a matter in one transaction; who comes second on the same state of things is told, nothing is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.matters import write_matter
from geogrid.domain.events import Event, EventState, Step
from geogrid.domain.matters import Matter
from geogrid.domain.people import Actor
from geogrid.errors import NotFoundError, StepConflict
from geogrid.rules.workflow import Command, take
from geogrid.store import cells, events, matters


@dataclass(frozen=True)
class TakeStep:
    """A step that somebody wants to take.

    ``base_seq`` is the number of the last step the actor saw (None: whatever happened meanwhile); ``key`` is the sender's own:
    the same key again changes nothing.
    """

    event_id: UUID
    step: str
    actor: Actor
    details: Mapping[str, Any] = field(default_factory=dict)
    base_seq: int | None = None
    key: str | None = None


@dataclass(frozen=True)
class StepTaken:
    """The event after a step, and whether this call took it (False: the same key had taken it already)."""

    event: Event
    matter: Matter
    taken: bool


def take_step(session: Session, command: TakeStep, *, now: datetime, district: District) -> StepTaken:
    """Take a step of an event's programme at ``now``.

    Raises
    ------
    NotFoundError
        without such an event, or where it has no programme
    StepConflict
        where steps were taken since ``base_seq``; it names them, and nothing is changed
    errors of ``rules.workflow.take``
    """
    event = events.find(session, command.event_id, lock=True)
    matter = matters.find(session, command.event_id, district.programmes.of)
    if event is None or matter is None:
        raise NotFoundError(what=str(command.event_id))
    if command.key and events.event_of_key(session, command.key) == command.event_id:
        return StepTaken(event, matter, taken=False)
    if command.base_seq is not None and command.base_seq < len(event.steps):
        raise StepConflict(steps=", ".join(s.step or s.kind.value for s in event.steps[command.base_seq :]))
    programme = district.programmes.of(matter.programme)
    time = district.programmes.time_of(programme)
    outcome = take(programme, matter, Command(command.step, command.actor, command.details), now=now, time=time)
    at = outcome.matter.taken[-1].at
    note = str(outcome.details.get("note") or outcome.details.get("reason") or "")
    step = Step(len(event.steps) + 1, outcome.kind, at, command.actor.id, note, outcome.step, outcome.details)
    _project(session, event, programme.state(outcome.matter.state).stage, at)
    events.add_steps(session, event.id, [step], key=command.key)
    write_matter(session, event.id, outcome.matter, now=at, district=district)
    stored = events.find(session, event.id)
    return StepTaken(stored or event, outcome.matter, taken=True)


def _project(session: Session, event: Event, stage: EventState, at: datetime) -> None:
    """Write the stage that the matter's state stands for; cells count events by whether they are open."""
    if stage is event.state:
        return
    recount = stage.is_open != event.state.is_open
    if recount:
        cells.subtract(session, [event.id])
    closed_at = None if stage.is_open else closed_time(event, at)
    events.project(session, event.id, stage, closed_at=closed_at)
    if recount:
        cells.add(session, [event.id])


def closed_time(event: Event, at: datetime) -> datetime:
    """Return when an event was closed: it keeps the time at which it left the open stages."""
    return at if event.state.is_open else event.closed_at or at
