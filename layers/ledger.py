"""The ledger of grids: who leads and works in each, key places and organisations in it, events by kind and whether they are open.

Places and organisations, workers and counts: no residents, and households as a number alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, or_, select, true
from sqlalchemy.orm import Session

from geogrid.domain.places import PlaceKind
from geogrid.rules.scope import Scope
from geogrid.store.scope import visible
from geogrid.store.tables.enterprises import enterprises
from geogrid.store.tables.events import events
from geogrid.store.tables.geography import base_grids, places, stations
from geogrid.store.tables.lists import duties
from geogrid.store.tables.people import people
from layers.shapes import in_force

TOWNSHIP_DIGITS, VILLAGE_DIGITS = 9, 12


@dataclass(frozen=True)
class LedgerFilter:
    """Which grids: of a unit (12 digits, a township's or village's code), whose code or name holds ``text``."""

    unit: str = ""
    text: str = ""


@dataclass(frozen=True)
class GridRow:
    """A grid as the ledger lists it. ``open_events`` and ``closed_events`` are those the reader may see, by kind."""

    code: str
    name: str
    kind: str
    exclusive_kind: str
    village_code: str
    leader: str
    households: int
    area_m2: float
    synthetic: bool
    workers: int = 0
    organisations: int = 0
    key_places: int = 0
    open_events: dict[str, int] = field(default_factory=dict)
    closed_events: dict[str, int] = field(default_factory=dict)


def of_unit(unit: str) -> ColumnElement[bool]:
    """Return the condition that a grid lies in a unit (12 digits); a village's code begins with its township's nine digits."""
    if unit.endswith("000000"):
        return base_grids.c.code.startswith(unit[:6])
    if unit.endswith("000"):
        return base_grids.c.code.startswith(unit[:TOWNSHIP_DIGITS])
    return base_grids.c.village_code == unit


def chosen(scope: Scope, wanted: LedgerFilter) -> Select:
    """Return the SELECT of the grids in force that a reader may list, by code; whoever has no territory may list all."""
    query = select(base_grids).where(in_force(base_grids)).order_by(base_grids.c.code)
    if not scope.whole and scope.units:
        query = query.where(or_(*(of_unit(unit) for unit in scope.units)))
    if wanted.unit:
        query = query.where(of_unit(wanted.unit))
    if wanted.text:
        held = (column.contains(wanted.text, autoescape=True) for column in (base_grids.c.code, base_grids.c.name))
        query = query.where(or_(*held))
    return query


def count(session: Session, scope: Scope, wanted: LedgerFilter) -> int:
    """Return how many grids are chosen."""
    return session.scalar(select(func.count()).select_from(chosen(scope, wanted).order_by(None).subquery())) or 0


def read_rows(
    session: Session, scope: Scope, wanted: LedgerFilter, *, now: datetime, limit: int | None = None, after: str = ""
) -> list[GridRow]:
    """Return up to ``limit`` grids (None: all) whose codes follow ``after``, each with its counts.

    Counts of a page are read for its grids alone: they ride ``ix_events_grid_code``, ``ex_duties_once`` and the GiST indexes.
    """
    query = chosen(scope, wanted)
    if after:
        query = query.where(base_grids.c.code > after)
    found = session.execute(query.limit(limit) if limit is not None else query).all()
    codes = [row.code for row in found]
    workers, inside = _workers(session, codes, now), _inside(session, codes)
    seen = _events(session, codes, scope)
    return [_row(row, workers, inside, seen) for row in found]


ByKind = dict[tuple[str, bool], dict[str, int]]


def _row(row: Any, workers: dict[str, int], inside: dict[str, dict[str, int]], seen: ByKind) -> GridRow:
    told = inside.get(row.code, {})
    return GridRow(
        row.code, row.name, row.kind, row.exclusive_kind or "", row.village_code or "", row.leader, row.households, row.area_m2,
        row.synthetic, workers.get(row.code, 0), told.get("organisations", 0), told.get("places", 0),
        seen.get((row.code, True), {}), seen.get((row.code, False), {}),
    )  # fmt: skip


def _workers(session: Session, codes: Sequence[str], now: datetime) -> dict[str, int]:
    counted = func.count(func.distinct(duties.c.person_id))
    query = select(duties.c.grid, counted).where(duties.c.grid.in_(codes), duties.c.valid.op("@>")(now)).group_by(duties.c.grid)
    return {row[0]: row[1] for row in session.execute(query)}


def _inside(session: Session, codes: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for name, table, more in (("places", places, places.c.kind == PlaceKind.LANDMARK.value), ("organisations", stations, true())):
        lies = func.ST_Covers(base_grids.c.geom, table.c.geom)
        query = select(base_grids.c.code, func.count()).join(table, lies).group_by(base_grids.c.code).where(more)
        for code, number in session.execute(query.where(base_grids.c.code.in_(codes), in_force(base_grids), in_force(table))):
            found[code][name] = number
    lies = func.ST_Covers(base_grids.c.geom, enterprises.c.point)
    firms = select(base_grids.c.code, func.count()).join(enterprises, lies).group_by(base_grids.c.code)
    for code, number in session.execute(firms.where(base_grids.c.code.in_(codes), in_force(base_grids))):
        found[code]["organisations"] = found[code].get("organisations", 0) + number
    return found


def _events(session: Session, codes: Sequence[str], scope: Scope) -> ByKind:
    grid, is_open, kind = events.c.grid_code, events.c.is_open, events.c.kind
    query = select(grid, is_open, kind, func.count()).where(grid.in_(codes), visible(scope)).group_by(grid, is_open, kind)
    found: ByKind = defaultdict(dict)
    for row in session.execute(query):
        found[row[0], row[1]][row[2]] = row[3]
    return found


# -- one grid ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WorkerRow:
    """Somebody on duty in a grid."""

    name: str
    login: str
    role: str
    force: str


@dataclass(frozen=True)
class PlaceRow:
    """Something that lies in a grid: its code, name, what it is, and its address."""

    code: str
    name: str
    kind: str
    address: str = ""


def workers_of(session: Session, code: str, *, now: datetime) -> list[WorkerRow]:
    """Return who is on duty in a grid at ``now``, grid leaders first."""
    leads = case((duties.c.role == "grid_leader", 0), else_=1)
    columns = (people.c.name, people.c.login, duties.c.role, duties.c.force)
    query = select(*columns).join(people, people.c.id == duties.c.person_id)
    query = query.where(duties.c.grid == code, duties.c.valid.op("@>")(now)).order_by(leads, people.c.login)
    return [WorkerRow(*row) for row in session.execute(query)]


def key_places_of(session: Session, code: str) -> list[PlaceRow]:
    """Return the landmarks in a grid in force, by name. Rides ``idx_places_geom`` (GiST)."""
    columns = (places.c.code, places.c.name, places.c.kind, places.c.address)
    found = _within(select(*columns), places, code).where(places.c.kind == PlaceKind.LANDMARK.value).order_by(places.c.name)
    return [PlaceRow(*row) for row in session.execute(found)]


def stations_of(session: Session, code: str) -> list[PlaceRow]:
    """Return the stations in a grid in force, by code. Rides ``idx_stations_geom`` (GiST)."""
    found = _within(select(stations.c.code, stations.c.name, stations.c.level), stations, code).order_by(stations.c.code)
    return [PlaceRow(*row) for row in session.execute(found)]


def enterprises_of(session: Session, code: str) -> list[tuple[UUID, PlaceRow]]:
    """Return the enterprises in a grid that the reader sees, with their ids, by name. Rides ``idx_enterprises_point``."""
    rows = session.execute(_firms([code]).order_by(enterprises.c.name))
    return [(row.id, PlaceRow(row.code, row.name, row.class_code, row.address)) for row in rows]


@dataclass(frozen=True)
class OrganisationRow:
    """A station or an enterprise, and the code of the grid it lies in; ``place.kind`` is the level or the class."""

    grid: str
    place: PlaceRow
    is_enterprise: bool


def organisations(session: Session, codes: Sequence[str]) -> list[OrganisationRow]:
    """Return the stations and the enterprises (those that the reader sees) of grids in force, by grid and code."""
    columns = (base_grids.c.code.label("grid"), stations.c.code, stations.c.name, stations.c.level)
    query = select(*columns).select_from(base_grids.join(stations, func.ST_Covers(base_grids.c.geom, stations.c.geom)))
    rows = session.execute(query.where(base_grids.c.code.in_(codes), in_force(base_grids), in_force(stations)))
    found = [OrganisationRow(row.grid, PlaceRow(row.code, row.name, row.level), False) for row in rows]
    for row in session.execute(_firms(codes)):
        found.append(OrganisationRow(row.grid, PlaceRow(row.code, row.name, row.class_code, row.address), True))
    return sorted(found, key=lambda one: (one.grid, one.is_enterprise, one.place.code))


def _firms(codes: Sequence[str]) -> Select:
    columns = (enterprises.c.id, enterprises.c.code, enterprises.c.name, enterprises.c.class_code, enterprises.c.address)
    lies = func.ST_Covers(base_grids.c.geom, enterprises.c.point)
    query = select(base_grids.c.code.label("grid"), *columns).select_from(base_grids.join(enterprises, lies))
    return query.where(base_grids.c.code.in_(codes), in_force(base_grids))


def _within(query: Select, table: Any, code: str) -> Select:
    joined = query.join(base_grids, func.ST_Covers(base_grids.c.geom, table.c.geom))
    return joined.where(base_grids.c.code == code, in_force(base_grids), in_force(table))
