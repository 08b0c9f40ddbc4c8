"""What becomes of a matter when a step is carried out: its effects, its state, its clocks, and the requests that lapse by it.

Every blown whistle has a run of its own of the programme's whistle clock, ended when its own party answers; the other clocks
run once at a time.
"""

from __future__ import annotations

from datetime import datetime

from geogrid.domain.events import EventState
from geogrid.domain.matters import ClockRun, Mark, MarkKind, Matter, Proposal, Taken
from geogrid.domain.programmes import Programme, StepRule
from geogrid.rules.deadlines import facts_of, limit_for
from geogrid.rules.effects import EFFECT, Doing

UNDECIDED = frozenset({EventState.REPORTED, EventState.OPENED, EventState.DISPATCHED})


def carried_out(programme: Programme, matter: Matter, rule: StepRule, doing: Doing, *, by: str = "", seq: int = 0) -> Matter:
    """Return the matter after a step, which is kept as taken by ``by`` (the actor, unless somebody approved it).

    What is taken up again has no outcome any more: an agreement that did not hold settles nothing.
    """
    before = matter
    if matter.outcome and rule.to and programme.state(rule.to).stage in UNDECIDED:
        matter = matter.but(outcome="")
    for effect in rule.does:
        matter = EFFECT[effect](matter, doing)
    state = rule.to or matter.state
    clocks = ticked(programme, matter, rule.code, doing.at, does=rule.does)
    if programme.state(state).final:
        clocks = tuple(run.with_mark(Mark(MarkKind.STOP, doing.at)) if run.is_running else run for run in clocks)
    if matter.parent and not programme.state(before.state).stage.is_open and programme.state(state).stage.is_open:
        matter = matter.but(parent="")  # what is taken up again goes its own way
    step = Taken(seq or next_seq(matter), rule.code, by or doing.actor.id, doing.at, state)
    done = matter.but(state=state, clocks=clocks, taken=(*matter.taken, step))
    if not done.proposals:
        return done
    return done.but(proposals=tuple(asked for asked in done.proposals if _still_asks(programme, before, done, asked)))


def next_seq(matter: Matter) -> int:
    """Return the number of the next step."""
    return matter.taken[-1].seq + 1


def ticked(programme: Programme, matter: Matter, step: str, at: datetime, *, does: tuple[str, ...] = ()) -> tuple[ClockRun, ...]:
    """Return the clocks after a step: those that it stops stopped, those that it starts started; one that runs runs on."""
    ticks = programme.ticks.get(step)
    if ticks is None:
        return matter.clocks
    whistle = programme.responsibility.whistle
    unanswered = {str(blown.party) for blown in matter.whistles if blown.answered_at is None} if "answer" in does else set()
    runs = list(matter.clocks)
    for i, run in enumerate(runs):
        if run.clock in ticks.stops and run.is_running and not (run.clock == whistle and run.marks[0].reason in unanswered):
            runs[i] = run.with_mark(Mark(MarkKind.STOP, at))
    if ticks.starts:
        facts, running = facts_of(matter), {run.clock for run in runs if run.is_running}
        for rule in ticks.starts:
            blown = str(matter.whistles[-1].party) if rule.code == whistle and "blow" in does else ""
            if (blown or rule.code not in running) and (limit := limit_for(rule, facts)) is not None:
                runs.append(ClockRun(rule.code, limit, (Mark(MarkKind.START, at, blown),)))
    return tuple(runs)


def _still_asks(programme: Programme, before: Matter, after: Matter, asked: Proposal) -> bool:
    """Whether a request still asks for something after a step.

    It lapses where its step is no longer possible, where the run of the clock that it would move has stopped, and, of a
    return, where the matter has passed to somebody else meanwhile.
    """
    rule = programme.by_code["steps"].get(asked.step)
    if rule is None or after.state not in rule.from_states:
        return False
    if "bounce" in rule.does and before.owner != after.owner:
        return False
    if not {"pause", "extend"} & set(rule.does):
        return True
    return any(run.is_running and run.marks[0].at <= asked.at and run.clock in moved_by(programme, asked) for run in after.clocks)


def moved_by(programme: Programme, asked: Proposal) -> set[str]:
    """Return the codes of the clocks that a request to pause or to extend is about."""
    reason = asked.details.get("pause")
    paused = {clock.code for clock in programme.clocks if reason in clock.pauses}
    return paused | {str(asked.details.get("clock", ""))}
