"""The life of an event: which step may follow in which state, and what state the steps add up to.

The path is report, open, dispatch, handle, verify, close, archive; what was handled or verified badly is dispatched again.
While it is open an event may be assigned anew at any time. Programmes extend this table; they do not replace it.
"""

from __future__ import annotations

from collections.abc import Iterable

from geogrid.domain.events import EventState, StepKind
from geogrid.errors import StepNotAllowed
from geogrid.errors.family import Label

# state -> step -> next state; None: nothing happened yet
STEPS: dict[EventState | None, dict[StepKind, EventState]] = {
    None: {StepKind.REPORT: EventState.REPORTED},
    EventState.REPORTED: {StepKind.ASSIGN: EventState.REPORTED, StepKind.OPEN: EventState.OPENED},
    EventState.OPENED: {StepKind.ASSIGN: EventState.OPENED, StepKind.DISPATCH: EventState.DISPATCHED},
    EventState.DISPATCHED: {
        StepKind.ASSIGN: EventState.DISPATCHED,
        StepKind.DISPATCH: EventState.DISPATCHED,
        StepKind.HANDLE: EventState.HANDLED,
    },
    EventState.HANDLED: {
        StepKind.ASSIGN: EventState.HANDLED,
        StepKind.DISPATCH: EventState.DISPATCHED,
        StepKind.VERIFY: EventState.VERIFIED,
    },
    EventState.VERIFIED: {
        StepKind.ASSIGN: EventState.VERIFIED,
        StepKind.DISPATCH: EventState.DISPATCHED,
        StepKind.CLOSE: EventState.CLOSED,
    },
    EventState.CLOSED: {StepKind.ARCHIVE: EventState.ARCHIVED},
    EventState.ARCHIVED: {},
}


def allowed(state: EventState | None) -> tuple[StepKind, ...]:
    """Return the steps that may follow in ``state`` (None: nothing happened yet)."""
    return tuple(STEPS[state])


def follow(state: EventState | None, step: StepKind) -> EventState:
    """Return the state after ``step`` in ``state``; raises StepNotAllowed."""
    found = STEPS[state].get(step)
    if found is None:
        raise StepNotAllowed(step=Label(step), state=Label(state) if state else "-")
    return found


def fold(steps: Iterable[StepKind]) -> EventState:
    """Return the state that ``steps`` add up to, in order from the first; raises StepNotAllowed, also where there are none."""
    state: EventState | None = None
    for step in steps:
        state = follow(state, step)
    if state is None:
        raise StepNotAllowed(step="-", state="-")
    return state
