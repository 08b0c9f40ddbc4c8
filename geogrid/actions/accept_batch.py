"""Accept many reports at once with the steps they went through: what an import of events does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geogrid.actions.accept import ASSIGNER
from geogrid.actions.answers import answers, far_error, is_far, on_record, units_of
from geogrid.actions.district import District
from geogrid.actions.matters import Opened, copy_matters, opened
from geogrid.domain.events import Report, Step, StepKind
from geogrid.domain.grids import Assignment
from geogrid.errors import GeogridError, ReportIdConflict, StepNotAllowed, TimeOrder
from geogrid.errors.family import Label
from geogrid.rules.lifecycle import fold
from geogrid.rules.stages import closed_at, stage_of
from geogrid.store import batches, cells, editions, events, locks
from geogrid.store.events import event_values

History = Sequence[tuple[StepKind, datetime]]


@dataclass(frozen=True)
class Refused:
    """A row that was not stored: its position among the reports, and why."""

    row: int
    error: GeogridError


@dataclass(frozen=True)
class Batch:
    """What became of a batch: rows stored, known already (the same id and body), still to come after ``now``, refused."""

    accepted: int
    known: int
    later: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class _Row:
    row: int
    report: Report
    steps: tuple[tuple[StepKind, datetime], ...]


def accept_batch(
    session: Session,
    reports: Sequence[Report],
    histories: Sequence[History],
    *,
    now: datetime,
    district: District,
    actor: str = "import",
    rebuild_cells: bool = True,
) -> Batch:
    """Store reports with their histories under the edition in force; by COPY, in this one transaction.

    Parameters
    ----------
    histories : for each report its steps in order, (kind, aware time), the first of them REPORT; steps after ``now`` did not
        happen yet and are left out, a report after ``now`` is counted as ``later``. ASSIGN is added by itself.
    rebuild_cells : False where more batches follow; then call ``store.cells.rebuild`` after the last one

    Returns
    -------
    Batch. A row that cannot be stored is refused with its reason, the others are stored. The same batch again changes nothing.
    """
    refused: list[Refused] = []
    rows, later = _checked(reports, histories, now, refused)
    known = events.known_hashes(session, [row.report.id for row in rows])
    fresh = list(_fresh(rows, known, refused))
    again = len(rows) - len(fresh) - sum(1 for r in refused if isinstance(r.error, ReportIdConflict))
    stored = 0
    if fresh:
        locks.share_edition(session)
        edition = editions.in_force(session)
        at = editions.not_before(edition, now)
        stored = _store(session, fresh, edition.id, refused, now=at, district=district, actor=actor)
    if stored and rebuild_cells:
        cells.rebuild(session)
        events.tell_reload(session)
    return Batch(stored, again, later, tuple(sorted(refused, key=lambda r: r.row)))


def _checked(
    reports: Sequence[Report], histories: Sequence[History], now: datetime, refused: list[Refused]
) -> tuple[list[_Row], int]:
    rows, later = [], 0
    for i, (report, history) in enumerate(zip(reports, histories, strict=True)):
        steps = tuple((kind, at) for kind, at in history if at <= now)
        if not steps:
            later += 1
            continue
        try:
            fold(kind for kind, _ in steps)
            _in_order(steps)
        except (StepNotAllowed, TimeOrder) as error:
            refused.append(Refused(i, error))
        else:
            rows.append(_Row(i, report, steps))
    return rows, later


def _in_order(steps: History) -> None:
    for (_, before), (kind, after) in pairwise(steps):
        if after < before:
            raise TimeOrder(value=after.isoformat(), step=Label(kind))


def _fresh(rows: list[_Row], known: dict[UUID, bytes], refused: list[Refused]) -> Iterator[_Row]:
    seen = dict(known)
    for row in rows:
        stored = seen.get(row.report.id)
        if stored is None:
            seen[row.report.id] = row.report.body_hash
            yield row
        elif stored != row.report.body_hash:
            refused.append(Refused(row.row, ReportIdConflict(id=str(row.report.id))))


def _store(
    session: Session, rows: list[_Row], edition_id: int, refused: list[Refused], *, now: datetime, district: District, actor: str
) -> int:
    points = [row.report.point for row in rows]
    lon, lat = on_record(points)
    accuracy_m = np.array([p.accuracy_m if p and p.accuracy_m is not None else np.nan for p in points])
    found = answers(district, edition_id, lon, lat, accuracy_m)
    far = [is_far(district, answer) for answer in found]
    refused += [Refused(rows[i].row, far_error(district, float(lon[i]), float(lat[i]), found[i])) for i in np.flatnonzero(far)]
    kept = [i for i in range(len(rows)) if not far[i]]
    district.programmes.keep(now=now)
    begun, kept = _all_opened(rows, found, kept, refused, district, actor)
    chosen, taken = [rows[i] for i in kept], [found[i] for i in kept]
    numbers = batches.next_numbers(session, _days(chosen, district))
    geometry = shapely.points(lon[kept], lat[kept])
    geometry[[row.report.point is None for row in chosen]] = None
    values = [_values(row, number, shape, answer, made, district) for row, number, shape, answer, made in zip(
        chosen, numbers, geometry, taken, begun, strict=True
    )]  # fmt: skip
    batches.copy_events(session, values, geometry)
    batches.copy_steps(session, _steps(chosen, begun))
    ids = [row.report.id for row in chosen]
    batches.copy_assignments(session, ids, taken, now)
    told = ((row.report.id, row.report.words, made.matter) for row, made in zip(chosen, begun, strict=True))
    copy_matters(session, told, now=now, district=district)
    return len(chosen)


def _days(rows: list[_Row], district: District) -> list[str]:
    zone = ZoneInfo(district.profile.timezone)
    return [f"{row.steps[0][1].astimezone(zone):%Y%m%d}" for row in rows]


def _values(
    row: _Row, number: str, shape: shapely.Point | None, answer: Assignment, made: Opened, district: District
) -> dict[str, Any]:
    point_lonlat = None if shape is None else (shape.x, shape.y)
    values = event_values(row.report, number, point_lonlat, answer, units_of(district, answer), row.steps[0][1])
    stage = stage_of(made.programme, made.matter)
    left = closed_at(made.programme, made.matter)
    return {**values, "state": stage.value, "is_open": stage.is_open, "closed_at": left}


def _all_opened(
    rows: list[_Row], found: list[Assignment], kept: list[int], refused: list[Refused], district: District, actor: str
) -> tuple[list[Opened], list[int]]:
    """Return the matters of the rows ``kept``, and those of them whose steps the programme can follow; the others are refused."""
    begun, followed = [], []
    for i in kept:
        try:
            begun.append(_opened(rows[i], found[i], district, actor))
            followed.append(i)
        except GeogridError as error:
            refused.append(Refused(rows[i].row, error))
    return begun, followed


def _opened(row: _Row, answer: Assignment, district: District, actor: str) -> Opened:
    first, *rest = row.steps
    history = [(first[0], first[1], actor), (StepKind.ASSIGN, first[1], ASSIGNER), *((kind, at, actor) for kind, at in rest)]
    return opened(history, row.report.kind, row.report.channel, units_of(district, answer), district=district)


def _steps(rows: list[_Row], begun: list[Opened]) -> Iterator[tuple[UUID, Step]]:
    for row, made in zip(rows, begun, strict=True):
        for step in made.steps:
            yield row.report.id, step
