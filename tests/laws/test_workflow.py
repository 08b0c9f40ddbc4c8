"""Random lives of matters: never stuck, never without an owner, and the steps as stored add up to the same matter."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from geogrid.domain.matters import Matter
from geogrid.domain.people import Actor
from geogrid.domain.programmes import Programme
from geogrid.errors import GeogridError
from geogrid.rules.deadlines import read_clock
from geogrid.rules.workflow import Command, Past, fold, possible, take
from geogrid.settings import ROOT
from tests.rules.clocks import TIME
from tests.rules.people import EVERYBODY, matter, programme

PROGRAMMES = sorted(path.stem for path in (ROOT / "data" / "programmes").glob("*.toml"))
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
