"""What an outside channel is told of the steps of its orders: put into the outbox in the transaction of the step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.channels.outside import request_of, time_told
from geogrid.domain.events import Step, StepKind
from geogrid.domain.masking import mask_text
from geogrid.domain.matters import Matter
from geogrid.domain.notices import About, Addressee
from geogrid.domain.outside import BackRule, OrderState, OutsideChannel
from geogrid.domain.programmes import Party
from geogrid.store import events, hotline, outbox
from geogrid.store.hotline import StoredOrder

CARRIER = "outside"
NOT_TAKEN = frozenset({StepKind.ASK, StepKind.REFUSE})  # what was asked for, or refused, was not done
SAYING = ("note", "reason", "outcome")
Named = Callable[[Session, Party], tuple[str, str]]


def tell_back(
    session: Session, about: About, step: Step, *, before: Matter | None, now: datetime, district: District, named: Named
) -> None:
    """Tell the channel of an event's order what was done, where its file says so; each step once.

    An order whose event ends with the one it was merged into is told that one's end, in its words: whoever called second hears
    what became of it like who called first. ``named`` gives a party's name in zh and en. Numbers of people in what was written
    are masked.
    """
    if step.kind in NOT_TAKEN or not district.outside.come_by(about.matter.channel):
        return
    order = hotline.of_event(session, about.event_id, lock=True)
    channel = district.outside.by_code.get(order.channel) if order else None
    ended = _end_of_parent(session, step) if channel else ()
    rule = _rule(channel, step, ended) if channel else None
    if order is None or channel is None or rule is None:
        return
    words = mask_text(_words(step, before) or next(filter(None, (_words(one, None) for one in ended)), ""))
    owner = (before or about.matter).owner
    values = {
        "number": order.number,
        "event": about.number,
        "round": str(order.round),
        "step": about.programme.step(step.step).title.text("zh"),
        "words": words,
        "at": time_told(channel, step.at),
        "unit": named(session, owner)[0],
    }
    _put(session, about, order, channel, rule, values, step, now)


def _end_of_parent(session: Session, step: Step) -> tuple[Step, ...]:
    """Return the steps of the event that an order's own one ended with, the last first; none where it ends by itself."""
    parent = events.find(session, UUID(str(step.details["parent"]))) if step.kind is StepKind.FOLLOW else None
    return tuple(reversed(parent.steps)) if parent else ()


def _rule(channel: OutsideChannel, step: Step, ended: tuple[Step, ...]) -> BackRule | None:
    """Return what is told of a step: what its own rule says, else what the one that ended its parent does, else a closing."""
    found = channel.rule_for(step.step)
    if found is None and ended:
        closing = next((rule for rule in channel.back if rule.state is OrderState.CLOSED), None)
        told = channel.rule_for(ended[0].step)
        return told if told and told.state in {OrderState.CLOSED, OrderState.RETURNED} else closing
    return found


def _put(
    session: Session,
    about: About,
    order: StoredOrder,
    channel: OutsideChannel,
    rule: BackRule,
    values: dict[str, str],
    step: Step,
    now: datetime,
) -> None:
    """Keep what is told, and put it into the outbox once."""
    occasion = f"outside:{channel.code}:{rule.state.value}:{about.event_id}:{step.seq}"
    made = request_of(rule, values)
    payload = {"channel": channel.code, "method": made.method, "path": made.path, "body": made.body, "number": order.number}
    told = {"rule": CARRIER, "carrier": CARRIER, "texts": {"zh": values["words"]}, "event_id": about.event_id, "payload": payload}
    to = Addressee(f"outside:{channel.code}", channel.title.text("zh"), channel.send.url if channel.send else "")
    if outbox.enqueue(session, occasion=occasion, recipients=[to], now=now, at=step.at, **told) is None:
        return
    hotline.told(session, order, rule.state, values["words"], occasion, actor=step.actor, at=step.at)
    hotline.move(session, order.id, rule.state, now=now)


def _words(step: Step, before: Matter | None) -> str:
    """Return what was written with a step; of one that was asked for first, what was written then."""
    details = step.details
    if step.kind is StepKind.APPROVE and before is not None:
        asked = next((one for one in before.proposals if one.seq == details.get("proposal")), None)
        details = asked.details if asked else details
    found = next((str(details[name]) for name in SAYING if details.get(name)), "")
    return found or step.note
