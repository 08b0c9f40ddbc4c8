"""Who could take a matter: workers, stations, departments and teams with their load and distance, by bounded reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, literal, select, union_all
from sqlalchemy.orm import Session

from geogrid.domain.grids import Department
from geogrid.domain.lists import Part
from geogrid.domain.people import Role
from geogrid.rules.dispatch_choice import Candidate, Why
from geogrid.space.crs import SRID_STORED
from geogrid.store import lists
from geogrid.store.tables.concerns import concerns
from geogrid.store.tables.events import events
from geogrid.store.tables.geography import base_grids, department_grids, stations
from geogrid.store.tables.lists import duties
from geogrid.store.tables.matters import matters
from geogrid.store.tables.people import people, posts, teams
from layers.shapes import in_force

MOST_WORKERS, MOST_STATIONS, MOST_TEAMS = 30, 12, 40
IN_THE_FIELD = (Role.OFFICER.value, Role.GRID_LEADER.value)


@dataclass(frozen=True)
class Place:
    """Where a matter lies and what it is: its point (degrees, None: unknown), its grid, village and township, its class."""

    point_lonlat: tuple[float, float] | None
    grid: str = ""
    village: str = ""
    township: str = ""
    programme: str = ""
    category: str = ""
    proposed: str = ""
    home_station: str = ""
    station_by_time: str = ""
    minutes: float | None = None


@dataclass(frozen=True)
class Found:
    """A candidate with what is shown of it: name, what stands beside it, where it is (degrees), its hours as written."""

    candidate: Candidate
    title: str
    detail: str = ""
    point_lonlat: tuple[float, float] | None = None
    hours: str = ""
    parts: dict[str, Any] = field(default_factory=dict)


def loads_of(session: Session, parties: Collection[str]) -> dict[str, int]:
    """Return how many open matters parties own or were given, by party.

    Rides ``ix_concerns_party`` for who is no unit, ``ix_matters_owner_state`` for the rest.
    """
    if not parties:
        return {}
    asked = func.any(list(parties))
    mine = select(matters.c.owner.label("party"), matters.c.event_id).where(matters.c.owner == asked)
    given = select(concerns.c.party, concerns.c.event_id).where(concerns.c.party == asked, concerns.c.is_open)
    both = mine.union(given).subquery()
    query = select(both.c.party, func.count()).join(events, events.c.id == both.c.event_id).where(events.c.is_open)
    return {row[0]: row[1] for row in session.execute(query.group_by(both.c.party))}


def _here(place: Place) -> Any:
    lon, lat = place.point_lonlat or (0.0, 0.0)
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID_STORED)


def _metres(geom: Any, place: Place, metric_srid: int) -> Any:
    if place.point_lonlat is None:
        return literal(None)
    return func.ST_Distance(func.ST_Transform(geom, metric_srid), func.ST_Transform(_here(place), metric_srid))


# -- workers ----------------------------------------------------------------------------------------------------------


def workers(session: Session, place: Place, *, now: datetime, metric_srid: int) -> list[Found]:
    """Return people on duty in the nearest grids, the grid's own first, and those with a post in its village.

    Their place is the heart of the grid in which they are on duty: nobody is tracked. Rides ``idx_base_grids_geom`` (KNN).
    """
    found = _on_duty(session, place, now, metric_srid) + _posted(session, place, now)
    loads = loads_of(session, {one.candidate.party for one in found})
    return [_loaded(one, loads) for one in found]


def _on_duty(session: Session, place: Place, now: datetime, metric_srid: int) -> list[Found]:
    near = select(base_grids.c.code, base_grids.c.name, base_grids.c.geom, base_grids.c.village_code).where(in_force(base_grids))
    if place.point_lonlat is not None:
        near = near.order_by(base_grids.c.geom.op("<->")(_here(place))).limit(MOST_WORKERS)
    else:
        near = near.where(base_grids.c.village_code == place.village).limit(MOST_WORKERS)
    grids = near.subquery()
    heart = func.ST_PointOnSurface(grids.c.geom)
    metres = _metres(grids.c.geom, place, metric_srid).label("metres")
    query = (
        select(people.c.id, people.c.name, duties.c.role, grids.c.code, grids.c.name.label("grid"), grids.c.village_code, metres)
        .add_columns(func.ST_X(heart).label("lon"), func.ST_Y(heart).label("lat"))
        .join(duties, duties.c.grid == grids.c.code)
        .join(people, people.c.id == duties.c.person_id)
        .where(duties.c.valid.op("@>")(now), people.c.disabled_at.is_(None))
        .order_by(metres, people.c.id)
        .limit(MOST_WORKERS)
    )
    return [_worker(row, place) for row in session.execute(query)]


def _worker(row: Row, place: Place) -> Found:
    claims = {Why.ON_DUTY_HERE} if row.code == place.grid else {Why.HOME} if row.village_code == place.village else set()
    candidate = Candidate(f"person:{row.id}", distance_m=row.metres, claims=frozenset(claims))
    return Found(candidate, row.name, row.grid or row.code, (row.lon, row.lat), parts={"role": row.role})


def _posted(session: Session, place: Place, now: datetime) -> list[Found]:
    """Officers and leaders of the village, else of the township. Rides ``ix_posts_held``."""
    units = [unit for unit in (place.village, place.township) if unit]
    query = (
        select(people.c.id, people.c.name, posts.c.role, posts.c.unit)
        .join(posts, posts.c.person_id == people.c.id)
        .where(posts.c.role.in_(IN_THE_FIELD), posts.c.unit.in_(units), posts.c.valid.op("@>")(now))
        .where(people.c.disabled_at.is_(None), people.c.integration.is_(False))
        .order_by(posts.c.unit.desc(), people.c.id)
        .limit(MOST_WORKERS)
    )
    found = []
    for row in session.execute(query):
        claims = frozenset({Why.HOME}) if row.unit == place.village else frozenset[Why]()
        found.append(
            Found(Candidate(f"person:{row.id}", claims=claims), row.name, "", parts={"post": row.role, "unit": row.unit})
        )
    return found


# -- stations ---------------------------------------------------------------------------------------------------------


def nearest_stations(session: Session, place: Place, *, metric_srid: int) -> list[Found]:
    """Return the nearest stations in force, the home station and the one reached soonest by road among them.

    Whether one is open is left to who knows the hours. Rides ``idx_stations_geom`` (KNN).
    """
    columns = (stations.c.code, stations.c.name, stations.c.level, stations.c.hours, stations.c.geom)
    named = [code for code in (place.home_station, place.station_by_time, _code_of(place.proposed, "station")) if code]
    parts = [select(*columns).where(in_force(stations), stations.c.code.in_(named))]
    if place.point_lonlat is not None:
        nearest = select(*columns).where(in_force(stations)).order_by(stations.c.geom.op("<->")(_here(place)))
        parts.append(select(nearest.limit(MOST_STATIONS).subquery()))
    known = union_all(*parts).subquery()
    metres = _metres(known.c.geom, place, metric_srid).label("metres")
    lon, lat = func.ST_X(known.c.geom).label("lon"), func.ST_Y(known.c.geom).label("lat")
    rows = session.execute(select(known.c.code, known.c.name, known.c.level, known.c.hours, metres, lon, lat)).all()
    loads = loads_of(session, {f"station:{row.code}" for row in rows})
    return [_loaded(_station(row, place), loads) for row in rows]


def _station(row: Row, place: Place) -> Found:
    party, claims = f"station:{row.code}", set[Why]()
    claims |= {Why.PROPOSED} if party == place.proposed else set()
    claims |= {Why.HOME} if row.code == place.home_station else set()
    minutes = place.minutes if row.code == place.station_by_time else None
    candidate = Candidate(party, distance_m=row.metres, minutes=minutes, claims=frozenset(claims))
    return Found(candidate, row.name, row.level, (row.lon, row.lat), row.hours)


def _code_of(party: str, kind: str) -> str:
    named, _, code = party.partition(":")
    return code if named == kind else ""


# -- departments ------------------------------------------------------------------------------------------------------


def departments(session: Session, place: Place) -> list[Found]:
    """Return every department: who is proposed, who leads or assists by the lists of the township, whose grid lies there."""
    claims: dict[str, set[Why]] = {code: set() for code in Department.codes()}
    for code in _covering(session, place):
        claims.setdefault(code, set()).add(Why.COVERS)
    for one in lists.listed(session, place.programme, unit=place.township) if place.township else []:
        if one.item.category == place.category and one.admitted_at is not None:
            claims.setdefault(one.item.department, set()).add(Why.LEADS if one.item.part is Part.LEAD else Why.ASSISTS)
    if code := _code_of(place.proposed, "department"):
        claims.setdefault(code, set()).add(Why.PROPOSED)
    loads = loads_of(session, {f"department:{code}" for code in claims})
    made = (Found(Candidate(f"department:{code}", claims=frozenset(held)), code) for code, held in claims.items())
    return [_loaded(one, loads) for one in made]


def _covering(session: Session, place: Place) -> Iterable[str]:
    """Return the departments of which a grid covers the place. Rides ``idx_department_grids_geom`` (GiST)."""
    if place.point_lonlat is None:
        return ()
    covers = func.ST_Covers(department_grids.c.geom, _here(place))
    return session.scalars(select(department_grids.c.department).where(in_force(department_grids), covers).distinct())


# -- teams ------------------------------------------------------------------------------------------------------------


def all_teams(session: Session, place: Place, *, now: datetime) -> list[Found]:
    """Return the teams: those of the village or township first; with how many people each has now."""
    held = (posts.c.team_id == teams.c.id) & posts.c.valid.op("@>")(now)
    members = select(func.count(func.distinct(posts.c.person_id))).where(held).scalar_subquery().label("members")
    query = select(teams.c.code, teams.c.name, teams.c.force, teams.c.unit, members)
    query = query.where(teams.c.closed_at.is_(None))
    rows: Sequence[Row] = session.execute(query.order_by(teams.c.code).limit(MOST_TEAMS)).all()
    loads = loads_of(session, {f"team:{row.code}" for row in rows})
    return [_loaded(_team(row, place), loads) for row in rows]


def _team(row: Row, place: Place) -> Found:
    here = bool(row.unit) and row.unit in {place.village, place.township}
    candidate = Candidate(f"team:{row.code}", claims=frozenset({Why.HOME} if here else ()))
    return Found(candidate, row.name, row.force, parts={"members": row.members, "unit": row.unit})


def _loaded(one: Found, loads: dict[str, int]) -> Found:
    known = one.candidate
    load = loads.get(known.party, 0)
    counted = Candidate(known.party, load, known.distance_m, known.minutes, known.is_open, known.claims)
    return Found(counted, one.title, one.detail, one.point_lonlat, one.hours, one.parts)
