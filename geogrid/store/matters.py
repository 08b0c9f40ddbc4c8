"""Matters in the store: steps to a matter, a matter to its projection and its clocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.domain.events import StepKind
from geogrid.domain.matters import ClockRun, Mark, Matter, Proposal, Territory, Whistle
from geogrid.domain.programmes import Programme
from geogrid.rules.deadlines import Reading, next_instant, read_clock
from geogrid.rules.effects import party_of
from geogrid.rules.pauses import pause_of
from geogrid.rules.work_time import WorkTime
from geogrid.rules.workflow import Past, begin, fold
from geogrid.store.copying import copy_rows
from geogrid.store.tables.events import steps
from geogrid.store.tables.matters import clocks, matters

ProgrammeOf = Callable[[str, int], Programme]
Units = Sequence[tuple[str, str]]
MATTER_COLUMNS = [column.name for column in matters.columns]
CLOCK_COLUMNS = [column.name for column in clocks.columns]
NAME = """
UPDATE steps SET step = named.step, details = named.details FROM named
WHERE steps.event_id = named.event_id AND steps.seq = named.seq
"""


# -- steps to a matter ------------------------------------------------------------------------------------------------


def begun_details(programme: Programme, territory: Territory, category: str, channel: str, asked: str) -> dict[str, Any]:
    """Return what the step REPORT keeps, so that the matter can be begun again from it alone."""
    units = [list(pair) for pair in territory.units]
    told = {"programme": programme.code, "version": programme.version, "units": units, "district": territory.district}
    return {**told, "category": category, "channel": channel, "asked": asked}


def begun(programme: Programme, report: Past) -> Matter:
    """Return the matter as the step REPORT began it."""
    told = report.details
    territory = Territory(tuple((level, unit) for level, unit in told["units"]), (), told["district"])
    category = next((c for c in programme.categories if c.code == told["category"]), None)
    asked = party_of(told["asked"]) if told["asked"] else None
    return begin(programme, territory, category, channel=told["channel"], asked=asked, at=report.at, actor=report.actor)


def past_of(session: Session, event_id: UUID) -> list[Past]:
    """Return the steps of an event in their order. Rides ``uq_steps_event_id_seq``."""
    rows = session.execute(select(steps).where(steps.c.event_id == event_id).order_by(steps.c.seq))
    return [Past(row.seq, StepKind(row.kind), row.step, row.actor, row.at, row.details) for row in rows]


def folded(past: Sequence[Past], programme_of: ProgrammeOf) -> Matter | None:
    """Return what steps add up to, None where they were taken under no programme.

    The territory is that of the report; where the event lies today its assignment says.
    """
    if not past or "programme" not in past[0].details:
        return None
    programme = programme_of(past[0].details["programme"], past[0].details["version"])
    return fold(programme, begun(programme, past[0]), past[1:])


def find(session: Session, event_id: UUID, programme_of: ProgrammeOf) -> Matter | None:
    """Return the matter of an event: its steps folded, in the territory in which it lies today; None where it has none."""
    units = session.execute(select(matters.c.units).where(matters.c.event_id == event_id)).scalar_one_or_none()
    matter = None if units is None else folded(past_of(session, event_id), programme_of)
    return None if matter is None or units is None else replace(matter, units=tuple((level, unit) for level, unit in units))


def provisional(session: Session) -> list[UUID]:
    """Return the events with a clock whose end waits for holidays to be published. Rides ``ix_clocks_provisional``."""
    return list(session.scalars(select(clocks.c.event_id).where(clocks.c.provisional).distinct().order_by(clocks.c.event_id)))


def versions_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[str, int]]:
    """Return programme and version of the matters of events; events without are left out. Rides the primary key."""
    found = select(matters.c.event_id, matters.c.programme, matters.c.programme_version)
    rows = session.execute(found.where(matters.c.event_id == func.any(list(ids))))
    return {row.event_id: (row.programme, row.programme_version) for row in rows}


# -- a matter to its projection ---------------------------------------------------------------------------------------


def matter_values(event_id: UUID, matter: Matter) -> dict[str, Any]:
    """Return the row of a matter."""
    return {
        "event_id": event_id,
        "programme": matter.programme,
        "programme_version": matter.version,
        "state": matter.state,
        "level": matter.level,
        "category": matter.category,
        "handling": matter.handling,
        "complexity": matter.complexity.value if matter.complexity else None,
        "amount_yuan": matter.amount_yuan,
        "first_owner": str(matter.first_owner),
        "owner": str(matter.owner),
        "lead": str(matter.lead) if matter.lead else None,
        "assisting": [str(party) for party in matter.assisting],
        "units": [list(pair) for pair in matter.units],
        "bounces": matter.bounces,
        "urged": matter.urged,
        "supervised": matter.supervised,
        "key_listed": matter.key_listed,
        "parent_id": UUID(matter.parent) if matter.parent else None,
        "parked_until": matter.parked_until,
        "rating": matter.rating,
        "outcome": matter.outcome,
        "whistles": [_whistle(whistle) for whistle in matter.whistles],
        "proposals": [_proposal(proposal) for proposal in matter.proposals],
    }


def _whistle(whistle: Whistle) -> dict[str, Any]:
    answered = instant(whistle.answered_at) if whistle.answered_at else None
    return {"party": str(whistle.party), "at": instant(whistle.at), "answered_at": answered}


def _proposal(proposal: Proposal) -> dict[str, Any]:
    told = {"seq": proposal.seq, "step": proposal.step, "asked_by": proposal.asked_by, "at": instant(proposal.at)}
    return {**told, "approver": proposal.approver.value, "details": dict(proposal.details)}


def clock_values(
    event_id: UUID,
    matter: Matter,
    programme: Programme,
    *,
    now: datetime,
    time: WorkTime,
    unlike: Sequence[ClockRun] = (),
    told_until: datetime | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the runs of a matter's clocks at ``now``, without those that are the same in ``unlike``.

    A clock that stands still is read as of the instant since which it does: what is stored changes with marks alone.
    ``next_at`` is when the tick is to look at it: at once where a phase begins with the clock itself. ``told_until`` is up to
    when nobody is to be told of a new run's alarms (None: of all): a matter with a past elsewhere has alarms that are long over.
    """
    for position, run in enumerate(matter.clocks):
        if position < len(unlike) and run == unlike[position]:
            continue
        at = _stands_since(run) or max(now, run.marks[-1].at)
        reading = read_clock(programme.clock(run.clock), run.limit, run.marks, now=at, time=time)
        yield {
            "event_id": event_id,
            "run": position + 1,
            "clock": run.clock,
            "promised": str(run.limit.promised),
            "legal": str(run.limit.legal) if run.limit.legal else None,
            "marks": [mark_told(mark) for mark in run.marks],
            "started_at": reading.started_at,
            "due_at": reading.due_at,
            "legal_due_at": reading.legal_due_at,
            "paused_at": at if reading.paused else None,
            "stopped_at": reading.stopped_at,
            "is_late": reading.is_late,
            "provisional": reading.provisional,
            "told_until": told_until,
            "next_at": at if told_until is None and _begins_with_alarm(run, reading) else next_instant(reading, at) or _over(run),
        }


def _begins_with_alarm(run: ClockRun, reading: Reading) -> bool:
    return len(run.marks) == 1 and any(at <= reading.started_at for _, at in reading.thresholds)


def _stands_since(run: ClockRun) -> datetime | None:
    pause = pause_of(run)
    return pause.at if pause else None


def _over(run: ClockRun) -> datetime | None:
    pause = pause_of(run)
    return pause.until if pause else None


def instant(at: datetime) -> str:
    """Return an instant as it is stored within JSON: in UTC, so that one instant has one text."""
    return at.astimezone(UTC).isoformat()


def mark_told(mark: Mark) -> dict[str, Any]:
    """Return a mark as it is stored."""
    told: dict[str, Any] = {"kind": mark.kind.value, "at": instant(mark.at)}
    more = {"reason": mark.reason, "amount": mark.amount and str(mark.amount), "until": mark.until and instant(mark.until)}
    return told | {name: value for name, value in more.items() if value}


# -- writing ----------------------------------------------------------------------------------------------------------


def write(session: Session, values: dict[str, Any], clock_rows: Iterable[dict[str, Any]], *, now: datetime) -> None:
    """Write a matter in the place of what is stored of it, and those of its clocks that changed.

    What the tick has to tell is kept: up to when alarms were told stays, and so does a moment that has come while nobody looked,
    also where the clock was stopped or paused meanwhile.
    """
    changed = {name: value for name, value in values.items() if name != "event_id"}
    session.execute(upsert(matters).values(values).on_conflict_do_update(index_elements=["event_id"], set_=changed))
    rows = list(clock_rows)
    if not rows:
        return
    new = upsert(clocks)
    kept = {"event_id", "run", "told_until", "next_at"}
    set_ = {name: new.excluded[name] for name in CLOCK_COLUMNS if name not in kept}
    untold = clocks.c.told_until.is_(None) | (clocks.c.told_until < clocks.c.next_at)
    set_["next_at"] = case(((clocks.c.next_at <= now) & untold, clocks.c.next_at), else_=new.excluded.next_at)
    session.execute(new.on_conflict_do_update(index_elements=["event_id", "run"], set_=set_), rows)


def set_units(session: Session, units_of: Mapping[UUID, Units]) -> None:
    """Write the territories of matters whose events were given other grids."""
    rows = [{"id": event_id, "units": [list(pair) for pair in units]} for event_id, units in units_of.items()]
    if rows:
        statement = update(matters).where(matters.c.event_id == bindparam("id")).values(units=bindparam("units"))
        session.connection().execute(statement, rows)


def name_steps(session: Session, named: Iterable[tuple[UUID, int, str, Mapping[str, Any]]]) -> None:
    """Write what the programme calls steps that were taken under none, and what they keep: (event, seq, step, details).

    By set: an installation of before has hundreds of thousands of them.
    """
    session.execute(text("CREATE TEMP TABLE named (event_id uuid, seq integer, step text, details jsonb) ON COMMIT DROP"))
    rows = ((event_id, seq, step, _copied(dict(details))) for event_id, seq, step, details in named)
    copy_rows(session, "named", ["event_id", "seq", "step", "details"], rows)
    session.execute(text(NAME))
    session.execute(text("DROP TABLE named"))


def copy_in(session: Session, rows: Iterable[tuple[dict[str, Any], Iterable[dict[str, Any]]]]) -> int:
    """Copy new matters with their clocks in; return how many matters."""
    clock_rows: list[dict[str, Any]] = []

    def of_matters() -> Iterator[list[Any]]:
        for values, runs in rows:
            clock_rows.extend(runs)
            yield [value if name == "assisting" else _copied(value) for name, value in values.items()]

    count = copy_rows(session, "matters", MATTER_COLUMNS, of_matters())
    copy_rows(session, "clocks", CLOCK_COLUMNS, ([_copied(value) for value in row.values()] for row in clock_rows))
    return count


def _copied(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
