"""The outbox: one queue in PostGIS. A notice is told once an occasion; every recipient has a delivery of his own.

A delivery is claimed under a lease: who claims it may send it until the lease ends. A sender that dies leaves its lease to end,
and the sweep gives the delivery back. It may then be sent a second time, with the same key: at least once, never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geogrid.domain.notices import Addressee, Delivery, DeliveryState, Notice
from geogrid.rules.backoff import USUAL, Backoff, is_last, wait_after
from geogrid.store.tables.outbox import deliveries, notices

MOST_ERROR_CHARS = 500
IN_ORDER = ("outside",)  # carriers whose recipients must hear of an event in the order in which it happened
ENDED = (DeliveryState.FAILED.value, DeliveryState.REFUSED.value)


# -- putting in -------------------------------------------------------------------------------------------------------


def enqueue(
    session: Session,
    *,
    occasion: str,
    rule: str,
    carrier: str,
    recipients: Sequence[Addressee],
    texts: Mapping[str, str],
    now: datetime,
    at: datetime | None = None,
    not_before: datetime | None = None,
    event_id: UUID | None = None,
    payload: Mapping[str, Any] | None = None,
) -> int | None:
    """Put a notice in with a delivery for every recipient; return its number, None where the occasion was told already.

    Parameters
    ----------
    occasion : the key by which it is told once
    texts : by language, ``zh`` and ``en``
    at : when it happened or became due (None: now)
    not_before : the first try is not made before (None: now)
    payload : what machines are told
    """
    values = {
        "occasion": occasion,
        "event_id": event_id,
        "rule": rule,
        "text_zh": texts.get("zh", ""),
        "text_en": texts.get("en", ""),
        "payload": dict(payload or {}),
        "at": at or now,
        "made_at": now,
    }
    statement = insert(notices).values(values).on_conflict_do_nothing(index_elements=["occasion"])
    number = session.scalar(statement.returning(notices.c.id))
    if number is None:
        return None
    first = max(now, not_before or now)
    rows = [_row(number, one, carrier, now, first) for one in {one.recipient: one for one in recipients}.values()]
    if rows:
        session.execute(insert(deliveries), rows)
    return number


def _row(number: int, one: Addressee, carrier: str, now: datetime, first: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "notice_id": number,
        "recipient": one.recipient,
        "name": one.name,
        "carrier": carrier,
        "address": one.address,
        "synthetic": one.synthetic,
        "state": DeliveryState.WAITING.value,
        "made_at": now,
        "next_try_at": first,
    }


def known_occasions(session: Session, occasions: Sequence[str]) -> set[str]:
    """Return those of ``occasions`` that were told already. Rides ``uq_notices_occasion``."""
    return set(session.scalars(select(notices.c.occasion).where(notices.c.occasion == func.any(list(occasions)))))


# -- sending ----------------------------------------------------------------------------------------------------------


def claim(session: Session, now: datetime, most: int, lease: timedelta, *, by: str) -> list[Delivery]:
    """Claim up to ``most`` deliveries whose next try has come, the longest waiting first, for ``by`` until ``now + lease``.

    Those that another sender is claiming at this moment are left to him. What ``IN_ORDER`` carries about an event waits for what
    was to be told before it: a closing must not overtake a return. Rides ``ix_deliveries_next_try_at``, ``ix_notices_event_id``.
    """
    waiting = and_(deliveries.c.state == DeliveryState.WAITING.value, deliveries.c.next_try_at <= now)
    in_turn = or_(deliveries.c.carrier.not_in(IN_ORDER), ~_earlier_waits())
    first = select(deliveries.c.id).where(waiting, in_turn).order_by(deliveries.c.next_try_at, deliveries.c.id).limit(most)
    ids = list(session.scalars(first.with_for_update(skip_locked=True)))
    if not ids:
        return []
    values = {"state": DeliveryState.SENDING.value, "next_try_at": None, "lease_until": now + lease, "lease_by": by}
    session.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(**values, tries=deliveries.c.tries + 1))
    query = select(deliveries, notices).join(notices, notices.c.id == deliveries.c.notice_id).where(deliveries.c.id.in_(ids))
    found = {row[0]: _delivery(row) for row in session.execute(_named(query))}
    return [found[one] for one in ids]


def _earlier_waits() -> Any:
    """Whether something earlier, about the same event to the same recipient, is still on its way."""
    mine, other, before = notices.alias("mine"), notices.alias("other"), deliveries.alias("before")
    joined = mine.join(other, and_(other.c.event_id == mine.c.event_id, other.c.id < mine.c.id))
    joined = joined.join(before, before.c.notice_id == other.c.id)
    same = (mine.c.id == deliveries.c.notice_id, before.c.recipient == deliveries.c.recipient)
    going = before.c.state.in_([DeliveryState.WAITING.value, DeliveryState.SENDING.value])
    return select(before.c.id).select_from(joined).where(*same, going).correlate(deliveries).exists()


def _named(query: Any) -> Any:
    """Select the columns of a delivery and of its notice under names of their own."""
    told = (notices.c.occasion, notices.c.rule, notices.c.text_zh, notices.c.text_en, notices.c.payload, notices.c.at)
    mine = (deliveries.c.id, deliveries.c.recipient, deliveries.c.name, deliveries.c.carrier, deliveries.c.address)
    return query.with_only_columns(
        *mine, deliveries.c.synthetic, deliveries.c.tries, deliveries.c.made_at, notices.c.event_id, *told
    )


def _delivery(row: Row) -> Delivery:
    texts = {"zh": row.text_zh, "en": row.text_en}
    notice = Notice(row.occasion, row.rule, texts, row.at, row.event_id, row.payload)
    to = Addressee(row.recipient, row.name, row.address, row.synthetic)
    return Delivery(row.id, notice, to, row.carrier, row.tries, row.made_at)


@dataclass(frozen=True)
class Result:
    """What became of a try: no ``error``: sent. ``retry``: whether trying again can help; ``refused``: it must not be sent.

    ``backoff`` says how long is waited before the next try, and after how many it is given up.
    """

    error: str = ""
    retry: bool = True
    refused: bool = False
    backoff: Backoff = USUAL


def settle(session: Session, delivery: Delivery, result: Result, now: datetime, *, by: str) -> DeliveryState | None:
    """Write down what became of a try; return the delivery's state, None where the lease was another's by then."""
    mine = and_(deliveries.c.id == delivery.id, deliveries.c.lease_by == by, deliveries.c.tries == delivery.tries)
    state = _state_after(delivery, result)
    values: dict[str, Any] = {"state": state.value, "lease_until": None, "lease_by": None}
    if state is DeliveryState.WAITING:
        values["next_try_at"] = now + wait_after(delivery.tries, str(delivery.id), result.backoff)
    elif state is DeliveryState.SENT:
        values |= {"sent_at": now, "ended_at": now, "address": ""}  # whose it is stays; the number is not needed any more
    else:
        values["ended_at"] = now
    values["last_error"] = result.error[:MOST_ERROR_CHARS]
    settled = session.scalar(update(deliveries).where(mine).values(**values).returning(deliveries.c.id))
    return state if settled else None


def _state_after(delivery: Delivery, result: Result) -> DeliveryState:
    if not result.error:
        return DeliveryState.SENT
    if result.refused:
        return DeliveryState.REFUSED
    return DeliveryState.WAITING if result.retry and not is_last(delivery.tries, result.backoff) else DeliveryState.FAILED


def give_back(session: Session, claimed: Sequence[Delivery], now: datetime, *, by: str) -> None:
    """Give back deliveries whose tries were not begun, as if nobody had claimed them: who comes next may send them at once."""
    mine = and_(deliveries.c.id.in_([one.id for one in claimed]), deliveries.c.lease_by == by)
    values = {"state": DeliveryState.WAITING.value, "next_try_at": now, "lease_until": None, "lease_by": None}
    session.execute(update(deliveries).where(mine).values(**values, tries=deliveries.c.tries - 1))


def sweep(session: Session, now: datetime) -> int:
    """Give back the deliveries whose leases have ended, to be tried at once; those at the end of their tries are given up.

    Return how many there were. Rides ``ix_deliveries_lease_until``.
    """
    ended = and_(deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.lease_until < now)
    rows = session.execute(select(deliveries.c.id, deliveries.c.tries).where(ended).with_for_update(skip_locked=True)).all()
    for row in rows:
        values: dict[str, Any] = {"lease_until": None, "lease_by": None, "last_error": "the sender ended before it could tell"}
        if is_last(row.tries):
            values |= {"state": DeliveryState.FAILED.value, "ended_at": now}
        else:
            values |= {"state": DeliveryState.WAITING.value, "next_try_at": now}
        session.execute(update(deliveries).where(deliveries.c.id == row.id).values(**values))
    return len(rows)


# -- looking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Health:
    """Deliveries that wait in time, those that should have been sent long ago, those given up, and notices for nobody."""

    waiting: int
    late: int
    failed: int
    refused: int
    unaddressed: int


def count_sent(session: Session) -> int:
    """Return how many deliveries were tried or sent at all."""
    return _count(session, (deliveries.c.tries > 0) | deliveries.c.sent_at.is_not(None))


def health(session: Session, now: datetime, *, late_after: timedelta, since: timedelta) -> Health:
    """Count what stands in the queue at ``now``; what has ended, and notices without a recipient, of the last ``since``."""
    state, late = deliveries.c.state, now - late_after
    ended = and_(state.in_(ENDED), deliveries.c.ended_at > now - since)
    by_state = session.execute(select(state, func.count().label("count")).where(ended).group_by(state))
    dead = {row.state: row.count for row in by_state}
    unaddressed = select(func.count()).select_from(notices).where(
        notices.c.made_at > now - since, ~select(deliveries.c.id).where(deliveries.c.notice_id == notices.c.id).exists()
    )  # fmt: skip
    waiting = _count(session, state == DeliveryState.WAITING.value)
    overdue = _count(session, and_(state == DeliveryState.WAITING.value, deliveries.c.next_try_at < late))
    overdue += _count(session, and_(state == DeliveryState.SENDING.value, deliveries.c.lease_until < late))
    failed, refused = (dead.get(one, 0) for one in ENDED)
    return Health(waiting, overdue, failed, refused, session.scalar(unaddressed) or 0)


def _count(session: Session, condition: Any) -> int:
    return session.scalar(select(func.count()).select_from(deliveries).where(condition)) or 0


def listed(session: Session, states: Sequence[DeliveryState], most: int) -> list[Row]:
    """Return up to ``most`` deliveries in ``states``, the newest first, with the text of their notices."""
    query = select(
        deliveries.c.id, deliveries.c.state, deliveries.c.carrier, deliveries.c.recipient, deliveries.c.tries,
        deliveries.c.next_try_at, deliveries.c.ended_at, deliveries.c.last_error, notices.c.rule, notices.c.event_id,
        notices.c.text_zh, notices.c.text_en, notices.c.made_at,
    ).join(notices, notices.c.id == deliveries.c.notice_id)  # fmt: skip
    chosen = query.where(deliveries.c.state.in_([state.value for state in states]))
    return list(session.execute(chosen.order_by(notices.c.made_at.desc(), deliveries.c.id).limit(most)))


def try_again(session: Session, now: datetime, ids: Sequence[UUID] = ()) -> int:
    """Put deliveries that were given up or refused (``ids``; none: all of them) back with all tries; return how many."""
    chosen = deliveries.c.state.in_(ENDED)
    if ids:
        chosen = and_(chosen, deliveries.c.id.in_(list(ids)))
    values = {"state": DeliveryState.WAITING.value, "tries": 0, "next_try_at": now, "ended_at": None}
    return session.execute(update(deliveries).where(chosen).values(**values)).rowcount  # type: ignore[attr-defined]
