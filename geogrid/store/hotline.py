"""Orders of outside channels in the store: received once a number, with every message about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from geogrid.domain.notices import DeliveryState
from geogrid.domain.outside import Arrival, Heard, OrderState, OutsideOrder, Way
from geogrid.store.tables.hotline import outside_messages, outside_orders
from geogrid.store.tables.outbox import deliveries, notices

MOST_REASON_CHARS = 500


@dataclass(frozen=True)
class StoredOrder:
    """An order as it stands: theirs by ``channel`` and ``number``, ours by ``event_id``; ``round`` from 1, one more each time."""

    id: int
    channel: str
    number: str
    event_id: UUID
    state: OrderState
    round: int
    callback: str
    received_at: datetime


def _order(row: Row) -> StoredOrder:
    state = OrderState(row.state)
    return StoredOrder(row.id, row.channel, row.number, row.event_id, state, row.round, row.callback, row.received_at)


# -- orders -----------------------------------------------------------------------------------------------------------


def find(session: Session, channel: str, number: str, *, lock: bool = False) -> StoredOrder | None:
    """Return the order of a number, its row held where ``lock``. Rides ``uq_outside_orders_channel_number``."""
    query = select(outside_orders).where(outside_orders.c.channel == channel, outside_orders.c.number == number)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    return _order(row) if row else None


def by_id(session: Session, order_id: int) -> StoredOrder | None:
    """Return an order by its id. Rides the primary key."""
    row = session.execute(select(outside_orders).where(outside_orders.c.id == order_id)).one_or_none()
    return _order(row) if row else None


def of_event(session: Session, event_id: UUID, *, lock: bool = False) -> StoredOrder | None:
    """Return the order that an event came from. Rides ``uq_outside_orders_event_id``."""
    query = select(outside_orders).where(outside_orders.c.event_id == event_id)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    return _order(row) if row else None


def add(session: Session, channel: str, order: OutsideOrder, event_id: UUID, *, now: datetime) -> int:
    """Insert a new order and return its id."""
    values = {"channel": channel, "number": order.number, "event_id": event_id, "state": OrderState.RECEIVED.value}
    told = {"callback": order.callback, "received_at": now, "changed_at": now, "synthetic": order.report.synthetic}
    return int(session.scalar(insert(outside_orders).values(**values, **told).returning(outside_orders.c.id)) or 0)


def move(session: Session, order_id: int, state: OrderState, *, now: datetime, round_: int | None = None, **more: Any) -> None:
    """Write where an order stands, and in which round (None: the same)."""
    values = {"state": state.value, "changed_at": now, **({} if round_ is None else {"round": round_}), **more}
    session.execute(update(outside_orders).where(outside_orders.c.id == order_id).values(**values))


# -- messages ---------------------------------------------------------------------------------------------------------


def is_known(session: Session, order_id: int, body_hash: bytes) -> bool:
    """Whether this very body came before. Rides ``uq_outside_messages_order_id_body_hash``."""
    same = (outside_messages.c.order_id == order_id, outside_messages.c.body_hash == body_hash)
    return session.scalar(select(outside_messages.c.id).where(*same)) is not None


def came(session: Session, order_id: int, round_: int, how: Arrival, order: OutsideOrder, *, actor: str, now: datetime) -> None:
    """Keep what came in."""
    values = {"order_id": order_id, "round": round_, "way": Way.IN.value, "what": how.value, "words": order.report.words}
    told = {"mark": order.round, "body_hash": order.body_hash, "actor": actor, "at": now}
    session.execute(insert(outside_messages).values(**values, **told))


def told(session: Session, order: StoredOrder, state: OrderState, words: str, occasion: str, *, actor: str, at: datetime) -> None:
    """Keep what is told, under the occasion of its notice."""
    values = {"order_id": order.id, "round": order.round, "way": Way.OUT.value, "what": state.value, "words": words}
    session.execute(insert(outside_messages).values(**values, occasion=occasion, actor=actor, at=at))


def answered(session: Session, occasion: str, heard: Heard, *, now: datetime) -> None:
    """Keep what they answered to what was told; a verdict that stands is not taken back by a later silence."""
    values: dict[str, Any] = {"reason": heard.reason[:MOST_REASON_CHARS], "answered_at": now}
    same = [outside_messages.c.occasion == occasion]
    if heard.verdict is None:
        same.append(outside_messages.c.verdict.is_(None))
    else:
        values["verdict"] = heard.verdict.value
    session.execute(update(outside_messages).where(*same).values(**values))


@dataclass(frozen=True)
class Outgoing:
    """Something that was told, with the delivery that carries it (None: none was made)."""

    id: int
    order_id: int
    occasion: str
    delivery_id: UUID | None
    state: DeliveryState | None


def outgoing(session: Session, message_id: int) -> Outgoing | None:
    """Return what was told by its number, and how far its delivery has come; None for anything else."""
    chained = outside_messages.outerjoin(notices, notices.c.occasion == outside_messages.c.occasion)
    chained = chained.outerjoin(deliveries, deliveries.c.notice_id == notices.c.id)
    columns = (outside_messages.c.id, outside_messages.c.order_id, outside_messages.c.occasion)
    query = select(*columns, deliveries.c.id.label("delivery_id"), deliveries.c.state).select_from(chained)
    chosen = query.where(outside_messages.c.id == message_id, outside_messages.c.way == Way.OUT.value)
    row = session.execute(chosen).one_or_none()
    if row is None:
        return None
    return Outgoing(row.id, row.order_id, row.occasion, row.delivery_id, DeliveryState(row.state) if row.state else None)


def ask_anew(session: Session, message_id: int) -> None:
    """Forget what they answered: it is told once more."""
    values = {"verdict": None, "reason": "", "answered_at": None}
    session.execute(update(outside_messages).where(outside_messages.c.id == message_id).values(**values))


def channels_in_use(session: Session) -> Sequence[str]:
    """Return the codes of channels that orders came by."""
    return list(session.scalars(select(outside_orders.c.channel).distinct().order_by(outside_orders.c.channel)))
