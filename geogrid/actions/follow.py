"""Follow a matter from outside: by its number and a code that was made for it, and by nothing else.

Who shows both is, for this one matter, a citizen: he may take the steps that its programme gives to citizens and that need no
presence. No account and no key ever holds that role (the database refuses it); it is made here, for one step of one event.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.steps import StepTaken, TakeStep, take_step
from geogrid.domain.people import Actor, Post, Role
from geogrid.errors import FollowRefused, NotFoundError, StepNotAllowed
from geogrid.rules.follow import citizens_steps, make_code, read_code
from geogrid.rules.step_names import state_name, step_name
from geogrid.store import audit, events, follow_codes
from geogrid.store.matter_views import MatterView, of_event

MADE, LOOKED = "follow.code", "follow.look"


def give_code(session: Session, event_id: UUID, *, actor: Actor, now: datetime, address: str = "") -> str:
    """Make a code for an event and return it, once: only its hash is kept, and a code made before is not valid any more.

    The caller's right to see the event was checked before, or he has just reported it.

    Raises
    ------
    NotFoundError
        without such an event
    """
    if events.find(session, event_id) is None:
        raise NotFoundError(what=str(event_id))
    code = make_code(secrets.choice)
    follow_codes.keep(session, event_id, code, now=now, made_by=actor.id)
    _write(session, actor, MADE, event_id, now, address)
    return code


def look(session: Session, number: str, code: str, *, now: datetime, district: District, address: str = "") -> MatterView:
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
    return view


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
    errors of ``take_step``
    """
    event_id = _found(session, number, code)
    view = of_event(session, event_id, now=now, district=district)
    if view is None:
        raise FollowRefused
    if step not in {rule.code for rule in citizens_steps(view.programme, view.matter)}:
        state = state_name(view.programme, view.matter.state)
        raise StepNotAllowed(step=step_name(view.programme, step), state=state)
    command = TakeStep(event_id, step, citizen_of(event_id), details, key=f"follow:{event_id}:{key}"[:200], address=address)
    return take_step(session, command, now=now, district=district)


def citizen_of(event_id: UUID) -> Actor:
    """Return the citizen of one matter: nobody knows who it is, and he is one for this matter alone."""
    return Actor(f"citizen:{event_id}", "", (Post(Role.CITIZEN),))


def _found(session: Session, number: str, code: str) -> UUID:
    event_id = follow_codes.find(session, number.strip(), read_code(code))
    if event_id is None:
        raise FollowRefused
    return event_id


def _write(session: Session, actor: Actor, action: str, event_id: UUID, now: datetime, address: str) -> None:
    audit.write(session, actor=actor.id, action=action, now=now, object_kind="event", object_id=str(event_id), address=address)
