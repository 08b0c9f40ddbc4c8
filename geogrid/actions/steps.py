"""Take a step of a matter in one transaction; who comes second on the same state of things is told, nothing is overwritten."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.matters import write_matter
from geogrid.actions.notices import tell_step
from geogrid.actions.place import assign_anew
from geogrid.domain.events import Event, EventState, Step, StepKind
from geogrid.domain.matters import Matter
from geogrid.domain.notices import About
from geogrid.domain.people import SYSTEM, Actor
from geogrid.domain.programmes import Programme
from geogrid.errors import EvidenceInvalid, NotFoundError, StepConflict, StepKeyConflict
from geogrid.errors.family import Reason, Reasons
from geogrid.rules.merging import step_with
from geogrid.rules.stages import closed_at, stage_of
from geogrid.rules.step_names import step_name
from geogrid.rules.workflow import Command, Outcome, take
from geogrid.store import audit, cells, editions, events, locks, matters, merged

LONGEST_KEY = 200
OURS = ("post", "units", "approver", "pause_until")  # what the platform itself keeps with a step


@dataclass(frozen=True)
class TakeStep:
    """A step that somebody wants to take.

    ``base_seq`` is the number of the last step the actor saw (None: whatever happened meanwhile); ``key`` is the sender's own:
    the same key again changes nothing. ``address`` is whence it was sent, for the audit.
    """

    event_id: UUID
    step: str
    actor: Actor
    details: Mapping[str, Any] = field(default_factory=dict)
    base_seq: int | None = None
    key: str | None = None
    address: str = ""


@dataclass(frozen=True)
class StepTaken:
    """The event after a step, and whether this call took it (False: the same key had taken it already)."""

    event: Event
    matter: Matter
    taken: bool


def take_step(session: Session, command: TakeStep, *, now: datetime, district: District) -> StepTaken:
    """Take a step of an event's programme at ``now``.

    The shared edition lock comes first, as with every writer of events; then the event's row is held until the transaction ends.

    Raises
    ------
    NotFoundError
        without such an event, or where it has no programme
    StepConflict
        where steps were taken since ``base_seq``; it names them, and nothing is changed
    StepKeyConflict
        where the key was sent with another step
    errors of ``rules.workflow.take``
    """
    details = plain_details(command.details)
    _check_key(command.key)
    locks.share_edition(session)
    if command.key:
        locks.take_key(session, command.key)
    event = events.find(session, command.event_id, lock=True)
    matter = matters.find(session, command.event_id, district.programmes.of)
    if event is None or matter is None:
        raise NotFoundError(what=str(command.event_id))
    if command.key and _sent_before(session, command, details, event):
        return StepTaken(event, matter, taken=False)
    programme = district.programmes.of(matter.programme, matter.version)
    _check_base(command.base_seq, event.steps, programme)
    time = district.programmes.time_of(programme)
    outcome = take(programme, matter, Command(command.step, command.actor, details), now=now, time=time)
    at, after = outcome.matter.taken[-1].at, outcome.matter
    again = _project(session, event, stage_of(programme, after), closed_at(programme, after))
    step = _step(event, outcome, command.actor, at)
    events.add_steps(session, event.id, [step], key=command.key)
    write_matter(session, event, after, now=at, district=district, before=matter)
    about = About(event.id, event.number, event.report.kind, after, programme)
    tell_step(session, about, step, before=matter, now=now, district=district)
    _audit(session, command, event, step)
    if again:
        assign_anew(session, event, now=at, district=district)
    if event.state.is_open and not stage_of(programme, after).is_open:
        _close_followers(session, event, now=now, district=district)
    stored = events.find(session, event.id)
    return StepTaken(stored or event, after, taken=True)


def _audit(session: Session, command: TakeStep, event: Event, step: Step) -> None:
    """Write who did what to which event; what the step says is with the step."""
    details = {"step": step.step, "kind": step.kind.value, "seq": step.seq, "number": event.number}
    told = {"object_kind": "event", "object_id": str(event.id), "details": details, "address": command.address}
    audit.write(session, actor=command.actor.id, action="step.take", now=step.at, **told)


def _step(event: Event, outcome: Outcome, actor: Actor, at: datetime) -> Step:
    note = str(outcome.details.get("note") or outcome.details.get("reason") or "")
    return Step(len(event.steps) + 1, outcome.kind, at, actor.id, note, outcome.step, outcome.details)


# -- what was sent ----------------------------------------------------------------------------------------------------


def plain_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return details as they are stored, and as they will be read again.

    Raises
    ------
    EvidenceInvalid
        for what no JSON holds, a NUL character, half a character, or a name under which the platform keeps something itself
    """
    for name, value in details.items():
        if name in OURS:
            raise EvidenceInvalid(name=name, reason="the platform says this by itself")
        try:
            text = json.dumps([name, value], ensure_ascii=False, allow_nan=False, default=_time)
            text.encode()
        except (TypeError, ValueError) as error:
            raise EvidenceInvalid(name=ascii(name), reason="no JSON can hold it") from error
        if "\\u0000" in text:
            raise EvidenceInvalid(name=ascii(name), reason="it holds a NUL character")
    plain: dict[str, Any] = json.loads(json.dumps(dict(details), default=_time))
    return plain


def _check_key(key: str | None) -> None:
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise EvidenceInvalid(name="key", reason=Reason("it has 1 to {most} characters that can be printed", most=LONGEST_KEY))


def _time(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is no value of JSON")
    return value.isoformat()


def _sent_before(session: Session, command: TakeStep, details: Mapping[str, Any], event: Event) -> bool:
    """Whether the sender's key took this step already; raises StepKeyConflict where it took another one."""
    known = events.step_of_key(session, command.key or "")
    if known is None:
        return False
    event_id, seq = known
    same = event_id == event.id and _is_same(event.steps[seq - 1], command, details)
    if not same:
        raise StepKeyConflict(key=command.key)
    return True


def _is_same(step: Step, command: TakeStep, details: Mapping[str, Any]) -> bool:
    code = step.kind.value if step.kind in {StepKind.APPROVE, StepKind.REFUSE} else step.step
    same = (code, step.actor) == (command.step, command.actor.id)  # the platform may keep more than was sent
    return same and all(name in step.details and step.details[name] == value for name, value in details.items())


def _check_base(base_seq: int | None, steps: Sequence[Step], programme: Programme) -> None:
    if base_seq is None or base_seq == len(steps):
        return
    if not 0 <= base_seq < len(steps):
        raise EvidenceInvalid(name="base_seq", reason=Reason("the event has {count} steps", count=len(steps)))
    since = [
        {"seq": s.seq, "kind": s.kind.value, "step": s.step, "actor": s.actor, "at": s.at.isoformat()} for s in steps[base_seq:]
    ]
    told = Reasons((_happened(step, programme) for step in steps[base_seq:]), ", ")
    raise StepConflict(steps=told, where={"steps": since})


def _happened(step: Step, programme: Programme) -> Reason:
    """Return a step in words: what the programme calls it, and when it was taken there."""
    at = step.at.astimezone(ZoneInfo(programme.timezone)).strftime("%m-%d %H:%M")
    return Reason("{step} ({at})", step=step_name(programme, step.step or step.kind.value), at=at)


# -- what was merged --------------------------------------------------------------------------------------------------


def _close_followers(session: Session, parent: Event, *, now: datetime, district: District) -> None:
    """Close what was merged into an event that was just closed: each by a step of its own, so that its reporter is told."""
    for event_id in merged.children_of(session, parent.id):
        matter = matters.find(session, event_id, district.programmes.of)
        if matter is None:
            raise NotFoundError(what=str(event_id))
        code = step_with(district.programmes.of(matter.programme, matter.version), "follow")
        details = {"parent": str(parent.id), "number": parent.number}
        take_step(session, TakeStep(event_id, code, SYSTEM, details), now=now, district=district)


# -- the projection of the event --------------------------------------------------------------------------------------


def _project(session: Session, event: Event, stage: EventState, left: datetime | None) -> bool:
    """Write the stage of an event and when it left the open ones; whether it was opened again under another edition.

    Cells count events by whether they are open.
    """
    if stage is event.state:
        return False
    recount = stage.is_open != event.state.is_open
    if recount:
        cells.subtract(session, [event.id])
    events.project(session, event.id, stage, closed_at=left)
    if recount:
        cells.add(session, [event.id])
    edition = event.assignment.edition_id if event.assignment else None
    return recount and stage.is_open and edition != editions.in_force(session).id
