"""The three-level filter as it was lived: at which level a dispute lay, from when to when, and why it left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from geogrid.domain.events import Step, StepKind
from geogrid.domain.programmes import Programme

MOVES = {StepKind.ESCALATE: 1, StepKind.SEND_DOWN: -1}


@dataclass(frozen=True)
class Stay:
    """A stay at a level: its code, since when, until when (None: it lies there), who moved it on, by which step, why."""

    level: str
    since: datetime
    until: datetime | None = None
    moved_by: str = ""
    kind: StepKind | None = None
    reason: str = ""


def ends_at(programme: Programme, level: str, kind: StepKind) -> bool:
    """Whether the filter has no level beyond ``level`` in the direction of ESCALATE or SEND_DOWN."""
    codes = [one.code for one in programme.levels]
    return level in codes and not 0 <= codes.index(level) + MOVES[kind] < len(codes)


def stays(programme: Programme, steps: Sequence[Step], level_now: str) -> list[Stay]:
    """Return the stays of a matter, the first one first.

    ``steps`` are all of its steps, in order; ``level_now`` is where it lies. Steps that were asked for and not approved move
    nothing. At the end of the ladder a move leaves it where it was: that is a stay of its own too, somebody else takes it up.
    """
    codes = [level.code for level in programme.levels]
    moves = [(step, MOVES[kind]) for step in steps if (kind := _moved(programme, step)) is not None]
    level = codes.index(level_now)
    for _, by in reversed(moves):  # back from today: where it began follows from where it lies
        level = min(max(level - by, 0), len(codes) - 1)
    found = [Stay(codes[level], steps[0].at)]
    for step, by in moves:
        level = min(max(level + by, 0), len(codes) - 1)
        kind = _moved(programme, step)
        found[-1] = replace(found[-1], until=step.at, moved_by=step.actor, kind=kind, reason=step.note)
        found.append(Stay(codes[level], step.at))
    found[-1] = replace(found[-1], level=level_now)
    return found


def _moved(programme: Programme, step: Step) -> StepKind | None:
    """Return by which kind of move a step changed the level, None for every other step."""
    if step.kind is StepKind.APPROVE:
        rule = programme.by_code["steps"].get(step.step)
        return rule.kind if rule is not None and rule.kind in MOVES else None
    return step.kind if step.kind in MOVES else None
