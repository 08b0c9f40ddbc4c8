"""Merging over HTTP: an event follows another one, and is taken apart again."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import Field

from geogrid.actions.merge import merge, unmerge
from geogrid.actions.steps import StepTaken
from geogrid.store.session import session_scope
from webmap.api.base import JSON, Refusal, blueprint
from webmap.api.desk_event import event_page
from webmap.api.desk_sent import LONGEST_KEY, Sent, sent
from webmap.api.events import EventPath, answer
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import must_see, reading
from webmap.roles import STAFF, roles

REFUSED = {"401": Refusal, "403": Refusal, "409": Refusal, "415": Refusal}


class MergeBody(Sent):
    """Into which event, as of which step, under which key of the sender's own."""

    parent: UUID = Field(description="id of the event that is to be followed")
    base_seq: int | None = Field(None, description="number of the last step the sender saw; a later one: 409")
    key: str | None = Field(None, max_length=LONGEST_KEY)


class UnmergeBody(Sent):
    """Why it is taken apart."""

    reason: str = Field(min_length=1, max_length=1000)
    base_seq: int | None = None
    key: str | None = Field(None, max_length=LONGEST_KEY)


@blueprint.post(
    "/desk/events/<uuid:event_id>/merge",
    tags=[DESK],
    summary="Merge an event into another one",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": MergeBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(STAFF)
def post_merge(path: EventPath) -> Response:
    """201 with the event as it stands; what is closed, follows another one or is followed cannot be merged so: 409."""
    here, body = installation(), sent(MergeBody)
    with session_scope(here.engine) as session:
        must_see(session, path.event_id)
        must_see(session, body.parent)
        more = {"base_seq": body.base_seq, "key": body.key, "address": request.remote_addr or ""}
        told = {"actor": current_actor(), "now": here.now(), "district": here.district}
        taken = merge(session, path.event_id, body.parent, **told, **more)
    return _answered(taken)


@blueprint.post(
    "/desk/events/<uuid:event_id>/unmerge",
    tags=[DESK],
    summary="Take a merged event apart again",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": UnmergeBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(STAFF)
def post_unmerge(path: EventPath) -> Response:
    """201 with the event as it stands; possible while the event that it follows is open."""
    here, body = installation(), sent(UnmergeBody)
    with session_scope(here.engine) as session:
        must_see(session, path.event_id)
        more = {"base_seq": body.base_seq, "key": body.key, "address": request.remote_addr or ""}
        told = {"actor": current_actor(), "now": here.now(), "district": here.district}
        taken = unmerge(session, path.event_id, reason=body.reason, **told, **more)
    return _answered(taken)


def _answered(taken: StepTaken) -> Response:
    with reading() as session:
        body = event_page(session, taken.event.id)
    return answer(body, 201 if taken.taken else 200)
