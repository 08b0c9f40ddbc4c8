"""Follow a matter from outside: by its number and a code that was made for it, and by nothing else.

Who shows both is, for this one matter, a citizen: he may take the steps that its programme gives to citizens and that need no
presence; with a code of who handles the matter he may urge and no more. No account and no key ever holds that role (the database
refuses it); it is made here, for one step of one event.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District
from geogrid.actions.steps import StepTaken, TakeStep, take_step
from geogrid.channels.follow import FollowWish
from geogrid.domain.events import Event, Report
from geogrid.domain.people import Actor, Post, Role
from geogrid.errors import FollowByHandler, FollowRefused, HandlerGivesNoCode, NotFoundError, StepNotAllowed
from geogrid.rules.follow import citizens_steps, handles, make_code, read_code, read_number, written
from geogrid.rules.step_names import state_name, step_name
from geogrid.store import audit, events, follow_codes, follow_tries, matters
from geogrid.store.matter_views import MatterView, of_event

MADE, LOOKED = "follow.code", "follow.look"


@dataclass(frozen=True)
class ToFollow:
    """The event of a report; whether this call created it; what became of the wish to follow it.

    ``holds``: whether the sender's code, or the one that was made here, is the valid one (None: nothing was wished).
    ``code``: the one that was made here, as it is shown this once; "" for none.
    """

    event: Event
    created: bool
    holds: bool | None = None
    code: str = ""


@dataclass(frozen=True)
class Looked:
    """A matter as it stands, and who made the code that it was looked at with.

    ``leading`` is the matter into which it was merged and with which it ends; None where it stands for itself.
    """

    view: MatterView
    given_by: str
    leading: MatterView | None = None


def report_to_follow(
    session: Session, report: Report, wish: FollowWish, *, actor: Actor, now: datetime, district: District, address: str = ""
) -> ToFollow:
    """Store a report as ``accept_report`` does, and with it, in the same transaction, the code to follow it by.

    A report that is sent again brings no second code beside the first. Its sender's own code is kept where none was kept yet;
    one made here is made anew as long as nobody looked with the one before: the answer that held it may have been lost. Neither
    ends a code that a clerk gave meanwhile, nor is one kept for who did not send the report or who handles the matter by now.

    Raises
    ------
    errors of ``accept_report``
    """
    accepted = accept_report(session, report, now=now, district=district, actor=actor.id)
    if not wish:
        return ToFollow(accepted.event, accepted.created)
    event = accepted.event
    may = accepted.created or (event.steps[0].actor == actor.id and not _handles(session, event.id, actor, district))
    made = {"now": now, "made_by": actor.id}
    code = make_code(secrets.choice) if wish.make else wish.code
    keep = follow_codes.keep_unlooked if wish.make else follow_codes.keep_first
    kept = may and keep(session, event.id, code, **made)
    if kept:
        _write(session, actor, MADE, event.id, now, address)
    holds = kept or (not wish.make and follow_codes.is_valid(session, event.id, code))
    return ToFollow(event, accepted.created, holds, written(code) if kept and wish.make else "")


def give_code(session: Session, event_id: UUID, *, actor: Actor, now: datetime, district: District, address: str = "") -> str:
    """Make a code for an event and return it, once: only its hash is kept, and a code made before is not valid any more.

    The caller's right to see the event was checked before, or he has just reported it.

    Raises
    ------
    NotFoundError
        without such an event
    HandlerGivesNoCode
        where the matter is his to handle: he would be the one to rate it
    """
    if events.find(session, event_id) is None:
        raise NotFoundError(what=str(event_id))
    if _handles(session, event_id, actor, district):
        raise HandlerGivesNoCode(where={"path": "follow-code"})
    code = make_code(secrets.choice)
    follow_codes.keep(session, event_id, code, now=now, made_by=actor.id)
    _write(session, actor, MADE, event_id, now, address)
    return code


def count_try(session: Session, number: str, *, address: str, secret: bytes, at: datetime) -> float:
    """Count a try before anything is looked at; return 0, or the seconds to wait. ``at`` is the real time.

    The caller commits it first, so that a look that fails was counted; where it cannot be counted, nothing is looked at.
    """
    return follow_tries.count(session, address, read_number(number), secret=secret, now=at)


def look(session: Session, number: str, code: str, *, now: datetime, district: District, address: str = "") -> Looked:
    """Return the matter that number and code belong to, and keep that somebody looked.

    Raises
    ------
    FollowRefused
        where they do not belong together: the same for a wrong number and a wrong code
    """
    event_id = _found(session, number, code)
    view = of_event(session, event_id, now=now, district=district)
    if view is None:
        raise FollowRefused
    follow_codes.used(session, event_id, at=now)
    _write(session, citizen_of(event_id), LOOKED, event_id, now, address)
    parent = view.matter.parent
    leading = of_event(session, UUID(parent), now=now, district=district) if parent else None
    return Looked(view, follow_codes.maker(session, event_id), leading)


def take_as_citizen(
    session: Session,
    number: str,
    code: str,
    step: str,
    details: Mapping[str, Any],
    *,
    key: str,
    now: datetime,
    district: District,
    address: str = "",
) -> StepTaken:
    """Take a step of the citizen whose matter it is, as number and code show.

    Raises
    ------
    FollowRefused
        where number and code do not belong together
    StepNotAllowed
        where the programme does not give this step to citizens now, or asks for their presence
    FollowByHandler
        where it does, and the code was given by who handles the matter
    errors of ``take_step``
    """
    event_id = _found(session, number, code)
    view = of_event(session, event_id, now=now, district=district)
    if view is None:
        raise FollowRefused
    _check_step(view, step, follow_codes.maker(session, event_id))
    command = TakeStep(event_id, step, citizen_of(event_id), details, key=f"follow:{event_id}:{key}"[:200], address=address)
    return take_step(session, command, now=now, district=district)


def citizen_of(event_id: UUID) -> Actor:
    """Return the citizen of one matter: nobody knows who it is, and he is one for this matter alone."""
    return Actor(f"citizen:{event_id}", "", (Post(Role.CITIZEN),))


def _check_step(view: MatterView, step: str, given_by: str) -> None:
    if step in {rule.code for rule in citizens_steps(view.programme, view.matter, given_by=given_by)}:
        return
    if step in {rule.code for rule in citizens_steps(view.programme, view.matter)}:
        raise FollowByHandler
    raise StepNotAllowed(step=step_name(view.programme, step), state=state_name(view.programme, view.matter.state))


def _handles(session: Session, event_id: UUID, actor: Actor, district: District) -> bool:
    matter = matters.find(session, event_id, district.programmes.of)
    return matter is not None and handles(district.programmes.of(matter.programme, matter.version), matter, actor.id)


def _found(session: Session, number: str, code: str) -> UUID:
    event_id = follow_codes.find(session, read_number(number), read_code(code))
    if event_id is None:
        raise FollowRefused
    return event_id


def _write(session: Session, actor: Actor, action: str, event_id: UUID, now: datetime, address: str) -> None:
    audit.write(session, actor=actor.id, action=action, now=now, object_kind="event", object_id=str(event_id), address=address)
