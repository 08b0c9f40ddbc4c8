"""Who can mediate where: stations in force as disputes look at them, mediators with their stations, whom they are busy with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.domain.stations import StationLevel
from geogrid.store.tables.disputes import mediators
from geogrid.store.tables.geography import stations
from geogrid.store.tables.people import people

IN_FORCE = (~func.isempty(stations.c.valid), func.upper_inf(stations.c.valid))


@dataclass(frozen=True)
class StationRow:
    """A station in force: what it states, its unit, its place in degrees."""

    code: str
    name: str
    level: StationLevel
    unit_code: str
    industries: tuple[str, ...]
    hours: str
    capacity: int
    lonlat: tuple[float, float]


@dataclass(frozen=True)
class MediatorRow:
    """A mediator with an account that is not closed: who, where, for which kinds; the phone tells whether he is a party."""

    person_id: UUID
    name: str
    phone: str
    station: str
    kinds: tuple[str, ...]


def stations_in_force(session: Session, codes: Sequence[str] | None = None) -> list[StationRow]:
    """Return the stations in force by code; all of them (a few hundred), or those of ``codes``."""
    chosen = true() if codes is None else stations.c.code == func.any(list(codes))
    columns = [stations.c[name] for name in ("code", "name", "level", "unit_code", "industries", "hours", "capacity")]
    query = select(*columns, func.ST_X(stations.c.geom).label("lon"), func.ST_Y(stations.c.geom).label("lat"))
    rows = session.execute(query.where(*IN_FORCE, chosen).order_by(stations.c.code))
    return [
        StationRow(
            r.code, r.name, StationLevel(r.level), r.unit_code or "", tuple(r.industries), r.hours, r.capacity, (r.lon, r.lat)
        )
        for r in rows
    ]


def mediators_at(session: Session, codes: Sequence[str]) -> list[MediatorRow]:
    """Return who mediates at the stations. Rides ``ix_mediators_station``."""
    return _rows(session, mediators.c.station == func.any(list(codes)))


def mediator(session: Session, person_id: UUID) -> MediatorRow | None:
    """Return a mediator by his account, None for who is none, or no longer."""
    return next(iter(_rows(session, mediators.c.person_id == person_id)), None)


def _rows(session: Session, chosen: Any) -> list[MediatorRow]:
    query = (
        select(mediators.c.person_id, people.c.name, people.c.phone, mediators.c.station, mediators.c.kinds)
        .join(people, people.c.id == mediators.c.person_id)
        .where(chosen, mediators.c.active, people.c.disabled_at.is_(None))
        .order_by(mediators.c.person_id)
    )
    return [MediatorRow(r.person_id, r.name, r.phone, r.station, tuple(r.kinds)) for r in session.execute(query)]


def put_mediator(
    session: Session, person_id: UUID, *, station: str, kinds: Sequence[str], active: bool = True, synthetic: bool = False
) -> None:
    """Keep where somebody mediates and what; what was kept before is replaced."""
    values = {"station": station, "kinds": list(kinds), "active": active, "synthetic": synthetic}
    made = upsert(mediators).values(person_id=person_id, **values)
    session.execute(made.on_conflict_do_update(index_elements=["person_id"], set_=values))


def names_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of people of the staff by id."""
    return {r.id: r.name for r in session.execute(select(people.c.id, people.c.name).where(people.c.id == func.any(list(ids))))}


def busy_of(
    session: Session, ids: Sequence[UUID], *, start: datetime, end: datetime
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    """Return the appointments of people between two instants. Rides ``ex_mediation_sessions_mediator``."""
    from geogrid.store.tables.disputes import mediation_sessions as s

    taken = (s.c.mediator == func.any(list(ids)), s.c.during.op("&&")(func.tstzrange(start, end)), s.c.state != "cancelled")
    rows = session.execute(select(s.c.mediator, func.lower(s.c.during), func.upper(s.c.during)).where(*taken))
    found: dict[UUID, list[tuple[datetime, datetime]]] = {person_id: [] for person_id in ids}
    for who, begin, until in rows:
        found[who].append((begin, until))
    return found
