"""Events by the million for counting: fixed-width rows by binary COPY, in portions, each column a number.

Reads whole tables where no period bounds them (``ix_events_reported_at`` and those of the other times where one does): for
reports, not for pages that must answer at once. All statements of one reading belong in one snapshot
(:func:`geogrid.store.session.snapshot_scope`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geogrid.domain.events import Channel, EventKind, EventState, StepKind
from geogrid.domain.grids import AssignmentRule
from geogrid.domain.indicators import Basis, Span
from geogrid.domain.readings import CountLevel, Part
from geogrid.rules.lifecycle import STEPS
from geogrid.store.tables.events import events

HEADER_BYTES = 19  # signature, flags, length of the extension: none
TRAILER = b"\xff\xff"
ROWS_AT_ONCE = 200_000
EPOCH_US = 946_684_800_000_000  # PostgreSQL counts microseconds from 2000-01-01
SHORT = timedelta(days=93)  # a quarter; of longer ones history is read as a whole
NOT_YET = len(AssignmentRule)  # the number of a rule for an event that the register did not know yet

PERIOD = """(%(start)s::timestamptz IS NULL OR e.reported_at >= %(start)s)
  AND (%(end)s::timestamptz IS NULL OR e.reported_at < %(end)s)"""
COUNT = f"SELECT count(*) FROM events AS e WHERE {PERIOD}"  # noqa: S608
BY_HAND = f"SELECT DISTINCT e.edition_id, e.grid_code FROM events AS e WHERE e.rule = 'placed' AND {PERIOD} ORDER BY 1, 2"  # noqa: S608
# Events of which something lies in a span of time, by what it is. A payment has a local day: a day more on either side is read.
TOUCHED = {
    Basis.REPORTED: "e.reported_at >= %(begin)s AND e.reported_at < %(until)s",
    Basis.CLOSED: "NOT e.is_open AND e.closed_at >= %(begin)s AND e.closed_at < %(until)s",
    Basis.DUE: "e.id IN (SELECT event_id FROM clocks WHERE due_at >= %(begin)s AND due_at < %(until)s)",
    Basis.ENDED: "e.id IN (SELECT event_id FROM disputes WHERE outcome_at >= %(begin)s AND outcome_at < %(until)s)",
    Basis.PAID: """e.id IN (SELECT event_id FROM performances WHERE at >= (%(begin)s::timestamptz - interval '1 day')::date
  AND at <= (%(until)s::timestamptz + interval '1 day')::date)""",
    Basis.NOW: "e.is_open",
}
CURRENT = "JOIN assignments AS c ON c.event_id = e.id AND c.is_current"
# The last assignment that an event had at the instant: for most the current one, for the others out of their history.
PAST = """LEFT JOIN (
  SELECT event_id, edition_id, grid_code, rule, department_codes, nearest_station FROM assignments
  WHERE is_current AND assigned_at <= %(as_of)s
  UNION ALL
  (SELECT DISTINCT ON (a.event_id) a.event_id, a.edition_id, a.grid_code, a.rule, a.department_codes, a.nearest_station
   FROM assignments AS a JOIN assignments AS n ON n.event_id = a.event_id AND n.is_current AND n.assigned_at > %(as_of)s
   WHERE a.assigned_at <= %(as_of)s ORDER BY a.event_id, a.id DESC)
) AS p ON p.event_id = e.id AND e.reported_at <= %(as_of)s"""
# The same for few events: looked up one by one (``ix_assignments_event_id``), where all would be read for some of them.
PAST_OF_EACH = """LEFT JOIN LATERAL (
  SELECT edition_id, grid_code, rule, department_codes, nearest_station FROM assignments AS a
  WHERE a.event_id = e.id AND a.assigned_at <= %(as_of)s ORDER BY a.is_current DESC, a.id DESC LIMIT 1
) AS p ON e.reported_at <= %(as_of)s"""
PAST_UNITS = """LEFT JOIN (
  SELECT ed.id AS edition_id, g.code, nullif(g.village_code, '') AS village_code, u.parent_code AS township_code
  FROM editions AS ed JOIN base_grids AS g ON g.valid @> lower(ed.valid)
  LEFT JOIN units AS u ON u.code = g.village_code AND u.level = 'village' AND u.valid @> lower(ed.valid)
  WHERE NOT isempty(ed.valid)
) AS pu ON pu.edition_id = p.edition_id AND pu.code = p.grid_code"""
PAST_STATE = """LEFT JOIN (
  SELECT DISTINCT ON (event_id) event_id, kind FROM steps
  WHERE kind <> 'assign' AND at <= %(as_of)s ORDER BY event_id, seq DESC
) AS ps ON ps.event_id = e.id"""
PAST_STATE_OF_EACH = """LEFT JOIN LATERAL (
  SELECT kind FROM steps AS s WHERE s.event_id = e.id AND s.kind <> 'assign' AND s.at <= %(as_of)s ORDER BY s.seq DESC LIMIT 1
) AS ps ON true"""
KEYS = {
    CountLevel.GRID: "e.grid_code",
    CountLevel.VILLAGE: "e.village_code",
    CountLevel.TOWNSHIP: "e.township_code",
    CountLevel.DISTRICT: "CASE WHEN e.grid_code IS NOT NULL THEN %(district)s::text END",
    CountLevel.DEPARTMENT: "nullif(array_to_string(c.department_codes, ';'), '')",
    CountLevel.STATION: "c.nearest_station",
}
PAST_KEYS = {
    CountLevel.GRID: "p.grid_code",
    CountLevel.VILLAGE: "pu.village_code",
    CountLevel.TOWNSHIP: "pu.township_code",
    CountLevel.DISTRICT: "CASE WHEN p.grid_code IS NOT NULL THEN %(district)s::text END",
    CountLevel.DEPARTMENT: "nullif(array_to_string(p.department_codes, ';'), '')",
    CountLevel.STATION: "p.nearest_station",
}
# For each state the one step that leads to it: assigning anew changes none.
LEADING = tuple(
    next(kind for after in STEPS.values() for kind, state in after.items() if state is wanted and kind is not StepKind.ASSIGN)
    for wanted in EventState
)
PARTS = {Part.CHANNEL: Channel, Part.KIND: EventKind, Part.STATE: EventState}


def _number(enum: Sequence[str], column: str) -> str:
    return f"array_position(ARRAY[{', '.join(repr(str(code)) for code in enum)}], {column})"


@dataclass(frozen=True)
class Touched:
    """Events that can belong to a span of time by one of several ways (:class:`~geogrid.domain.indicators.Basis`)."""

    span: Span
    bases: frozenset[Basis]


@dataclass(frozen=True)
class Source:
    """Which events are read and how: bounds of the report's time, the instant of the past (None: no past is asked).

    ``touched`` leaves those of which something lies in a span; it bounds what is read, not what is counted or named before.
    """

    by: CountLevel
    start: datetime | None
    end: datetime | None
    as_of: datetime | None
    district_code: str
    touched: Touched | None = None

    @property
    def values(self) -> dict[str, Any]:
        found = {"start": self.start, "end": self.end, "as_of": self.as_of, "district": self.district_code}
        return found if self.touched is None else {**found, "begin": self.touched.span.start, "until": self.touched.span.end}

    @property
    def is_short(self) -> bool:
        """Whether the events are those of so few days that their history is looked up one by one."""
        return self.start is not None and self.end is not None and self.end - self.start <= SHORT

    @property
    def chosen(self) -> str:
        """The condition on the events that are read."""
        if self.touched is None:
            return PERIOD
        parts = [TOUCHED[basis] for basis in Basis if basis in self.touched.bases & TOUCHED.keys()]
        return f"{PERIOD} AND ({' OR '.join(parts) or 'false'})"

    def tables(self, *, state_then: bool = False) -> str:
        """Return FROM with every join that the level and the past need."""
        joins = ["events AS e"]
        if self.by in {CountLevel.DEPARTMENT, CountLevel.STATION}:
            joins.append(CURRENT)
        if self.as_of is not None:
            joins.append(PAST_OF_EACH if self.is_short else PAST)
            if self.by in {CountLevel.VILLAGE, CountLevel.TOWNSHIP}:
                joins.append(PAST_UNITS)
            if state_then:
                joins.append(PAST_STATE_OF_EACH if self.is_short else PAST_STATE)
        return "\n".join(joins)


def count(session: Session, source: Source) -> int:
    """Return the number of events of the period, whatever became of them."""
    (found,) = _rows(session, COUNT, source.values)
    return int(found[0])


def codes(session: Session, source: Source) -> set[str]:
    """Return every code that the events have at the level, as recorded and, where the past is asked, then."""
    keys = [KEYS[source.by]] + ([] if source.as_of is None else [PAST_KEYS[source.by]])
    found: set[str] = set()
    for key in keys:
        query = f"SELECT DISTINCT {key} FROM {source.tables()} WHERE {PERIOD}"  # noqa: S608 (texts of this file)
        found |= {row[0] for row in _rows(session, query, source.values) if row[0] is not None}
    return found


def by_hand(session: Session, source: Source) -> list[tuple[int, str]]:
    """Return the (edition, grid code) that persons named for events of the period."""
    return [(row[0], row[1]) for row in _rows(session, BY_HAND, source.values)]


def numbers_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of events by id. Rides the primary key."""
    rows = session.execute(select(events.c.id, events.c.number).where(events.c.id == func.any(list(ids))))
    return {row.id: row.number for row in rows}


def read(
    session: Session,
    source: Source,
    *,
    key_codes: Sequence[str],
    parts: Sequence[Part] = (),
    timed: bool = False,
    hands: Sequence[tuple[int, str]] | None = None,
) -> Iterator[NDArray[np.void]]:
    """Yield the events of a source in portions of at most ``ROWS_AT_ONCE``, as structured arrays.

    Fields: ``rule`` and ``key`` (position in ``key_codes``, -1 without); with a past ``rule_then``, ``key_then``, and
    ``state_then`` if STATE is among ``parts``; the parts by their codes; with ``timed`` ``reported_us`` (since 1970, UTC); with
    ``hands`` also ``lon``, ``lat`` (NaN without a position), ``hand`` (position in ``hands``, -1) and ``id`` (16 bytes).
    """
    columns = [*_recorded(parts, timed=timed), *_past(source, parts), *_points(hands)]
    state_then = Part.STATE in parts
    joins = [source.tables(state_then=state_then), _dictionary("k", KEYS[source.by])]
    if source.as_of is not None:
        joins.append(_dictionary("kp", PAST_KEYS[source.by]))
    values = {**source.values, "codes": list(key_codes)}
    if hands is not None:
        joins.append(
            "LEFT JOIN unnest(%(hand_editions)s::bigint[], %(hand_codes)s::text[]) WITH ORDINALITY AS h(edition_id, code, n) "
            "ON e.rule = 'placed' AND h.edition_id = e.edition_id AND h.code = e.grid_code"
        )
        values |= {"hand_editions": [edition for edition, _ in hands], "hand_codes": [code for _, code in hands]}
    shown = ", ".join(sql for _, sql, _ in columns)
    statement = f"COPY (SELECT {shown} FROM {' '.join(joins)} WHERE {source.chosen}) TO STDOUT (FORMAT BINARY)"  # noqa: S608
    for rows in _copied(session, statement, values, [(name, form) for name, _, form in columns]):
        if timed:
            rows["reported_us"] += EPOCH_US
        yield rows


Column = tuple[str, str, str]


def _recorded(parts: Sequence[Part], *, timed: bool) -> list[Column]:
    columns: list[Column] = [
        ("rule", f"({_number(AssignmentRule.codes(), 'e.rule')} - 1)::int4", ">i4"),
        ("key", "(coalesce(k.n, 0) - 1)::int4", ">i4"),
    ]
    columns += [(part.value, f"({_number(PARTS[part].codes(), f'e.{part.value}')} - 1)::int4", ">i4") for part in parts]
    return [*columns, ("reported_us", "e.reported_at", ">i8")] if timed else columns


def _past(source: Source, parts: Sequence[Part]) -> list[Column]:
    if source.as_of is None:
        return []
    columns: list[Column] = [
        ("rule_then", f"(coalesce({_number(AssignmentRule.codes(), 'p.rule')}, {NOT_YET + 1}) - 1)::int4", ">i4"),
        ("key_then", "(coalesce(kp.n, 0) - 1)::int4", ">i4"),
    ]
    if Part.STATE in parts:
        columns.append(("state_then", f"(coalesce({_number(LEADING, 'ps.kind')}, 0) - 1)::int4", ">i4"))
    return columns


def _points(hands: Sequence[tuple[int, str]] | None) -> list[Column]:
    if hands is None:
        return []
    return [
        ("lon", "coalesce(ST_X(e.point), 'NaN')", ">f8"),
        ("lat", "coalesce(ST_Y(e.point), 'NaN')", ">f8"),
        ("hand", "(coalesce(h.n, 0) - 1)::int4", ">i4"),
        ("id", "e.id", "V16"),
    ]


def _dictionary(name: str, key: str) -> str:
    return f"LEFT JOIN unnest(%(codes)s::text[]) WITH ORDINALITY AS {name}(code, n) ON {name}.code = {key}"


# -- the driver's own connection, inside the session's transaction ------------------------------------------------------


@contextmanager
def _cursor(session: Session, statement: str, values: dict[str, Any]) -> Iterator[psycopg.Cursor]:
    driver = session.connection().connection.driver_connection
    try:
        with driver.cursor() as cursor:
            cursor.execute("SET LOCAL jit = off")  # compiling the query costs more than running it
            yield cursor
    except psycopg.Error as error:  # the same family of errors as from any other statement
        raise DBAPIError.instance(statement, values, error, psycopg.Error) from error


def _rows(session: Session, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with _cursor(session, statement, values) as cursor:
        return cursor.execute(statement, values).fetchall()


def _copied(
    session: Session, statement: str, values: dict[str, Any], fields: Sequence[tuple[str, str]]
) -> Iterator[NDArray[np.void]]:
    """Yield portions of a COPY whose fields all have a fixed width: each is one view on the bytes as they came."""
    layout = [("fields", ">i2"), *(part for name, form in fields for part in ((f"{name}_bytes", ">i4"), (name, form)))]
    row = np.dtype(layout)
    with _cursor(session, statement, values) as cursor, cursor.copy(statement, values) as copy:
        kept, size = [], -HEADER_BYTES
        for data in copy:
            kept.append(data)
            size += len(data)
            if size >= ROWS_AT_ONCE * row.itemsize:
                whole, rest = _whole(b"".join(kept), row)
                yield from _natives(whole, fields)
                kept, size = ([rest] if rest else []), len(rest)
        last, rest = _whole(b"".join(kept), row)
        if rest != TRAILER:
            raise RuntimeError(f"COPY ended with {len(rest)} bytes that are no row")
        yield from _natives(last, fields)


def _whole(data: bytes, row: np.dtype[np.void]) -> tuple[NDArray[np.void], bytes]:
    """Return the whole rows of ``data`` and the bytes after them."""
    begin = HEADER_BYTES if data.startswith(b"PGCOPY\n\xff") else 0
    number = (len(data) - begin) // row.itemsize
    end = begin + number * row.itemsize
    return np.frombuffer(data, dtype=row, count=number, offset=begin), data[end:]


def _natives(rows: NDArray[np.void], fields: Sequence[tuple[str, str]]) -> Iterator[NDArray[np.void]]:
    """Yield ``rows`` in this machine's byte order; a field of another width than said would shift all after it."""
    if not len(rows):
        return
    native = np.empty(len(rows), dtype=[(name, form.lstrip(">")) for name, form in fields])
    for name, form in fields:
        if (rows[f"{name}_bytes"] != np.dtype(form).itemsize).any():
            raise RuntimeError(f"COPY gave {name} another width")
        native[name] = rows[name]
    yield native
