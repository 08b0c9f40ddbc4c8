"""Events: counts by cell of the map far out, each by itself near.

Counts come from ``event_cells`` and the deltas not folded yet, so that a tile is exact a moment after a report and stays
quick at millions of events. A cell's place is the mean of its events.
"""

from __future__ import annotations

from sqlalchemy import Float, Integer, Select, Table, Text, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from geogrid.domain.events import Channel, EventKind, EventState
from geogrid.rules.scope import Scope
from geogrid.space.crs import SRID_STORED
from geogrid.space.tiles import CLUSTER_ZOOMS, cell_of, cell_zoom
from geogrid.store.cells import CELL_ZOOM
from geogrid.store.scope import visible
from geogrid.store.tables.cells import event_cell_deltas, event_cells
from geogrid.store.tables.events import events
from layers.layer import Group, Layer, PopupField, Rule, Shape, Symbol
from layers.shapes import mercator
from layers.view import View

SINGLE_FROM_ZOOM = CLUSTER_ZOOMS[-1] + 1
E7 = 1e7
OF_TOWNSHIPS = "000"  # how a township's code of 12 digits ends


def select_events(view: View) -> Select:
    """Clusters far out, single events near; both have ``code``, ``geom``, ``open`` and ``closed``."""
    if view.zoom >= SINGLE_FROM_ZOOM:
        return select_single(view)
    return select_clusters(view) if _counted_by_cell(view.scope) else select_clusters_of_some(view)


def _counted_by_cell(scope: Scope) -> bool:
    """Whether the counts kept by cell and township are the ones that a reader may see; row security leaves his townships."""
    return scope.whole or (bool(scope.units) and all(unit.endswith(OF_TOWNSHIPS) for unit in scope.units))


def select_clusters(view: View) -> Select:
    """Counts by cell in the view, a cell's breadth around it included: a circle on the edge is drawn by both sides.

    Rides the primary key of ``event_cells`` and ``ix_event_cell_deltas_zoom_cell_x_cell_y``.
    """
    zoom = cell_zoom(max(view.zoom, CLUSTER_ZOOMS[0]))
    parts = union_all(*(_counts(table, zoom, view) for table in (event_cells, event_cell_deltas))).subquery()
    total = func.sum(parts.c.events)
    lon, lat = (cast(func.sum(column), Float) / total / E7 for column in (parts.c.sum_lon_e7, parts.c.sum_lat_e7))
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID_STORED)
    n_open = func.coalesce(func.sum(parts.c.events).filter(parts.c.is_open), 0)
    return (
        select(
            (cast(parts.c.cell_x, Text) + literal("-") + cast(parts.c.cell_y, Text)).label("code"),
            mercator(point).label("geom"),
            cast(n_open, Integer).label("open"),
            cast(total - n_open, Integer).label("closed"),
        )
        .group_by(parts.c.cell_x, parts.c.cell_y)
        .having(total > 0)
        .order_by(parts.c.cell_x, parts.c.cell_y)
        .limit(view.most)
    )


def select_clusters_of_some(view: View) -> Select:
    """Counts by cell of the events that a reader of villages, a department or a station may see.

    Rides ``idx_events_point`` (GiST) and what ``store.scope.visible`` rides.
    """
    shift = CELL_ZOOM - cell_zoom(max(view.zoom, CLUSTER_ZOOMS[0]))
    cell_x, cell_y = (column.op(">>")(shift) for column in (events.c.cell_x, events.c.cell_y))
    seen = (
        select(cell_x.label("cell_x"), cell_y.label("cell_y"), events.c.is_open, events.c.point)
        .where(events.c.point.op("&&")(view.envelope()), visible(view.scope))
        .subquery()
    )
    lon, lat = (func.avg(place(seen.c.point)) for place in (func.ST_X, func.ST_Y))
    n_open = cast(func.count().filter(seen.c.is_open), Integer)
    return (
        select(
            (cast(seen.c.cell_x, Text) + literal("-") + cast(seen.c.cell_y, Text)).label("code"),
            mercator(func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID_STORED)).label("geom"),
            n_open.label("open"),
            (cast(func.count(), Integer) - n_open).label("closed"),
        )
        .group_by(seen.c.cell_x, seen.c.cell_y)
        .order_by(seen.c.cell_x, seen.c.cell_y)
        .limit(view.most)
    )


def _counts(table: Table, zoom: int, view: View) -> Select:
    west, south, east, north = view.bbox
    (x_first, x_last), (y_last, y_first) = cell_of([west, east], [south, north], zoom)
    columns = (table.c.cell_x, table.c.cell_y, table.c.is_open, table.c.events, table.c.sum_lon_e7, table.c.sum_lat_e7)
    return select(*columns).where(
        table.c.zoom == zoom,
        table.c.cell_x.between(int(x_first) - 1, int(x_last) + 1),
        table.c.cell_y.between(int(y_first) - 1, int(y_last) + 1),
    )


def select_single(view: View) -> Select:
    """Events in the view, open ones first where there are more than the bound. Rides ``idx_events_point`` (GiST)."""
    return (
        select(
            cast(events.c.id, Text).label("code"),
            mercator(events.c.point).label("geom"),
            cast(events.c.is_open, Integer).label("open"),
            events.c.number,
            events.c.kind,
            events.c.state,
        )
        .where(events.c.point.op("&&")(view.envelope()), visible(view.scope))
        .order_by(events.c.is_open.desc(), events.c.reported_at.desc())
        .limit(view.most)
    )


def all_points(session: Session, *, most: int) -> list[tuple[float, float, int, str, str]]:
    """Return lon, lat (degrees), 1 if open, number and kind of located events, the latest first, at most ``most``.

    Rides ``ix_events_reported_at``.
    """
    lon, lat = func.ST_X(events.c.point), func.ST_Y(events.c.point)
    found = select(lon, lat, events.c.is_open, events.c.number, events.c.kind).where(events.c.point.is_not(None))
    rows = session.execute(found.order_by(events.c.reported_at.desc(), events.c.id).limit(most))
    return [(round(row[0], 6), round(row[1], 6), int(row[2]), row[3], row[4]) for row in rows]


LAYER = Layer(
    name="events",
    title="Events",
    group=Group.MATTERS,
    rules=(
        Rule("Open events", Symbol(Shape.CLUSTER, stroke="halo", fill="event-open", radius_px=5.0), {"open": 1}),
        Rule("Closed events", Symbol(Shape.CLUSTER, stroke="halo", fill="event-closed", radius_px=4.0), {"open": 0}),
    ),
    popup=(
        PopupField("number", "Number"),
        PopupField("kind", "Kind", EventKind),
        PopupField("state", "State", EventState),
        PopupField("words", "Words"),
        PopupField("address", "Address"),
        PopupField("channel", "Channel", Channel),
        PopupField("reported_at", "Reported"),
        PopupField("closed_at", "Closed at"),
    ),
    select=select_events,
    pick=True,
)
