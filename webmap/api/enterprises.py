"""Enterprises over HTTP: lists, one with everything, visits recorded, problems raised, events joined, the plan of a day."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, TypeVar
from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geogrid.actions.enterprises import join_event, raise_problem, record_visit
from geogrid.domain.enterprises import ConcernKind, Handling, Problem, Visit, VisitKind
from geogrid.errors import MediaTypeUnsupported, NotFoundError, RequestInvalid
from geogrid.store import editions
from geogrid.store import enterprises as stored
from geogrid.store.session import session_scope
from layers.enterprises import count, events_of, listed, visits, with_figures
from layers.visit_plan import plan
from webmap.api.base import JSON, Query, Refusal, blueprint
from webmap.api.events import answer
from webmap.api.query_faults import in_words
from webmap.api.strict_json import parse_object
from webmap.api.tags import ENTERPRISES
from webmap.enterprise_rows import (
    chosen,
    event_body,
    listed_body,
    local_now,
    placed,
    plan_body,
    rules,
    unit_names_of,
    visit_body,
)
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import current_scope, must_see, reading
from webmap.roles import READERS, VISITORS, roles, whole_body

REFUSED = {"401": Refusal, "403": Refusal, "404": Refusal, "409": Refusal}
MOST = 100
Form = TypeVar("Form", bound=BaseModel)


class ListQuery(Query):
    """Which enterprises."""

    class_: str = Field("", alias="class", description="code of a class")
    township: str = Field("", description="12 digits")
    grid: str = ""
    q: str = Field("", max_length=60, description="within name, code or address")
    only: Literal["", "key_listed"] = Field("", description="key_listed: those with a matter on the key list")
    after: str = Field("", description="continue after this code: ``next`` of the page before")


class PlanQuery(ListQuery):
    """Which enterprises, and whose day."""

    day: date | None = Field(None, description="today or one of the working days after it: ``days`` of the answer")


class EnterprisePath(BaseModel):
    """The id of an enterprise."""

    enterprise_id: UUID


class VisitBody(BaseModel):
    """A visit or legal check-up. ``key`` is the sender's own: sent twice, kept once."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=1, max_length=200)
    date: date
    body: str = Field(
        description="whose visit: department:<code>, unit:<12 digits> or team:<code>", examples=["department:market"]
    )
    kind: VisitKind = VisitKind.VISIT
    visitors: str = Field("", max_length=200)
    seen: str = Field("", max_length=2000)
    again: bool = Field(False, description="the body came a second time that day, and it is no slip")


class ProblemBody(BaseModel):
    """A problem that an enterprise raises; ``id`` is the sender's own. With ``handling`` it is recorded at once."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    words: str = Field(min_length=1, max_length=2000)
    category: str = Field("", max_length=20, description="of the programme for enterprises")
    handling: Handling | None = None
    visit: int | None = None


class JoinBody(BaseModel):
    """An event that is this enterprise's."""

    model_config = ConfigDict(extra="forbid")

    event: UUID
    kind: ConcernKind


@blueprint.get("/enterprises", tags=[ENTERPRISES], summary="List enterprises")
@roles(READERS)
def list_enterprises(query: ListQuery) -> Response:
    """Return a page of enterprises with their figures, by code; ``next`` is the ``after`` of the next page."""
    placed()
    asked = chosen({**_filters(query), "after": query.after})
    with reading() as session:
        names, scope = unit_names_of(session), current_scope()
        rows = listed(session, asked, scope=scope, most=MOST)
        total = count(session, asked, scope=scope)
    following = rows[-1].enterprise.code if len(rows) == MOST else None
    return answer({"enterprises": [listed_body(row, names) for row in rows], "total": total, "next": following})


@blueprint.get("/enterprises/plan", tags=[ENTERPRISES], summary="Who is due for a visit, and a day's round")
@roles(READERS)
def get_plan(query: PlanQuery) -> Response:
    """Return the enterprises that are due, the most pressing first, and the round of a day with the minutes of each way.

    Of a day ahead: who is due then, the rounds of the working days before it made.
    """
    return answer(planned(_filters(query), query.day))


def _filters(query: ListQuery) -> dict[str, str]:
    return {"class": query.class_, "township": query.township, "grid": query.grid, "q": query.q, "only": query.only}


def planned(asked: dict[str, str], day: date | None = None) -> dict[str, Any]:
    """Return the plan of a day (None: today) for a filter as the caller sees the district; RequestInvalid for no day ahead."""
    here = installation()
    programmes = here.district.programmes
    calendar = programmes.calendars[programmes.of(rules().programme).calendar]
    placed()
    with reading() as session:
        edition = editions.find_in_force(session)
    network = here.district.geography_for(edition.id).network if edition else None
    with reading() as session:
        told = {"today": local_now().date(), "metric_srid": here.district.profile.metric_srid, "network": network}
        told |= {"scope": current_scope(), "is_working": calendar.is_working, "day": day}
        found = plan(session, rules(), chosen=chosen(asked), **told)
        if found is None:
            reason = "today, or one of the five working days after it"
            raise RequestInvalid(name="day", reason=reason, where={"path": "day"})
        return plan_body(found, unit_names_of(session))


@blueprint.get(
    "/enterprises/<uuid:enterprise_id>", tags=[ENTERPRISES], summary="One enterprise with everything", responses=REFUSED
)
@roles(READERS)
def get_enterprise(path: EnterprisePath) -> Response:
    """Return an enterprise with its visits, and the events that are its own as far as the caller sees them."""
    placed()
    found = whole(path.enterprise_id)
    return answer(found)


def whole(enterprise_id: UUID) -> dict[str, Any]:
    """Return an enterprise with everything; raises NotFoundError where there is none that the caller sees."""
    with reading() as session:
        one = stored.find(session, enterprise_id)
        if one is None:
            raise NotFoundError(what=str(enterprise_id), where={"path": request.path})
        names, scope = unit_names_of(session), current_scope()
        (row,) = with_figures(session, [one], scope=scope)
        own = [event_body(event) for event in events_of(session, one.id, scope=scope)]
        seen = [visit_body(visit, names) for visit in visits(session, one.id)]
        return {**listed_body(row, names), "visited": seen, "events": own}


def must_see_enterprise(enterprise_id: UUID) -> None:
    """Raise NotFoundError where the caller sees no such enterprise."""
    with reading() as session:
        if stored.find(session, enterprise_id) is None:
            raise NotFoundError(what=str(enterprise_id), where={"path": request.path})


@blueprint.post(
    "/enterprises/<uuid:enterprise_id>/visits",
    tags=[ENTERPRISES],
    summary="Record a visit",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": VisitBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(VISITORS)
def post_visit(path: EnterprisePath) -> Response:
    """201 with the visit; the same key again: the same visit; another visit under its key: 409.

    One of the same body on the same day, recorded by somebody else, say: 409, unless ``again``.
    """
    must_see_enterprise(path.enterprise_id)
    sent = _sent(VisitBody)
    visit = Visit(path.enterprise_id, sent.kind, sent.date, sent.body, sent.visitors, sent.seen, sent.key)
    with session_scope(installation().engine) as session:
        told = {"actor": current_actor(), "now": installation().now(), "today": local_now().date(), "again": sent.again}
        made = record_visit(session, visit, **told)
        return answer(visit_body(made, unit_names_of(session)), 201)


@blueprint.post(
    "/enterprises/<uuid:enterprise_id>/problems",
    tags=[ENTERPRISES],
    summary="Raise a problem",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": ProblemBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(VISITORS)
def post_problem(path: EnterprisePath) -> Response:
    """201 with the event that it became, at the enterprise's own place; the same id again: the same event."""
    must_see_enterprise(path.enterprise_id)
    sent, here = _sent(ProblemBody), installation()
    problem = Problem(sent.id, path.enterprise_id, sent.words, sent.category, sent.handling, sent.visit)
    told = {"actor": current_actor(), "now": here.now(), "district": here.district, "rules": rules()}
    with session_scope(here.engine) as session:
        event = raise_problem(session, problem, **told)
    return answer({"event": {"id": str(event.id), "number": event.number, "state": event.state.value}}, 201)


@blueprint.post(
    "/enterprises/<uuid:enterprise_id>/events",
    tags=[ENTERPRISES],
    summary="Join an event with an enterprise",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": JoinBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(VISITORS)
def post_event_of(path: EnterprisePath) -> Response:
    """201 where the event was joined, 200 where it was before; it must be one that the caller sees."""
    must_see_enterprise(path.enterprise_id)
    sent, here = _sent(JoinBody), installation()
    with reading() as session:
        must_see(session, sent.event)
    with session_scope(here.engine) as session:
        made = join_event(session, path.enterprise_id, sent.event, sent.kind, actor=current_actor(), now=here.now())
    return answer({"event": str(sent.event), "joined": made}, 201 if made else 200)


def _sent(form: type[Form]) -> Form:
    """Return the body as ``form``; raises what is wrong with its first field that does not fit."""
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    try:
        return form.model_validate(parse_object(whole_body()))
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise RequestInvalid(name=name, reason=in_words(fault), where={"path": name}) from error
