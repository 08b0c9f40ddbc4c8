"""Matters as people read them: state and clocks at an instant, what waits for approval, what falls due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geogrid.domain.clocks import Audience, ClockRule, Light
from geogrid.domain.matters import ClockRun, Matter, Proposal
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme
from geogrid.rules.deadlines import Reading, light_of, read_clock
from geogrid.rules.urgency import URGENT
from geogrid.rules.work_time import WorkTime
from geogrid.store.matters import folded, past_of
from geogrid.store.tables.matters import clocks, matters

# Rides ix_matters_proposals, which holds only matters that wait for somebody.
WAITING = """
SELECT m.event_id, p.value AS told FROM matters AS m CROSS JOIN jsonb_array_elements(m.proposals) AS p(value)
WHERE m.proposals <> '[]'::jsonb AND p.value ->> 'approver' = ANY(CAST(:roles AS text[]))
  AND EXISTS (SELECT FROM jsonb_array_elements(m.units) AS u(value) WHERE u.value ->> 1 = ANY(CAST(:units AS text[])))
ORDER BY p.value ->> 'at', m.event_id
"""


class Rules(Protocol):
    """What is asked of the programmes of a district."""

    def of(self, code: str, version: int | None = None) -> Programme:
        """Return a programme by code and version."""

    def time_of(self, programme: Programme) -> WorkTime:
        """Return the working time of a programme."""


class HasRules(Protocol):
    """Something with programmes: a district."""

    @property
    def programmes(self) -> Rules:
        """Return the programmes."""


@dataclass(frozen=True)
class ClockView:
    """One run of a clock at an instant, with its colour for each audience."""

    rule: ClockRule
    run: ClockRun
    reading: Reading
    lights: Mapping[Audience, Light]


@dataclass(frozen=True)
class MatterView:
    """A matter at an instant with every run of its clocks, in the order in which they were started."""

    matter: Matter
    programme: Programme
    clocks: tuple[ClockView, ...]

    def urgent(self, audience: Audience = Audience.STAFF) -> ClockView | None:
        """Return the running clock of the most alarming colour, among equals the first due; None where none runs."""
        running = [view for view in self.clocks if view.run.is_running]
        return min(running, key=lambda view: (URGENT.index(view.lights[audience]), view.reading.due_at), default=None)


@dataclass(frozen=True)
class DueClock:
    """A clock that runs: of which event, which run of its clocks, when it is due, since when it stands still."""

    event_id: UUID
    run: int
    clock: str
    due_at: datetime
    legal_due_at: datetime | None
    paused_at: datetime | None


def of_event(session: Session, event_id: UUID, *, now: datetime, district: HasRules) -> MatterView | None:
    """Return the matter of an event as it stood at ``now``, which may be long past: later steps did not happen yet.

    None where the event has no matter, or was not reported by then. The territory is that of today.
    """
    units = session.execute(select(matters.c.units).where(matters.c.event_id == event_id)).scalar_one_or_none()
    past = [step for step in past_of(session, event_id) if step.at <= now]
    matter = None if units is None else folded(past, district.programmes.of)
    if matter is None or units is None:
        return None
    lies = replace(matter, units=tuple((level, unit) for level, unit in units))
    return view_of(lies, now=now, rules=district.programmes)


def view_of(matter: Matter, *, now: datetime, rules: Rules) -> MatterView:
    """Return a matter with its clocks read at ``now``."""
    programme = rules.of(matter.programme, matter.version)
    time, views = rules.time_of(programme), []
    for run in matter.clocks:
        rule = programme.clock(run.clock)
        reading = read_clock(rule, run.limit, run.marks, now=max(now, run.marks[0].at), time=time)
        lights = {audience: light_of(rule, audience, reading) for audience in Audience}
        views.append(ClockView(rule, run, reading, lights))
    return MatterView(matter, programme, tuple(views))


def proposals_for(session: Session, roles: Collection[Role], units: Collection[str]) -> list[tuple[UUID, Proposal]]:
    """Return what waits for one of the roles in one of the units (12 digits, any level), the longest waiting first."""
    asked = {"roles": [role.value for role in roles], "units": list(units)}
    return [(row.event_id, _proposal(row.told)) for row in session.execute(text(WAITING), asked)]


def _proposal(told: Mapping[str, Any]) -> Proposal:
    at, approver = datetime.fromisoformat(told["at"]), Role(told["approver"])
    return Proposal(told["seq"], told["step"], told["asked_by"], at, approver, told["details"])


def due(session: Session, until: datetime, *, most: int = 1000) -> list[DueClock]:
    """Return the running clocks that are due by ``until``, the earliest first. Rides ``ix_clocks_due_at``."""
    columns = [clocks.c[name] for name in ("event_id", "run", "clock", "due_at", "legal_due_at", "paused_at")]
    found = select(*columns).where(clocks.c.stopped_at.is_(None), clocks.c.due_at <= until)
    return [DueClock(*row) for row in session.execute(found.order_by(clocks.c.due_at, clocks.c.event_id).limit(most))]
