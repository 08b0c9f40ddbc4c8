"""How pressing a matter is: what is stored once says at every later instant what its clocks say then."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.domain.clocks import Audience, Light
from geogrid.errors import GeogridError
from geogrid.rules.deadlines import light_of, read_clock
from geogrid.rules.urgency import URGENT, spans_of
from geogrid.rules.workflow import Command, take
from tests.laws.test_workflow import choices, made
from tests.rules.lives import CODES, WHOLE, shipped, time_of
from tests.rules.people import at, matter

HOURS = st.lists(st.floats(0, 24 * 40, allow_nan=False), min_size=3, max_size=12)


def urgent(found, now):
    """The light and the run of the most urgent clock, read at the instant itself."""
    programme, time = shipped(found.programme), time_of(shipped(found.programme))
    seen = []
    for number, run in enumerate(found.clocks, start=1):
        if run.is_running:
            rule = programme.clock(run.clock)
            reading = read_clock(rule, run.limit, run.marks, now=now, time=time)
            seen.append((URGENT.index(light_of(rule, Audience.STAFF, reading)), reading.due_at, number, reading.paused))
    return min(seen, default=None)


def at_instant(spans, now):
    (one,) = [s for s in spans if (s.since is None or s.since <= now) and (s.until is None or now < s.until)]
    return one


def agrees(found, instants):
    spans = spans_of(shipped(found.programme), found, time=time_of(shipped(found.programme)))
    for now in instants:
        told, reckoned = at_instant(spans, now), urgent(found, now)
        if reckoned is None:
            assert (told.light, told.run, told.due_at) == (Light.GREY, None, None)
            continue
        light, due_at, number, paused = reckoned
        assert told.light is URGENT[light], (now, told, found.state)
        if not paused:  # the end of a clock that stands still moves on; it is kept as it was when it stopped
            assert (told.run, told.due_at) == (number, due_at)


def wandering(code, seed, steps=14):
    """A life of steps by whoever may, hours and days apart, some at the very microsecond at which a clock runs out."""
    rng, of = np.random.default_rng(seed), shipped(code)
    found, now = matter(of, of.categories[int(rng.integers(len(of.categories)))].code), at("2025-06-18T09:00")
    for _ in range(steps):
        offered = choices(of, found)
        if not offered:
            break
        now += timedelta(minutes=int(rng.choice([1, 30, 200, 1500, 9000])), microseconds=int(rng.integers(0, 2)))
        edges = [span.until for span in spans_of(of, found, time=time_of(of)) if span.until and span.until > now]
        now = edges[0] if edges and rng.integers(4) == 0 else now
        step, who = offered[int(rng.integers(len(offered)))]
        try:
            found = take(of, found, Command(step, who, made(of, rng, found, step)), now=now, time=time_of(of)).matter
        except GeogridError:
            continue
        yield found, now


@pytest.mark.parametrize("code", CODES)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), hours=HOURS)
def test_what_is_stored_says_what_the_clocks_say_at_any_later_instant(code, seed, hours):
    for found, now in wandering(code, seed):
        edges = [at_ for s in spans_of(shipped(code), found, time=time_of(shipped(code))) for at_ in s[:2] if at_ is not None]
        near = [edge + timedelta(microseconds=by) for edge in edges for by in (-1, 0, 1)]
        agrees(found, [instant for instant in (*near, *(now + timedelta(hours=h) for h in hours)) if instant >= now])


@pytest.mark.parametrize("code", sorted(WHOLE))
def test_a_whole_life_agrees_after_every_step(code):
    kind, steps = WHOLE[code]
    of, now = shipped(code), at("2025-06-18T09:01")
    category = next(c.code for c in of.categories if c.kind is kind)
    found = matter(of, category)
    for step, who, details in steps:
        found = take(of, found, Command(step, who, details), now=now, time=time_of(of)).matter
        agrees(found, [now + timedelta(hours=h) for h in (0, 1, 5, 26, 100, 1000)])
        now += timedelta(minutes=1)


def test_spans_leave_no_gap_and_begin_and_end_nowhere():
    found = matter(shipped("hulan"), "E01")
    spans = spans_of(shipped("hulan"), found, time=time_of(shipped("hulan")))
    assert [span.light for span in spans] == [Light.GREEN, Light.AMBER, Light.RED]
    assert (spans[0].since, spans[-1].until) == (None, None)
    assert all(one.until == other.since for one, other in pairwise(spans))
