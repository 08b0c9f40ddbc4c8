"""The stays of the three-level filter follow one another without a gap and end where the matter lies."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.events import Step, StepKind
from geogrid.rules.filter_history import stays
from tests.rules.people import at, programme

HULUNBUIR = programme("hulunbuir_mediation")
BEGAN = at("2025-06-18T09:00")


def steps_of(*kinds):
    begun = [Step(1, StepKind.REPORT, BEGAN, "a")]
    return begun + [Step(i, kind, BEGAN + timedelta(hours=i), f"person:{i}", f"why {i}") for i, kind in enumerate(kinds, 2)]


def test_up_and_down_again_is_told_with_who_and_why():
    found = stays(HULUNBUIR, steps_of(StepKind.ESCALATE, StepKind.NOTE, StepKind.SEND_DOWN), "village")
    assert [one.level for one in found] == ["village", "township", "village"]
    assert (found[0].reason, found[0].moved_by, found[0].kind) == ("why 2", "person:2", StepKind.ESCALATE)
    assert found[-1].until is None


def test_what_waits_for_approval_moves_nothing_and_what_was_approved_does():
    asked = Step(2, StepKind.ASK, BEGAN, "a", "", "escalate")
    approved = Step(3, StepKind.APPROVE, BEGAN + timedelta(hours=1), "b", "", "escalate")
    first = Step(1, StepKind.REPORT, BEGAN, "a")
    assert [one.level for one in stays(HULUNBUIR, [first, asked], "village")] == ["village"]
    assert [one.level for one in stays(HULUNBUIR, [first, asked, approved], "township")] == ["village", "township"]


@given(st.lists(st.sampled_from([StepKind.ESCALATE, StepKind.SEND_DOWN, StepKind.NOTE]), max_size=8), st.integers(0, 2))
def test_stays_join_without_a_gap_and_end_where_it_lies(kinds, start):
    codes = [level.code for level in HULUNBUIR.levels]
    level = start
    for kind in kinds:
        level = min(max(level + {StepKind.ESCALATE: 1, StepKind.SEND_DOWN: -1}.get(kind, 0), 0), len(codes) - 1)
    found = stays(HULUNBUIR, steps_of(*kinds), codes[level])
    assert found[0].since == BEGAN and found[-1].level == codes[level] and found[-1].until is None
    assert all(one.until == other.since for one, other in pairwise(found))
    assert len(found) == 1 + sum(kind is not StepKind.NOTE for kind in kinds)
