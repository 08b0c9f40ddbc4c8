"""Orders of the desk: to one worker, or to all who hold a post in a unit; each is told, and who read it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.words import kept
from geogrid.domain.notices import Addressee
from geogrid.domain.people import Actor, Recipient
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import NotFoundError, OrderToNobody
from geogrid.errors.family import Reason
from geogrid.rules.effects import party_of
from geogrid.store import audit, desk, locks, outbox, people_of_unit

CARRIER, RULE = "message", "desk_order"
AGAIN = timedelta(minutes=10)


def give_order(
    session: Session,
    to: str,
    words: str,
    *,
    actor: Actor,
    now: datetime,
    event_id: UUID | None = None,
    due_at: datetime | None = None,
) -> int:
    """Give an order and return its number. That the actor sees the event, and may order whom he names, was checked before.

    The same again within ``AGAIN`` is the one that was given: who never got the answer sends it once more.
    Everybody is told through the outbox, once; those of a unit are all who hold a post in it or in what lies in it.

    Raises
    ------
    EvidenceInvalid, OrderToNobody
        where ``to`` names no person and no unit, or nobody would get it
    WordsInvalid
    """
    party, said = party_of(to, "to"), kept(words, "text")
    told = _told(session, party, now)
    if not told:
        raise OrderToNobody(party=to, where={"path": "to"})
    given = {"to_party": str(party), "words": said, "event_id": event_id, "due_at": due_at, "given_by": actor.id, "given_at": now}
    locks.take_key(session, f"order:{actor.id}")
    known = desk.same_order(session, given, now - AGAIN)
    if known is not None:
        return known
    number = desk.add_order(session, given, [one.person_id for one in told])
    outbox.enqueue(
        session,
        occasion=f"{RULE}:{number}",
        rule=RULE,
        carrier=CARRIER,
        recipients=[Addressee(f"person:{one.person_id}", one.name, one.phone, one.synthetic) for one in told],
        texts={
            "zh": f"指令 {number}：{said}（请到平台“指令”页确认已读）",
            "en": f"Order {number}: {said} (say under Orders that you read it)",
        },
        now=now,
        event_id=event_id,
        payload={"order": number},
    )
    details = {"to": str(party), "people": len(told), "event": str(event_id) if event_id else ""}
    audit.write(
        session, actor=actor.id, action="desk.order", now=now, object_kind="order", object_id=str(number), details=details
    )
    return number


def read_order(session: Session, number: int, *, actor: Actor, now: datetime) -> None:
    """Note that the actor read an order that was given to him, the first time alone; raises NotFoundError for all others."""
    kind, _, code = actor.id.partition(":")
    if kind != "person" or not desk.mark_read(session, number, UUID(code), now=now):
        raise NotFoundError(what=Reason("order {number}", number=number))
    audit.write(session, actor=actor.id, action="desk.order.read", now=now, object_kind="order", object_id=str(number))


def _told(session: Session, party: Party, now: datetime) -> Sequence[Recipient]:
    if party.kind is PartyKind.PERSON:
        return people_of_unit.person(session, party.code)
    if party.kind is PartyKind.UNIT:
        return people_of_unit.everybody(session, party.code, now=now)
    raise OrderToNobody(party=str(party), where={"path": "to"})
