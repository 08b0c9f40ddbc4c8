"""The log of a desk's shifts: lines are only ever added; who hands over names the next, who accepts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.words import kept
from geogrid.domain.people import Actor, Role
from geogrid.domain.programmes import PartyKind
from geogrid.errors import AccessForbidden, HandoverAccepted, HandoverToNobody, NotFoundError
from geogrid.errors.family import Reason
from geogrid.rules.effects import party_of
from geogrid.store import audit, desk, locks, people, people_of_unit

COUNTY_DIGITS = 6
AGAIN = timedelta(minutes=10)
# Who sits at a desk and writes into its log.
WRITERS = frozenset(
    {Role.DISPATCHER, Role.COMMANDER, Role.TOWNSHIP_LEADER, Role.WINDOW_CLERK, Role.HOTLINE_OPERATOR}
)  # fmt: skip


def desk_of(actor: Actor, district_code: str) -> str:
    """Return whose desk the actor sits at: the unit of his widest post, the district's for who has one without a unit."""
    units = [post.unit or district_code for post in actor.posts]
    return min(units, key=lambda unit: (len(unit.rstrip("0")), unit), default=district_code)


def add_line(session: Session, words: str, *, desk_code: str, actor: Actor, now: datetime, event_id: UUID | None = None) -> int:
    """Add a line and return its number; that the actor sees the event was checked before. Raises WordsInvalid.

    The same again within ``AGAIN`` is the line that stands: who never got the answer sends it once more.
    """
    said = {"desk": desk_code, "at": now, "by": actor.id, "words": kept(words, "text"), "event_id": event_id}
    return _added(session, said, "desk.shift.line", actor, now)


def hand_over(
    session: Session, to: str, words: str, *, desk_code: str, actor: Actor, now: datetime, event_id: UUID | None = None
) -> int:
    """Hand the shift over to a person, with what the next has to know; return the number of the line.

    That the actor sees the event was checked before. Who is named sits at this desk, or at the district's, which reads all logs.

    Raises
    ------
    EvidenceInvalid, HandoverToNobody
        where ``to`` ("person:<id>") names nobody, the actor himself, or somebody who could not accept
    WordsInvalid
    """
    party = party_of(to, "to")
    if party.kind is not PartyKind.PERSON or str(party) == actor.id or not _sits_at(session, party.code, desk_code, now):
        raise HandoverToNobody(party=to, where={"path": "to"})
    said = {"desk": desk_code, "at": now, "by": actor.id, "words": kept(words, "text"), "handed_to": str(party)}
    said["event_id"] = event_id
    return _added(session, said, "desk.shift.handover", actor, now)


def _added(session: Session, said: Mapping[str, Any], action: str, actor: Actor, now: datetime) -> int:
    locks.take_key(session, f"shift:{actor.id}")
    known = desk.same_line(session, said, now - AGAIN)
    if known is not None:
        return known
    number = desk.add_line(session, said)
    _audit(session, action, number, actor, now)
    return number


def _sits_at(session: Session, code: str, desk_code: str, now: datetime) -> bool:
    """Whether a person may write into the log of a desk, by one of his posts now."""
    if not people_of_unit.person(session, code):
        return False
    person = people.find(session, UUID(code), now=now)
    district = desk_code[:COUNTY_DIGITS].ljust(len(desk_code), "0")
    at_desks = tuple(post for post in person.posts if post.role in WRITERS) if person else ()
    sits = Actor(f"person:{code}", "", at_desks)
    return bool(at_desks) and desk_of(sits, district) in {desk_code, district}


def accept(session: Session, number: int, *, actor: Actor, now: datetime) -> None:
    """Accept a shift.

    Raises
    ------
    NotFoundError
        without such a hand-over
    AccessForbidden
        for whom it was not handed to
    HandoverAccepted
        where it was accepted already
    """
    found = desk.find_line(session, number, lock=True)
    if found is None or found["handed_to"] is None:
        raise NotFoundError(what=Reason("hand-over {number}", number=number))
    if found["handed_to"] != actor.id:
        raise AccessForbidden(where={"path": "handover"})
    known = desk.accepted(session, number)
    if known is not None:
        raise HandoverAccepted(by=known["by"])
    desk.accept_line(session, number, by=actor.id, now=now)
    _audit(session, "desk.shift.accept", number, actor, now)


def _audit(session: Session, action: str, number: int, actor: Actor, now: datetime) -> None:
    audit.write(session, actor=actor.id, action=action, now=now, object_kind="shift_line", object_id=str(number))
