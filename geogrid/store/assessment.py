"""The ledger of assessments: what happened in a month, lines added, sums, closed months, appeals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.domain.assessment import AppealState, Entry, Happening, Key, LineKind, Outcome, Subject
from geogrid.domain.events import StepKind
from geogrid.store.tables.assessment import assessment_appeals, assessment_lines, assessment_months
from geogrid.store.tables.events import steps

# Outcomes by the steps of a month. Who did the work is who took the last step of handling, mediating or settling before; whose
# it is among departments: the lead, else the owner. A child that was merged away scores nothing: its parent does.
HAPPENED = """
WITH reached AS (
    SELECT s.event_id, s.seq, s.at, s.kind AS step_kind, s.details, s.actor FROM steps AS s
    WHERE s.at >= :begin AND s.at < :until AND s.kind = ANY (CAST(:kinds AS text[]))
)
SELECT r.event_id, r.seq, r.at, r.step_kind, r.details ->> 'rating' AS rating, r.actor, e.kind, e.state,
       coalesce(e.township_code, '') AS township, coalesce(m.handling, '') AS handling, coalesce(m.outcome, '') AS outcome,
       m.owner, m.lead,
       (SELECT w.actor FROM steps AS w WHERE w.event_id = r.event_id AND w.seq <= r.seq
            AND w.kind = ANY (CAST(:work AS text[])) ORDER BY w.seq DESC LIMIT 1) AS worker,
       (SELECT array_agg(DISTINCT c.clock) FROM clocks AS c WHERE c.event_id = r.event_id AND c.is_late) AS late_clocks,
       (SELECT array_agg(own.clock) FROM (
            SELECT DISTINCT ON (c.clock) c.clock, c.is_late FROM clocks AS c WHERE c.event_id = r.event_id
            ORDER BY c.clock, c.run DESC) AS own WHERE own.is_late) AS own_late_clocks
FROM reached AS r JOIN events AS e ON e.id = r.event_id LEFT JOIN matters AS m ON m.event_id = r.event_id
ORDER BY r.event_id, r.seq
"""
WORK = (StepKind.HANDLE, StepKind.SETTLE, StepKind.REPLY, StepKind.MEDIATE)
LOOKED_AT = (StepKind.CLOSE, StepKind.DISPATCH, StepKind.RATE, StepKind.SETTLE, StepKind.ANSWER, StepKind.SUPERVISE)
PERSON, DEPARTMENT = "person:", "department:"
LEAST_POINTS = 1e-6  # what is less is the rest of a sum of fractions


@dataclass(frozen=True)
class Line:
    """A line of the ledger as it stands."""

    id: int
    month: str
    key: Key
    unit: str
    points: float
    kind: LineKind
    sheet_version: int
    written_at: datetime
    written_by: str


@dataclass(frozen=True)
class Appeal:
    """An appeal against a line, and what came of it."""

    id: int
    line_id: int
    reason: str
    appealed_by: str
    appealed_at: datetime
    state: AppealState
    decided_by: str | None
    decided_at: datetime | None
    decision: str


# -- what happened ----------------------------------------------------------------------------------------------------


def happened(session: Session, begin: datetime, until: datetime) -> list[Happening]:
    """Return the outcomes reached from ``begin`` to before ``until`` (aware). Rides ``ix_steps_at``."""
    asked = {
        "begin": begin,
        "until": until,
        "kinds": [kind.value for kind in LOOKED_AT],
        "work": [kind.value for kind in WORK],
    }
    return [one for row in session.execute(text(HAPPENED), asked) for one in _happenings(row)]


def _happenings(row: Any) -> list[Happening]:
    outcome = _outcome(row)
    if outcome is None:
        return []
    worker = row.worker if row.worker and row.worker.startswith(PERSON) else ""
    department = next((p.removeprefix(DEPARTMENT) for p in (row.lead, row.owner) if p and p.startswith(DEPARTMENT)), "")
    late, own = tuple(row.late_clocks or ()), tuple(row.own_late_clocks or ())
    told = (row.event_id, row.seq, row.at, row.kind, row.handling, row.township)
    return [Happening(outcome, *told, department, worker, late, own)]


def _outcome(row: Any) -> Outcome | None:
    """Return what a step came to; None where it scores nothing: a matter closed without any work in it, a first dispatch."""
    step = StepKind(row.step_kind)
    if step is StepKind.CLOSE:
        return Outcome.CLOSED_IN_TIME if row.worker else None
    if step is StepKind.DISPATCH:
        return Outcome.SENT_BACK if row.worker else None
    if step is StepKind.RATE:
        rating = int(row.rating or 0)
        return Outcome.RATED_WELL if rating >= 4 else Outcome.RATED_BADLY if 1 <= rating <= 2 else None
    return {StepKind.SETTLE: Outcome.SETTLED, StepKind.ANSWER: Outcome.WHISTLE_ANSWERED, StepKind.SUPERVISE: Outcome.SUPERVISED}[
        step
    ]


# -- lines ------------------------------------------------------------------------------------------------------------


def written(session: Session, month: str) -> dict[Key, tuple[float, str]]:
    """Return the points and units of a month by what they are about, appeals left out."""
    lines = assessment_lines.c
    columns = (lines.subject_kind, lines.subject, lines.rule, lines.event_id, lines.seq)
    query = select(*columns, func.sum(lines.points), func.max(lines.unit)).group_by(*columns)
    rows = session.execute(query.where(lines.month == month, lines.kind != LineKind.APPEAL.value))
    return {Key(Subject(row[0]), row[1], row[2], row[3], row[4]): (row[5], row[6]) for row in rows}


def decided(session: Session, month: str) -> set[Key]:
    """Return what the granted appeals of a month were about. Rides the index by month and subject."""
    lines = assessment_lines.c
    columns = (lines.subject_kind, lines.subject, lines.rule, lines.event_id, lines.seq)
    rows = session.execute(select(*columns).where(lines.month == month, lines.kind == LineKind.APPEAL.value))
    return {Key(Subject(row[0]), row[1], row[2], row[3], row[4]) for row in rows}


def add(
    session: Session, month: str, added: Sequence[Entry], *, version: int, by: str, now: datetime, appeal_id: int | None = None
) -> int:
    """Append lines; return how many."""
    rows = [
        {"month": month, "subject_kind": one.key.subject_kind.value, "subject": one.key.subject, "unit": one.unit,
         "rule": one.key.rule, "sheet_version": version, "event_id": one.key.event_id, "seq": one.key.seq, "points": one.points,
         "kind": one.kind.value, "appeal_id": appeal_id, "written_at": now, "written_by": by}
        for one in added
    ]  # fmt: skip
    if rows:
        session.execute(insert(assessment_lines), rows)
    return len(rows)


def sums(
    session: Session, month: str, kind: Subject, *, written_until: datetime | None = None
) -> list[tuple[str, str, float, int]]:
    """Return (subject, rule, points as written, outcomes) of a month. Rides the index by month and subject.

    An outcome whose points were taken away again, by a correction or an appeal, is none. ``written_until`` leaves lines out that
    were written later.
    """
    lines = assessment_lines.c
    of = (lines.subject, lines.rule)
    each = select(*of, func.sum(lines.points).label("points")).group_by(*of, lines.event_id, lines.seq)
    each = each.where(lines.month == month, lines.subject_kind == kind.value)
    if written_until is not None:
        each = each.where(lines.written_at <= written_until)
    one = each.subquery().c
    outcomes = func.count().filter(func.abs(one.points) > LEAST_POINTS)
    rows = session.execute(select(one.subject, one.rule, func.sum(one.points), outcomes).group_by(one.subject, one.rule))
    return [(row[0], row[1], float(row[2]), int(row[3])) for row in rows]


def lines_of(session: Session, month: str, kind: Subject, subject: str, *, rule: str | None = None) -> list[Line]:
    """Return the lines of a subject in a month in the order in which they were written."""
    lines = assessment_lines.c
    query = select(assessment_lines).where(lines.month == month, lines.subject_kind == kind.value, lines.subject == subject)
    if rule is not None:
        query = query.where(lines.rule == rule)
    return [_line(row) for row in session.execute(query.order_by(lines.id))]


def line(session: Session, line_id: int) -> Line | None:
    """Return a line; None without."""
    row = session.execute(select(assessment_lines).where(assessment_lines.c.id == line_id)).one_or_none()
    return _line(row) if row else None


def _line(row: Any) -> Line:
    key = Key(Subject(row.subject_kind), row.subject, row.rule, row.event_id, row.seq)
    kind = LineKind(row.kind)
    return Line(row.id, row.month, key, row.unit, row.points, kind, row.sheet_version, row.written_at, row.written_by)


def standing(session: Session, found: Line) -> float:
    """Return the points that all lines about the same thing, appeals included, add up to now."""
    return _total(session, *_about_same(found))


def before(session: Session, found: Line) -> float:
    """Return what the lines about the same thing that stood before this one add up to: 0 for what was earned.

    A line that an appeal took away counts no more, nor does what took it away.
    """
    lines, appeals = assessment_lines.c, assessment_appeals.c
    granted = select(appeals.line_id).where(appeals.state == AppealState.GRANTED.value)
    by_rules = (lines.kind != LineKind.APPEAL.value, lines.id.not_in(granted))
    return _total(session, *_about_same(found), lines.id < found.id, *by_rules)


def _about_same(found: Line) -> tuple[ColumnElement[bool], ...]:
    lines, key = assessment_lines.c, found.key
    return (lines.month == found.month, lines.subject_kind == key.subject_kind.value, lines.subject == key.subject,
            lines.rule == key.rule, lines.event_id == key.event_id, lines.seq == key.seq)  # fmt: skip


def _total(session: Session, *which: ColumnElement[bool]) -> float:
    return float(session.scalar(select(func.sum(assessment_lines.c.points)).where(*which)) or 0.0)


# -- months -----------------------------------------------------------------------------------------------------------


def closed(session: Session, month: str) -> tuple[datetime, str] | None:
    """Return when and by whom a month was closed; None where it is open."""
    months = assessment_months.c
    row = session.execute(select(months.closed_at, months.closed_by).where(months.month == month)).one_or_none()
    return (row[0], row[1]) if row else None


def close(session: Session, month: str, *, by: str, now: datetime) -> bool:
    """Close a month; return whether this call did."""
    made = upsert(assessment_months).values(month=month, closed_at=now, closed_by=by).on_conflict_do_nothing()
    return session.scalar(made.returning(assessment_months.c.month)) is not None


def months(session: Session) -> list[str]:
    """Return the months that have lines, the latest first."""
    return list(session.scalars(select(assessment_lines.c.month).distinct().order_by(assessment_lines.c.month.desc())))


def first_step(session: Session) -> datetime | None:
    """Return when the record begins, for what the reader sees; None without any. Rides ``ix_steps_at``."""
    return session.scalar(select(func.min(steps.c.at)))


# -- appeals ----------------------------------------------------------------------------------------------------------


def add_appeal(session: Session, line_id: int, *, reason: str, by: str, now: datetime) -> int:
    """Insert an appeal; return its number. IntegrityError of ``uq_assessment_appeals_line_id`` where there was one."""
    values = {"line_id": line_id, "reason": reason, "appealed_by": by, "appealed_at": now}
    return int(session.scalar(insert(assessment_appeals).values(**values).returning(assessment_appeals.c.id)) or 0)


def appeal(session: Session, appeal_id: int, *, lock: bool = False) -> Appeal | None:
    """Return an appeal; ``lock`` holds it until the transaction ends."""
    query = select(assessment_appeals).where(assessment_appeals.c.id == appeal_id)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    return _appeal(row) if row else None


def appeal_of(session: Session, line_id: int) -> Appeal | None:
    """Return the appeal against a line; None without."""
    row = session.execute(select(assessment_appeals).where(assessment_appeals.c.line_id == line_id)).one_or_none()
    return _appeal(row) if row else None


def _appeal(row: Any) -> Appeal:
    state = AppealState(row.state)
    return Appeal(
        row.id, row.line_id, row.reason, row.appealed_by, row.appealed_at, state, row.decided_by, row.decided_at, row.decision
    )


def decide(session: Session, appeal_id: int, state: AppealState, *, by: str, why: str, now: datetime) -> None:
    """Write a decision."""
    values = {"state": state.value, "decided_by": by, "decided_at": now, "decision": why}
    session.execute(update(assessment_appeals).where(assessment_appeals.c.id == appeal_id).values(**values))


def waiting(session: Session) -> list[tuple[Appeal, Line]]:
    """Return the appeals that wait to be decided with their lines, the longest waiting first. Rides its partial index."""
    appeals, lines = assessment_appeals, assessment_lines
    query = select(appeals).where(appeals.c.state == AppealState.WAITING.value).order_by(appeals.c.appealed_at)
    found = [_appeal(row) for row in session.execute(query)]
    by_id = {row.id: _line(row) for row in session.execute(select(lines).where(lines.c.id.in_([one.line_id for one in found])))}
    return [(one, by_id[one.line_id]) for one in found if one.line_id in by_id]
