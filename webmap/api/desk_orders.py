"""Orders over HTTP: to one worker or a whole township, with receipts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import AwareDatetime, BaseModel, Field

from geogrid.actions.orders import give_order, read_order
from geogrid.domain.masking import mask_text
from geogrid.domain.people import Role
from geogrid.errors import AccessForbidden, NotFoundError, RequestInvalid
from geogrid.store import desk
from geogrid.store.people_of_unit import is_within
from geogrid.store.session import session_scope
from layers.desk_names import Names, names_for
from webmap.api.base import JSON, Query, Refusal, blueprint
from webmap.api.bodies import instant
from webmap.api.desk_bodies import moment, party_body
from webmap.api.desk_sent import Sent, sent
from webmap.api.events import answer
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import current_scope, must_see, reading
from webmap.roles import READERS, roles
from webmap.staff_names import staff_name

GIVERS = frozenset({Role.DISPATCHER, Role.COMMANDER, Role.TOWNSHIP_LEADER})
REFUSED = {"401": Refusal, "403": Refusal, "404": Refusal, "415": Refusal}
LONGEST_PARTY = 80
FARTHEST = timedelta(days=3660)


class OrderBody(Sent):
    """To whom, what, about which event, until when."""

    to: str = Field(max_length=LONGEST_PARTY, description="person:<id> or unit:<12 digits>")
    text: str
    event_id: UUID | None = None
    due_at: AwareDatetime | None = None


class OrdersQuery(Query):
    """Which orders."""

    event_id: UUID | None = None


class OrderPath(BaseModel):
    """The number of an order."""

    order_id: int = Field(le=2**62)


@blueprint.get("/desk/orders", tags=[DESK], summary="Orders given and received")
@roles(READERS)
def get_desk_orders(query: OrdersQuery) -> Response:
    """Return the orders that the caller gave or was given, the latest first; who sees the whole district sees all."""
    with reading() as session:
        person = current_actor().id
        rows = desk.list_orders(session, person=person, everything=current_scope().whole, event_id=query.event_id)
        names = names_for(session, {name for row in rows for name in (row["to_party"], row["given_by"])})
    return answer({"orders": [_order(row, names) for row in rows]})


@blueprint.post(
    "/desk/orders",
    tags=[DESK],
    summary="Give an order",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": OrderBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(GIVERS)
def post_desk_order() -> Response:
    """201 with the order and who was told; to people and units within the caller's own territory."""
    here, body, actor = installation(), sent(OrderBody), current_actor()
    if body.due_at is not None and abs(body.due_at - here.now()) > FARTHEST:
        raise RequestInvalid(name="due_at", reason="too far away", where={"path": "due_at"})
    with session_scope(here.engine) as session:
        if body.event_id is not None:
            must_see(session, body.event_id)
        scope = current_scope()
        if not scope.whole and not is_within(session, body.to, scope.units, now=here.now()):
            raise AccessForbidden(where={"path": "to"})
        told = {"event_id": body.event_id, "due_at": body.due_at}
        number = give_order(session, body.to, body.text, actor=actor, now=here.now(), **told)
    return answer(_one(number), 201)


@blueprint.get("/desk/orders/<int:order_id>", tags=[DESK], summary="One order with its receipts")
@roles(READERS)
def get_desk_order(path: OrderPath) -> Response:
    """Return an order with who was told and who read it when; 404 for whom it does not concern."""
    return answer(_one(path.order_id))


@blueprint.post(
    "/desk/orders/<int:order_id>/read", tags=[DESK], summary="Note that one has read an order", security=[{"token": []}],
    responses=REFUSED,
)  # fmt: skip
@roles(READERS)
def post_desk_order_read(path: OrderPath) -> Response:
    """201 with the order; 404 for whom it was not given to."""
    here = installation()
    with session_scope(here.engine) as session:
        read_order(session, path.order_id, actor=current_actor(), now=here.now())
    return answer(_one(path.order_id), 201)


def _one(number: int) -> dict[str, Any]:
    """Return an order with its receipts: all of them for who gave it or sees the whole district, else one's own."""
    person = current_actor().id
    with reading() as session:
        rows = desk.list_orders(session, person=person, everything=current_scope().whole, number=number)
        if not rows:
            raise NotFoundError(what=f"order {number}", where={"path": request.path})
        names = names_for(session, {rows[0]["to_party"], rows[0]["given_by"]})
        receipts = desk.receipts_of(session, number)
    return {**_order(rows[0], names), "receipts": [_receipt(one, rows[0]) for one in receipts]}


def _order(row: Mapping[str, Any], names: Names) -> dict[str, Any]:
    return {
        "id": row["id"],
        "to": party_body(row["to_party"], names),
        "text": mask_text(row["words"]),
        "event_id": str(row["event_id"]) if row["event_id"] else None,
        "due_at": moment(row["due_at"]),
        "given_by": party_body(row["given_by"], names),
        "given_at": instant(row["given_at"]),
        "told": row["told"],
        "read": row["read"],
        "mine": row["mine"],
        "read_at": moment(row["my_read_at"]),
    }


def _receipt(one: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": staff_name(one["name"]), "told_at": instant(order["given_at"]), "read_at": moment(one["read_at"])}
