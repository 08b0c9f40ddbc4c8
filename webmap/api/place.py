"""Placing by hand: a person names the grid of an event that no grid covers, or confirms the place that its words mean."""

from __future__ import annotations

from typing import Annotated

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geogrid.actions.place import place_event
from geogrid.channels import checked_point, kind_of
from geogrid.domain.places import ConfirmedPlace, Datum, PlacePrecision
from geogrid.errors import FieldMissing, FieldType, FieldUnknown, MediaTypeUnsupported, TextTooLong
from geogrid.store.session import session_scope
from webmap.api.base import EVENTS, JSON, Refusal, blueprint
from webmap.api.events import EventPath, answer, full_body
from webmap.api.query_faults import refusal_of
from webmap.api.shapes import EventBody
from webmap.api.strict_json import parse_object
from webmap.installation import Installation, installation
from webmap.login import current_actor
from webmap.reading import must_see
from webmap.roles import PLACERS, roles, whole_body

LONGEST_CODE, LONGEST_TEXT = 40, 500


MOST_REASONS = 20
MOST_RADIUS_M = 100_000.0


class ConfirmedBody(BaseModel):
    """A place of ``GET /api/v1/places``, as it was shown to the person who confirms it; its point is on CGCS2000."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: str = Field(min_length=1, max_length=LONGEST_TEXT)
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    precision: PlacePrecision = Field(strict=False)
    radius_m: float = Field(gt=0, le=MOST_RADIUS_M)
    confidence: float = Field(ge=0, le=1)
    reason: list[Annotated[str, Field(max_length=LONGEST_TEXT)]] = Field(default=[], max_length=MOST_REASONS)


class PlacingBody(BaseModel):
    """The grid that a person names, or the place confirmed; with both, the grid named counts and the place is kept with it."""

    grid_code: str | None = Field(None, max_length=LONGEST_CODE, description="code of a base grid of the edition in force")
    place: ConfirmedBody | None = None


@blueprint.put(
    "/events/<uuid:event_id>/grid",
    tags=[EVENTS],
    summary="Place an event that no grid covers",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": PlacingBody.model_json_schema()}}, required=True),
    responses={"200": EventBody, "401": Refusal, "404": Refusal, "409": Refusal, "415": Refusal},
)
@roles(PLACERS)
def put_grid(path: EventPath) -> Response:
    """Give an open, unplaced event the grid named, or the one that covers the place confirmed; the step keeps who did it.

    The reported point stays where it was reported; the place is kept with the assignment.
    """
    here = installation()
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    payload = parse_object(whole_body())
    place = _place(payload, here)
    grid_code = None if place is not None and "grid_code" not in payload else _grid_code(payload)
    with session_scope(here.engine) as session:
        must_see(session, path.event_id)
        doing = {"now": here.now(), "district": here.district, "actor": current_actor().id}
        event = place_event(session, path.event_id, grid_code, place=place, **doing)
        body = full_body(session, event)
    return answer(body)


def _place(payload: dict[str, object], here: Installation) -> ConfirmedPlace | None:
    """Return the place of a body, None where it has none; raises FieldUnknown, FieldType or the errors of a point."""
    stated = payload.get("place")
    if stated is None:
        return None
    for name in payload.keys() - {"grid_code", "place"}:
        raise FieldUnknown(field=name, known="grid_code, place", where={"path": name})
    return confirmed_place(stated, here)


def confirmed_place(stated: object, here: Installation) -> ConfirmedPlace:
    """Return the place that somebody confirmed, from the fields of ``ConfirmedBody``; raises what is wrong with it by name."""
    try:
        body = ConfirmedBody.model_validate(stated)
    except ValidationError as error:
        raise refusal_of(error.errors(include_url=False)[0], ("place",)) from None
    point = checked_point(body.lon, body.lat, Datum.CGCS2000, None, profile=here.district.profile)
    lonlat = float(point.lon), float(point.lat)
    return ConfirmedPlace(body.name, lonlat, body.precision, body.radius_m, body.confidence, tuple(body.reason))


def _grid_code(payload: dict[str, object]) -> str:
    for name in payload.keys() - {"grid_code", "place"}:
        raise FieldUnknown(field=name, known="grid_code, place", where={"path": name})
    code, where = payload.get("grid_code"), {"path": "grid_code"}
    if code is None or code == "":
        raise FieldMissing(field="grid_code", where=where)
    if not isinstance(code, str):
        raise FieldType(field="grid_code", wanted="text", got=kind_of(code), where=where)
    if len(code) > LONGEST_CODE:
        raise TextTooLong(field="grid_code", length=len(code), most=LONGEST_CODE, where=where)
    return code
