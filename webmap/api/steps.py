"""The life of an event over HTTP: where its matter stands, its history, its clocks at any instant, steps, words revealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from geogrid.actions.reveal import refused, reveal
from geogrid.actions.steps import TakeStep, take_step
from geogrid.channels import kind_of
from geogrid.domain.events import Event
from geogrid.errors import (
    AccessError,
    FieldMissing,
    FieldType,
    FieldUnknown,
    MediaTypeUnsupported,
    NotFoundError,
    RequestInvalid,
    RevealLimit,
    TimeWithoutOffset,
)
from geogrid.errors.family import Reason
from geogrid.rules.workflow import possible
from geogrid.store import events as stored_events
from geogrid.store.matter_views import MatterView, of_event
from geogrid.store.session import session_scope
from webmap.api.base import JSON, Query, Refusal, blueprint
from webmap.api.events import EventPath, answer
from webmap.api.matter_bodies import clock_body, history_body, matter_body, possible_body, proposed_body
from webmap.api.strict_json import parse_object
from webmap.api.tags import MATTERS
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import must_see, reading
from webmap.roles import READERS, STAFF, roles, whole_body

LONGEST_KEY = 100


class StepBody(BaseModel):
    """A step to be taken. ``key`` is the sender's own: sent twice, taken once."""

    model_config = ConfigDict(extra="forbid")

    step: str = Field(description="code of the step in the event's programme, or approve, refuse, note", examples=["dispatch"])
    details: dict[str, Any] = Field(default_factory=dict, description="what the step requires, by name")
    base_seq: int | None = Field(None, description="number of the last step the sender saw; a later one: 409")
    key: str | None = Field(None, max_length=LONGEST_KEY)


class RevealBody(BaseModel):
    """For what the words of a report are needed unmasked."""

    purpose: str


class ClocksQuery(Query):
    """An instant in the past: clocks are told as they stood then."""

    at: datetime | None = Field(None, description="ISO 8601 with offset; without: now")


def _found(session: Session, event_id: UUID, at: datetime | None = None) -> tuple[Event, MatterView]:
    here = installation()
    event = stored_events.find(session, event_id)
    view = None if event is None else of_event(session, event_id, now=at or here.now(), district=here.district)
    if event is None or view is None:
        raise NotFoundError(what=str(event_id), where={"path": request.path})
    return event, view


@blueprint.get("/events/<uuid:event_id>/matter", tags=[MATTERS], summary="Where a matter stands")
@roles(READERS)
def get_matter(path: EventPath) -> Response:
    """Return programme, state, owner, clocks and what waits for approval."""
    with reading() as session:
        return answer(matter_body(*_found(session, path.event_id)))


@blueprint.get("/events/<uuid:event_id>/steps", tags=[MATTERS], summary="The history of an event")
@roles(READERS)
def get_steps(path: EventPath) -> Response:
    """Return every step, the first one first."""
    with reading() as session:
        event = stored_events.find(session, path.event_id)
    if event is None:
        raise NotFoundError(what=str(path.event_id), where={"path": request.path})
    return answer({"steps": history_body(event.steps)})


@blueprint.get("/events/<uuid:event_id>/clocks", tags=[MATTERS], summary="The clocks of an event, now or at an instant")
@roles(READERS)
def get_clocks(path: EventPath, query: ClocksQuery) -> Response:
    """Return every run of every clock with due times and colours, as they were known at the instant asked for."""
    if query.at is not None and query.at.tzinfo is None:
        raise TimeWithoutOffset(value=query.at.isoformat(), where={"path": "at"})
    with reading() as session:
        _, view = _found(session, path.event_id, query.at)
    return answer({"at": (query.at or installation().now()).isoformat(), "clocks": [clock_body(c) for c in view.clocks]})


@blueprint.get("/events/<uuid:event_id>/possible-steps", tags=[MATTERS], summary="What the caller may do next")
@roles(READERS)
def get_possible(path: EventPath) -> Response:
    """Return the steps that the event's state leaves open to the caller's posts, with what each needs, and whom to give it to."""
    with reading() as session:
        event, view = _found(session, path.event_id)
    found = possible(view.programme, view.matter, current_actor())
    return answer({"base_seq": len(event.steps), "proposed_party": proposed_body(event, view), "steps": possible_body(found)})


@blueprint.post(
    "/events/<uuid:event_id>/steps",
    tags=[MATTERS],
    summary="Take a step",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": StepBody.model_json_schema()}}, required=True),
    responses={"401": Refusal, "403": Refusal, "409": Refusal, "415": Refusal},
)
@roles(STAFF)
def post_step(path: EventPath) -> Response:
    """201 with the matter as it stands afterwards; the same key again: 200; a stale ``base_seq``: 409, told what happened."""
    here, sent = installation(), _sent(StepBody)
    wanted = {"details": sent["details"], "base_seq": sent["base_seq"], "key": sent["key"]}
    command = TakeStep(path.event_id, sent["step"], current_actor(), **wanted, address=request.remote_addr or "")
    with session_scope(here.engine) as session:
        must_see(session, path.event_id)
        taken = take_step(session, command, now=here.now(), district=here.district)
        view = of_event(session, path.event_id, now=max(here.now(), taken.event.steps[-1].at), district=here.district)
        if view is None:
            raise NotFoundError(what=str(path.event_id), where={"path": request.path})
        body = matter_body(taken.event, view)
    return answer(body, 201 if taken.taken else 200)


@blueprint.post(
    "/events/<uuid:event_id>/reveal",
    tags=[MATTERS],
    summary="Read the words of a report unmasked",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": RevealBody.model_json_schema()}}, required=True),
    responses={"401": Refusal, "403": Refusal, "415": Refusal},
)
@roles(STAFF)
def post_reveal(path: EventPath) -> Response:
    """200 with the words as they were said, for who handles the matter; every look and every refusal is in the audit."""
    here, actor, purpose = installation(), current_actor(), _sent(RevealBody)["purpose"]
    told = {"actor": actor, "now": here.now(), "address": request.remote_addr or ""}
    try:
        with session_scope(here.engine) as session:
            must_see(session, path.event_id)
            found = reveal(session, path.event_id, purpose, district=here.district, **told)
    except (AccessError, RevealLimit) as error:
        with session_scope(here.engine) as session:
            refused(session, path.event_id, purpose, code=error.code, **told)
        raise
    response = answer({"text": found.words, "address": found.address})
    response.headers["Cache-Control"] = "no-store"
    return response


def _sent(form: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of the body as ``form`` has them; raises what is wrong with one by name."""
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    payload = parse_object(whole_body())
    for name in payload:
        if name not in form.model_fields:
            raise FieldUnknown(field=name, known=", ".join(form.model_fields), where={"path": name})
    values = {}
    for name, field in form.model_fields.items():
        value = payload.get(name)
        if value is None and field.is_required():
            raise FieldMissing(field=name, where={"path": name})
        value = field.get_default(call_default_factory=True) if value is None else value
        wanted = WANTED.get(name, (str, "text"))
        if value is not None and (not isinstance(value, wanted[0]) or isinstance(value, bool)):
            raise FieldType(field=name, wanted=wanted[1], got=kind_of(value), where={"path": name})
        values[name] = value
    if len(values.get("key") or "") > LONGEST_KEY:
        raise RequestInvalid(
            name="key", reason=Reason("at most {max_length} characters", max_length=LONGEST_KEY), where={"path": "key"}
        )
    return values


WANTED = {"details": (dict, "an object of fields"), "base_seq": (int, "a number")}
