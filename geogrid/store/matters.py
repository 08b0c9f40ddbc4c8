"""Matters in the store: steps to a matter, a matter to its projection and its clocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.domain.clocks import Limit
from geogrid.domain.events import StepKind
from geogrid.domain.matters import ClockRun, Mark, MarkKind, Matter, Territory
from geogrid.domain.programmes import Programme
from geogrid.rules.deadlines import Reading
from geogrid.rules.durations import duration
from geogrid.rules.effects import party_of
from geogrid.rules.workflow import Past, begin, fold
from geogrid.store.copying import copy_rows
from geogrid.store.tables.events import steps
from geogrid.store.tables.matters import clocks, matters

ProgrammeOf = Callable[[str], Programme]


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
    """Return what steps add up to, None where they were taken under no programme."""
    if not past or "programme" not in past[0].details:
        return None
    programme = programme_of(past[0].details["programme"])
    return fold(programme, begun(programme, past[0]), past[1:])


def find(session: Session, event_id: UUID, programme_of: ProgrammeOf) -> Matter | None:
    """Return the matter of an event: its steps folded, in the territory in which it lies today; None where it has none."""
    row = session.execute(select(matters.c.units).where(matters.c.event_id == event_id)).one_or_none()
    matter = None if row is None else folded(past_of(session, event_id), programme_of)
    return None if matter is None or row is None else replace(matter, units=tuple((level, unit) for level, unit in row.units))


def programmes_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the codes of the programmes of events; those that have none are left out. Rides the primary key."""
    found = select(matters.c.event_id, matters.c.programme).where(matters.c.event_id == func.any(list(ids)))
    return {row.event_id: row.programme for row in session.execute(found)}


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
        "parked_until": matter.parked_until,
        "rating": matter.rating,
        "outcome": matter.outcome,
        "whistles": [_whistle(whistle) for whistle in matter.whistles],
        "proposals": [_proposal(proposal) for proposal in matter.proposals],
    }


def _whistle(whistle: Any) -> dict[str, Any]:
    answered = whistle.answered_at.isoformat() if whistle.answered_at else None
    return {"party": str(whistle.party), "at": whistle.at.isoformat(), "answered_at": answered}


def _proposal(proposal: Any) -> dict[str, Any]:
    told = {"seq": proposal.seq, "step": proposal.step, "asked_by": proposal.asked_by, "at": proposal.at.isoformat()}
    return {**told, "approver": proposal.approver.value, "details": dict(proposal.details)}


def clock_values(event_id: UUID, position: int, run: ClockRun, reading: Reading, told: str) -> dict[str, Any]:
    """Return the row of one run of a clock; ``told`` is the phase of which its people were told last."""
    paused = next((mark.at for mark in reversed(run.marks) if mark.kind is MarkKind.PAUSE), None) if run.is_paused else None
    return {
        "event_id": event_id,
        "run": position,
        "clock": run.clock,
        "promised": str(run.limit.promised),
        "legal": str(run.limit.legal) if run.limit.legal else None,
        "marks": [mark_told(mark) for mark in run.marks],
        "started_at": reading.started_at,
        "due_at": reading.due_at,
        "legal_due_at": reading.legal_due_at,
        "paused_at": paused,
        "stopped_at": reading.stopped_at,
        "is_late": reading.is_late,
        "told": told,
    }


def mark_told(mark: Mark) -> dict[str, Any]:
    """Return a mark as it is stored."""
    told: dict[str, Any] = {"kind": mark.kind.value, "at": mark.at.isoformat()}
    return told | ({"reason": mark.reason} if mark.reason else {}) | ({"amount": str(mark.amount)} if mark.amount else {})


def run_of(row: Row) -> ClockRun:
    """Return the run of a clock from its row."""
    limit = Limit(duration(row.promised), duration(row.legal) if row.legal else None)
    marks = tuple(
        Mark(
            MarkKind(told["kind"]),
            datetime.fromisoformat(told["at"]),
            told.get("reason", ""),
            duration(told["amount"]) if "amount" in told else None,
        )
        for told in row.marks
    )
    return ClockRun(row.clock, limit, marks)


# -- writing ----------------------------------------------------------------------------------------------------------


def write(session: Session, values: dict[str, Any], clock_rows: Sequence[dict[str, Any]]) -> None:
    """Write a matter and its clocks in the place of what is stored of them."""
    changed = {name: value for name, value in values.items() if name != "event_id"}
    session.execute(upsert(matters).values(values).on_conflict_do_update(index_elements=["event_id"], set_=changed))
    session.execute(delete(clocks).where(clocks.c.event_id == values["event_id"]))
    if clock_rows:
        session.execute(clocks.insert(), list(clock_rows))


def set_units(session: Session, units_of: Mapping[UUID, Sequence[tuple[str, str]]]) -> None:
    """Write the territories of matters whose events were given other grids."""
    rows = [{"id": event_id, "units": [list(pair) for pair in units]} for event_id, units in units_of.items()]
    if rows:
        statement = update(matters).where(matters.c.event_id == bindparam("id")).values(units=bindparam("units"))
        session.connection().execute(statement, rows)


def copy_in(session: Session, rows: Iterable[tuple[dict[str, Any], Sequence[dict[str, Any]]]]) -> int:
    """Copy matters with their clocks in; return how many matters."""
    matter_names, clock_names = ([c.name for c in table.columns] for table in (matters, clocks))
    clock_rows: list[list[Any]] = []

    def of_matters() -> Iterator[list[Any]]:
        for values, runs in rows:
            clock_rows.extend([_copied(run[name]) for name in clock_names] for run in runs)
            yield [_listed(name, values[name]) for name in matter_names]

    count = copy_rows(session, "matters", matter_names, of_matters())
    copy_rows(session, "clocks", clock_names, clock_rows)
    return count


def _listed(name: str, value: Any) -> Any:
    return value if name == "assisting" else _copied(value)


def _copied(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
