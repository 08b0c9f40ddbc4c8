"""Orders over HTTP: to one worker or a whole township, with receipts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.orm import Session

from geogrid.actions.orders import give_order, read_order
from geogrid.domain.masking import mask_text
from geogrid.domain.people import Role
from geogrid.domain.programmes import PartyKind
from geogrid.errors import AccessForbidden, NotFoundError, RequestInvalid
from geogrid.errors.family import Reason
from geogrid.store import desk
from geogrid.store.people_of_unit import everybody, is_within
from geogrid.store.session import session_scope
from layers.desk_names import Names, names_for, numbers_of
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
MOST_NAMED = 500
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


class ReachedQuery(Query):
    """Of which unit."""

    unit: str = Field(pattern="^[0-9]{12}$")


class OrderPath(BaseModel):
    """The number of an order."""

    order_id: int = Field(le=2**62)


@blueprint.get("/desk/orders", tags=[DESK], summary="Orders given and received")
@roles(READERS)
def get_desk_orders(query: OrdersQuery) -> Response:
    """Return the orders that the caller gave or was given, the latest first; who sees the whole district sees all."""
    with reading() as session:
        return answer({"orders": orders_about(session, query.event_id)})


def orders_about(session: Session, event_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return the orders that the caller gave or was given, or all where he sees the whole district; those about an event."""
    rows = desk.list_orders(session, person=current_actor().id, everything=current_scope().whole, event_id=event_id)
    names = names_for(session, {name for row in rows for name in (row["to_party"], row["given_by"])})
    numbers = numbers_of(session, {row["event_id"] for row in rows if row["event_id"]}, current_scope())
    return [_order(row, names, numbers) for row in rows]


@blueprint.get("/desk/waiting", tags=[DESK], summary="What waits for the caller himself")
@roles(READERS)
def get_desk_waiting() -> Response:
    """Return how many orders he was given and has not read, and how many shifts wait for him to accept them."""
    kind, _, code = current_actor().id.partition(":")
    with reading() as session:
        orders = desk.unread_by(session, UUID(code)) if kind == "person" else 0
        handovers = desk.handovers_to(session, current_actor().id, None)
    return answer({"orders": orders, "handovers": handovers})


@blueprint.get("/desk/orders/people", tags=[DESK], summary="Whom an order to a unit would reach")
@roles(GIVERS)
def get_order_people(query: ReachedQuery) -> Response:
    """Return everybody with a post in a unit of the caller's own territory or in what lies in it, by name."""
    scope = current_scope()
    with reading() as session:
        if not scope.whole and not is_within(session, f"{PartyKind.UNIT}:{query.unit}", scope.units, now=installation().now()):
            raise AccessForbidden(where={"path": "unit"})
        found = everybody(session, query.unit, now=installation().now())
        rows = [{"party": f"person:{one.person_id}", "title": staff_name(one.name)} for one in found]
    return answer({"total": len(rows), "people": sorted(rows, key=lambda row: row["title"])[:MOST_NAMED]})


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
            raise NotFoundError(what=Reason("order {number}", number=number), where={"path": request.path})
        names = names_for(session, {rows[0]["to_party"], rows[0]["given_by"]})
        numbers = numbers_of(session, {row["event_id"] for row in rows if row["event_id"]}, current_scope())
        order = _order(rows[0], names, numbers)
        return {**order, "receipts": receipts_body(session, order)}


def receipts_body(session: Session, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return who was told of an order (its body) and who read it when, of those that the reader may see."""
    rows = desk.receipts_of(session, order["id"])
    return [{"name": staff_name(one["name"]), "told_at": order["given_at"], "read_at": moment(one["read_at"])} for one in rows]


def _giver(row: Mapping[str, Any], names: Names) -> dict[str, str] | None:
    """Return who gave an order: whole to whom it was given, who has to know whose order he follows and whom to ask."""
    body, code = party_body(row["given_by"], names), row["given_by"].partition(":")[2]
    return {**body, "title": names.people[code]} if body and row["mine"] and names.people.get(code) else body


def _order(row: Mapping[str, Any], names: Names, numbers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "to": party_body(row["to_party"], names),
        "text": mask_text(row["words"]),
        "event_id": str(row["event_id"]) if row["event_id"] else None,
        "event_number": numbers.get(str(row["event_id"])),
        "due_at": moment(row["due_at"]),
        "given_by": _giver(row, names),
        "given_at": instant(row["given_at"]),
        "told": row["told"],
        "read": row["read"],
        "mine": row["mine"],
        "read_at": moment(row["my_read_at"]),
    }
