"""Events: report, read one, list."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geogrid.actions.follow import ToFollow, report_to_follow
from geogrid.channels import parse
from geogrid.channels.follow import FollowWish, without_wish
from geogrid.domain.events import Event, Report
from geogrid.errors import MediaTypeUnsupported, NotFoundError
from geogrid.store import editions
from geogrid.store import events as stored_events
from geogrid.store.session import session_scope
from layers.event_pages import read_page
from layers.names import names_of
from webmap.api.base import EVENTS, GEOJSON, JSON, Refusal, blueprint
from webmap.api.bodies import event_body, feature, listed_feature
from webmap.api.list_query import ListQuery, next_link, read_cursor
from webmap.api.shapes import EventBody, FeatureCollection, ReportBody
from webmap.api.strict_json import parse_object
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import current_scope, reading
from webmap.roles import KB, READERS, REPORTERS, roles, whole_body

MOST_REPORT_BYTES = 512 * KB
TRIES = 3
RETRIED_STATES = {"40001", "40P01"}  # serialization failure, deadlock


class EventPath(BaseModel):
    """The id of an event, as its client made it."""

    event_id: UUID


@blueprint.post(
    "/events",
    tags=[EVENTS],
    summary="Report an event",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": ReportBody.model_json_schema()}}, required=True),
    responses={"201": EventBody, "200": EventBody, "401": Refusal, "409": Refusal, "413": Refusal, "415": Refusal},
)
@roles(REPORTERS, most_body_bytes=MOST_REPORT_BYTES)
def post_event() -> Response:
    """201 with number and assignment; the same report again: 200 with the same body; another under its id: 409.

    What is said of following it is no part of the report: `follow_code` is kept with it as a hash, `follow` asks for a code.
    """
    here = installation()
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    payload, wish = without_wish(parse_object(whole_body()))
    now = here.now()
    report = parse(payload.get("channel"), payload, now=now, profile=here.district.profile)
    body, created = _accept(report, wish)
    response = answer(body, 201 if created else 200)
    response.headers["Location"] = body["links"]["self"]
    response.headers["Cache-Control"] = "no-store"
    return response


def _accept(report: Report, wish: FollowWish) -> tuple[dict[str, Any], bool]:
    """Accept in one transaction; a deadlock or serialization failure is tried again, never shown."""
    here = installation()
    tries = iter(range(TRIES - 1, -1, -1))
    while True:
        left = next(tries)
        try:
            with session_scope(here.engine) as session:
                doing: dict[str, Any] = {"actor": current_actor(), "now": here.now(), "district": here.district}
                told = report_to_follow(session, report, wish, **doing, address=request.remote_addr or "")
                return full_body(session, told.event) | _followed(told), told.created
        except OperationalError as error:
            if not left or getattr(error.orig, "sqlstate", None) not in RETRIED_STATES:
                raise


def _followed(told: ToFollow) -> dict[str, Any]:
    """Return what is answered to the wish to follow a report: whether its code holds, and the code where it was made here."""
    holds = {} if told.holds is None else {"follow_holds": told.holds}
    return holds | ({"follow_code": told.code} if told.code else {})


def full_body(session: Session, event: Event) -> dict[str, Any]:
    """Return the body of ``event`` with its edition's name and what has come of its photos."""
    received, _ = stored_events.photos_of(session, event.id)
    edition = editions.by_id(session, event.assignment.edition_id).name if event.assignment else ""
    names = names_of(session, event.assignment) if event.assignment else {}
    return event_body(event, edition=edition, names=names, photos_there=received)


def answer(body: dict[str, Any], status: int = 200, media_type: str = JSON) -> Response:
    """Return ``body`` as JSON text, in the order of its keys."""
    return Response(json.dumps(body, ensure_ascii=False, allow_nan=False), status=status, mimetype=media_type)


@blueprint.get("/events/<uuid:event_id>", tags=[EVENTS], summary="Read one event", responses={"200": EventBody})
@roles(READERS)
def get_event(path: EventPath) -> Response:
    """Return an event; as a GeoJSON feature where ``application/geo+json`` is asked for."""
    with reading() as session:
        event = stored_events.find(session, path.event_id)
        if event is None:
            raise NotFoundError(what=str(path.event_id), where={"path": request.path})
        body = full_body(session, event)
    if request.accept_mimetypes.best_match([JSON, GEOJSON]) == GEOJSON:
        return answer(feature(body), media_type=GEOJSON)
    return answer(body)


@blueprint.get("/events", tags=[EVENTS], summary="List events", responses={"200": FeatureCollection})
@roles(READERS)
def list_events(query: ListQuery) -> Response:
    """Return a page of events as GeoJSON, newest first; ``links.next`` leads to the next page."""
    with reading() as session:
        rows, place = read_page(
            session, query.chosen(), scope=current_scope(), limit=query.limit, after=read_cursor(query.cursor)
        )
    links = {"self": request.full_path.rstrip("?")} | ({"next": next_link(place)} if place else {})
    return answer(
        {"type": "FeatureCollection", "features": [listed_feature(row) for row in rows], "links": links}, media_type=GEOJSON
    )
