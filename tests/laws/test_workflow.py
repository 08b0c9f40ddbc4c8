"""Random lives of matters: never stuck, never without an owner, and the steps as stored add up to the same matter."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import numpy as np
import pytest

from geogrid.domain.matters import Matter
from geogrid.domain.people import Actor
from geogrid.domain.programmes import Programme, StepRule
from geogrid.errors import EvidenceInvalid, GeogridError
from geogrid.rules import effects
from geogrid.rules.deadlines import facts_of, fits, read_clock
from geogrid.rules.effects import Doing
from geogrid.rules.workflow import Command, Past, fold, possible, take
from geogrid.settings import ROOT
from tests.rules.clocks import TIME
from tests.rules.people import EVERYBODY, matter, programme

PROGRAMMES = sorted(path.stem for path in (ROOT / "data" / "programmes").glob("*.toml"))
CLOCKS = {"pause", "resume", "extend"}
DETAILS = {
    "party": ["department:urban", "unit:999901001000", "person:mediator", "station:S1"],
    "reason": ["a reason"], "note": ["done"], "rating": [1, 5],
    "pause": ["third_party_report", "waiting_citizen"], "amount": ["2wd", "5wd"], "until": ["2031-01-01T09:00+08:00"],
    "consent": ["paper 1"], "consent_other_side": ["paper 2"], "agreement": ["paper 3"], "why": ["performed"],
    "complexity": ["simple", "general", "complex"], "amount_yuan": [800, 75_000.5, 400_000],
    "next": ["the permit"], "next_date": ["2031-02-01"],
}  # fmt: skip


def made(of: Programme, rng: np.random.Generator, found: Matter, step: str) -> dict:
    details = {name: values[int(rng.integers(len(values)))] for name, values in DETAILS.items()}
    details["handling"] = of.handling_types[int(rng.integers(len(of.handling_types)))].code
    if step in {"approve", "refuse"}:
        details["proposal"] = found.proposals[0].seq
    return details


def choices(of, found: Matter) -> list[tuple[str, Actor]]:
    open_now = [(step.code, actor) for actor in EVERYBODY for step in possible(of, found, actor)]
    return open_now + [(answer, actor) for actor in EVERYBODY for answer in ("approve", "refuse") if found.proposals]


def moves_nothing(of: Programme, found: Matter, step: StepRule, now) -> bool:
    """Whether a step is refused by its effects on clocks whatever is sent with it: carried out for nobody in particular."""
    for pause in DETAILS["pause"] + [rule.code for rule in of.pauses]:
        for clock in [{}, *({"clock": rule.code} for rule in of.clocks)]:
            details = {name: values[0] for name, values in DETAILS.items()} | {"pause": pause} | clock
            doing = Doing(of, now, now, EVERYBODY[0], details)
            try:
                for effect in CLOCKS & set(step.does):
                    getattr(effects, effect)(found, doing)
            except EvidenceInvalid:
                continue
            return False
    return True


@pytest.mark.parametrize("code", PROGRAMMES)
def test_what_moves_a_clock_is_offered_exactly_where_there_is_one_to_move(code):
    """Of all steps that stop clocks, set them going or extend them, in random lives; what is not offered would be refused."""
    of, rng = programme(code), np.random.default_rng(7)
    seen = set()
    for _ in range(30):
        found = matter(of, of.categories[int(rng.integers(len(of.categories)))].code)
        now = found.taken[0].at
        for _ in range(20):
            offered = {step.code for step in possible(of, found)}
            for step in of.leaving.get(found.state, ()):
                if CLOCKS & set(step.does) and fits(step.when, facts_of(found)) and not found.parent:
                    assert (step.code in offered) is not moves_nothing(of, found, step, now), (step.code, found)
                    seen.add(step.code in offered)
            choice = choices(of, found)
            if not choice:
                break
            step, actor = choice[int(rng.integers(len(choice)))]
            now += timedelta(minutes=int(rng.integers(0, 900)))
            with contextlib.suppress(GeogridError):
                found = take(of, found, Command(step, actor, made(of, rng, found, step)), now=now, time=TIME).matter
    does = {effect for step in of.steps for effect in step.does}
    assert seen >= ({True, False} if "resume" in does else {True} if CLOCKS & does else set())


@pytest.mark.parametrize("code", PROGRAMMES)
def test_a_random_life_folds_to_itself(code):
    of, rng = programme(code), np.random.default_rng(5)
    categories = [category.code for category in of.categories]
    for _ in range(60):
        start = found = matter(of, categories[int(rng.integers(len(categories)))])
        now, past = found.taken[0].at, list[Past]()
        for _ in range(25):
            offered = choices(of, found)
            if not offered:
                break
            step, actor = offered[int(rng.integers(len(offered)))]
            now += timedelta(minutes=int(rng.integers(0, 900)))
            try:
                outcome = take(of, found, Command(step, actor, made(of, rng, found, step)), now=now, time=TIME)
            except GeogridError:
                continue
            found = outcome.matter
            past.append(Past(found.taken[-1].seq, outcome.kind, outcome.step, actor.id, now, outcome.details))
            assert found.owner.code
            assert found.first_owner == start.first_owner
            assert offered or of.state(found.state).final
        assert fold(of, start, past) == found
        for run in found.clocks:
            read_clock(of.clock(run.clock), run.limit, run.marks, now=now, time=TIME)
