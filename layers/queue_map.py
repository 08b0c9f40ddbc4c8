"""The desk's map: the staff light of every open matter in a box, each by itself where they are few, else counted by cell.

It shows what the queue lists, under the same filters and with the light of the same instant; a cell that holds one matter shows
that matter, so that far out an overdue one in the country is a pin and the middle of a town is one mark with its numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Integer, Row, Uuid, cast, func, select
from sqlalchemy.orm import Session

from geogrid.domain.clocks import Light
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.rules.urgency import URGENT
from geogrid.space.crs import SRID_STORED
from geogrid.space.tiles import cell_bounds_lonlat, cell_of, cell_zoom
from geogrid.store.tables.desk import desk_spans
from geogrid.store.tables.events import events
from geogrid.store.tables.matters import matters
from layers.queue import wanted
from layers.queue_filters import QueueFilter

MOST_PINS = 150  # beyond it they lie over each other on a map of half a desk
MOST_CELLS = 1_024  # in one answer, however large the box: cells grow until it holds no more
DECIMALS = 6  # of degrees: 0.1 m
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Pin:
    """One open matter on the map. ``programme`` and ``version`` say whose class ``category`` is, None where it has no rules."""

    event_id: UUID
    number: str
    kind: str
    category: str
    programme: str | None
    version: int | None
    light: Light
    danger: bool
    point_lonlat: tuple[float, float]


@dataclass(frozen=True)
class Cell:
    """Open matters that lie too near each other to be told apart: how many by light, and the mean of their places."""

    by_light: dict[Light, int]
    danger: bool
    point_lonlat: tuple[float, float]

    @property
    def worst(self) -> Light:
        """Return the most alarming light in it."""
        return next(light for light in URGENT if self.by_light[light])


@dataclass(frozen=True)
class Lights:
    """What a box of the map shows: every open matter that fits is a pin or is counted by one cell."""

    pins: tuple[Pin, ...]
    cells: tuple[Cell, ...]

    @property
    def total(self) -> int:
        """Return how many matters are shown."""
        return len(self.pins) + sum(sum(cell.by_light.values()) for cell in self.cells)


def read_lights(
    session: Session, chosen: QueueFilter, bbox: Box, zoom: int, *, now: datetime, scope: Scope = EVERYTHING
) -> Lights:
    """Return the open matters with a place in a box as a map at ``zoom`` shows them, with the lights of ``now``.

    ``bbox`` is west, south, east, north in degrees; it is widened to whole cells, so that a cell at its edge counts all that
    it holds. Closed matters have no light: a filter for them shows nothing. Rides ``ix_desk_spans_queue`` and
    ``ix_events_open_point``.
    """
    if chosen.is_open is False:
        return Lights((), ())
    z, bounds = cells_over(bbox, zoom)
    within = events.c.point.op("&&")(func.ST_MakeEnvelope(*bounds, SRID_STORED))
    fits = wanted(chosen.but(is_open=True), now=now, scope=scope, on_event=(within,))
    few = _pins(session, fits, MOST_PINS + 1)
    if len(few) <= MOST_PINS:
        return Lights(tuple(few), ())
    rows = _counted(session, fits, z)
    alone = [row.event_id for row in rows if row.total == 1]
    pins = _pins(session, [*fits, desk_spans.c.event_id == func.any(alone)], len(alone)) if alone else []
    return Lights(tuple(pins), tuple(_cell(row) for row in rows if row.total > 1))


def cells_over(bbox: Box, zoom: int) -> tuple[int, Box]:
    """Return the zoom of the cells (see ``space.tiles``) that a map at ``zoom`` shows, and the box of those over ``bbox``.

    It is the lower, the larger the box is, so that there are at most ``MOST_CELLS``.
    """
    west, south, east, north = bbox
    for z in range(cell_zoom(zoom), -1, -1):
        (x_first, x_last), (y_last, y_first) = cell_of((west, east), (south, north), z)
        if (x_last - x_first + 1) * (y_last - y_first + 1) <= MOST_CELLS:
            break
    west, _, _, north = cell_bounds_lonlat(int(x_first), int(y_first), z)
    _, south, east, _ = cell_bounds_lonlat(int(x_last), int(y_last), z)
    return z, (west, south, east, north)


def _lonlat() -> tuple[ColumnElement[float], ColumnElement[float]]:
    return func.ST_X(events.c.point), func.ST_Y(events.c.point)


def cell_holding(
    lon: ColumnElement[float], lat: ColumnElement[float], zoom: int
) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Return x and y of the cell at cell zoom ``zoom`` that holds a place in degrees: ``space.tiles.cell_of`` as SQL."""
    count = 2**zoom
    x = (lon + 180.0) / 360.0 * count
    y = (0.5 - func.asinh(func.tan(func.radians(lat))) / (2 * func.pi())) * count
    return cast(func.floor(x), Integer), cast(func.floor(y), Integer)


def _counted(session: Session, fits: Sequence[ColumnElement[bool]], zoom: int) -> Sequence[Row]:
    x, y = cell_holding(*_lonlat(), zoom)
    lights = (func.count().filter(desk_spans.c.urgency == place).label(light.value) for place, light in enumerate(URGENT))
    first = func.array_agg(events.c.id, type_=ARRAY(Uuid))[1]
    columns = (func.count().label("total"), *lights, func.bool_or(desk_spans.c.danger).label("danger"), first.label("event_id"))
    means = (func.avg(degrees) for degrees in _lonlat())
    lon, lat = (mean.label(name) for mean, name in zip(means, ("lon", "lat"), strict=True))
    return session.execute(select(*columns, lon, lat).where(*fits).group_by(x, y).order_by(x, y)).all()


def _cell(row: Row) -> Cell:
    return Cell({light: getattr(row, light.value) for light in URGENT}, row.danger, _rounded(row))


def _pins(session: Session, fits: Sequence[ColumnElement[bool]], most: int) -> list[Pin]:
    lon, lat = _lonlat()
    # The class is that of the span: matters are joined from outside, so that what fits stays the condition on all of them.
    found = (
        select(events.c.id, events.c.number, events.c.kind, desk_spans.c.category, desk_spans.c.urgency, desk_spans.c.danger)
        .add_columns(lon.label("lon"), lat.label("lat"))
        .where(*fits)
        .limit(most)
        .subquery("found")
    )
    of_matter = (matters.c.programme, matters.c.programme_version)
    query = select(found, *of_matter).join_from(found, matters, matters.c.event_id == found.c.id, isouter=True)
    return [_pin(row) for row in session.execute(query.order_by(found.c.urgency, found.c.number))]


def _pin(row: Row) -> Pin:
    told: dict[str, Any] = {name: getattr(row, name) for name in ("number", "kind", "category", "programme", "danger")}
    return Pin(row.id, version=row.programme_version, light=URGENT[row.urgency], point_lonlat=_rounded(row), **told)


def _rounded(row: Row) -> tuple[float, float]:
    return round(row.lon, DECIMALS), round(row.lat, DECIMALS)
