"""Placing by hand: a person names the grid of an event that no grid covers."""

from __future__ import annotations

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, Field

from geogrid.actions.place import place_event
from geogrid.channels import kind_of
from geogrid.errors import FieldMissing, FieldType, FieldUnknown, MediaTypeUnsupported, TextTooLong
from geogrid.store.session import session_scope
from webmap.api.base import EVENTS, JSON, Refusal, blueprint
from webmap.api.events import ACTOR, EventPath, answer, full_body
from webmap.api.shapes import EventBody
from webmap.api.strict_json import parse_object
from webmap.installation import installation
from webmap.roles import Role, roles, whole_body

LONGEST_CODE = 40


class PlacingBody(BaseModel):
    """The grid that a person names."""

    grid_code: str = Field(max_length=LONGEST_CODE, description="code of a base grid of the edition in force")


@blueprint.put(
    "/events/<uuid:event_id>/grid",
    tags=[EVENTS],
    summary="Place an event that no grid covers",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": PlacingBody.model_json_schema()}}, required=True),
    responses={"200": EventBody, "401": Refusal, "404": Refusal, "409": Refusal, "415": Refusal},
)
@roles(Role.WRITE)
def put_grid(path: EventPath) -> Response:
    """Give an open, unplaced event the grid named; the point stays where it was reported, the step keeps who did it."""
    here = installation()
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    grid_code = _grid_code(parse_object(whole_body()))
    with session_scope(here.engine) as session:
        event = place_event(session, path.event_id, grid_code, now=here.now(), district=here.district, actor=ACTOR)
        body = full_body(session, event)
    return answer(body)


def _grid_code(payload: dict[str, object]) -> str:
    for name in payload.keys() - {"grid_code"}:
        raise FieldUnknown(field=name, known="grid_code", where={"path": name})
    code, where = payload.get("grid_code"), {"path": "grid_code"}
    if code is None or code == "":
        raise FieldMissing(field="grid_code", where=where)
    if not isinstance(code, str):
        raise FieldType(field="grid_code", wanted="text", got=kind_of(code), where=where)
    if len(code) > LONGEST_CODE:
        raise TextTooLong(field="grid_code", length=len(code), most=LONGEST_CODE, where=where)
    return code
