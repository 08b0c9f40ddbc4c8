"""The life of an event: the path of the field, the ways back, and never a dead end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.events import EventState, StepKind
from geogrid.errors import StepNotAllowed
from geogrid.rules.lifecycle import STEPS, allowed, fold, follow

PATH = [StepKind.REPORT, StepKind.ASSIGN, StepKind.OPEN, StepKind.DISPATCH, StepKind.HANDLE, StepKind.VERIFY, StepKind.CLOSE]


def test_the_path_of_the_field_ends_closed_and_then_archived():
    assert fold(PATH) is EventState.CLOSED
    assert fold([*PATH, StepKind.ARCHIVE]) is EventState.ARCHIVED
    assert [fold(PATH[: n + 1]).value for n in range(len(PATH))] == [
        "reported",
        "reported",
        "opened",
        "dispatched",
        "handled",
        "verified",
        "closed",
    ]


def test_what_was_handled_badly_is_dispatched_again():
    assert fold([*PATH[:5], StepKind.DISPATCH, StepKind.HANDLE]) is EventState.HANDLED
    assert fold([*PATH[:6], StepKind.DISPATCH]) is EventState.DISPATCHED


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [StepKind.ASSIGN],
        [StepKind.REPORT, StepKind.REPORT],
        [StepKind.REPORT, StepKind.CLOSE],
        [StepKind.REPORT, StepKind.DISPATCH],
        [*PATH, StepKind.ASSIGN],
        [*PATH, StepKind.OPEN],
        [*PATH, StepKind.ARCHIVE, StepKind.ARCHIVE],
    ],
)
def test_steps_out_of_turn_are_refused(steps):
    with pytest.raises(StepNotAllowed):
        fold(steps)


def test_every_state_has_a_line_and_an_open_one_can_always_be_assigned_anew():
    assert set(STEPS) == {None, *EventState}
    for state in EventState:
        assert (StepKind.ASSIGN in allowed(state)) == state.is_open
        assert follow(state, StepKind.ASSIGN) is state if state.is_open else True


@given(st.data())
def test_no_event_is_ever_stuck(data):
    """From wherever a random walk of allowed steps leads, the archive can be reached, and only the archive is an end."""
    state: EventState | None = None
    for _ in range(data.draw(st.integers(0, 15))):
        if allowed(state):
            state = follow(state, data.draw(st.sampled_from(allowed(state))))
    reached, waiting = {state}, [state]
    while waiting:
        here = waiting.pop()
        ahead = {follow(here, step) for step in allowed(here)} - reached
        reached |= ahead
        waiting += ahead
    assert EventState.ARCHIVED in reached
    assert (allowed(state) == ()) == (state is EventState.ARCHIVED)
