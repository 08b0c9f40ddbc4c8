"""Orders of outside channels: received once a number, continued when they are sent again, told back again on request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District
from geogrid.actions.reveal import reveal
from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.events import Event
from geogrid.domain.notices import DeliveryState
from geogrid.domain.outside import Amended, Arrival, OrderState, OutsideChannel, OutsideOrder
from geogrid.domain.people import SYSTEM, Actor
from geogrid.errors import NotFoundError, OrderConflict, OrderOver, ResendInvalid, StepNotAllowed, StepUnknown
from geogrid.errors.family import Label
from geogrid.store import audit, events, hotline, locks, outbox
from geogrid.store.hotline import StoredOrder

MOST_REASON = 1_000
ENDED = frozenset({DeliveryState.FAILED, DeliveryState.REFUSED})


@dataclass(frozen=True)
class OrderReceived:
    """An order as it stands after it came, its event, and how it came."""

    order: StoredOrder
    event: Event
    arrival: Arrival


def receive(
    session: Session, channel: OutsideChannel, order: OutsideOrder, *, now: datetime, district: District, actor: Actor
) -> OrderReceived:
    """Take an order: one event a number, whoever sends it how often.

    The same body is the same order. Another body under its number is kept with the event while it is in hand; once the matter was
    given back, or closed, it begins a new round of the same event.

    Raises
    ------
    OrderConflict
        where the channel takes no amendments; the first is kept
    OrderOver
        where no step leads back from where the matter stands
    errors of ``accept_report``
    """
    locks.share_edition(session)  # first, as with every writer of events
    locks.take_key(session, f"outside:{channel.code}:{order.number}")
    there = hotline.find(session, channel.code, order.number)
    if there is None:
        return _first(session, channel, order, now=now, district=district, actor=actor)
    event = events.find(session, there.event_id, lock=True)  # the event before its order, as a step does
    known = hotline.find(session, channel.code, order.number, lock=True)
    if event is None or known is None:
        raise RuntimeError(f"order {there.id} has no event")
    if hotline.is_known(session, known.id, order.body_hash):
        return OrderReceived(known, event, Arrival.DUPLICATE)
    given_back = known.state is OrderState.RETURNED or not event.state.is_open
    goes_on = _again if given_back else _amended
    return goes_on(session, channel, order, known, event, now=now, district=district, actor=actor)


def _first(
    session: Session, channel: OutsideChannel, order: OutsideOrder, *, now: datetime, district: District, actor: Actor
) -> OrderReceived:
    under = {"programme": channel.programme, "category": order.category}
    accepted = accept_report(session, order.report, now=now, district=district, actor=actor.id, **under)
    number = hotline.add(session, channel.code, order, accepted.event.id, now=now)
    hotline.came(session, number, 1, Arrival.ORDER, order, actor=actor.id, now=now)
    return _received(session, channel, order, Arrival.ORDER, actor, now)


def _again(
    session: Session,
    channel: OutsideChannel,
    order: OutsideOrder,
    known: StoredOrder,
    event: Event,
    *,
    now: datetime,
    district: District,
    actor: Actor,
) -> OrderReceived:
    """Go on with the same event in a new round."""
    round_ = known.round + 1
    if not event.state.is_open:
        details = {"reason": order.report.words[:MOST_REASON], "order": order.number, "round": round_}
        key = f"outside:{channel.code}:{order.number}:{round_}"
        try:
            take_step(session, TakeStep(event.id, channel.again, SYSTEM, details, key=key), now=now, district=district)
        except (StepNotAllowed, StepUnknown) as error:
            raise OrderOver(number=order.number, event=event.number, state=Label(event.state)) from error
    hotline.move(session, known.id, OrderState.RECEIVED, now=now, round_=round_, callback=order.callback or known.callback)
    hotline.came(session, known.id, round_, Arrival.AGAIN, order, actor=actor.id, now=now)
    return _received(session, channel, order, Arrival.AGAIN, actor, now)


def _amended(
    session: Session,
    channel: OutsideChannel,
    order: OutsideOrder,
    known: StoredOrder,
    event: Event,
    *,
    now: datetime,
    district: District,
    actor: Actor,
) -> OrderReceived:
    """Keep other words with the event that is in hand."""
    if channel.amended is Amended.REFUSE:
        raise OrderConflict(number=order.number)
    key = f"outside:{channel.code}:{order.number}:{order.body_hash.hex()[:24]}"
    note = {"note": order.report.words[:MOST_REASON], "order": order.number}
    take_step(session, TakeStep(event.id, "note", SYSTEM, note, key=key), now=now, district=district)
    hotline.came(session, known.id, known.round, Arrival.AMENDMENT, order, actor=actor.id, now=now)
    return _received(session, channel, order, Arrival.AMENDMENT, actor, now)


def _received(
    session: Session, channel: OutsideChannel, order: OutsideOrder, how: Arrival, actor: Actor, now: datetime
) -> OrderReceived:
    found = hotline.find(session, channel.code, order.number)
    event = events.find(session, found.event_id) if found else None
    if found is None or event is None:
        raise RuntimeError(f"order {order.number} was received and not found")
    details = {"channel": channel.code, "number": order.number, "arrival": how.value, "round": found.round}
    told = {"object_kind": "event", "object_id": str(event.id), "details": details}
    audit.write(session, actor=actor.id, action="order.receive", now=now, **told)
    return OrderReceived(found, event, how)


# -- told again -------------------------------------------------------------------------------------------------------


def resend(session: Session, message_id: int, *, actor: Actor, now: datetime) -> StoredOrder:
    """Tell once more what was given up or refused, with the same key; return its order.

    Whether the actor sees the order's event was checked before.

    Raises
    ------
    NotFoundError
        where nothing was told under this number
    ResendInvalid
        where it waits, or was taken
    """
    found = hotline.outgoing(session, message_id)
    order = hotline.by_id(session, found.order_id) if found else None
    if found is None or order is None or found.delivery_id is None:
        raise NotFoundError(what=str(message_id))
    if found.state not in ENDED:
        raise ResendInvalid(state=Label(found.state) if found.state else "-")
    outbox.try_again(session, now, [found.delivery_id])
    hotline.ask_anew(session, message_id)
    told = {"object_kind": "event", "object_id": str(order.event_id), "details": {"number": order.number, "message": message_id}}
    audit.write(session, actor=actor.id, action="order.resend", now=now, **told)
    return order


def callback_of(
    session: Session, order_id: int, purpose: str, *, actor: Actor, now: datetime, district: District, address: str = ""
) -> str:
    """Return the caller's own number, to who handles the matter and says for what; written like every look at a detail.

    Raises
    ------
    NotFoundError
        without such an order
    errors of ``actions.reveal.reveal``
    """
    order = hotline.by_id(session, order_id)
    if order is None:
        raise NotFoundError(what=str(order_id))
    reveal(session, order.event_id, purpose, actor=actor, now=now, district=district, address=address)
    return order.callback
