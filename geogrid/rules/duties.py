"""Whether the forces stand as they should: one worker one grid, professionals one to many, joint force many to one.

The database refuses the second grid and the second worker of the base force; what is missing it cannot refuse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from geogrid.domain.lists import Duty, DutyFault, TeamFault
from geogrid.domain.people import Force, WorkerRole

LEAST_JOINT = 2


@dataclass(frozen=True)
class Faulty:
    """What breaks the rule, in which grid (15 digits; "" for one of a person), by whom (None: nobody is there)."""

    fault: DutyFault
    grid: str = ""
    person_id: UUID | None = None


def faults(
    duties: Iterable[Duty], base_grids: Collection[str], other_grids: Collection[str] = (), closed: Collection[UUID] = ()
) -> list[Faulty]:
    """Return what breaks the rule of forces, by grid.

    Parameters
    ----------
    duties : those that are held at one instant
    base_grids, other_grids : codes in force; a leader and a worker of the base force belong to each base grid
    closed : people whose account is closed
    """
    held = sorted(duties, key=lambda duty: (duty.grid, str(duty.person_id)))
    in_force, found = {*base_grids, *other_grids}, list[Faulty]()
    for duty in held:
        if duty.grid not in in_force:
            found.append(Faulty(DutyFault.GRID_GONE, duty.grid, duty.person_id))
        if duty.person_id in closed:
            found.append(Faulty(DutyFault.ACCOUNT_CLOSED, duty.grid, duty.person_id))
    found += [*_of_base(held, base_grids), *_of_joint(held)]
    return sorted(found, key=lambda one: (one.grid, one.fault.value, str(one.person_id)))


def _of_base(held: Iterable[Duty], base_grids: Collection[str]) -> Iterable[Faulty]:
    base = [duty for duty in held if duty.force is Force.BASE]
    grids_of, people_of = defaultdict[UUID, set[str]](set), defaultdict[tuple[str, WorkerRole], set[UUID]](set)
    for duty in base:
        grids_of[duty.person_id].add(duty.grid)
        people_of[duty.grid, duty.role].add(duty.person_id)
    for grid in base_grids:
        if (grid, WorkerRole.GRID_LEADER) not in people_of:
            yield Faulty(DutyFault.NO_LEADER, grid)
        if (grid, WorkerRole.GRID_WORKER) not in people_of:
            yield Faulty(DutyFault.NO_WORKER, grid)
    for duty in base:
        if len(grids_of[duty.person_id]) > 1:
            yield Faulty(DutyFault.TWO_GRIDS, duty.grid, duty.person_id)
        if len(people_of[duty.grid, duty.role]) > 1:
            yield Faulty(DutyFault.TWO_WORKERS, duty.grid, duty.person_id)


def _of_joint(held: Iterable[Duty]) -> Iterable[Faulty]:
    people_of = defaultdict[str, set[UUID]](set)
    for duty in held:
        if duty.force is Force.JOINT:
            people_of[duty.grid].add(duty.person_id)
    for grid, people in people_of.items():
        if len(people) < LEAST_JOINT:
            yield Faulty(DutyFault.JOINT_ALONE, grid, next(iter(people)))


# -- teams ------------------------------------------------------------------------------------------------------------


def team_duty(duties: Iterable[Duty], force: Force, others: Mapping[UUID, Sequence[Duty]]) -> Duty | None:
    """Return the duty by which somebody stands in a team of a force beside ``others``; None for who does not.

    The force of the duty is the team's; whoever joins a joint force has a grid in common with each of it (many to one).
    """
    own = sorted((duty for duty in duties if duty.force is force), key=lambda duty: duty.grid)
    if force is Force.JOINT:
        shared = _common_grids(others.values())
        own = [duty for duty in own if shared is None or duty.grid in shared]
    return own[0] if own else None


def team_faults(force: Force, members: Mapping[UUID, Sequence[Duty]]) -> list[TeamFault]:
    """Return what is wrong with a team of a force whose members hold these duties."""
    if not members:
        return [TeamFault.NOBODY]
    found = []
    strangers = [one for one, duties in members.items() if not any(duty.force is force for duty in duties)]
    if force is Force.JOINT and len(members) < LEAST_JOINT:
        found.append(TeamFault.ALONE)
    if strangers:
        found.append(TeamFault.OTHER_FORCE)
    elif force is Force.JOINT and _common_grids(members.values()) == set():
        found.append(TeamFault.APART)
    return found


def _common_grids(held: Iterable[Sequence[Duty]]) -> set[str] | None:
    """Return the grids in which everybody stands with the joint force; None where there is nobody."""
    grids = [{duty.grid for duty in duties if duty.force is Force.JOINT} for duties in held]
    return set.intersection(*grids) if grids else None
