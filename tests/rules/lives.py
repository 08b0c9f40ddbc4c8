"""Lives of matters under the shipped programmes: a person in every role, and steps taken one after another."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

from geogrid.domain.events import EventKind
from geogrid.domain.matters import Matter
from geogrid.domain.people import SYSTEM, Actor, Role
from geogrid.domain.programmes import Programme
from geogrid.rules.work_time import WorkTime
from geogrid.rules.workflow import Command, take
from geogrid.settings import ROOT
from tests.rules.clocks import CHINA, SHANGHAI
from tests.rules.people import TOWNSHIP, VILLAGE, at, matter, person, programme

CODES = sorted(path.stem for path in (ROOT / "data" / "programmes").glob("*.toml"))
CLERK, OPERATOR, DISPATCHER = person(Role.WINDOW_CLERK), person(Role.HOTLINE_OPERATOR), person(Role.DISPATCHER)
OFFICER, LEADER, MEDIATOR = person(Role.OFFICER), person(Role.GRID_LEADER), person(Role.MEDIATOR)
VERIFIER, CITIZEN, COMMANDER = person(Role.VERIFIER), person(Role.CITIZEN), person(Role.COMMANDER)
TOWN, URBAN = person(Role.TOWNSHIP_LEADER), person(Role.DEPARTMENT, department="urban")
BOTH = {"consent": "paper 1", "consent_other_side": "paper 2"}


@lru_cache(maxsize=16)
def shipped(code: str) -> Programme:
    return programme(code)


def time_of(of: Programme) -> WorkTime:
    return WorkTime(of.working_time, CHINA, SHANGHAI)


def begun(code: str, category: str, **values) -> Matter:
    return matter(shipped(code), category, **values)


def live(start: Matter, *steps, when: str = "2025-06-18T09:01") -> Matter:
    """Take (step, actor, details) one after another, a minute apart."""
    now, of = at(when), shipped(start.programme)
    for step, actor, *details in steps:
        start = take(of, start, Command(step, actor, details[0] if details else {}), now=now, time=time_of(of)).matter
        now += timedelta(minutes=1)
    return start


def states(found: Matter) -> list[str]:
    """Return the states in their order, each once in a row."""
    row = [taken.state for taken in found.taken]
    return [state for i, state in enumerate(row) if i == 0 or row[i - 1] != state]


def no_clock_runs(found: Matter) -> bool:
    return not any(run.is_running for run in found.clocks)


def defusing(complexity: str = "general") -> Matter:
    """A dispute of Hulunbuir under mediation."""
    read = ("study", MEDIATOR, {"note": "read"})
    together = ("study_jointly", MEDIATOR, {"note": "read", "party": "team:circuit"})
    divert = ("divert", DISPATCHER, {"party": f"unit:{VILLAGE}", "complexity": complexity})
    study = together if complexity == "complex" else read
    return live(begun("hulunbuir_mediation", "D01"), ("gather", CLERK), divert, study, ("defuse", MEDIATOR, BOTH))


def agreed(when: str = "2025-06-18T09:00") -> Matter:
    """A case of Jinan's courts in which an agreement was reached on the day on which it came in."""
    return live(
        begun("jinan_court", "D01", when=when),
        ("sort", DISPATCHER, {"amount_yuan": 60_000}),
        ("delegate", DISPATCHER, {"party": f"unit:{VILLAGE}"}),
        ("mediate", MEDIATOR, BOTH),
        ("agree", MEDIATOR, {"agreement": "paper 3"}),
        when=when,
    )


TO_VILLAGE, TO_URBAN, NOTED = {"party": f"unit:{VILLAGE}"}, {"party": "department:urban"}, {"note": "done"}
VISITOR = person(Role.OFFICER, "visitor", unit=TOWNSHIP)
POLICE = person(Role.DEPARTMENT, "police", department="police")

# One whole life under every programme: of which kind, then (step, by whom, with what) to the archive.
WHOLE: dict[str, tuple[EventKind, list[tuple[str, Actor, dict[str, Any]]]]] = {
    "hulan": (EventKind.FACILITY, [
        ("open", DISPATCHER, {"category": "C01"}), ("dispatch", DISPATCHER, TO_URBAN), ("take_on", URBAN, {}),
        ("handle", URBAN, NOTED), ("verify", VERIFIER, NOTED), ("close", COMMANDER, {}), ("archive", SYSTEM, {}),
    ]),
    "kulun_hotline": (EventKind.SERVICE, [
        ("accept", OPERATOR, {"category": "S01"}), ("report_up", LEADER, NOTED), ("take_on", TOWN, {}), ("handle", TOWN, NOTED),
        ("verify", VERIFIER, NOTED), ("close", DISPATCHER, NOTED), ("rate", CITIZEN, {"rating": 5}), ("archive", SYSTEM, {}),
    ]),
    "lixia_command": (EventKind.FACILITY, [
        ("open", DISPATCHER, {"category": "C01"}), ("dispatch", DISPATCHER, TO_URBAN), ("take_on", URBAN, {}),
        ("blow", TOWN, {"party": "department:police", "reason": "traffic"}), ("answer", POLICE, {}),
        ("report_back", URBAN, NOTED), ("verify", VERIFIER, NOTED), ("close", COMMANDER, {}), ("archive", SYSTEM, {}),
    ]),
    "hulunbuir_mediation": (EventKind.DISPUTE, [
        ("gather", CLERK, {}), ("divert", DISPATCHER, {**TO_VILLAGE, "complexity": "complex", "category": "D03"}),
        ("study_jointly", MEDIATOR, {**NOTED, "party": ["team:circuit", "department:health"]}), ("defuse", MEDIATOR, BOTH),
        ("session", MEDIATOR, NOTED), ("agree", MEDIATOR, {"agreement": "paper 3"}), ("close", CLERK, NOTED),
        ("revisit", VERIFIER, NOTED), ("archive", SYSTEM, {}),
    ]),
    "hulunbuir_five": (EventKind.DISPUTE, [
        ("take", CLERK, {}), ("divert", DISPATCHER, {**TO_VILLAGE, "complexity": "general"}), ("defuse", MEDIATOR, BOTH),
        ("join", MEDIATOR, {"party": "department:health", "reason": "experts"}),
        ("dispose", MEDIATOR, {"agreement": "paper 3"}), ("close", CLERK, NOTED), ("archive", SYSTEM, {}),
    ]),
    "dongmaopu_form": (EventKind.DISPUTE, [
        ("sort", LEADER, {"category": "D01"}), ("pick", CITIZEN, {"party": MEDIATOR.id}), ("mediate", MEDIATOR, BOTH),
        ("settle", MEDIATOR, {"agreement": "paper 3"}), ("rate", CITIZEN, {"rating": 4}), ("close", LEADER, {}),
        ("archive", SYSTEM, {}),
    ]),
    "jinan_enterprise": (EventKind.ENTERPRISE, [
        ("record", VISITOR, {"category": "B03"}), ("hand_over", VISITOR, {"reason": "land"}), ("office_visit", DISPATCHER, NOTED),
        ("key_list", DISPATCHER, NOTED), ("office_transfer", DISPATCHER, {"party": "department:urban", "reason": "theirs"}),
        ("milestone", URBAN, {**NOTED, "next": "permit", "next_date": "2026-01-01"}), ("handle", URBAN, NOTED),
        ("verify", VISITOR, NOTED), ("close", DISPATCHER, {}), ("rate", CITIZEN, {"rating": 5}), ("archive", SYSTEM, {}),
    ]),
    "jinan_court": (EventKind.DISPUTE, [
        ("sort", DISPATCHER, {"amount_yuan": 60_000}), ("delegate", DISPATCHER, TO_VILLAGE), ("mediate", MEDIATOR, BOTH),
        ("agree", MEDIATOR, {"agreement": "paper 3"}), ("request_confirmation", CITIZEN, BOTH), ("confirm", VERIFIER, NOTED),
        ("close", CLERK, NOTED), ("archive", CLERK, {}),
    ]),
}  # fmt: skip
