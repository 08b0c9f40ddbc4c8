"""Open a matter for an event: under which programme, in which territory, with what its steps so far make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.answers import Units
from geogrid.actions.district import District
from geogrid.domain.events import Event, EventKind, Step, StepKind
from geogrid.domain.matters import Matter, Territory
from geogrid.domain.places import Level
from geogrid.domain.programmes import Category, Programme
from geogrid.errors import StepNotAllowed
from geogrid.errors.family import Label
from geogrid.rules.lifecycle import STEPS
from geogrid.rules.stages import stage_of
from geogrid.rules.step_names import state_name
from geogrid.rules.workflow import Past, fold, possible, step_of
from geogrid.store import desk_spans, matters

DISTRICT_ZEROS = "000000"  # a district's code of 12 digits: its county's six, then zeros
LEADS_TO = {kind: state for steps in STEPS.values() for kind, state in steps.items() if kind is not StepKind.ASSIGN}


@dataclass(frozen=True)
class Opened:
    """A new matter with its programme and the steps it begins with, in the words of the programme."""

    programme: Programme
    matter: Matter
    steps: tuple[Step, ...]


def territory_of(programme: Programme, county: str, units: Units) -> Territory:
    """Return the territory of an event in (village, township) of a county (6 digits); the county's own where it has no grid."""
    code = county + DISTRICT_ZEROS
    known = {Level.VILLAGE: units[0], Level.TOWNSHIP: units[1], Level.DISTRICT: code}
    named = ((level.code, known.get(level.unit)) for level in programme.levels)
    return Territory(tuple((level, unit) for level, unit in named if unit), (), code)


def category_of(programme: Programme, kind: EventKind) -> Category | None:
    """Return the major class that is for a kind of event; None where the programme sorts nothing of this kind."""
    return next((c for c in programme.categories if c.kind is kind and not c.parent), None)


# -- steps of a plainer system ----------------------------------------------------------------------------------------


def opened(
    history: Sequence[tuple[StepKind, datetime, str]],
    kind: EventKind,
    channel: str,
    units: Units,
    *,
    district: District,
    asked: str = "",
    programme_code: str = "",
    category_code: str = "",
) -> Opened:
    """Return the matter that a report begins, with the plain steps that it went through elsewhere.

    Parameters
    ----------
    history : (kind, aware time, actor) in order, the first REPORT, the second ASSIGN
    asked : the party that was asked first, "kind:code"; "": the owner by the rules
    programme_code, category_code : which programme, and which of its categories; "": the district's, that of the kind

    Raises
    ------
    StepNotAllowed
        where the programme knows no such step in the state reached
    """
    of = district.programmes.of(programme_code) if programme_code else district.programmes.default
    category = next((c for c in of.categories if c.code == category_code), None) or category_of(of, kind)
    territory = territory_of(of, district.profile.code, units)
    told = matters.begun_details(of, territory, category.code if category else "", channel, asked)
    (first, at, actor), *later = history
    matter = matters.begun(of, Past(1, first, "report", actor, at, told))
    steps = [Step(1, first, at, actor, "", "report", told)]
    for seq, (step_kind, when, who) in enumerate(later, start=2):
        past = Past(seq, step_kind, plain_code(of, matter, step_kind), who, when, {})
        matter = fold(of, matter, [past])
        steps.append(Step(seq, step_kind, when, who, "", past.step, {}))
    return Opened(of, matter, tuple(steps))


def plain_code(programme: Programme, matter: Matter, kind: StepKind) -> str:
    """Return what the programme calls a plain step: one of its kind, else one that leads to the same stage, else a note.

    Raises
    ------
    StepNotAllowed
        where none leads there
    """
    if kind is StepKind.ASSIGN:
        return "assign"
    found = step_of(programme, matter, kind)
    if found is not None:
        return found.code
    target = LEADS_TO[kind]
    if target is stage_of(programme, matter):
        return "note"
    leading = (step for step in possible(programme, matter) if step.to and programme.state(step.to).stage is target)
    found = next(leading, None)
    if found is not None:
        return found.code
    if target.is_open and all(state.stage is not target for state in programme.states):
        return "note"  # the programme has no such stage: what follows goes on from here
    raise StepNotAllowed(step=Label(kind), state=state_name(programme, matter.state))


# -- the projection ---------------------------------------------------------------------------------------------------


def rows_of(
    event_id: UUID,
    matter: Matter,
    *,
    now: datetime,
    district: District,
    before: Matter | None = None,
    told_until: datetime | None = None,
) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Return the row of a matter and those of its clocks at ``now``, without the clocks that are as they were ``before``.

    Nobody is to be told of alarms up to ``told_until`` (None: of all that come).
    """
    programme = district.programmes.of(matter.programme, matter.version)
    time, unlike = district.programmes.time_of(programme), before.clocks if before else ()
    clock_rows = matters.clock_values(event_id, matter, programme, now=now, time=time, unlike=unlike, told_until=told_until)
    return matters.matter_values(event_id, matter), clock_rows


def write_matter(
    session: Session, event: Event, matter: Matter, *, now: datetime, district: District, before: Matter | None = None
) -> None:
    """Write the projection of an event's matter and of those of its clocks that are not as they were ``before``."""
    matters.write(session, *rows_of(event.id, matter, now=now, district=district, before=before), now=now)
    programme = district.programmes.of(matter.programme, matter.version)
    if before is None or not desk_spans.same_spans(before, matter, programme):
        desk_spans.write(session, event.id, spans_for(event.id, event.report.words, matter, district=district))


def spans_for(event_id: UUID, words: str, matter: Matter, *, district: District) -> list[dict[str, Any]]:
    """Return the rows that say how pressing a matter is, from its last step on until somebody does something.

    ``words`` are those of the report: they may mean danger to life.
    """
    programme = district.programmes.of(matter.programme, matter.version)
    danger = bool(district.danger.found(words, matter.programme, matter.category))
    return desk_spans.span_rows(event_id, matter, programme, district.programmes.time_of(programme), danger=danger)


def copy_matters(session: Session, begun: Iterable[tuple[UUID, str, Matter]], *, now: datetime, district: District) -> None:
    """Copy in the projections of new matters that come with a past: nobody is told of alarms that are long over.

    ``begun`` are (event id, words of the report, matter).
    """
    made = list(begun)
    matters.copy_in(session, (rows_of(i, matter, now=now, district=district, told_until=now) for i, _, matter in made))
    rows = (row for i, words, matter in made for row in spans_for(i, words, matter, district=district))
    desk_spans.copy_in(session, [event_id for event_id, _, _ in made], rows)


def move_matters(session: Session, units_of: Mapping[UUID, Units], *, district: District) -> None:
    """Write the territories of matters whose events were given other grids; owners stay until somebody hands them over."""
    versions = matters.versions_of(session, list(units_of))
    moved = {
        event_id: territory_of(district.programmes.of(*version), district.profile.code, units_of[event_id]).units
        for event_id, version in versions.items()
    }
    matters.set_units(session, moved)
