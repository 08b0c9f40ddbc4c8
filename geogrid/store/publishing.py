"""What activating an edition writes beside the flip: lineage, copies for tiles, new assignments of open events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from geogrid.domain.grids import Assignment, AssignmentRule, GeographyKind
from geogrid.space.crs import SRID_WEB_MERCATOR
from geogrid.space.lineage import Common
from geogrid.store.batches import copy_assignments
from geogrid.store.copying import copy_rows
from geogrid.store.geography import ewkb
from geogrid.store.tables.editions import lineage
from geogrid.store.tables.events import events
from geogrid.store.tables.geography import shapes

RETIRE = """
UPDATE assignments SET is_current = false FROM events
WHERE assignments.event_id = events.id AND assignments.is_current AND events.is_open
"""
NOTE = """
INSERT INTO steps (event_id, seq, kind, at, actor, note, step)
SELECT n.event_id, (SELECT max(seq) + 1 FROM steps AS s WHERE s.event_id = n.event_id), 'assign', :at, :actor, :note, 'assign'
FROM new_places AS n JOIN events AS e ON e.id = n.event_id
WHERE e.grid_code IS DISTINCT FROM n.grid_code ORDER BY n.event_id
"""
MOVED = """
SELECT e.id FROM events AS e JOIN new_places AS n ON n.event_id = e.id
WHERE (e.township_code, e.village_code) IS DISTINCT FROM (n.township_code, n.village_code)
"""
PROJECT = """
UPDATE events AS e SET edition_id = :edition_id, grid_code = n.grid_code, village_code = n.village_code,
    township_code = n.township_code, rule = n.rule
FROM new_places AS n WHERE n.event_id = e.id
"""


def add_lineage(
    session: Session,
    edition_id: int,
    kind: GeographyKind,
    pairs: Iterable[Common],
    households: dict[tuple[str, str], float] | None,
) -> None:
    """Write what became of what; ``households`` are shares of the old grid's homes, None where no homes are loaded."""
    columns = [column.name for column in lineage.columns]
    homes = {} if households is None else households
    rows = [
        (
            edition_id,
            kind.value,
            p.old_code,
            p.new_code,
            p.area_m2,
            p.share_of_old,
            p.share_of_new,
            homes.get((p.old_code, p.new_code)),
        )
        for p in pairs
    ]
    copy_rows(session, "lineage", columns, rows)


def add_shapes(
    session: Session, edition_id: int, kind: GeographyKind, zoom: int, frame: pd.DataFrame, mercator: np.ndarray
) -> None:
    """Write the copies of one kind for one zoom: ``frame`` has ``code`` and what a tile says of it, ``mercator`` the areas."""
    columns = [column.name for column in shapes.columns]
    words = frame.drop(columns="code").astype(object)
    said = words.where(words.notna(), None).to_dict("records")  # a missing text is NaN to pandas, and JSON knows none
    texts = [json.dumps(record, ensure_ascii=False) for record in said]
    codes = frame["code"].tolist()
    rows = zip(
        [kind.value] * len(codes), [edition_id] * len(codes), [zoom] * len(codes), codes, texts,
        ewkb(mercator, SRID_WEB_MERCATOR), strict=True,
    )  # fmt: skip
    copy_rows(session, "shapes", columns, rows)


def open_events(session: Session) -> list[tuple[UUID, float | None, float | None, float | None, str | None]]:
    """Return every open event: id, lon, lat (degrees of record), accuracy (m), and its grid where a person placed it.

    Rides the partial index of open events.
    """
    point, by_hand = events.c.point, case((events.c.rule == AssignmentRule.PLACED, events.c.grid_code))
    query = select(events.c.id, func.ST_X(point), func.ST_Y(point), events.c.accuracy_m, by_hand).where(events.c.is_open)
    return [(row[0], row[1], row[2], row[3], row[4]) for row in session.execute(query.order_by(events.c.id))]


def stage_places(
    session: Session, ids: Sequence[UUID], answers: Sequence[Assignment], units: Sequence[tuple[str | None, str | None]]
) -> None:
    """Put the new places of open events into a table of this transaction, for what follows to work by set."""
    session.execute(
        text(
            "CREATE TEMP TABLE new_places (event_id uuid PRIMARY KEY, grid_code text, village_code text, "
            "township_code text, rule text) ON COMMIT DROP"
        )
    )
    rows = ((i, a.grid_code, u[0], u[1], a.rule.value) for i, a, u in zip(ids, answers, units, strict=True))
    copy_rows(session, "new_places", ["event_id", "grid_code", "village_code", "township_code", "rule"], rows)
    session.execute(text("ANALYZE new_places"))


def drop_places(session: Session) -> None:
    """Drop the table of new places: a transaction may activate more than one edition."""
    session.execute(text("DROP TABLE new_places"))


def leaving_their_village(session: Session) -> list[UUID]:
    """Return the staged events whose village or township changes: those that other cells count then."""
    return list(session.scalars(text(MOVED)))


def move_events(
    session: Session, ids: Sequence[UUID], answers: Sequence[Assignment], edition_id: int, *, at: datetime, actor: str, note: str
) -> int:
    """Give every open event its new assignment and return how many changed their grid; those get a step that says so."""
    session.execute(text(RETIRE))
    copy_assignments(session, ids, answers, at)
    moved: Any = session.execute(text(NOTE), {"at": at, "actor": actor, "note": note})
    session.execute(text(PROJECT), {"edition_id": edition_id})
    return int(moved.rowcount)
