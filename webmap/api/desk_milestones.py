"""Milestones of the key list over HTTP."""

from __future__ import annotations

from datetime import date

from flask import Response
from flask_openapi import RequestBody
from pydantic import BaseModel, Field

from geogrid.actions.milestones import reach_milestone, set_milestone
from geogrid.errors import NotFoundError
from geogrid.errors.family import Reason
from geogrid.store import desk
from geogrid.store.session import session_scope
from layers.desk_event import milestones_of
from webmap.api.base import JSON, Refusal, blueprint
from webmap.api.desk_event import milestone_body
from webmap.api.desk_sent import Sent, sent
from webmap.api.events import EventPath, answer
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import must_see, reading
from webmap.roles import READERS, REPORTERS, roles

REFUSED = {"401": Refusal, "403": Refusal, "409": Refusal, "415": Refusal}


class MilestoneBody(Sent):
    """What is to be reached by which day."""

    title: str
    due_on: date


class DoneBody(Sent):
    """How it was reached."""

    note: str


class MilestonePath(BaseModel):
    """The number of a milestone."""

    milestone_id: int = Field(le=2**62)


@blueprint.get("/desk/events/<uuid:event_id>/milestones", tags=[DESK], summary="The milestones of an event on the key list")
@roles(READERS)
def get_milestones(path: EventPath) -> Response:
    """Return the milestones, the first due first."""
    with reading() as session:
        must_see(session, path.event_id)
        found = milestones_of(session, path.event_id)
    return answer({"milestones": [milestone_body(row) for row in found]})


@blueprint.post(
    "/desk/events/<uuid:event_id>/milestones",
    tags=[DESK],
    summary="Set a milestone",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": MilestoneBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(REPORTERS)
def post_milestone(path: EventPath) -> Response:
    """201 with all milestones of the event; for who handles an event on the key list."""
    here, body = installation(), sent(MilestoneBody)
    with session_scope(here.engine) as session:
        must_see(session, path.event_id)
        told = {"actor": current_actor(), "now": here.now(), "district": here.district}
        set_milestone(session, path.event_id, body.title, body.due_on, **told)
        found = milestones_of(session, path.event_id)
    return answer({"milestones": [milestone_body(row) for row in found]}, 201)


@blueprint.post(
    "/desk/milestones/<int:milestone_id>/done",
    tags=[DESK],
    summary="Note that a milestone was reached",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": DoneBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(REPORTERS)
def post_milestone_done(path: MilestonePath) -> Response:
    """201 with all milestones of its event; a second time: 409."""
    here, body = installation(), sent(DoneBody)
    with session_scope(here.engine) as session:
        known = desk.find_milestone(session, path.milestone_id)
        if known is None:
            raise NotFoundError(what=Reason("milestone {number}", number=path.milestone_id))
        must_see(session, known["event_id"])
        told = {"actor": current_actor(), "now": here.now(), "district": here.district}
        event_id = reach_milestone(session, path.milestone_id, body.note, **told)
        found = milestones_of(session, event_id)
    return answer({"milestones": [milestone_body(row) for row in found]}, 201)
