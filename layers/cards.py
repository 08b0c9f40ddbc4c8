"""What a card on the map says of one grid, station or event: plain values by the names of the layers' popup fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from geogrid.domain.grids import Assignment
from geogrid.domain.masking import mask_text
from geogrid.store import editions
from geogrid.store.events import find
from geogrid.store.matter_views import HasRules, MatterView, of_event
from geogrid.store.tables.events import events
from geogrid.store.tables.geography import base_grids, department_grids, stations, units
from geogrid.store.unit_names import names_of as unit_names_of
from layers.names import names_of
from layers.shapes import in_force

Box = tuple[float, float, float, float]
M2_PER_KM2 = 1e6


@dataclass(frozen=True)
class Card:
    """Values by popup field; ``bbox`` is west, south, east, north in degrees, None where unlocated.

    ``edition`` is the name of the assignment's edition, ``names`` what its codes are called there; ``matter`` how an event stands
    under its programme, and ``names`` what its parties are called, too.
    """

    layer: str
    title: str
    values: dict[str, Any]
    bbox: Box | None
    assignment: Assignment | None = None
    edition: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    matter: MatterView | None = None


def _box(column: Any) -> list[Any]:
    return [getattr(func, name)(column) for name in ("ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax")]


def _one(session: Session, table: Table, code: str) -> tuple[dict[str, Any], Box] | None:
    """Rides the index behind the exclusion constraint on (code, valid)."""
    columns = [column for column in table.c if column.name not in {"geom", "valid", "id"}]
    row = session.execute(select(*columns, *_box(table.c.geom)).where(table.c.code == code, in_force(table))).one_or_none()
    if row is None:
        return None
    values = {column.name: row[i] for i, column in enumerate(columns)}
    west, south, east, north = row[len(columns) :]
    return values, (west, south, east, north)


def grid_card(session: Session, code: str) -> Card | None:
    """Return the card of the base or department grid in force with this code, or None."""
    found = _one(session, base_grids, code)
    if found is not None:
        values, bbox = found
        values |= _units_of(session, values["village_code"]) | _counts(session, code)
        values["area_km2"] = f"{values['area_m2'] / M2_PER_KM2:.3f}"
        return Card("base_grids", values["name"], values, bbox)
    found = _one(session, department_grids, code)
    if found is None:
        return None
    values, bbox = found
    values["area_km2"] = f"{values['area_m2'] / M2_PER_KM2:.3f}"
    return Card("department_grids", values["name"], values, bbox)


def _units_of(session: Session, village_code: str | None) -> dict[str, str | None]:
    """Rides the index behind the exclusion constraint on (code, valid)."""
    village = units.alias("village")
    township = units.alias("township")
    row = session.execute(
        select(village.c.name, township.c.name)
        .outerjoin(township, (township.c.code == village.c.parent_code) & in_force(township))
        .select_from(village)
        .where(village.c.code == village_code, in_force(village))
    ).one_or_none()
    return {"village": row[0], "township": row[1]} if row else {}


def _counts(session: Session, code: str) -> dict[str, int]:
    """Rides ``ix_events_grid_code``."""
    n_open = func.count().filter(events.c.is_open)
    row = session.execute(select(func.count(), n_open).where(events.c.grid_code == code)).one()
    return {"events": row[0], "open_events": row[1]}


def grid_facts(session: Session) -> dict[str, dict[str, Any]]:
    """Return what the cards of all base grids in force say, by code, for a page without a server; counts of events left out.

    Reads every base grid in force once, a few thousand rows.
    """
    village, township = units.alias("village"), units.alias("township")
    columns = [base_grids.c[name] for name in ("name", "exclusive_kind", "leader", "households")]
    rows = session.execute(
        select(
            base_grids.c.code, *columns, base_grids.c.area_m2, village.c.name.label("village"), township.c.name.label("township")
        )
        .outerjoin(village, (village.c.code == base_grids.c.village_code) & in_force(village))
        .outerjoin(township, (township.c.code == village.c.parent_code) & in_force(township))
        .where(in_force(base_grids))
    ).mappings()
    shown = (*(column.name for column in columns), "village", "township")
    return {
        row["code"]: {name: row[name] for name in shown if row[name] is not None}
        | {"area_km2": f"{row['area_m2'] / M2_PER_KM2:.3f}"}
        for row in rows
    }


def station_card(session: Session, code: str) -> Card | None:
    """Return the card of the station in force with this code, or None."""
    found = _one(session, stations, code)
    if found is None:
        return None
    values, bbox = found
    unit = session.scalar(select(units.c.name).where(units.c.code == values["unit_code"], in_force(units)))
    values |= {"unit": unit}
    return Card("stations", values["name"], values, bbox)


def event_card(session: Session, event_id: UUID, *, now: datetime, district: HasRules) -> Card | None:
    """Return the card of one event with its current assignment and its matter at ``now``, or None. Rides the primary keys."""
    columns = [
        events.c[n] for n in ("number", "kind", "state", "words", "address", "channel", "reported_at", "closed_at", "grid_code")
    ]
    row = session.execute(select(*columns, *_box(events.c.point)).where(events.c.id == event_id)).one_or_none()
    if row is None:
        return None
    west, south, east, north = row[len(columns) :]
    values = {column.name: row[i] for i, column in enumerate(columns)}
    values |= {name: mask_text(values[name]) for name in ("words", "address")}
    bbox = None if west is None else (west, south, east, north)
    event = find(session, event_id)
    assigned = event.assignment if event else None
    matter = of_event(session, event_id, now=now, district=district)
    names = (
        {} if matter is None else unit_names_of(session, {p.code for p in (matter.matter.first_owner, *matter.matter.parties())})
    )
    if assigned is None:
        return Card("events", row.number, values, bbox, names=names, matter=matter)
    edition = editions.by_id(session, assigned.edition_id).name
    return Card("events", row.number, values, bbox, assigned, edition, names | names_of(session, assigned), matter)
