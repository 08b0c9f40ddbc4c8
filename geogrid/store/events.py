"""Events: rows in, domain out. The projection, the steps and the assignment are written in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.domain.events import Channel, Event, EventKind, EventState, Report, Step, StepKind
from geogrid.domain.grids import Assignment, AssignmentRule, Candidate
from geogrid.domain.places import ConfirmedPlace, Datum, PlacePrecision, ReportedPoint
from geogrid.space.tiles import STEP_ZOOM, cell_of
from geogrid.store.cells import CELL_ZOOM
from geogrid.store.tables.events import assignments, events, photos, reload_number, steps

PointLonLat = tuple[float, float] | None
STREAM = "geogrid_steps"  # the channel of NOTIFY

# Statements that never change are made once: to look up the compiled form of a new one costs more than to run it.
POINT_LON, POINT_LAT = func.ST_X(events.c.point).label("lon"), func.ST_Y(events.c.point).label("lat")
EVENT = select(events, POINT_LON, POINT_LAT).where(events.c.id == bindparam("event_id"))
EVENT_LOCKED = EVENT.with_for_update()
STEPS = select(steps).where(steps.c.event_id == bindparam("event_id")).order_by(steps.c.seq)
CURRENT = select(assignments).where(assignments.c.event_id == bindparam("event_id"), assignments.c.is_current)

# New steps in their order, each told as "id:x:y", or "id:-:-" where the event has no position (as ``cell_text`` writes it).
ADD_STEPS = text("""
WITH added AS (
    INSERT INTO steps (event_id, seq, kind, at, actor, note, step, details, client_key)
    SELECT CAST(:event_id AS uuid), made.* FROM unnest(CAST(:seqs AS integer[]), CAST(:kinds AS text[]),
        CAST(:ats AS timestamptz[]), CAST(:actors AS text[]), CAST(:notes AS text[]), CAST(:codes AS text[]),
        CAST(CAST(:details AS text[]) AS jsonb[]), CAST(:keys AS text[]))
        AS made (seq, kind, at, actor, note, step, details, client_key)
    ORDER BY made.seq RETURNING id)
SELECT added.id, pg_notify(:stream, added.id || coalesce(
    ':' || (cell_x >> CAST(:shift AS integer)) || ':' || (cell_y >> CAST(:shift AS integer)), ':-:-'))
FROM added, events WHERE events.id = CAST(:event_id AS uuid) ORDER BY added.id
""")


# -- values of rows ---------------------------------------------------------------------------------------------------


def event_values(
    report: Report,
    number: str,
    point_lonlat: PointLonLat,
    assignment: Assignment,
    units: tuple[str | None, str | None],
    reported_at: datetime,
) -> dict[str, Any]:
    """Return the row of a new event (without ``point``); ``units`` are the codes of its village and township."""
    reported, cell = report.point, (None, None) if point_lonlat is None else _cell(point_lonlat)
    return {
        "id": report.id,
        "number": number,
        "body_hash": report.body_hash,
        "channel": report.channel.value,
        "kind": report.kind.value,
        "words": report.words,
        "address": report.address,
        "observed_at": report.observed_at,
        "reported_at": reported_at,
        "closed_at": None,
        "datum": reported.datum.value if reported else None,
        "original_lon": reported.lon if reported else None,
        "original_lat": reported.lat if reported else None,
        "accuracy_m": reported.accuracy_m if reported else None,
        "z_dropped": reported.z_dropped if reported else False,
        "mock_location": report.mock_location,
        "photos_promised": list(report.photo_sha256s),
        "state": EventState.REPORTED.value,
        "is_open": True,
        "edition_id": assignment.edition_id,
        "grid_code": assignment.grid_code,
        "village_code": units[0],
        "township_code": units[1],
        "rule": assignment.rule.value,
        "synthetic": report.synthetic,
        "cell_x": cell[0],
        "cell_y": cell[1],
    }


def _cell(point_lonlat: tuple[float, float]) -> tuple[int, int]:
    x, y = cell_of(*point_lonlat, CELL_ZOOM)
    return int(x), int(y)


def assignment_values(event_id: UUID, assignment: Assignment, *, now: datetime) -> dict[str, Any]:
    """Return the row of an assignment made at ``now``."""
    return {
        "event_id": event_id,
        "edition_id": assignment.edition_id,
        "assigned_at": now,
        "rule": assignment.rule.value,
        "grid_code": assignment.grid_code,
        "department_codes": list(assignment.department_codes),
        "confidence": assignment.confidence,
        "candidates": [[c.grid_code, c.share] for c in assignment.candidates],
        "nearest_station": assignment.nearest_station,
        "distance_m": assignment.distance_m,
        "home_station": assignment.home_station,
        "station_by_time": assignment.station_by_time,
        "minutes": assignment.minutes,
        "nearest_grid_code": assignment.nearest_grid_code,
        "nearest_grid_m": assignment.nearest_grid_m,
        "place": None if assignment.place is None else asdict(assignment.place),
    }


# -- writing ----------------------------------------------------------------------------------------------------------


def add_assignment(session: Session, event_id: UUID, assignment: Assignment, *, now: datetime) -> None:
    """Make ``assignment`` the current one of the event; the one before stays as history."""
    current = (assignments.c.event_id == event_id) & assignments.c.is_current
    session.execute(update(assignments).where(current).values(is_current=False))
    session.execute(insert(assignments).values(assignment_values(event_id, assignment, now=now)))


def add_steps(session: Session, event_id: UUID, added: Sequence[Step], *, key: str | None = None) -> list[int]:
    """Append steps and return their ids, each told to the stream with the event's cell when this transaction commits.

    ``key`` is the sender's own key of the last of them.
    """
    told = {
        "event_id": event_id,
        "seqs": [step.seq for step in added],
        "kinds": [step.kind.value for step in added],
        "ats": [step.at for step in added],
        "actors": [step.actor for step in added],
        "notes": [step.note for step in added],
        "codes": [step.step for step in added],
        "details": [json.dumps(dict(step.details)) for step in added],
        "keys": [*[None] * (len(added) - 1), key],
        "stream": STREAM,
        "shift": CELL_ZOOM - STEP_ZOOM,
    }
    return list(session.execute(ADD_STEPS, told).scalars())


def cell_text(cell_x: int | None, cell_y: int | None) -> str:
    """Return ``:<x>:<y>`` of the cell at ``STEP_ZOOM`` for a notification, ``:-:-`` for an event without a position."""
    if cell_x is None or cell_y is None:
        return ":-:-"
    return f":{cell_x >> (CELL_ZOOM - STEP_ZOOM)}:{cell_y >> (CELL_ZOOM - STEP_ZOOM)}"


def tell_reload(session: Session) -> None:
    """Tell the stream at commit that so much changed that views are to be loaded anew.

    A notification is lost where nobody listens; the number that is counted up here is not.
    """
    session.execute(select(reload_number.next_value()))
    session.execute(select(func.pg_notify(STREAM, "reload")))


def reloads(session: Session) -> int:
    """Return the number that every ``tell_reload`` counts up."""
    told = literal_column("CASE WHEN is_called THEN last_value ELSE 0 END")
    return session.scalar(select(told).select_from(text("reload_number"))) or 0


def project(session: Session, event_id: UUID, state: EventState, *, closed_at: datetime | None) -> None:
    """Write the state that the steps of an event add up to; ``closed_at`` is None while it is open."""
    values = {"state": state.value, "is_open": state.is_open, "closed_at": closed_at}
    session.execute(update(events).where(events.c.id == event_id).values(values))


def project_place(session: Session, event_id: UUID, assignment: Assignment, units: tuple[str | None, str | None]) -> None:
    """Write the place of an event's current assignment; ``units`` are the codes of the grid's village and township."""
    values = {
        "edition_id": assignment.edition_id,
        "grid_code": assignment.grid_code,
        "village_code": units[0],
        "township_code": units[1],
        "rule": assignment.rule.value,
    }
    session.execute(update(events).where(events.c.id == event_id).values(values))


def add_photo(session: Session, event_id: UUID, sha256: str, media_type: str, size_bytes: int, *, now: datetime) -> bool:
    """Insert the row of a photo whose file is safe on disk; False where it was there already."""
    values = {"event_id": event_id, "sha256": sha256, "media_type": media_type, "size_bytes": size_bytes, "received_at": now}
    statement = upsert(photos).values(values).on_conflict_do_nothing().returning(photos.c.sha256)
    return session.execute(statement).scalar() is not None


# -- reading ----------------------------------------------------------------------------------------------------------


def find(session: Session, event_id: UUID, *, lock: bool = False) -> Event | None:
    """Return the event with steps and current assignment, or None; ``lock`` holds its row until the transaction ends."""
    which = {"event_id": event_id}
    row = session.execute(EVENT_LOCKED if lock else EVENT, which).one_or_none()
    if row is None:
        return None
    taken = session.execute(STEPS, which).all()
    return Event(
        id=row.id,
        number=row.number,
        report=_report(row),
        state=EventState(row.state),
        point_lonlat=None if row.lon is None else (row.lon, row.lat),
        assignment=_assignment(session.execute(CURRENT, which).one_or_none()),
        reported_at=row.reported_at,
        steps=tuple(Step(s.seq, StepKind(s.kind), s.at, s.actor, s.note, s.step, s.details) for s in taken),
    )


def _report(row: Row) -> Report:
    point = None
    if row.datum is not None:
        point = ReportedPoint(row.original_lon, row.original_lat, Datum(row.datum), row.accuracy_m, row.z_dropped)
    return Report(
        id=row.id,
        channel=Channel(row.channel),
        kind=EventKind(row.kind),
        words=row.words,
        point=point,
        observed_at=row.observed_at,
        body_hash=bytes(row.body_hash),
        address=row.address,
        photo_sha256s=tuple(row.photos_promised),
        synthetic=row.synthetic,
        mock_location=row.mock_location,
    )


def _assignment(row: Row | None) -> Assignment | None:
    if row is None:
        return None
    return Assignment(
        edition_id=row.edition_id,
        grid_code=row.grid_code,
        department_codes=tuple(row.department_codes),
        rule=AssignmentRule(row.rule),
        confidence=row.confidence,
        candidates=tuple(Candidate(code, share) for code, share in row.candidates),
        nearest_station=row.nearest_station,
        distance_m=row.distance_m,
        home_station=row.home_station,
        station_by_time=row.station_by_time,
        minutes=row.minutes,
        nearest_grid_code=row.nearest_grid_code,
        nearest_grid_m=row.nearest_grid_m,
        place=_place(row.place),
    )


def _place(stored: dict[str, Any] | None) -> ConfirmedPlace | None:
    if stored is None:
        return None
    lon, lat = stored["point_lonlat"]
    precision, reason = PlacePrecision(stored["precision"]), tuple(stored["reason"])
    return ConfirmedPlace(**{**stored, "point_lonlat": (lon, lat), "precision": precision, "reason": reason})


def step_of_key(session: Session, key: str) -> tuple[UUID, int] | None:
    """Return (event, number) of the step that a sender's key took, None where it took none. Rides ``uq_steps_client_key``."""
    row = session.execute(select(steps.c.event_id, steps.c.seq).where(steps.c.client_key == key)).one_or_none()
    return None if row is None else (row.event_id, row.seq)


def history(session: Session, event_id: UUID) -> list[tuple[datetime, Assignment]]:
    """Return every assignment the event ever had with its time, the current one last."""
    query = select(assignments).where(assignments.c.event_id == event_id).order_by(assignments.c.id)
    return [(row.assigned_at, found) for row in session.execute(query) if (found := _assignment(row)) is not None]


def photos_of(session: Session, event_id: UUID) -> tuple[set[str], set[str]]:
    """Return the SHA-256s of the photos received, and of those promised but still pending."""
    received = set(session.scalars(select(photos.c.sha256).where(photos.c.event_id == event_id)))
    promised = session.scalar(select(events.c.photos_promised).where(events.c.id == event_id)) or []
    return received, set(promised) - received


def known_hashes(session: Session, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return the body hashes of those of ``ids`` that are stored. Rides the primary key."""
    rows = session.execute(select(events.c.id, events.c.body_hash).where(events.c.id == func.any(list(ids))))
    return {row.id: bytes(row.body_hash) for row in rows}
