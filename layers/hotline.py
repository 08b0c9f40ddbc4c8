"""Orders of outside channels as lists and one by one: what came, what was told, how far it got, and what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from geogrid.domain.notices import DeliveryState
from geogrid.domain.outside import OrderState, Verdict, Way
from geogrid.rules.scope import Scope
from geogrid.store.scope import visible
from geogrid.store.tables.events import events
from geogrid.store.tables.hotline import outside_messages, outside_orders
from geogrid.store.tables.outbox import deliveries, notices

MOST = 50
WILD = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
DEAD = (DeliveryState.FAILED.value, DeliveryState.REFUSED.value)
ON_THE_WAY = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)


@dataclass(frozen=True)
class OrderFilter:
    """Which orders: ``text`` within their number or ours; ``waits``: to be told still; ``attention``: a person is needed."""

    channel: str = ""
    state: OrderState | None = None
    text: str = ""
    waits: bool = False
    attention: bool = False


@dataclass(frozen=True)
class ListedOrder:
    """An order of a list with what was told last (None: nothing yet)."""

    id: int
    channel: str
    number: str
    state: OrderState
    round: int
    received_at: datetime
    changed_at: datetime
    event_id: UUID
    event_number: str
    kind: str
    words: str
    address: str
    told: Told | None


@dataclass(frozen=True)
class Told:
    """Something told: what, how far its delivery has come, what they said to it."""

    id: int
    what: str
    words: str
    round: int
    at: datetime
    actor: str
    verdict: Verdict | None
    reason: str
    delivery: DeliveryState | None
    tries: int
    next_try_at: datetime | None
    last_error: str
    answered_at: datetime | None

    @property
    def is_on_the_way(self) -> bool:
        """Whether it is still to be told."""
        return self.delivery in {DeliveryState.WAITING, DeliveryState.SENDING}

    @property
    def needs_attention(self) -> bool:
        """Whether a person must do something: it was refused, or given up."""
        return not self.is_on_the_way and (self.verdict is Verdict.REFUSED or self.delivery in {*map(DeliveryState, DEAD)})


@dataclass(frozen=True)
class Came:
    """Something that came in: how, in which round, their mark of it, and its words."""

    what: str
    words: str
    round: int
    at: datetime
    mark: str


def _told_columns() -> Select[Any]:
    chained = outside_messages.outerjoin(notices, notices.c.occasion == outside_messages.c.occasion)
    chained = chained.outerjoin(deliveries, deliveries.c.notice_id == notices.c.id)
    mine = [outside_messages.c[name] for name in ("id", "order_id", "way", "what", "words", "round", "mark", "at", "actor")]
    theirs = [outside_messages.c[name] for name in ("verdict", "reason", "answered_at")]
    sent = [deliveries.c.state, deliveries.c.tries, deliveries.c.next_try_at, deliveries.c.last_error]
    return select(*mine, *theirs, *sent).select_from(chained)


def _told(row: Any) -> Told:
    verdict = Verdict(row.verdict) if row.verdict else None
    state = DeliveryState(row.state) if row.state else None
    mine = (row.id, row.what, row.words, row.round, row.at, row.actor)
    return Told(*mine, verdict, row.reason, state, row.tries or 0, row.next_try_at, row.last_error or "", row.answered_at)


def _last_told(condition: ColumnElement[bool] | None = None) -> Select[Any]:
    """Ask for what was told of an order, in all rounds, that fits ``condition``. Rides ``ix_outside_messages_order_id``."""
    told = _told_columns().where(outside_messages.c.order_id == outside_orders.c.id, outside_messages.c.way == Way.OUT.value)
    return told.where(condition) if condition is not None else told


def _attention() -> ColumnElement[bool]:
    on_the_way = deliveries.c.state.in_(ON_THE_WAY)
    refused = and_(outside_messages.c.verdict == Verdict.REFUSED.value, or_(deliveries.c.state.is_(None), ~on_the_way))
    return or_(refused, deliveries.c.state.in_(DEAD))


def _conditions(chosen: OrderFilter, scope: Scope) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [visible(scope)]
    if chosen.channel:
        found.append(outside_orders.c.channel == chosen.channel)
    if chosen.state is not None:
        found.append(outside_orders.c.state == chosen.state.value)
    if chosen.text:
        like = f"%{chosen.text.translate(WILD)}%"
        found.append(or_(outside_orders.c.number.ilike(like, escape="\\"), events.c.number.like(like, escape="\\")))
    if chosen.waits:
        found.append(_last_told(deliveries.c.state.in_(ON_THE_WAY)).exists())
    if chosen.attention:
        found.append(_last_told(_attention()).exists())
    return found


def listed(session: Session, chosen: OrderFilter, *, scope: Scope, most: int = MOST) -> list[ListedOrder]:
    """Return up to ``most`` orders that the reader sees, what changed last first. Rides ``ix_outside_orders_changed_at``."""
    joined = outside_orders.join(events, events.c.id == outside_orders.c.event_id)
    columns = (events.c.number.label("event_number"), events.c.kind, events.c.words, events.c.address)
    query = select(outside_orders, *columns).select_from(joined).where(*_conditions(chosen, scope))
    rows = session.execute(query.order_by(outside_orders.c.changed_at.desc(), outside_orders.c.id.desc()).limit(most)).all()
    last = _last_of(session, [row.id for row in rows])
    return [
        ListedOrder(
            row.id, row.channel, row.number, OrderState(row.state), row.round, row.received_at, row.changed_at,
            row.event_id, row.event_number, row.kind, row.words, row.address, last.get(row.id),
        )
        for row in rows
    ]  # fmt: skip


def _last_of(session: Session, ids: Sequence[int]) -> dict[int, Told]:
    """Return what was told last of each order; what needs attention goes before what came after it."""
    told = _told_columns().where(outside_messages.c.order_id.in_(ids), outside_messages.c.way == Way.OUT.value)
    found: dict[int, Told] = {}
    for row in session.execute(told.order_by(outside_messages.c.id)):
        one = _told(row)
        if row.order_id not in found or one.needs_attention or not found[row.order_id].needs_attention:
            found[row.order_id] = one
    return found


def counts(session: Session, *, scope: Scope) -> dict[str, int]:
    """Return how many orders the reader sees in each state, and how many have something on the way, or to be looked at."""
    joined = outside_orders.join(events, events.c.id == outside_orders.c.event_id)
    by_state = select(outside_orders.c.state, func.count()).select_from(joined).where(visible(scope))
    found = {state.value: 0 for state in OrderState}
    found |= {row[0]: row[1] for row in session.execute(by_state.group_by(outside_orders.c.state))}
    for name, condition in (("waits", deliveries.c.state.in_(ON_THE_WAY)), ("attention", _attention())):
        query = select(func.count()).select_from(joined).where(visible(scope), _last_told(condition).exists())
        found[name] = session.scalar(query) or 0
    return found


def messages(session: Session, order_id: int) -> list[Came | Told]:
    """Return everything about an order in its order; whether the reader may see it was asked before."""
    rows = session.execute(_told_columns().where(outside_messages.c.order_id == order_id).order_by(outside_messages.c.id))
    return [Came(row.what, row.words, row.round, row.at, row.mark) if row.way == Way.IN.value else _told(row) for row in rows]


def seen(session: Session, order_id: int, *, scope: Scope) -> ListedOrder | None:
    """Return one order as of a list, None where there is none that the reader sees."""
    joined = outside_orders.join(events, events.c.id == outside_orders.c.event_id)
    columns = (events.c.number.label("event_number"), events.c.kind, events.c.words, events.c.address)
    query = select(outside_orders, *columns).select_from(joined).where(outside_orders.c.id == order_id, visible(scope))
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    last = _last_of(session, [row.id]).get(row.id)
    mine = (row.id, row.channel, row.number, OrderState(row.state), row.round, row.received_at, row.changed_at)
    return ListedOrder(*mine, row.event_id, row.event_number, row.kind, row.words, row.address, last)
