"""Assess a month, close it, appeal against a line, decide on it. The ledger only grows; a score is the sum of its lines."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geogrid.domain.assessment import AppealState, Entry, LineKind, Sheet, Subject
from geogrid.domain.people import Actor, Role
from geogrid.errors import (
    AccessForbidden,
    AppealLate,
    AppealSamePerson,
    AppealThere,
    MonthClosed,
    MonthInvalid,
    NotFoundError,
    SetupError,
    TextEmpty,
)
from geogrid.errors.family import Label, Reason
from geogrid.rules.assessment import differences, entries, may_appeal_until, month_bounds, parse_sheet
from geogrid.store import assessment, audit, locks
from geogrid.store.assessment import Appeal, Line

SHEET = "assessment.toml"
MAY_CLOSE = frozenset({Role.COMMANDER})
# Who may appeal against a line about somebody else: those who lead the unit; a department's people for their department.
LEADERS = frozenset({Role.TOWNSHIP_LEADER, Role.COMMANDER})


def read_sheet(data_dir: Path) -> Sheet:
    """Read the sheet of an installation; raises SheetInvalid with every fault and its line, SetupError without a file."""
    path = data_dir / SHEET
    if not path.is_file():
        raise SetupError(reason=f"{path} is missing", mend="Put an assessment sheet there.")
    return parse_sheet(path.read_text(encoding="utf-8"), SHEET)


def assess(session: Session, month: str, *, sheet: Sheet, timezone: str, by: str, now: datetime) -> int:
    """Write the lines that a month (``2026-11``) lacks by the record as it is now; return how many.

    Again and again, two at once: the same lines. Where the record changed, also in a closed month, correction lines say so; what
    a granted appeal decided stands.

    Raises
    ------
    MonthInvalid
        for what is no month, or one that has not begun
    """
    begin, until = _bounds(month, timezone)
    if begin > now:
        raise MonthInvalid(month=month, reason="it has not begun", where={"path": "month"})
    locks.take_key(session, f"assessment:{month}")
    wanted = entries(sheet, assessment.happened(session, begin, until))
    added = differences(wanted, assessment.written(session, month), assessment.decided(session, month))
    count = assessment.add(session, month, added, version=sheet.version, by=by, now=now)
    if count:
        _audit(session, by, "assessment.assess", month, now, lines=count)
    return count


def close_month(session: Session, month: str, *, sheet: Sheet, timezone: str, actor: Actor, now: datetime) -> int:
    """Assess a month that is over for the last time and close it; return how many lines were added.

    Raises
    ------
    AccessForbidden
        for who is no commander
    MonthInvalid, MonthClosed
        for a month that is not over; for one that was closed
    """
    if not actor.roles() & MAY_CLOSE:
        raise AccessForbidden(where={"path": "month"})
    if _bounds(month, timezone)[1] > now:
        raise MonthInvalid(month=month, reason="it is not over", where={"path": "month"})
    added = assess(session, month, sheet=sheet, timezone=timezone, by=actor.id, now=now)
    if not assessment.close(session, month, by=actor.id, now=now):
        raise MonthClosed(month=month, where={"path": "month"})
    _audit(session, actor.id, "assessment.close", month, now, lines=added)
    return added


def appeal(session: Session, line_id: int, reason: str, *, sheet: Sheet, actor: Actor, now: datetime) -> Appeal:
    """Appeal against a line: by who is assessed by it, or who leads where it counts.

    Raises
    ------
    NotFoundError, AccessForbidden, TextEmpty
        without such a line; for who has nothing to do with it; without a reason
    AppealLate, AppealThere
        after the days for it; where there was an appeal: what was decided stands
    """
    found = _line(session, line_id)
    if found.kind is LineKind.APPEAL or not _concerns(actor, found):
        raise AccessForbidden(where={"path": "line"})
    if not reason.strip():
        raise TextEmpty(field=Reason("reason of the appeal"), where={"path": "reason"})
    until = may_appeal_until(found.written_at, sheet)
    if now > until:
        raise AppealLate(written=found.written_at.date(), until=until.date(), where={"path": "line"})
    try:
        with session.begin_nested():
            number = assessment.add_appeal(session, line_id, reason=reason.strip(), by=actor.id, now=now)
    except IntegrityError as error:
        there = assessment.appeal_of(session, line_id)
        raise AppealThere(state=Label(there.state) if there else "", where={"path": "line"}) from error
    _audit(session, actor.id, "assessment.appeal", str(number), now, line=line_id)
    return _appeal(session, number)


def decide(session: Session, appeal_id: int, *, granted: bool, why: str, sheet: Sheet, actor: Actor, now: datetime) -> Appeal:
    """Grant an appeal, which takes the line's points away by a line of its own, or refuse it.

    What was earned is taken away altogether; of a correction, what it changed is put back as it was before.

    Raises
    ------
    NotFoundError, AccessForbidden, TextEmpty
        without such an appeal; for who is no decider of the sheet; without a word why
    AppealSamePerson, AppealThere
        for who appealed or whom the line is about; where it was decided already
    """
    if not {role.value for role in actor.roles()} & set(sheet.deciders):
        raise AccessForbidden(where={"path": "appeal"})
    found = assessment.appeal(session, appeal_id, lock=True)
    if found is None:
        raise NotFoundError(what=str(appeal_id))
    line = _line(session, found.line_id)
    if is_party(actor, found, line):
        raise AppealSamePerson(where={"path": "appeal"})
    if found.state is not AppealState.WAITING:
        raise AppealThere(state=Label(found.state), where={"path": "appeal"})
    if not why.strip():
        raise TextEmpty(field=Reason("why of the decision"), where={"path": "why"})
    state = AppealState.GRANTED if granted else AppealState.REFUSED
    assessment.decide(session, appeal_id, state, by=actor.id, why=why.strip(), now=now)
    if granted:
        locks.take_key(session, f"assessment:{line.month}")
        points = assessment.before(session, line) - assessment.standing(session, line)
        taken = Entry(line.key, points, line.unit, LineKind.APPEAL)
        assessment.add(session, line.month, [taken], version=sheet.version, by=actor.id, now=now, appeal_id=appeal_id)
    _audit(session, actor.id, f"assessment.{state.value}", str(appeal_id), now, line=line.id)
    return _appeal(session, appeal_id)


def is_party(actor: Actor, found: Appeal, line: Line) -> bool:
    """Whether an actor appealed, or a line is about him, his department or the very unit of a post of his: others decide."""
    own = {post.unit for post in actor.posts} | {post.department for post in actor.posts} | {actor.id}
    return found.appealed_by == actor.id or line.key.subject in own


def _bounds(month: str, timezone: str) -> tuple[datetime, datetime]:
    try:
        return month_bounds(month, timezone)
    except ValueError as error:
        raise MonthInvalid(month=month, reason="it is written 2026-11", where={"path": "month"}) from error


def may_appeal(line: Line, sheet: Sheet, actor: Actor, *, now: datetime) -> bool:
    """Whether an actor may appeal against a line now, if nobody has."""
    return line.kind is not LineKind.APPEAL and now <= may_appeal_until(line.written_at, sheet) and _concerns(actor, line)


def _concerns(actor: Actor, line: Line) -> bool:
    """Whether a line is about the actor, or about whom or what he leads."""
    kind, subject = line.key.subject_kind, line.key.subject
    if kind is Subject.WORKER and subject == actor.id:
        return True
    if kind is Subject.DEPARTMENT and any(post.department == subject for post in actor.posts):
        return True
    led = {post.unit for post in actor.posts if post.role in LEADERS}
    return line.unit in led or any(unit.endswith("000000") for unit in led)


def _line(session: Session, line_id: int) -> Line:
    found = assessment.line(session, line_id)
    if found is None:
        raise NotFoundError(what=str(line_id))
    return found


def _appeal(session: Session, appeal_id: int) -> Appeal:
    found = assessment.appeal(session, appeal_id)
    if found is None:
        raise NotFoundError(what=str(appeal_id))
    return found


def _audit(session: Session, by: str, action: str, what: str, now: datetime, **details: int) -> None:
    audit.write(session, actor=by, action=action, object_kind="assessment", object_id=what, details=dict(details), now=now)
