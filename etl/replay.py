"""Replay a file of events through the engine: every report accepted, every step taken, every clock looked at in its time.

A rehearsal: a district sees what its programme would have made of last year, who would have been told and what would have run
late. The instants are those of the file; between them the tick looks at clocks at the very instants at which they change. Nothing
leaves the machine: what is put into the outbox stays there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from etl.replay_cast import Cast
from geogrid.actions.accept import accept_report
from geogrid.actions.answers import answer, on_record
from geogrid.actions.steps import TakeStep, take_step
from geogrid.actions.tick import tick
from geogrid.domain.events import Report, StepKind
from geogrid.domain.matters import Matter
from geogrid.domain.programmes import StepRule
from geogrid.errors import GeogridError
from geogrid.rules.workflow import step_of
from geogrid.store import editions, matters, ticking
from geogrid.store.session import session_scope

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from geogrid.actions.district import District
    from geogrid.domain.profiles import Profile

AT_ONCE = 500  # reports and steps a transaction
MOST_FAULTS = 20


@dataclass(frozen=True, order=True)
class Instant:
    """Something of the file that happened: when, to which event (its position), as its how-manieth step, of which kind."""

    at: datetime
    event: int
    turn: int
    kind: StepKind = field(compare=False)


@dataclass
class Replayed:
    """What a replay did; ``faults`` are the first few that could not be done, with their reasons."""

    reported: int = 0
    steps: int = 0
    looked: int = 0
    alarms: int = 0
    escalated: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, event: UUID, error: str, code: str) -> None:
        """Note what could not be done."""
        self.failed[code] += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(f"{event}: {error}")


def read_reports(path: Path, profile: Profile) -> tuple[list[Report], list[list[tuple[StepKind, datetime]]]]:
    """Return the reports of a file with their histories, as ``geogrid load events`` reads them; refused rows are left out."""
    from etl.check import check_table
    from etl.event_rows import reports_of
    from etl.kinds import KINDS
    from etl.recipe import Recipe
    from etl.sources import open_table

    recipe = Recipe()
    table = open_table(path, replace(recipe.read_options, usual="events"))
    checked = check_table(table, KINDS["events"], profile, recipe, latest=None)
    reports, histories, _ = reports_of(checked, profile)
    return reports, histories


def instants(histories: Sequence[Sequence[tuple[StepKind, datetime]]]) -> list[Instant]:
    """Return all that happened, in the order of time; what happened to one event keeps its order."""
    return sorted(
        Instant(at, event, turn, kind) for event, history in enumerate(histories) for turn, (kind, at) in enumerate(history)
    )


class Replay:
    """A replay under way: the district, the people, and which of the reports became events."""

    def __init__(self, district: District, cast: Cast, reports: Sequence[Report]) -> None:
        self.district, self.cast, self.reports = district, cast, reports
        self.unit = district.profile.code + "000000"
        self.grids: dict[int, str] = {}  # by position of the report, once it is an event
        self.matters: dict[int, Matter] = {}  # as the last step left them, where no tick came between
        self.done = Replayed()
        self.last: datetime | None = None

    def run(self, engine: Engine, happened: Iterable[Instant], tell: Callable[[Replayed], None] | None = None) -> Replayed:
        """Replay ``happened`` in transactions of a few hundred; ``tell`` is told after each. Returns what was done."""
        source = iter(happened)
        while portion := list(islice(source, AT_ONCE)):
            with session_scope(engine) as session:
                for instant in portion:
                    self._tick_until(session, instant.at)
                    self._one(session, instant)
            if tell:
                tell(self.done)
        return self.done

    def settle(self, engine: Engine, until: datetime) -> None:
        """Let the clocks run on to ``until``, as nothing more happens."""
        with session_scope(engine) as session:
            self._tick_until(session, until)

    # -- time passes ----------------------------------------------------------------------------------------------------

    def _tick_until(self, session: Session, until: datetime) -> None:
        """Tick at every instant up to ``until`` at which a clock is to be looked at; the tick's own steps count too."""
        while (due := ticking.next_look(session)) is not None and due <= until:
            now = max(due, self.last) if self.last else due
            ticked = tick(session, now=now, district=self.district)
            self.last = now
            self.done.looked += ticked.looked
            self.done.alarms += ticked.alarms
            self.done.escalated += ticked.steps
            if ticked.steps:
                self.matters.clear()
            for failure in ticked.failures:
                event, _, reason = failure.partition(": ")
                self.done.fault(UUID(event), reason, "tick")
            if not ticked.looked:
                break
        self.last = max(until, self.last) if self.last else until

    # -- something happens ----------------------------------------------------------------------------------------------

    def _one(self, session: Session, instant: Instant) -> None:
        report = self.reports[instant.event]
        try:
            with session.begin_nested():
                if instant.kind is StepKind.REPORT:
                    self._accept(session, report, instant)
                elif instant.event in self.grids:
                    self._step(session, report.id, instant)
                    if instant.kind is StepKind.CLOSE:
                        self.matters.pop(instant.event, None)
        except GeogridError as error:
            self.matters.pop(instant.event, None)
            self.done.fault(report.id, str(error), error.code)

    def _accept(self, session: Session, report: Report, instant: Instant) -> None:
        actor = self.cast.reporter(report.channel, self._grid_of(session, report), self.unit, instant.event)
        accepted = accept_report(session, report, now=instant.at, district=self.district, actor=actor)
        found = accepted.event.assignment
        self.grids[instant.event] = (found.grid_code or "") if found else ""
        self.done.reported += 1

    def _grid_of(self, session: Session, report: Report) -> str:
        """Return the grid of a report that is still to be accepted, "" for none: its worker is the one on patrol."""
        lon, lat = (float(values[0]) for values in on_record([report.point]))
        if report.point is None:
            return ""
        return answer(self.district, editions.in_force(session).id, lon, lat, None).grid_code or ""

    def _step(self, session: Session, event_id: UUID, instant: Instant) -> None:
        matter = self.matters.get(instant.event) or matters.find(session, event_id, self.district.programmes.of)
        if matter is None:
            return
        programme = self.district.programmes.of(matter.programme, matter.version)
        rule = step_of(programme, matter, instant.kind)
        if rule is None:
            self.done.fault(event_id, f"{matter.programme} has no {instant.kind.value} in {matter.state}", "replay.step")
            return
        actor = self.cast.for_step(rule, matter, self.grids[instant.event], self.unit, instant.event)
        if actor is None:
            self.done.fault(event_id, f"nobody may {rule.code} in {matter.state}", "replay.nobody")
            return
        command = TakeStep(event_id, rule.code, actor, evidence(rule, matter))
        self.matters[instant.event] = take_step(session, command, now=instant.at, district=self.district).matter
        self.done.steps += 1


def evidence(rule: StepRule, matter: Matter) -> dict[str, Any]:
    """Return what a step requires, as far as a file can know it: the party is the owner, a note says that it is a replay."""
    known = {"party": str(matter.owner), "note": "replay", "reason": "replay", "rating": 5}
    return {name: known[name] for name in rule.requires if name in known}


def chosen(happened: Sequence[Instant], limit: int | None) -> Iterator[Instant]:
    """Give what happened to the first ``limit`` events of the file (None: to all)."""
    return (one for one in happened if limit is None or one.event < limit)
