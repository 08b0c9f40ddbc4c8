"""Finding things on the map by code, number or name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, Select, Table, Text, case, cast, func, literal, select
from sqlalchemy.orm import Session

from geogrid.domain.places import PlaceKind
from geogrid.store.tables.events import events
from geogrid.store.tables.geography import base_grids, department_grids, places, stations, units
from layers.shapes import in_force

MOST_FOUND = 12
LONGEST_QUERY = 60
SEARCHED: tuple[tuple[str, Table], ...] = (
    ("unit", units),
    ("grid", base_grids),
    ("station", stations),
    ("department_grid", department_grids),
    ("place", places),
)


@dataclass(frozen=True)
class Found:
    """One thing found: its type, code, name, and box in degrees (None where unlocated)."""

    type: str
    code: str
    title: str
    bbox: tuple[float, float, float, float] | None


def search(session: Session, text: str) -> list[Found]:
    """Return what fits ``text``, at most ``MOST_FOUND``: equal codes and names first, then beginnings, then the rest.

    A number of an event must be whole or a beginning of at least six characters. Names are compared row by row (a few
    thousand in force; a trigram index does not help words of two characters); places that are only addresses are left out.
    """
    text = " ".join(text.split())[:LONGEST_QUERY]
    if not text:
        return []
    found: list[tuple[int, Found]] = []
    for type_name, table in SEARCHED:
        found += [_found(type_name, row) for row in session.execute(_in_table(table, text))]
    if len(text) >= 6:
        found += [_found("event", row) for row in session.execute(_in_events(text))]
    found.sort(key=lambda ranked: ranked[0])
    return [item for _, item in found[:MOST_FOUND]]


def _found(type_name: str, row: Row) -> tuple[int, Found]:
    bbox = None if row.west is None else (row.west, row.south, row.east, row.north)
    return row.rank, Found(type_name, row.code, row.title, bbox)


def _sides(geom: ColumnElement) -> list[ColumnElement]:
    return [
        getattr(func, name)(geom).label(label)
        for name, label in (("ST_XMin", "west"), ("ST_YMin", "south"), ("ST_XMax", "east"), ("ST_YMax", "north"))
    ]


def _in_table(table: Table, text: str) -> Select:
    code, name = table.c.code, table.c.name
    fits = code.startswith(text, autoescape=True) | name.icontains(text, autoescape=True)
    rank = case(
        ((code == text) | (name == text), 0),
        (name.istartswith(text, autoescape=True), 1),
        (name.icontains(text, autoescape=True), 2),
        else_=3,
    ).label("rank")
    query = select(code, name.label("title"), rank, *_sides(table.c.geom)).where(fits, in_force(table))
    if table is places:
        query = query.where(places.c.kind.in_([PlaceKind.SETTLEMENT.value, PlaceKind.LANDMARK.value, PlaceKind.WATER.value]))
    return query.order_by(rank, func.length(name), code).limit(MOST_FOUND)


def _in_events(text: str) -> Select:
    """Rides ``uq_events_number``."""
    last = text + "\uffff"  # the highest letter of every collation
    rank = case((events.c.number == text, 0), else_=1).label("rank")
    return (
        select(cast(events.c.id, Text).label("code"), events.c.number.label("title"), rank, *_sides(events.c.point))
        .where(events.c.number >= literal(text), events.c.number < literal(last))
        .order_by(rank, events.c.number.desc())
        .limit(MOST_FOUND)
    )
