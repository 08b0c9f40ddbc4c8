"""Events: counts by cell of the map far out, each by itself near.

Counts come from ``event_cells`` and the deltas not folded yet, so that a tile is exact a moment after a report and stays
quick at millions of events. A cell's place is the mean of its events.
"""

from __future__ import annotations

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Float,
    FromClause,
    Integer,
    Select,
    Table,
    Text,
    cast,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from geogrid.domain.events import Channel, EventKind, EventState
from geogrid.domain.programmes import PartyKind
from geogrid.space.crs import SRID_STORED
from geogrid.space.tiles import CLUSTER_ZOOMS, CROWD_ZOOMS, cell_of, cell_zoom
from geogrid.store.cells import CELL_ZOOM
from geogrid.store.scope import lies_in, parties_of, visible
from geogrid.store.tables.cells import event_cell_deltas, event_cells
from geogrid.store.tables.concerns import concerns
from geogrid.store.tables.events import events
from layers.layer import Group, Layer, PopupField, Rule, Shape, Symbol
from layers.shapes import mercator
from layers.view import View

SINGLE_FROM_ZOOM = CLUSTER_ZOOMS[-1] + 1
MOST_SINGLE = 2_000  # in one tile: more dots lie over each other, and weigh more than the whole of the map's first view
E7 = 1e7
PERSON = f"{PartyKind.PERSON.value}:"
EDGE = 1e-6  # of the breadth of a view: what lies nearer to its edge than that is beyond it


def select_events(view: View) -> Select | CompoundSelect:
    """Clusters far out, single events near; both have ``code``, ``geom``, ``open`` and ``closed``."""
    return select_single(view) if view.zoom >= SINGLE_FROM_ZOOM else select_clusters(view)


def select_clusters(view: View) -> Select:
    """Counts by cell in the view, a cell's breadth around it included: a circle on the edge is drawn by both sides.

    Rides the primary key of ``event_cells`` and ``ix_event_cell_deltas_zoom_cell_x_cell_y``; what a reader's own units do not
    show rides ``ix_concerns_party`` alone.
    """
    parts = union_all(*_parts(view, around=1)).subquery()
    n_open = func.coalesce(func.sum(parts.c.events).filter(parts.c.is_open), 0)
    total = func.sum(parts.c.events)
    return (
        select(
            _code(parts),
            _middle(parts).label("geom"),
            cast(n_open, Integer).label("open"),
            cast(total - n_open, Integer).label("closed"),
        )
        .group_by(parts.c.cell_x, parts.c.cell_y)
        .having(total > 0)
        .order_by(parts.c.cell_x, parts.c.cell_y)
        .limit(view.most)
    )


def _code(parts: FromClause) -> ColumnElement:
    return (cast(parts.c.cell_x, Text) + literal("-") + cast(parts.c.cell_y, Text)).label("code")


def _middle(parts: FromClause) -> ColumnElement:
    """Return the mean of the places of counts, as SQL in EPSG:3857."""
    sums = (cast(func.sum(column), Float) for column in (parts.c.sum_lon_e7, parts.c.sum_lat_e7))
    lon, lat = (total / func.sum(parts.c.events) / E7 for total in sums)
    return mercator(func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID_STORED))


def _parts(view: View, *, around: int) -> list[Select]:
    """Return the SELECTs whose rows are the counts of a view, ``around`` cells about it included."""
    kept = [_counts(table, view, around) for table in (event_cells, event_cell_deltas)]
    return kept if view.scope.whole else [*kept, *_concerned(view, around)]


def _zoom_of_cells(view: View) -> int:
    return cell_zoom(max(view.zoom, CLUSTER_ZOOMS[0]))


def _cells_in(view: View, around: int) -> tuple[range, range]:
    """Return the columns and rows of the cells in the view; the cells of a tile end where it does."""
    west, south, east, north = view.bbox
    inside = (east - west) * EDGE
    lons, lats = (west + inside, east - inside), (south + inside, north - inside)
    (x_first, x_last), (y_last, y_first) = cell_of(lons, lats, _zoom_of_cells(view))
    return range(int(x_first) - around, int(x_last) + around + 1), range(int(y_first) - around, int(y_last) + around + 1)


def _counts(table: Table, view: View, around: int) -> Select:
    """Return the SELECT of the kept counts of a reader's units."""
    columns, rows = _cells_in(view, around)
    shown = (table.c.cell_x, table.c.cell_y, table.c.is_open, table.c.events, table.c.sum_lon_e7, table.c.sum_lat_e7)
    return select(*shown).where(
        table.c.zoom == _zoom_of_cells(view),
        table.c.cell_x.between(columns[0], columns[-1]),
        table.c.cell_y.between(rows[0], rows[-1]),
        true() if view.scope.whole else lies_in(table, view.scope),
    )


def _concerned(view: View, around: int) -> list[Select]:
    """Return the SELECTs of the counts of a reader's parties outside of his units, one for each party.

    An event counts with the first of his parties that has a part in it. Those of one person come last: they are few, and only
    what comes after another has to be looked up there.
    """
    parties = sorted(view.scope.parties, key=lambda party: party.startswith(PERSON))
    return [_concerned_of(party, parties[:at], view, around) for at, party in enumerate(parties)]


def _concerned_of(party: str, others: list[str], view: View, around: int) -> Select:
    """Return the SELECT of the counts of one party, summed here: whole numbers of four bytes are quick to sum."""
    of, before = concerns.c, concerns.alias("before").c
    shift = CELL_ZOOM - _zoom_of_cells(view)
    found = select(of.cell_x.op(">>")(shift).label("x"), of.cell_y.op(">>")(shift).label("y"), of.is_open, of.lon_e7, of.lat_e7)
    found = found.where(of.party == party, *_near(view, around))
    if view.scope.units:
        found = found.where(lies_in(concerns, view.scope).is_not(True))
    if others:
        counted = select(before.event_id).where(before.event_id == of.event_id, before.party.in_(others))
        found = found.where(~counted.exists())
    row = found.subquery().c
    key = row.x, row.y, row.is_open
    return select(*key, func.count(), func.sum(row.lon_e7), func.sum(row.lat_e7)).group_by(*key)


def _parties_near(view: View, around: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on ``concerns`` that leave a reader's parties in the view and ``around`` cells about it."""
    return concerns.c.party == func.any(parties_of(view.scope)), *_near(view, around)


def _near(view: View, around: int) -> list[ColumnElement[bool]]:
    shift, ranges = CELL_ZOOM - _zoom_of_cells(view), _cells_in(view, around)
    columns = zip((concerns.c.cell_x, concerns.c.cell_y), ranges, strict=True)
    return [column.between(cells[0] << shift, ((cells[-1] + 1) << shift) - 1) for column, cells in columns]


def select_single(view: View) -> Select | CompoundSelect:
    """Events in the view, each by itself; where they are too many to be told apart, the closed ones as counts by cell.

    What is open stands by itself always. Rides ``idx_events_point`` (GiST); in a crowd ``ix_events_open_point`` and what
    ``select_clusters`` rides.
    """
    if view.zoom not in CROWD_ZOOMS:
        return _by_itself(view)
    parts = union_all(*_parts(view, around=0)).cte("parts")
    total = select(func.coalesce(func.sum(parts.c.events), 0).label("events")).select_from(parts).cte("total")
    number = select(total.c.events).scalar_subquery()
    few = _by_itself(view, number.between(1, MOST_SINGLE)).subquery("few")
    open_ones = _by_itself(view, number > MOST_SINGLE, events.c.is_open).subquery("open_ones")
    return union_all(select(few), select(open_ones), _closed_ones(parts, number > MOST_SINGLE))


def _by_itself(view: View, *conditions: ColumnElement[bool]) -> Select:
    """Return the SELECT of single events in the view, open ones first where there are more than the bound."""
    near = [visible(view.scope)]
    if view.scope.parties and not view.scope.units:  # then few rows of an index lead to all that he sees here
        near.append(events.c.id.in_(select(concerns.c.event_id).where(*_parties_near(view, around=1))))
    is_open = cast(events.c.is_open, Integer)
    return (
        select(
            cast(events.c.id, Text).label("code"),
            mercator(events.c.point).label("geom"),
            is_open.label("open"),
            (1 - is_open).label("closed"),
            events.c.number,
            events.c.kind,
            events.c.state,
        )
        .where(*conditions, events.c.point.op("&&")(view.envelope()), *near)
        .order_by(events.c.is_open.desc(), events.c.reported_at.desc())
        .limit(view.most)
    )


def _closed_ones(parts: CTE, is_crowded: ColumnElement[bool]) -> Select:
    """Return the SELECT of the closed events of ``parts`` as counts by cell; number, kind and state are those of one event."""
    closed = cast(func.sum(parts.c.events), Integer)
    return (
        select(_code(parts), _middle(parts), literal(0), closed, *(literal(None, Text),) * 3)
        .where(is_crowded, ~parts.c.is_open)
        .group_by(parts.c.cell_x, parts.c.cell_y)
        .having(closed > 0)
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
        PopupField("state", "Stage", EventState),
        PopupField("words", "Words"),
        PopupField("address", "Address"),
        PopupField("channel", "Channel", Channel),
        PopupField("reported_at", "Reported"),
        PopupField("closed_at", "Closed at"),
    ),
    select=select_events,
    pick=True,
)
