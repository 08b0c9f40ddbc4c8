"""Open a matter for an event: under which programme, in which territory, with what its steps so far make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.answers import Units
from geogrid.actions.district import District
from geogrid.domain.events import EventKind, EventState, Step, StepKind
from geogrid.domain.matters import Matter, Territory
from geogrid.domain.places import Level
from geogrid.domain.programmes import Category, Programme
from geogrid.errors import StepNotAllowed
from geogrid.rules.deadlines import next_instant, read_clock
from geogrid.rules.workflow import Past, fold, step_of
from geogrid.store import matters

DISTRICT_ZEROS = "000000"  # a district's code of 12 digits: its county's six, then zeros


@dataclass(frozen=True)
class Opened:
    """A new matter with the steps it begins with, in the words of its programme."""

    matter: Matter
    steps: tuple[Step, ...]

    def stage(self, programme: Programme) -> EventState:
        """Return the stage of an event that the matter's state stands for."""
        return programme.state(self.matter.state).stage


def territory_of(programme: Programme, district: District, units: Units) -> Territory:
    """Return the territory of an event in (village, township); the district's own where it has no grid."""
    code = district.profile.code + DISTRICT_ZEROS
    known = {Level.VILLAGE: units[0], Level.TOWNSHIP: units[1], Level.DISTRICT: code}
    named = ((level.code, known.get(level.unit)) for level in programme.levels)
    return Territory(tuple((level, unit) for level, unit in named if unit), (), code)


def category_of(programme: Programme, kind: EventKind) -> Category | None:
    """Return the major class that is for a kind of event; None where the programme sorts nothing of this kind."""
    return next((c for c in programme.categories if c.kind is kind and not c.parent), None)


def opened(
    history: Sequence[tuple[StepKind, datetime, str]],
    kind: EventKind,
    channel: str,
    units: Units,
    *,
    district: District,
    asked: str = "",
    programme_code: str = "",
) -> Opened:
    """Return the matter that a report begins, with the plain steps that it went through elsewhere.

    Parameters
    ----------
    history : (kind, aware time, actor) in order, the first REPORT, the second ASSIGN
    asked : the party that was asked first, "kind:code"; "": the owner by the rules

    Raises
    ------
    StepNotAllowed
        where the programme knows no such step in the state reached
    """
    of = district.programmes.of(programme_code) if programme_code else district.programmes.default
    category = category_of(of, kind)
    territory = territory_of(of, district, units)
    told = matters.begun_details(of, territory, category.code if category else "", channel, asked)
    (first, at, actor), *later = history
    matter = matters.begun(of, Past(1, first, "report", actor, at, told))
    steps = [Step(1, first, at, actor, "", "report", told)]
    for seq, (step_kind, when, who) in enumerate(later, start=2):
        past = Past(seq, step_kind, _code(of, matter, step_kind), who, when, {})
        matter = fold(of, matter, [past])
        steps.append(Step(seq, step_kind, when, who, "", past.step, {}))
    return Opened(matter, tuple(steps))


def _code(programme: Programme, matter: Matter, kind: StepKind) -> str:
    """Return what the programme calls a plain step; one that leads nowhere new is a note."""
    if kind is StepKind.ASSIGN:
        return "assign"
    found = step_of(programme, matter, kind)
    if found is not None:
        return found.code
    if kind is StepKind.DISPATCH and programme.state(matter.state).stage is EventState.DISPATCHED:
        return "note"
    raise StepNotAllowed(step=kind.value, state=matter.state)


def rows_of(event_id: UUID, matter: Matter, *, now: datetime, district: District) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the row of a matter and those of its clocks as they stand at ``now``, each with the moment the tick looks at it."""
    programme = district.programmes.of(matter.programme)
    time, clock_rows = district.programmes.time_of(programme), []
    for position, run in enumerate(matter.clocks, start=1):
        reading = read_clock(programme.clock(run.clock), run.limit, run.marks, now=now, time=time)
        values = matters.clock_values(event_id, position, run, reading, told=str(reading.phase))
        clock_rows.append({**values, "next_at": next_instant(reading, now)})
    return matters.matter_values(event_id, matter), clock_rows


def write_matter(session: Session, event_id: UUID, matter: Matter, *, now: datetime, district: District) -> None:
    """Write the projection of a matter and its clocks as they stand at ``now``."""
    matters.write(session, *rows_of(event_id, matter, now=now, district=district))


def move_matters(session: Session, units_of: Mapping[UUID, Units], *, district: District) -> None:
    """Write the territories of matters whose events were given other grids; owners stay until somebody hands them over."""
    programmes = matters.programmes_of(session, list(units_of))
    moved = {
        event_id: territory_of(district.programmes.of(code), district, units_of[event_id]).units
        for event_id, code in programmes.items()
    }
    matters.set_units(session, moved)
