"""One step for many events over HTTP: what would be taken and what not, then each taken in its own right."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.actions.bulk import MOST, Item, Told, preview, take_all
from geogrid.errors import NotFoundError
from geogrid.store.scope import visible
from geogrid.store.session import session_scope
from geogrid.store.tables.events import events
from webmap.api.base import JSON, Refusal, blueprint
from webmap.api.desk_sent import LONGEST_KEY, Sent, sent
from webmap.api.events import answer
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.language import current_language
from webmap.login import current_actor
from webmap.reading import current_scope
from webmap.roles import STAFF, roles

REFUSED = {"401": Refusal, "403": Refusal, "415": Refusal}


class PreviewBody(Sent):
    """A step that somebody thinks of taking for many events."""

    ids: list[UUID] = Field(max_length=MOST)
    step: str = Field(max_length=64)
    details: dict[str, Any] = Field(default_factory=dict)


class ItemBody(Sent):
    """An event and the number of the last step that the sender saw of it."""

    id: UUID
    base_seq: int | None = None


class BulkBody(Sent):
    """A step to be taken for many events; ``key`` is the sender's own: sent twice, taken once."""

    items: list[ItemBody] = Field(max_length=MOST)
    step: str = Field(max_length=64)
    details: dict[str, Any] = Field(default_factory=dict)
    key: str | None = Field(None, max_length=LONGEST_KEY)


@blueprint.post(
    "/desk/bulk/preview",
    tags=[DESK],
    summary="For which events a step would be taken",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": PreviewBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(STAFF)
def post_bulk_preview() -> Response:
    """Return which events would be taken on, and of the others why not; nothing is changed."""
    here, body = installation(), sent(PreviewBody)
    with session_scope(here.engine) as session:
        seen = _seen(session, body.ids)
        known = [one for one in body.ids if one in seen]
        told = {"actor": current_actor(), "now": here.now(), "district": here.district}
        found = preview(session, known, body.step, body.details, **told) + _unseen(body.ids, seen)
    can = [{"id": str(one.event_id), "number": one.number, "seq": one.seq} for one in found if one.error is None]
    return answer({"can": can, "cannot": [_refused(one) for one in found if one.error is not None]})


@blueprint.post(
    "/desk/bulk",
    tags=[DESK],
    summary="Take a step for many events",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": BulkBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(STAFF)
def post_bulk() -> Response:
    """Return for which events the step was taken and of the others why not: a stale ``base_seq`` refuses that event alone."""
    here, body = installation(), sent(BulkBody)
    with session_scope(here.engine) as session:
        ids = [item.id for item in body.items]
        seen = _seen(session, ids)
        items = [Item(item.id, item.base_seq) for item in body.items if item.id in seen]
        told = {"actor": current_actor(), "now": here.now(), "district": here.district}
        more = {"key": body.key, "address": request.remote_addr or ""}
        found = take_all(session, items, body.step, body.details, **told, **more) + _unseen(ids, seen)
    done = [{"id": str(one.event_id), "number": one.number, "seq": one.seq} for one in found if one.error is None]
    return answer({"done": done, "failed": [_refused(one) for one in found if one.error is not None]})


def _seen(session: Session, ids: list[UUID]) -> set[UUID]:
    """Return those events that the caller sees."""
    return set(session.scalars(select(events.c.id).where(events.c.id == func.any(ids), visible(current_scope()))))


def _unseen(ids: list[UUID], seen: set[UUID]) -> list[Told]:
    """To whom does not see an event it is as if there were none."""
    return [Told(one, "", 0, NotFoundError(what=str(one))) for one in dict.fromkeys(ids) if one not in seen]


def _refused(one: Told) -> dict[str, str]:
    error = one.error
    said = {} if error is None else {"code": error.code, "message": error.message(current_language())}
    return {"id": str(one.event_id), "number": one.number, **said}
