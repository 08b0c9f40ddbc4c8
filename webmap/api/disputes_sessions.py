"""Sessions of mediation over HTTP: appointments, what became of them, free hours, a day's visits as a route."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Response, request
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session as Database

from geogrid.actions import disputes_people, disputes_sessions
from geogrid.actions.disputes import By
from geogrid.actions.disputes_view import whole
from geogrid.domain.disputes import Session
from geogrid.domain.stations import TravelMode
from geogrid.errors import AccessForbidden, NotFoundError
from geogrid.store import disputes_people as stored_people
from geogrid.store.session import session_scope
from geogrid.store.tables.events import events
from webmap.api import disputes_forms as forms
from webmap.api.base import Query, blueprint
from webmap.api.disputes import deed, shown, told
from webmap.api.disputes_bodies import Visited, circuit_body, here
from webmap.api.events import EventPath, answer
from webmap.api.tags import DISPUTES
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import reading
from webmap.roles import MEDIATION, roles

NOBODY = UUID(int=0)
MOST_FREE = 12


class SessionPath(EventPath):
    """An appointment of a dispute."""

    session_id: int


class CircuitQuery(Query):
    """Whose visits on which day."""

    day: date = Field(description="a day in the district's own time", examples=["2025-06-19"])
    mediator: UUID | None = Field(None, description="without: the caller")
    mode: TravelMode = TravelMode.CAR


@blueprint.post("/disputes/<uuid:event_id>/sessions", **told(forms.SessionSent, "Make an appointment"))
@roles(MEDIATION)
def post_session(path: EventPath) -> Response:
    """201 with the dispute; 409 where mediator or room are taken, with until when."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.SessionSent)
        who = said.mediator or NOBODY
        wanted = Session(
            0, path.event_id, who, said.start, said.end, said.place, said.station, said.room, said.address, said.point
        )
        disputes_sessions.plan(done.session, wanted, **done.told)
        return shown(done, path.event_id)


@blueprint.put(
    "/disputes/<uuid:event_id>/sessions/<int:session_id>", **told(forms.SessionEnded, "Say what became of an appointment")
)
@roles(MEDIATION)
def put_session(path: SessionPath) -> Response:
    """200 with the dispute: held with outcome and minutes, or cancelled with the reason."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.SessionEnded)
        end = {"outcome": said.outcome, "text": said.text}
        disputes_sessions.close_session(done.session, path.event_id, path.session_id, **end, **done.told)
        return shown(done, path.event_id, 200)


@blueprint.get("/disputes/<uuid:event_id>/free-hours", tags=[DISPUTES], summary="When the mediator could hold a session")
@roles(MEDIATION)
def get_free_hours(path: EventPath) -> Response:
    """Return the first free hours of the dispute's mediator within two weeks, while his station is open."""
    district, now = installation().district, installation().now()
    with reading() as session:
        found = whole(session, path.event_id, now=now, district=district)
        row = stored_people.mediator(session, found.dispute.mediator) if found.dispute.mediator else None
        free = disputes_people.free_hours(session, [row], now=now, district=district, most=MOST_FREE) if row else {}
    return answer({"hours": [here(at) for at in free.get(row.person_id, [])] if row else []})


@blueprint.get("/disputes/circuit", tags=[DISPUTES], summary="A day's visits in the shortest order")
@roles(MEDIATION)
def get_circuit(query: CircuitQuery) -> Response:
    """Return the visits of a mediator on a day: order, ways and times by road; what the planned order would take."""
    return get_circuit_of(query.mediator or _me(), query.day, query.mode)


def get_circuit_of(person: UUID, day: date, mode: TravelMode = TravelMode.CAR) -> Response:
    """Return a mediator's day as far as the caller sees the disputes that are visited; raises NotFoundError."""
    with reading() as session:
        found = disputes_sessions.circuit(session, person, day, district=installation().district, mode=mode)
        if found is None:
            raise NotFoundError(what=str(person), where={"path": request.path})
        return answer(_circuit(session, found))


@blueprint.put("/disputes/circuit", **told(forms.RouteTaken, "Give a day's visits the times of the shortest order"))
@roles(MEDIATION)
def put_circuit() -> Response:
    """200 with the day as it is then planned; who does not handle every dispute that is visited: 403."""
    said, at = forms.sent(forms.RouteTaken), installation()
    with session_scope(at.engine) as session:
        by = By(current_actor(), request.remote_addr or "")
        person = said.mediator or _me()
        disputes_sessions.follow_route(session, person, said.day, by=by, now=at.now(), district=at.district)
    return get_circuit_of(person, said.day)


def _circuit(session: Database, found: disputes_sessions.Circuit) -> dict:
    names = stored_people.names_of(session, [visit.mediator for visit in (*found.visits, *found.unplaced)])
    return circuit_body(found, names, numbers_of(session, found))


def numbers_of(session: Database, found: disputes_sessions.Circuit) -> dict[UUID, Visited]:
    """Return number, address and place of the events that are visited."""
    ids = [visit.event_id for visit in (*found.visits, *found.unplaced)]
    place = (func.ST_X(events.c.point).label("lon"), func.ST_Y(events.c.point).label("lat"))
    query = select(events.c.id, events.c.number, events.c.address, *place).where(events.c.id == func.any(ids))
    rows = session.execute(query)
    return {row.id: Visited(row.number, row.address or "", None if row.lon is None else (row.lon, row.lat)) for row in rows}


def _me() -> UUID:
    try:
        return UUID(current_actor().id.removeprefix("person:"))
    except ValueError as error:
        raise AccessForbidden(where={"path": request.path}) from error
