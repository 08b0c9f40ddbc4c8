"""Counts of events by cell: insert-only deltas, a fold, a rebuild; all three from the stored rows by one piece of SQL.

An event row carries its cell at ``CELL_ZOOM``; a coarser cell is that shifted right, so that every writer and the check of
``geogrid fsck`` agree bit for bit. A tile is ``event_cells`` plus the deltas not folded yet, read by one statement.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from geogrid.space.tiles import CLUSTER_ZOOMS, CROWD_ZOOMS, cell_zoom

CELL_ZOOM = 24  # the zoom of events.cell_x and cell_y: finer than any map shows
ZOOMS = [cell_zoom(zoom) for zoom in CLUSTER_ZOOMS + CROWD_ZOOMS]

COUNTED = """
SELECT zoom, cell_x >> (:cell_zoom - zoom) AS cell_x, cell_y >> (:cell_zoom - zoom) AS cell_y,
       coalesce(township_code, '') AS township_code, coalesce(village_code, '') AS village_code, is_open, count(*) AS events,
       sum(round(ST_X(point) * 1e7)::bigint) AS sum_lon_e7, sum(round(ST_Y(point) * 1e7)::bigint) AS sum_lat_e7
FROM events CROSS JOIN unnest(CAST(:zooms AS integer[])) AS zoom
WHERE point IS NOT NULL AND {which}
GROUP BY 1, 2, 3, 4, 5, 6
"""

ADD = """
INSERT INTO event_cell_deltas ({columns})
SELECT {key}, :sign * events, :sign * sum_lon_e7, :sign * sum_lat_e7
FROM ({some}) AS counted
"""
FOLD = """
WITH gone AS (DELETE FROM event_cell_deltas WHERE id IN (
        SELECT id FROM event_cell_deltas ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING *),
     summed AS (SELECT {key}, sum(events)::bigint AS events,
        sum(sum_lon_e7)::bigint AS sum_lon_e7, sum(sum_lat_e7)::bigint AS sum_lat_e7
        FROM gone GROUP BY {key} ORDER BY {key}),
     kept AS (INSERT INTO event_cells AS c ({columns}) SELECT {columns} FROM summed
        ON CONFLICT ({key}) DO UPDATE SET events = c.events + excluded.events,
            sum_lon_e7 = c.sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = c.sum_lat_e7 + excluded.sum_lat_e7
        RETURNING 1)
SELECT count(*) FROM gone
"""
TOTALS = """
SELECT {key}, sum(events)::bigint AS events,
       sum(sum_lon_e7)::bigint AS sum_lon_e7, sum(sum_lat_e7)::bigint AS sum_lat_e7
FROM (SELECT {columns} FROM event_cells UNION ALL SELECT {columns} FROM event_cell_deltas) AS every
GROUP BY {key} HAVING sum(events) <> 0 OR sum(sum_lon_e7) <> 0 OR sum(sum_lat_e7) <> 0
"""
WRONG = """
SELECT {key}, kept.events AS kept_events, counted.events AS counted_events
FROM ({totals}) AS kept FULL JOIN ({all}) AS counted USING ({key})
WHERE (kept.events, kept.sum_lon_e7, kept.sum_lat_e7)
      IS DISTINCT FROM (counted.events, counted.sum_lon_e7, counted.sum_lat_e7)
ORDER BY {key} LIMIT :most
"""
OF_TILE = """
SELECT cell_x, cell_y, township_code, village_code, is_open, sum(events)::bigint AS events,
       sum(sum_lon_e7)::bigint AS sum_lon_e7, sum(sum_lat_e7)::bigint AS sum_lat_e7
FROM (SELECT {columns} FROM event_cells UNION ALL SELECT {columns} FROM event_cell_deltas) AS every
WHERE zoom = :zoom AND cell_x BETWEEN :west AND :east AND cell_y BETWEEN :north AND :south
GROUP BY 1, 2, 3, 4, 5 HAVING sum(events) <> 0
"""
TOTAL = "SELECT coalesce(sum(events), 0) FROM ({totals}) AS kept WHERE zoom = :zoom"
REBUILD = "INSERT INTO event_cells ({columns}) {all}"

KEY = "zoom, cell_x, cell_y, township_code, village_code, is_open"
PARTS = {"key": KEY, "columns": f"{KEY}, events, sum_lon_e7, sum_lat_e7"}
PARTS["totals"] = TOTALS.format_map(PARTS)
PARTS["all"] = COUNTED.format(which="true")
PARTS["some"] = COUNTED.format(which="id = ANY(CAST(:ids AS uuid[]))")  # rides the primary key


def _sql(template: str) -> TextClause:
    return text(template.format_map(PARTS))


DELTA = _sql(ADD)  # made once: it is a part of every insert


def add(session: Session, ids: Collection[UUID]) -> None:
    """Count the events in, as they are stored now: call it after they were written."""
    _delta(session, ids, 1)


def subtract(session: Session, ids: Collection[UUID]) -> None:
    """Count the events out, as they are stored now: call it before they are changed."""
    _delta(session, ids, -1)


def _delta(session: Session, ids: Collection[UUID], sign: int) -> None:
    session.execute(DELTA, {"ids": list(ids), "sign": sign, **_zooms()})


def _zooms() -> dict[str, Any]:
    return {"cell_zoom": CELL_ZOOM, "zooms": ZOOMS}


def fold(session: Session, *, most: int = 100_000) -> int:
    """Move up to ``most`` deltas into ``event_cells`` and return how many; a reader sees the same sums before and after."""
    folded = session.scalar(_sql(FOLD), {"most": most}) or 0
    if folded:
        session.execute(text("DELETE FROM event_cells WHERE events = 0 AND sum_lon_e7 = 0 AND sum_lat_e7 = 0"))
    return folded


def rebuild(session: Session) -> None:
    """Count all events anew, by set. Writers of events wait until this transaction ends."""
    session.execute(text("LOCK TABLE event_cell_deltas IN SHARE ROW EXCLUSIVE MODE"))
    session.execute(text("DELETE FROM event_cell_deltas"))
    session.execute(text("DELETE FROM event_cells"))
    session.execute(_sql(REBUILD), _zooms())


def wrong(session: Session, *, most: int = 20) -> list[dict[str, Any]]:
    """Return up to ``most`` cells whose kept counts are not those of the events."""
    return [dict(row) for row in session.execute(_sql(WRONG), {"most": most, **_zooms()}).mappings()]


def of_tile(session: Session, zoom: int, columns: range, rows: range) -> list[dict[str, Any]]:
    """Return the counts of the cells of one tile (``space.tiles.cells_of_tile``), pending deltas included.

    Rides the primary key of ``event_cells`` and the index of the deltas on (zoom, cell_x, cell_y).
    """
    values = {"zoom": zoom, "west": columns[0], "east": columns[-1], "north": rows[0], "south": rows[-1]}
    return [dict(row) for row in session.execute(_sql(OF_TILE), values).mappings()]


def total(session: Session, zoom: int) -> int:
    """Return how many events the cells of one cell zoom hold, pending deltas included."""
    return int(session.scalar(_sql(TOTAL), {"zoom": zoom}) or 0)
