"""Show the words of a report as they were said, to who handles the matter, for a purpose, with a trace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.domain.people import Actor, Role
from geogrid.errors import NotFoundError, RevealLimit, RevealPurpose, RoleMissing
from geogrid.errors.family import Reason
from geogrid.rules.entitled import holds
from geogrid.rules.step_names import role_names
from geogrid.store import audit, events, matters

ACTION = "detail.reveal"
LEAST_PURPOSE = 4
MOST_A_DAY = 100
DAY = timedelta(days=1)
# Who judges, plans or runs the platform handles no matter.
HANDLERS = frozenset(Role) - {Role.AUDITOR, Role.ADMINISTRATOR, Role.PLANNER, Role.CITIZEN, Role.SYSTEM}


@dataclass(frozen=True)
class Revealed:
    """The words and the address of a report as they were said."""

    words: str
    address: str


def reveal(
    session: Session, event_id: UUID, purpose: str, *, actor: Actor, now: datetime, district: District, address: str = ""
) -> Revealed:
    """Return what was said, and write who looked, when, why.

    The caller's right to see the event at all was checked before. A refusal is to be written too, in a transaction of its own:
    see :func:`refused`.

    Raises
    ------
    NotFoundError
        without such an event
    RoleMissing
        where the actor's posts do not handle this matter
    RevealPurpose
        where no purpose is said
    RevealLimit
        after ``MOST_A_DAY`` looks within a day: that many are a matter for the auditor
    """
    event = events.find(session, event_id)
    matter = matters.find(session, event_id, district.programmes.of)
    if event is None or matter is None:
        raise NotFoundError(what=str(event_id))
    if not holds(actor, HANDLERS, matter):
        programme = district.programmes.of(matter.programme, matter.version)
        raise RoleMissing(step=Reason("show names and numbers"), roles=role_names(programme, HANDLERS))
    if len(purpose.strip()) < LEAST_PURPOSE:
        raise RevealPurpose(least=LEAST_PURPOSE)
    if audit.count(session, actor.id, ACTION, since=now - DAY) >= MOST_A_DAY:
        raise RevealLimit(most=MOST_A_DAY)
    _write(session, event_id, purpose, actor=actor, now=now, address=address, result=audit.OK)
    return Revealed(event.report.words, event.report.address)


def refused(session: Session, event_id: UUID, purpose: str, *, actor: Actor, now: datetime, address: str, code: str) -> None:
    """Write that a look was refused; ``code`` is that of the error."""
    _write(session, event_id, f"{code}: {purpose}", actor=actor, now=now, address=address, result=audit.REFUSED)


def _write(session: Session, event_id: UUID, purpose: str, *, actor: Actor, now: datetime, address: str, result: str) -> None:
    told = {"actor": actor.id, "action": ACTION, "now": now, "object_kind": "event", "object_id": str(event_id)}
    audit.write(session, **told, details={"purpose": purpose[:200]}, address=address, result=result)
