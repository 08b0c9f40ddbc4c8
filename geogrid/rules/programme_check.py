"""What a programme amounts to: every path of it is walked, so that no matter can get stuck, lost, or past its verification.

The walk is over states and, for each question, the little that has to be remembered on the way (is this clock running? who has
handled it?). Conditions of steps are taken as open: what some matter can do is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TypeVar

from geogrid.domain.clocks import ClockRule, TimeOut
from geogrid.domain.events import EventKind, EventState, StepKind
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme, StateRule, StepRule
from geogrid.errors.family import Reason, Reasons
from geogrid.rules.deadlines import Facts, fits
from geogrid.rules.toml_lines import Path

Node = TypeVar("Node", bound=Hashable)

HANDLING = frozenset({StepKind.HANDLE, StepKind.SETTLE})
OUTSIDE = frozenset({Role.CITIZEN})
NEEDS = {  # an effect, and the evidence without which it cannot be carried out
    "give": "party", "assist": "party", "blow": "party", "pause": "pause", "extend": "amount", "park": "until", "rate": "rating",
    "merge": "parent",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something that the rules of a programme add up to and that must not be; ``path`` is the place in the file."""

    path: Path
    reason: Reason


def check(programme: Programme) -> tuple[Finding, ...]:
    """Return what is wrong with the programme as a whole; nothing where every path is sound."""
    states = programme.states
    reached = _walk([states[0].code], lambda code: (step.to or code for step in _from(programme, code)))
    return (
        *_unreached(programme, reached),
        *_stuck(programme, reached),
        *_unverified(programme),
        *_stuck_for_some(programme, reached),
        *_closed_by_itself(programme),
        *(finding for i, clock in enumerate(programme.clocks) for finding in _of_clock(programme, clock, ("clocks", i))),
        *_parked(programme),
        *_pauses_end(programme),
        *_without_evidence(programme),
        *_unused(programme),
    )


def _from(programme: Programme, state: str) -> list[StepRule]:
    return [step for step in programme.steps if state in step.from_states]


def _walk(starts: Iterable[Node], onward: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """Return everything that can be reached from ``starts``, themselves included."""
    reached, waiting = set(starts), list(starts)
    while waiting:
        for node in onward(waiting.pop()):
            if node not in reached:
                reached.add(node)
                waiting.append(node)
    return reached


# -- states -----------------------------------------------------------------------------------------------------------


def _unreached(programme: Programme, reached: set[str]) -> Iterator[Finding]:
    for i, state in enumerate(programme.states):
        if state.code not in reached:
            yield Finding(("states", i), Reason("no matter ever comes to {state}", state=state.code))
    for i, step in enumerate(programme.steps):
        if not reached & set(step.from_states):
            yield Finding(("steps", i), Reason("{step} is never possible", step=step.code))


def _stuck(programme: Programme, reached: set[str]) -> Iterator[Finding]:
    if not any(state.final for state in programme.states):
        yield Finding(("states",), Reason("no state is final: nothing can be archived"))
    for i, state in enumerate(programme.states):
        leaving = [step for step in _from(programme, state.code) if step.to and step.to != state.code]
        if state.final:
            if leaving:
                yield Finding(
                    ("states", i), Reason("{state} is final, but {step} leads on", state=state.code, step=leaving[0].code)
                )
            continue
        if state.code not in reached:
            continue
        if not leaving:
            yield Finding(("states", i), Reason("{state} is a dead end: no step leads on", state=state.code))
        elif all(set(step.roles) <= OUTSIDE for step in leaving):
            yield Finding(("states", i), Reason("{state} is nobody's: only citizens can lead on", state=state.code))
        elif all(set(step.roles) <= {*OUTSIDE, Role.SYSTEM} for step in leaving) and not _timed(programme, leaving):
            says = "{state} is nobody's: only the platform can lead on, and no clock makes it"
            yield Finding(("states", i), Reason(says, state=state.code))
        yield from _never_ends(programme, state, i)


def _timed(programme: Programme, steps: Iterable[StepRule]) -> bool:
    """Whether one of the steps is what the platform does by itself: at the end of a clock, or on the day of review."""
    ends = {clock.time_out_step for clock in programme.clocks}
    return any(step.code in ends or "unpark" in step.does for step in steps)


def _stuck_for_some(programme: Programme, reached: set[str]) -> Iterator[Finding]:
    """Say which states some matters cannot leave, or from which they never come to an end: no condition fits them.

    Facts are those that conditions of steps tell apart, also unknown ones; where a state lets them be changed (triage), it is
    no trap.
    """
    sorting = {state for step in programme.steps if "triage" in step.does for state in step.from_states}
    for facts in _kinds_of_matters(programme):
        open_to = [step for step in programme.steps if fits(step.when, facts)]
        ways = {code: _walk([code], partial(_onward, open_to)) for code in reached - sorting}
        stuck = [code for code, way in ways.items() if not any(programme.state(c).final or c in sorting for c in way)]
        if stuck:
            trap = min(stuck, key=lambda code: (len(ways[code]), code))
            place = [state.code for state in programme.states].index(trap)
            says = "from {state} nothing leads on for a matter with {facts}"
            yield Finding(("states", place), Reason(says, state=trap, facts=_told(facts)))
            return


def _onward(steps: Iterable[StepRule], code: str) -> Iterator[str]:
    return (step.to or code for step in steps if code in step.from_states)


def walked(programme: Programme) -> tuple[int, int]:
    """Return how many moves from state to state were walked, and for how many kinds of matters."""
    reached = _walk([programme.states[0].code], lambda code: (step.to or code for step in _from(programme, code)))
    moves = sum(len(_from(programme, code)) for code in reached)
    return moves, sum(1 for _ in _kinds_of_matters(programme))


def _kinds_of_matters(programme: Programme) -> Iterator[Facts]:
    """Give every combination of facts that conditions of steps tell apart; "" and None stand for what is not known, or other."""
    named = [step.when for step in programme.steps]
    levels = [level.code for level in programme.levels] if any(when.levels for when in named) else [""]
    bounds = sorted({bound for when in named for bound in when.amount_yuan if bound is not None})
    amounts = [None, *bounds, *([bounds[0] / 2] if bounds and bounds[0] > 0 else [])]
    handling, categories, channels = (
        ["", *dict.fromkeys(code for when in named for code in getattr(when, name))]
        for name in ("handling", "categories", "channels")
    )
    complexities = [None, *dict.fromkeys(one for when in named for one in when.complexities)]
    for how, category, level, one, channel, amount in product(handling, categories, levels, complexities, channels, amounts):
        yield Facts(how, category, level, one, channel, amount)


def _told(facts: Facts) -> Reason | Reasons:
    told = [f"{name} {value}" for name, value in vars(facts).items() if value not in {"", None}]
    return Reasons(told, ", ") if told else Reason("nothing known of it")


def _never_ends(programme: Programme, state: StateRule, i: int) -> Iterator[Finding]:
    later = _walk([state.code], lambda code: (step.to or code for step in _from(programme, code)))
    stages = {programme.state(code).stage for code in later}
    if state.stage.is_open and EventState.CLOSED not in stages:
        yield Finding(("states", i), Reason("from {state} a matter can never be closed", state=state.code))
    if not any(programme.state(code).final for code in later):
        yield Finding(("states", i), Reason("from {state} a matter can never be archived", state=state.code))


# -- verification -----------------------------------------------------------------------------------------------------


def _unverified(programme: Programme) -> Iterator[Finding]:
    """Say where who handled a matter could bring it to its end alone.

    On the way from a handling step to a closed state there must be a step that its taker may not take (``not_by``), or one
    that only citizens take. That roles differ is no bar: a person may hold several posts.
    """
    handlers = {step.code for step in programme.steps if step.kind in HANDLING}
    for i, step in enumerate(programme.steps):
        if step.kind is StepKind.VERIFY and (open_to := sorted(handlers - set(step.not_by))):
            says = "{step} could be taken by who took {steps}: list them in not_by"
            yield Finding(("steps", i), Reason(says, step=step.code, steps=", ".join(open_to)))
    for handler in sorted(handlers):
        if closed := _closed_by(programme, handler):
            where = next(i for i, step in enumerate(programme.steps) if step.code == handler)
            says = "who takes {step} can bring a matter to {state} alone"
            yield Finding(("steps", where), Reason(says, step=handler, state=closed))


def _closed_by(programme: Programme, handler: str) -> str:
    """Return a closed state to which a matter comes after ``handler`` with steps that its taker may take, "" if there is none."""
    own = programme.step(handler)

    def onward(code: str) -> Iterator[str]:
        for step in _from(programme, code):
            if step.to and handler not in step.not_by and not set(step.roles) <= OUTSIDE and "follow" not in step.does:
                yield step.to

    starts = [own.to] if own.to else list(own.from_states)
    reached = _walk(starts, onward)
    return next((state.code for state in programme.states if state.code in reached and not state.stage.is_open), "")


def _closed_by_itself(programme: Programme) -> Iterator[Finding]:
    """Say which steps of the platform would close a matter that nobody decided.

    Only what counts as approved when its time is up may end so, and never a dispute: it escalates. What was merged ends with the
    matter that it follows, on which somebody decided.
    """
    has_disputes = any(category.kind is EventKind.DISPUTE for category in programme.categories)
    approving = {clock.time_out_step for clock in programme.clocks if clock.time_out is TimeOut.APPROVE and not has_disputes}
    for i, step in enumerate(programme.steps):
        closes = bool(step.to) and not programme.state(step.to).stage.is_open
        from_open = any(programme.state(state).stage.is_open for state in step.from_states)
        by_itself = Role.SYSTEM in step.roles and "follow" not in step.does
        if by_itself and closes and from_open and step.code not in approving:
            says = "{step} would close a matter that nobody decided: system may not take it"
            yield Finding(("steps", i), Reason(says, step=step.code))


# -- clocks -----------------------------------------------------------------------------------------------------------


def _of_clock(programme: Programme, clock: ClockRule, path: Path) -> Iterator[Finding]:
    begins = "report" in clock.starts_on
    walked = _walk([(programme.states[0].code, begins)], lambda node: _ticking(programme, clock, node))
    running = {state for state, runs in walked if runs}
    if not running:
        yield Finding((*path, "starts_on"), Reason("{clock} never starts", clock=clock.code))
        return
    for state in sorted(running):
        later = _walk([(state, True)], lambda node: _ticking(programme, clock, node))
        if not any(not runs for _, runs in later):
            yield Finding((*path, "stops_on"), Reason("started, {clock} never stops in {state}", clock=clock.code, state=state))
    after_closing = {programme.step(code).from_states for code in clock.starts_on if code in _codes(programme)}
    starts_late = any(not programme.state(s).stage.is_open for states in after_closing for s in states)
    left = sorted(state for state in running if not programme.state(state).stage.is_open)
    if left and not starts_late and not _starts_at_closing(programme, clock):
        says = "{clock} can run on in {state}, when the matter is closed"
        yield Finding((*path, "stops_on"), Reason(says, clock=clock.code, state=left[0]))
    yield from _of_time_out(programme, clock, running, path)


def _codes(programme: Programme) -> set[str]:
    return {step.code for step in programme.steps}


def _starts_at_closing(programme: Programme, clock: ClockRule) -> bool:
    steps = [step for step in programme.steps if step.code in clock.starts_on and step.to]
    return any(not programme.state(step.to).stage.is_open for step in steps)


def _ticking(programme: Programme, clock: ClockRule, node: tuple[str, bool]) -> Iterator[tuple[str, bool]]:
    state, runs = node
    for step in _from(programme, state):
        stops = step.code in clock.stops_on or "follow" in step.does
        goes_on = (runs and not stops) or step.code in clock.starts_on
        yield step.to or state, goes_on


def _of_time_out(programme: Programme, clock: ClockRule, running: set[str], path: Path) -> Iterator[Finding]:
    if clock.time_out not in {TimeOut.ESCALATE, TimeOut.APPROVE}:
        return
    place = (*path, "time_out_step")
    if not clock.time_out_step:
        says = "{clock} runs out with {time_out}: name the step that does it"
        yield Finding(place, Reason(says, clock=clock.code, time_out=clock.time_out.value))
        return
    step = programme.step(clock.time_out_step)
    if Role.SYSTEM not in step.roles:
        says = "{step} is taken when {clock} runs out: give it the role system"
        yield Finding(place, Reason(says, step=step.code, clock=clock.code))
    steady = {code for code in running if programme.state(code).clocks_may_run and programme.state(code).stage.is_open}
    if missing := sorted(steady - set(step.from_states)):
        says = "{clock} can run out in {states}, where {step} is not possible"
        yield Finding(place, Reason(says, clock=clock.code, states=", ".join(missing), step=step.code))


# -- steps ------------------------------------------------------------------------------------------------------------


def _parked(programme: Programme) -> Iterator[Finding]:
    """Say which steps would lead into a state without clocks, or out of it, and leave them running, or standing."""
    for i, step in enumerate(programme.steps):
        if not step.to:
            continue
        here = [programme.state(code).clocks_may_run for code in step.from_states]
        target = programme.state(step.to)
        if any(here) and not target.clocks_may_run and "park" not in step.does:
            says = "no clock may run in {state}: {step} must park"
            yield Finding(("steps", i, "does"), Reason(says, state=target.code, step=step.code))
        if not all(here) and target.clocks_may_run and target.stage.is_open and "unpark" not in step.does:
            says = "clocks stand still where {step} is taken: it must unpark"
            yield Finding(("steps", i, "does"), Reason(says, step=step.code))


def _pauses_end(programme: Programme) -> Iterator[Finding]:
    """Say where a pause with a longest length could not be ended by the platform when its time is up."""
    limited = [i for i, pause in enumerate(programme.pauses) if pause.longest]
    if not limited:
        return
    ending = {s for step in programme.steps if "resume" in step.does and Role.SYSTEM in step.roles for s in step.from_states}
    begun = [step.to or code for step in programme.steps if "pause" in step.does for code in step.from_states]
    going = [step for step in programme.steps if not {"resume", "park", "merge"} & set(step.does)]
    paused = _walk(begun, partial(_onward, going))
    if missing := sorted((paused - ending) & _pausable(programme)):
        says = "a pause can come to its longest length in {states}, where no step of system does resume"
        yield Finding(("pauses", limited[0], "longest"), Reason(says, states=", ".join(missing)))


def _pausable(programme: Programme) -> set[str]:
    """Return the open states in which a clock that may be paused can be running."""
    found = set[str]()
    for clock in (clock for clock in programme.clocks if clock.pauses):
        begins = (programme.states[0].code, "report" in clock.starts_on)
        found |= {state for state, runs in _walk([begins], partial(_ticking, programme, clock)) if runs}
    return {code for code in found if programme.state(code).clocks_may_run and programme.state(code).stage.is_open}


def _without_evidence(programme: Programme) -> Iterator[Finding]:
    for i, step in enumerate(programme.steps):
        for effect in step.does:
            if (need := NEEDS.get(effect)) and need not in step.requires:
                says = "{step} does {effect} and must require {need}"
                yield Finding(("steps", i, "requires"), Reason(says, step=step.code, effect=effect, need=need))


def _unused(programme: Programme) -> Iterator[Finding]:
    used = {code for clock in programme.clocks for code in clock.pauses}
    effects = {effect for step in programme.steps for effect in step.does}
    for i, pause in enumerate(programme.pauses):
        if pause.code not in used:
            yield Finding(("pauses", i), Reason("no clock stands still for {pause}", pause=pause.code))
    for one, other in (("pause", "resume"), ("park", "unpark"), ("blow", "answer")):
        if one in effects and other not in effects:
            yield Finding(("steps",), Reason("a step does {one}, none does {other}", one=one, other=other))
    if used and "pause" not in effects:
        yield Finding(("pauses",), Reason("clocks may be paused, but no step does it"))
    if any(clock.extension for clock in programme.clocks) and "extend" not in effects:
        yield Finding(("clocks",), Reason("clocks may be extended, but no step does it"))
