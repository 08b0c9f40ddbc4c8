"""Lives of matters on the small district: who acts, one step after another, and whether what is stored follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District
from geogrid.actions.matters import territory_of
from geogrid.actions.steps import StepTaken, TakeStep, take_step
from geogrid.domain.events import EventKind
from geogrid.domain.matters import MarkKind, Matter
from geogrid.domain.people import Actor, Role
from geogrid.rules.deadlines import read_clock
from geogrid.rules.stages import closed_at, stage_of
from geogrid.rules.workflow import fold
from geogrid.store import matters
from tests.build_district import IN_A1, NOW, VILLAGE_B, report
from tests.rules.clocks import SHANGHAI
from tests.rules.people import person

OFFICER, HANDLER = person(Role.OFFICER), person(Role.GRID_LEADER, "handler")
DISPATCHER, COMMANDER = person(Role.DISPATCHER), person(Role.COMMANDER)
LEADER, VERIFIER = person(Role.TOWNSHIP_LEADER), person(Role.VERIFIER)
CITIZEN, URBAN = person(Role.CITIZEN), person(Role.DEPARTMENT, department="urban")
LEADER_B = person(Role.GRID_LEADER, "leader b", unit=VILLAGE_B)
TO_VILLAGE = {"party": "unit:999901001001"}

# Closed and archived, by distinct people.
WHOLE: list[tuple[str, Actor, dict[str, Any]]] = [
    ("open", DISPATCHER, {"category": "E01"}),
    ("dispatch", DISPATCHER, TO_VILLAGE),
    ("take_on", HANDLER, {}),
    ("handle", HANDLER, {"note": "cleared"}),
    ("verify", VERIFIER, {"note": "seen"}),
    ("close", DISPATCHER, {}),
    ("rate", CITIZEN, {"rating": 5}),
    ("archive", DISPATCHER, {}),
]


def reported(session: Session, district: District, lonlat: Any = None, **values: Any) -> UUID:
    """Accept a report (in grid A1 where no place is given) and return its event's id."""
    sent = replace(report(lonlat or IN_A1, words=values.pop("words", "垃圾堆积")), kind=values.pop("kind", EventKind.ENVIRONMENT))
    return accept_report(session, sent, now=values.pop("now", NOW), district=district, actor="officer", **values).event.id


def take(
    session: Session,
    district: District,
    event_id: UUID,
    step: str,
    actor: Actor,
    *,
    hours: float = 0,
    now: datetime | None = None,
    base_seq: int | None = None,
    key: str | None = None,
    **details: Any,
) -> StepTaken:
    """Take a step ``hours`` after NOW (or at ``now``)."""
    command = TakeStep(event_id, step, actor, details, base_seq, key)
    at = now or NOW + timedelta(hours=hours)
    return take_step(session, command, now=at.astimezone(SHANGHAI), district=district)  # as the platform's clock may say it


def live(session: Session, district: District, event_id: UUID, upto: str = "archive", *, from_hours: float = 0.0) -> float:
    """Take the steps of WHOLE up to ``upto``, a quarter of an hour apart; return the hours after NOW of the last."""
    hours = from_hours
    for step, actor, details in WHOLE:
        hours += 0.25
        take(session, district, event_id, step, actor, hours=hours, **details)
        if step == upto:
            break
    return hours


def row(session: Session, statement: str, event_id: UUID) -> Any:
    return session.execute(text(statement), {"id": event_id}).mappings().one()


def event_row(session: Session, event_id: UUID) -> Any:
    return row(session, "SELECT * FROM events WHERE id = :id", event_id)


def matter_row(session: Session, event_id: UUID) -> Any:
    return row(session, "SELECT * FROM matters WHERE event_id = :id", event_id)


def clock_rows(session: Session, event_id: UUID) -> list[Any]:
    found = session.execute(text("SELECT * FROM clocks WHERE event_id = :id ORDER BY run"), {"id": event_id})
    return list(found.mappings())


def from_the_ledger(session: Session, district: District, event_id: UUID) -> Matter:
    """Begin the matter from its report's details and fold the other steps, without asking the projection anything."""
    first, *later = matters.past_of(session, event_id)
    programme = district.programmes.of(first.details["programme"], first.details["version"])
    return fold(programme, matters.begun(programme, first), later)


def assert_follows(session: Session, district: District, event_id: UUID, *, written_at: datetime | None = None) -> None:
    """Events, matters and clocks as stored are what the steps add up to, and what the clocks read.

    Clocks were written with their last marks, or at ``written_at``.
    """
    matter, event, stored = (
        from_the_ledger(session, district, event_id),
        event_row(session, event_id),
        matter_row(session, event_id),
    )
    programme = district.programmes.of(matter.programme, matter.version)
    time = district.programmes.time_of(programme)
    stage = stage_of(programme, matter)
    assert (event.state, event.is_open, event.closed_at) == (stage.value, stage.is_open, closed_at(programme, matter))
    units = territory_of(programme, district.profile.code, (event.village_code, event.township_code)).units
    values = matters.matter_values(event_id, matter.but(units=units))
    assert dict(stored) == values
    runs = clock_rows(session, event_id)
    assert [kept.clock for kept in runs] == [run.clock for run in matter.clocks]
    for kept, run in zip(runs, matter.clocks, strict=True):
        paused = next((m.at for m in reversed(run.marks) if m.kind is MarkKind.PAUSE), None) if run.is_paused else None
        reading = read_clock(
            programme.clock(run.clock), run.limit, run.marks, now=paused or written_at or run.marks[-1].at, time=time
        )
        assert (kept.started_at, kept.due_at, kept.legal_due_at) == (reading.started_at, reading.due_at, reading.legal_due_at)
        assert (kept.stopped_at, kept.is_late) == (reading.stopped_at, reading.is_late)
        assert (kept.paused_at is not None) == reading.paused
        missed = kept.next_at is not None and kept.next_at <= (written_at or run.marks[-1].at)  # the tick has still to tell of it
        assert missed or (kept.next_at is None) == (
            reading.resumes_at is None and (reading.paused or reading.is_late or not run.is_running)
        )
