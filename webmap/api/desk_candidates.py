"""Candidates for dispatch over HTTP: workers, stations, departments or teams, ordered and explained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from flask import Response, request
from pydantic import Field

from geogrid.domain.grids import Department
from geogrid.domain.opening import Fitness, Need, fit
from geogrid.domain.people import Force, Role, WorkerRole
from geogrid.domain.stations import StationLevel
from geogrid.errors import NotFoundError
from geogrid.rules.dispatch_choice import Chosen, Why, ordered
from geogrid.rules.ownership import proposed_party
from geogrid.store import events as stored_events
from geogrid.store.matter_views import of_event
from geogrid.store.session import session_scope
from layers.desk_candidates import Found, Place, all_teams, departments, nearest_stations, workers
from webmap.api.base import Query, blueprint
from webmap.api.events import EventPath, answer
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.opening_hours import hours_text
from webmap.reading import must_see, reading
from webmap.roles import READERS, roles
from webmap.staff_names import staff_name

KINDS = ("worker", "station", "department", "team")
REASONS = {
    Why.PROPOSED: "named by the rules of the programme",
    Why.ON_DUTY_HERE: "on duty in this grid",
    Why.HOME: "of this village",
    Why.LEADS: "leads such matters here, by the lists",
    Why.COVERS: "a grid of it lies here",
    Why.NEAREST: "the nearest",
    Why.ASSISTS: "assists in such matters, by the lists",
    Why.NEAR: "near",
    Why.OTHER: "could be asked",
}


class CandidatesQuery(Query):
    """Which sort of candidates."""

    kind: Literal["worker", "station", "department", "team"] = Field("worker", description="of which sort")


@blueprint.get("/desk/events/<uuid:event_id>/candidates", tags=[DESK], summary="Who could take an event, the best first")
@roles(READERS)
def get_candidates(path: EventPath, query: CandidatesQuery) -> Response:
    """Return who could take the event, with load, distance and hours, and why each stands where it stands.

    Loads are counted over the whole district: a number of matters, nothing of what they are.
    """
    place = _place(path)
    here, now = installation(), installation().now()
    srid = here.district.profile.metric_srid
    with session_scope(here.engine) as session:
        must_see(session, path.event_id)
        if query.kind == "worker":
            found = workers(session, place, now=now, metric_srid=srid)
        elif query.kind == "station":
            found = [_opened(one) for one in nearest_stations(session, place, metric_srid=srid)]
        elif query.kind == "department":
            found = departments(session, place)
        else:
            found = all_teams(session, place, now=now)
    return answer({"kind": query.kind, "rows": _rows(query.kind, found)})


def _place(path: EventPath) -> Place:
    """Return where an event lies and what the rules propose; raises NotFoundError for who does not see it."""
    here = installation()
    with reading() as session:
        event = stored_events.find(session, path.event_id)
        view = of_event(session, path.event_id, now=here.now(), district=here.district) if event else None
    if event is None:
        raise NotFoundError(what=str(path.event_id), where={"path": request.path})
    at, proposed, programme, category = event.assignment, "", "", ""
    village, township = (
        here.district.geography_for(at.edition_id).units_of.get(at.grid_code or "", (None, None)) if at else ("", "")
    )
    home, soonest = (at.home_station or "", at.station_by_time or "") if at else ("", "")
    if view is not None:
        rule = next((one for one in view.programme.categories if one.code == view.matter.category), None)
        serving = soonest or (at.nearest_station or "" if at else "")
        party = proposed_party(view.programme, rule, view.matter.owner, home_station=home, serving_station=serving)
        proposed, programme, category = str(party), view.programme.code, view.matter.category
    minutes = at.minutes if at else None
    grid = (at.grid_code or "") if at else ""
    told = {"programme": programme, "category": category, "proposed": proposed, "home_station": home, "station_by_time": soonest}
    return Place(event.point_lonlat, grid, village or "", township or "", **told, minutes=minutes)


def _opened(one: Found) -> Found:
    """Say whether a station is open now, None where its hours are not known."""
    here = installation()
    need = Need(levels=frozenset(StationLevel), at=here.now(), timezone=here.district.profile.timezone)
    (fitness,) = fit([{"level": one.detail, "hours": one.hours}], need).fitness
    is_open = {Fitness.FIT: True, Fitness.CLOSED: False}.get(fitness)
    return replace(one, candidate=replace(one.candidate, is_open=is_open))


def _rows(kind: str, found: list[Found]) -> list[dict[str, Any]]:
    """Return the candidates in their order; of a party found twice, what is known of its place comes first."""
    by_party: dict[str, Found] = {}
    for one in found:
        known = by_party.get(one.candidate.party)
        if known is None or (known.point_lonlat is None and one.point_lonlat is not None):
            by_party[one.candidate.party] = one
    return [_row(kind, by_party[chosen.candidate.party], chosen) for chosen in ordered(one.candidate for one in found)]


def _row(kind: str, one: Found, chosen: Chosen) -> dict[str, Any]:
    known = chosen.candidate
    return {
        "party": known.party,
        "title": _title(kind, one),
        "detail": _detail(kind, one),
        "load": known.load,
        "distance_m": None if known.distance_m is None else round(known.distance_m, 1),
        "minutes": None if known.minutes is None else round(known.minutes, 1),
        "hours": {"open": known.is_open, "words": hours_text(one.hours, current_language()) if one.hours else ""},
        "point_lonlat": None if one.point_lonlat is None else list(one.point_lonlat),
        "reason": say(REASONS[chosen.why]),
        "nearest": Why.NEAREST in known.claims,
        "proposed": chosen.proposed,
    }


def _title(kind: str, one: Found) -> str:
    if kind == "worker":
        return staff_name(one.title)
    return label(Department(one.title)) if kind == "department" and one.title in Department.codes() else one.title


def _detail(kind: str, one: Found) -> str:
    if kind == "station":
        return label(StationLevel(one.detail))
    if kind == "team":
        return say("{force}, {members} people", force=label(Force(one.detail)), members=one.parts["members"])
    if kind == "worker":
        role = one.parts.get("role")
        known = label(WorkerRole(role)) if role else label(Role(one.parts["post"]))
        return " · ".join(part for part in (known, one.detail) if part)
    return ""
