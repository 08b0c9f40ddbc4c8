"""What analyses read in bulk, and the areas they leave for the map: rows of ``shapes`` beside the copies of editions."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from geogrid.domain.places import PlaceKind
from geogrid.space.crs import SRID_STORED, SRID_WEB_MERCATOR
from geogrid.store.copying import copy_rows
from geogrid.store.tables.events import events, steps
from geogrid.store.tables.geography import households, places, roads, shapes

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from geogrid.store.editions import Edition

SERVICE_CIRCLES = "service_circles"
UNCOVERED = "uncovered"  # a place in every base grid, with how many of its households reach no station in time
HOTSPOTS = "hotspots"


@dataclass(frozen=True)
class Drawn:
    """One area for the map: the largest zoom it is good for, its code, what is said of it, its shape in EPSG:3857."""

    zoom: int
    code: str
    properties: dict[str, Any]
    mercator: Any


def replace(session: Session, kind: str, edition_id: int, drawn: Iterable[Drawn]) -> None:
    """Put areas in the place of those of an earlier analysis of this kind, of whatever edition."""
    from geogrid.store.geography import ewkb  # brings geopandas, which readers of figures do without

    rows = [d for d in drawn if not d.mercator.is_empty]
    session.execute(delete(shapes).where(shapes.c.kind == kind))
    shown = ewkb(np.array([d.mercator for d in rows], dtype=object), SRID_WEB_MERCATOR) if rows else []
    copied = [
        (kind, edition_id, d.zoom, d.code, json.dumps(d.properties, ensure_ascii=False), geom)
        for d, geom in zip(rows, shown, strict=True)
    ]
    copy_rows(session, "shapes", [column.name for column in shapes.columns], copied)


def said(session: Session, kind: str) -> tuple[int, dict[str, Any]] | None:
    """Return edition and properties of the analysis's first area, None where there is none. Rides the primary key of shapes."""
    row = session.execute(
        select(shapes.c.edition_id, shapes.c.properties)
        .where(shapes.c.kind == kind)
        .order_by(shapes.c.zoom, shapes.c.code)
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.edition_id, row.properties)


def homes_lonlat(session: Session) -> np.ndarray:
    """Return the places (n, 2 degrees) of all households in force. Reads the whole table: for jobs only."""
    place = households.c.geom
    standing = text("NOT isempty(households.valid) AND upper_inf(households.valid)")
    rows = session.execute(select(func.ST_X(place), func.ST_Y(place)).where(standing)).all()
    return np.array([tuple(row) for row in rows], dtype=float).reshape(-1, 2)


def water_areas(session: Session) -> np.ndarray:
    """Return the areas (EPSG:4490) of water in force. Reads all places: for jobs only."""
    import shapely

    standing = text("NOT isempty(places.valid) AND upper_inf(places.valid)")
    wet = (places.c.kind == PlaceKind.WATER.value, func.ST_Dimension(places.c.geom) == 2)
    rows = session.scalars(select(func.ST_AsBinary(places.c.geom, type_=None)).where(standing, *wet)).all()
    return np.asarray(shapely.from_wkb(np.array([bytes(row) for row in rows], dtype=object)), dtype=object)


def events_lonlat(session: Session, start: datetime, end: datetime) -> np.ndarray:
    """Return the places (n, 2 degrees) of events reported from ``start`` to before ``end``. Rides ``ix_events_reported_at``."""
    place = events.c.point
    within = (events.c.reported_at >= start, events.c.reported_at < end, place.is_not(None))
    rows = session.execute(select(func.ST_X(place), func.ST_Y(place)).where(*within)).all()
    return np.array([tuple(row) for row in rows], dtype=float).reshape(-1, 2)


@dataclass(frozen=True)
class EventColumns:
    """Events by the column: grid code as recorded (None for none), place in degrees (n, 2; NaN for none), kind, address."""

    grid_codes: np.ndarray
    lonlat: np.ndarray
    kinds: np.ndarray
    words: np.ndarray


def events_between(session: Session, start: datetime, end: datetime, kinds: Collection[str] = ()) -> EventColumns:
    """Return events reported from ``start`` to before ``end``, of some ``kinds`` or all. Rides ``ix_events_reported_at``."""
    at = events.c
    wanted = [at.reported_at >= start, at.reported_at < end]
    if kinds:
        wanted.append(at.kind.in_(kinds))
    columns = (at.grid_code, func.ST_X(at.point), func.ST_Y(at.point), at.kind, at.address)
    rows = session.execute(select(*columns).where(*wanted).order_by(at.reported_at, at.id)).all()
    codes, lon, lat, kind, words = (np.array([row[i] for row in rows], dtype=object) for i in range(5))
    return EventColumns(codes, np.column_stack([lon, lat]).astype(float), kind, words)


def names_on_the_ground(session: Session, edition: Edition) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Return an edition's named places but for address points (``name kind``), and its roads, one row a name (``name``)."""
    from geogrid.store.geography import rows_of

    mine = (rows_of(places, edition), places.c.kind != PlaceKind.ADDRESS.value, places.c.name != "")
    named = session.execute(select(places.c.name, places.c.kind, func.ST_AsBinary(places.c.geom, type_=None)).where(*mine)).all()
    whole = func.ST_AsBinary(func.ST_Collect(roads.c.geom), type_=None)
    lines = session.execute(select(roads.c.name, whole).where(rows_of(roads, edition), roads.c.name != "").group_by(roads.c.name))
    return _frame(("name", "kind"), named), _frame(("name",), lines.all())


def _frame(names: tuple[str, ...], rows: Sequence[Any]) -> GeoDataFrame:
    import geopandas
    import shapely

    values = {name: np.array([row[i] for row in rows], dtype=object) for i, name in enumerate(names)}
    shapes_of = shapely.from_wkb(np.array([bytes(row[-1]) for row in rows], dtype=object))
    return geopandas.GeoDataFrame(values, geometry=shapes_of, crs=SRID_STORED)


def events_by_grid(session: Session, start: datetime, end: datetime) -> dict[str, int]:
    """Return the number of events by grid, reported from ``start`` to before ``end``. Rides ``ix_events_reported_at``."""
    within = (events.c.reported_at >= start, events.c.reported_at < end, events.c.grid_code.is_not(None))
    counted = select(events.c.grid_code, func.count()).where(*within).group_by(events.c.grid_code)
    return {row[0]: row[1] for row in session.execute(counted)}


def first_reported_at(session: Session) -> datetime | None:
    """Return when the first event was reported. Rides ``ix_events_reported_at``."""
    return session.scalar(select(func.min(events.c.reported_at)))


def last_step(session: Session) -> int:
    """Return the id of the last step, 0 before the first. Rides the primary key."""
    return session.scalar(select(func.max(steps.c.id))) or 0
