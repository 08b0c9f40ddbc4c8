"""Work orders of outside channels over HTTP: sent by their systems in their own form, once a number, and asked for again."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from geogrid.actions.hotline import receive
from geogrid.channels.outside import order_of
from geogrid.domain.masking import mask_text
from geogrid.domain.outside import Arrival
from geogrid.errors import MediaTypeUnsupported, NotFoundError
from geogrid.store import events, hotline
from geogrid.store.hotline import StoredOrder
from geogrid.store.session import session_scope
from layers.hotline import Came, Told, messages
from webmap.api.base import JSON, Refusal, blueprint
from webmap.api.bodies import instant
from webmap.api.events import answer
from webmap.api.strict_json import parse_object
from webmap.api.tags import HOTLINE
from webmap.installation import installation
from webmap.language import label
from webmap.login import current_actor
from webmap.reading import must_see, reading
from webmap.roles import OPERATORS, roles, whole_body

REFUSED = {"401": Refusal, "403": Refusal, "404": Refusal}


class ChannelPath(BaseModel):
    """An outside channel: the name of its file."""

    channel: str = Field(examples=["12345"])


class OrderPath(ChannelPath):
    """An order by their number."""

    number: str


class OrderBody(BaseModel):
    """An order as it stands here."""

    channel: str
    number: str = Field(description="theirs")
    event: dict[str, str] = Field(description="id and number of the event that it became")
    state: str = Field(description="received, accepted, replied, returned or closed")
    round: int = Field(description="from 1; one more each time the order is sent again after it was returned or closed")
    arrival: str | None = Field(None, description="of a sending: order, duplicate, amendment or again")


@blueprint.post(
    "/channels/<channel>/orders",
    tags=[HOTLINE],
    summary="Send a work order",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": {"type": "object"}}}, required=True),
    responses={"201": OrderBody, "200": OrderBody, "409": Refusal, "415": Refusal, **REFUSED},
)
@roles(OPERATORS)
def post_order(path: ChannelPath) -> Response:
    """201 with the event of a new order; known, amended or sent again: 200. Fields are theirs: see the channel's file.

    404 for an order that became an event which the caller does not see.
    """
    here = installation()
    channel = here.district.outside.of(path.channel)
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    order = order_of(channel, parse_object(whole_body()), now=here.now(), profile=here.district.profile)
    with session_scope(here.engine) as session:
        known = hotline.find(session, channel.code, order.number)
        if known is not None:
            must_see(session, known.event_id)  # nobody adds to a matter of another part by guessing its number
        done = receive(session, channel, order, now=here.now(), district=here.district, actor=current_actor())
    body = order_body(done.order, done.event.number) | {"arrival": done.arrival.value}
    response = answer(body, 201 if done.arrival is Arrival.ORDER else 200)
    response.headers["Location"] = f"/api/v1/channels/{channel.code}/orders/{quote(done.order.number, safe='')}"
    return response


@blueprint.get(
    "/channels/<channel>/orders/<number>",
    tags=[HOTLINE],
    summary="Where a work order stands",
    responses={"200": OrderBody, **REFUSED},
)
@roles(OPERATORS)
def get_order(path: OrderPath) -> Response:
    """Return an order by their number with everything that came and was told, words masked."""
    here = installation()
    channel = here.district.outside.of(path.channel)
    with reading() as session:
        order = hotline.find(session, channel.code, path.number)
        if order is None:
            raise NotFoundError(what=path.number[:60], where={"path": request.path})
        must_see(session, order.event_id)
        return answer(
            order_body(order, _number(session, order)) | {"messages": [_message(m) for m in messages(session, order.id)]}
        )


def _number(session: Session, order: StoredOrder) -> str:
    event = events.find(session, order.event_id)
    return event.number if event else ""


def order_body(order: StoredOrder, number: str) -> dict[str, Any]:
    """Return an order; the caller's number is not in it."""
    told = {"channel": order.channel, "number": order.number, "event": {"id": str(order.event_id), "number": number}}
    return {**told, "state": order.state.value, "title": label(order.state), "round": order.round}


def _message(one: Came | Told) -> dict[str, Any]:
    body = {"what": one.what, "round": one.round, "at": instant(one.at), "words": mask_text(one.words)}
    if isinstance(one, Came):
        return {"way": "in", **body, "mark": one.mark}
    verdict = one.verdict.value if one.verdict else None
    told = {"verdict": verdict, "reason": mask_text(one.reason), "delivery": one.delivery.value if one.delivery else None}
    return {"way": "out", **body, **told, "tries": one.tries}
