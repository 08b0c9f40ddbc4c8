"""Enterprises in the store: kept by their code, placed in grids, visited, joined with the events that are theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, all_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.domain.enterprises import ConcernKind, EnterpriseRow, Handling, Visit, VisitKind
from geogrid.space.crs import SRID_STORED
from geogrid.store.tables.enterprises import enterprise_events, enterprise_visits, enterprises

PLACE = ("grid_code", "village_code", "township_code")


@dataclass(frozen=True)
class Enterprise:
    """An enterprise as it is kept; ``point_lonlat`` in degrees (CGCS2000)."""

    id: UUID
    code: str
    name: str
    class_code: str
    address: str
    point_lonlat: tuple[float, float]
    grid_code: str | None
    village_code: str | None
    township_code: str | None
    synthetic: bool


@dataclass(frozen=True)
class StoredVisit:
    """A visit as it is kept."""

    id: int
    enterprise_id: UUID
    kind: VisitKind
    on_date: date
    body: str
    visitors: str
    seen: str
    made_by: str


COLUMNS = (
    enterprises.c.id, enterprises.c.code, enterprises.c.name, enterprises.c.class_code, enterprises.c.address,
    func.ST_X(enterprises.c.point).label("lon"), func.ST_Y(enterprises.c.point).label("lat"),
    enterprises.c.grid_code, enterprises.c.village_code, enterprises.c.township_code, enterprises.c.synthetic,
)  # fmt: skip


def as_enterprise(row: Row) -> Enterprise:
    """Return an enterprise of a row of ``COLUMNS``."""
    place = (row.grid_code, row.village_code, row.township_code)
    return Enterprise(row.id, row.code, row.name, row.class_code, row.address, (row.lon, row.lat), *place, row.synthetic)


def _point(lonlat: tuple[float, float]) -> Any:
    return func.ST_SetSRID(func.ST_MakePoint(*lonlat), SRID_STORED)


# -- kept -------------------------------------------------------------------------------------------------------------


def put(session: Session, rows: Mapping[UUID, EnterpriseRow], *, now: datetime) -> tuple[int, int]:
    """Insert enterprises, or change those of the same code; return how many are new, and how many changed.

    What moved is placed anew.
    """
    known = {row.id: row for row in session.execute(select(*COLUMNS).where(enterprises.c.id == func.any(list(rows))))}
    fresh = [{**_values(one), "id": found, "point": _point(one.point_lonlat), "loaded_at": now} for found, one in rows.items()
             if found not in known]  # fmt: skip
    if fresh:
        session.execute(insert(enterprises).values(fresh))
    changed = 0
    for found, one in rows.items():
        if found in known and not _is_same(known[found], one):
            moved = {} if _lies(known[found], one) else {"edition_id": None, **dict.fromkeys(PLACE)}
            values = {**_values(one), "point": _point(one.point_lonlat), "loaded_at": now, **moved}
            session.execute(update(enterprises).where(enterprises.c.id == found).values(**values))
            changed += 1
    return len(fresh), changed


def _values(one: EnterpriseRow) -> dict[str, Any]:
    told = {"code": one.code, "name": one.name, "class_code": one.class_code, "address": one.address}
    return {**told, "synthetic": one.synthetic}


def _lies(row: Row, one: EnterpriseRow) -> bool:
    return bool((row.lon, row.lat) == one.point_lonlat)


def _is_same(row: Row, one: EnterpriseRow) -> bool:
    return _lies(row, one) and (row.code, row.name, row.class_code, row.address, row.synthetic) == tuple(_values(one).values())


def outside(session: Session, ids: Sequence[UUID]) -> int:
    """Return how many of these enterprises were placed and lie outside every grid."""
    placed = (enterprises.c.edition_id.is_not(None), enterprises.c.grid_code.is_(None))
    return session.scalar(select(func.count()).where(enterprises.c.id == func.any(list(ids)), *placed)) or 0


def to_place(session: Session, edition_id: int) -> list[tuple[UUID, tuple[float, float]]]:
    """Return id and place of the enterprises that were not placed under an edition yet."""
    elsewhere = enterprises.c.edition_id.is_distinct_from(edition_id)
    rows = session.execute(select(*COLUMNS).where(elsewhere).order_by(enterprises.c.id))
    return [(row.id, (row.lon, row.lat)) for row in rows]


def place(session: Session, edition_id: int, places: Sequence[dict[str, Any]]) -> None:
    """Write grid, village and township of enterprises: ``{"id", "grid_code", "village_code", "township_code"}`` each."""
    if places:
        changed = {name: bindparam(f"to_{name}") for name in PLACE}
        rows = [{"of": one["id"], **{f"to_{name}": one[name] for name in PLACE}} for one in places]
        placed = update(enterprises).where(enterprises.c.id == bindparam("of")).values(edition_id=edition_id, **changed)
        session.connection().execute(placed, rows)


def find(session: Session, enterprise_id: UUID) -> Enterprise | None:
    """Return an enterprise by id. Rides the primary key."""
    row = session.execute(select(*COLUMNS).where(enterprises.c.id == enterprise_id)).one_or_none()
    return as_enterprise(row) if row else None


def ids_of(session: Session, codes: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of enterprises by their codes. Rides ``uq_enterprises_code``."""
    rows = session.execute(select(enterprises.c.code, enterprises.c.id).where(enterprises.c.code == func.any(list(codes))))
    return {row.code: row.id for row in rows}


# -- visits -----------------------------------------------------------------------------------------------------------


def visit_of_key(session: Session, key: str) -> StoredVisit | None:
    """Return the visit that was sent under a key. Rides ``uq_enterprise_visits_key``."""
    row = session.execute(select(enterprise_visits).where(enterprise_visits.c.key == key)).one_or_none()
    return as_visit(row) if row else None


def was_visited(session: Session, visit: Visit) -> bool:
    """Whether a visit of that kind, body and day is kept. Rides ``ix_enterprise_visits_enterprise_id_on_date``."""
    c = enterprise_visits.c
    same = (c.enterprise_id == visit.enterprise_id, c.on_date == visit.on_date, c.body == visit.body, c.kind == visit.kind.value)
    return session.scalar(select(c.id).where(*same).limit(1)) is not None


def has_visit(session: Session, enterprise_id: UUID, visit_id: int) -> bool:
    """Whether a visit is one of this enterprise. Rides the primary key."""
    mine = (enterprise_visits.c.id == visit_id, enterprise_visits.c.enterprise_id == enterprise_id)
    return session.scalar(select(enterprise_visits.c.id).where(*mine)) is not None


def as_visit(row: Row) -> StoredVisit:
    """Return a visit of a row."""
    kind = VisitKind(row.kind)
    return StoredVisit(row.id, row.enterprise_id, kind, row.on_date, row.body, row.visitors, row.seen, row.made_by)


def add_visits(session: Session, visits: Sequence[Visit], *, by: str, now: datetime) -> dict[str, int]:
    """Insert visits, but those whose key is known; return the ids of the new ones by key. Their bodies see the enterprise now."""
    if not visits:
        return {}
    values = [
        {"enterprise_id": v.enterprise_id, "kind": v.kind.value, "on_date": v.on_date, "body": v.body, "visitors": v.visitors,
         "seen": v.seen, "key": v.key, "made_by": by, "made_at": now, "synthetic": v.synthetic}
        for v in visits
    ]  # fmt: skip
    adding = upsert(enterprise_visits).values(values).on_conflict_do_nothing(index_elements=["key"])
    made = {row.key: row.id for row in session.execute(adding.returning(enterprise_visits.c.key, enterprise_visits.c.id))}
    for body, ids in _by_body([v for v in visits if v.key in made]).items():
        unseen = (enterprises.c.id == func.any(ids), all_(enterprises.c.bodies) != body)
        session.execute(update(enterprises).where(*unseen).values(bodies=func.array_append(enterprises.c.bodies, body)))
    return made


def _by_body(visits: Sequence[Visit]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for visit in visits:
        found.setdefault(visit.body, []).append(visit.enterprise_id)
    return found


# -- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Joined:
    """An event that is an enterprise's."""

    enterprise_id: UUID
    event_id: UUID
    kind: ConcernKind
    handling: Handling | None = None
    visit_id: int | None = None


def join(session: Session, joined: Sequence[Joined], *, by: str, now: datetime) -> int:
    """Join events with enterprises; those joined already stay as they are. Return how many are new."""
    if not joined:
        return 0
    values = [
        {"enterprise_id": one.enterprise_id, "event_id": one.event_id, "kind": one.kind.value, "visit_id": one.visit_id,
         "handling": one.handling.value if one.handling else None, "made_by": by, "made_at": now}
        for one in joined
    ]  # fmt: skip
    adding = upsert(enterprise_events).values(values).on_conflict_do_nothing()
    return len(session.execute(adding.returning(enterprise_events.c.event_id)).all())
