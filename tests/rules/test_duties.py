"""One worker one grid, one to many, many to one: what breaks each is named, and nothing else is."""

from __future__ import annotations

from uuid import UUID

import pytest

from geogrid.domain.lists import Duty, DutyFault
from geogrid.domain.people import Force, WorkerRole
from geogrid.rules.duties import Faulty, faults

LEADER, WORKER, SPECIALIST = WorkerRole.GRID_LEADER, WorkerRole.GRID_WORKER, WorkerRole.PROFESSIONAL
F = DutyFault


def who(number: int) -> UUID:
    return UUID(int=number)


def duty(number: int, grid: str, role=WORKER, force=Force.BASE) -> Duty:
    return Duty(who(number), grid, force, role)


WHOLE = [duty(1, "a", LEADER), duty(2, "a"), duty(3, "b", LEADER), duty(4, "b")]


def test_a_leader_and_a_worker_in_each_grid_is_whole():
    assert faults(WHOLE, ["a", "b"]) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([duty(9, "a", SPECIALIST, Force.PROFESSIONAL), duty(9, "b", SPECIALIST, Force.PROFESSIONAL)], []),  # one to many
        ([duty(8, "a", SPECIALIST, Force.JOINT), duty(9, "a", SPECIALIST, Force.JOINT)], []),  # many to one
        ([duty(9, "a", SPECIALIST, Force.JOINT)], [Faulty(F.JOINT_ALONE, "a", who(9))]),
        ([duty(9, "c", SPECIALIST, Force.PROFESSIONAL)], [Faulty(F.GRID_GONE, "c", who(9))]),
        ([duty(9, "a")], [Faulty(F.TWO_WORKERS, "a", who(2)), Faulty(F.TWO_WORKERS, "a", who(9))]),
    ],
)
def test_more_people(more, expected):
    assert faults(WHOLE + more, ["a", "b"]) == expected


def test_whom_a_grid_lacks():
    assert faults(WHOLE[1:], ["a", "b"]) == [Faulty(F.NO_LEADER, "a")]
    assert faults(WHOLE, ["a", "b", "c"]) == [Faulty(F.NO_LEADER, "c"), Faulty(F.NO_WORKER, "c")]
    stands_in = [*WHOLE[:1], duty(2, "a", force=Force.PROFESSIONAL), *WHOLE[2:]]
    assert faults(stands_in, ["a", "b"]) == [Faulty(F.NO_WORKER, "a")], "a professional is not the grid's own worker"


def test_one_of_the_base_force_in_two_grids_is_named_in_both():
    moved = [duty(1, "a", LEADER), duty(2, "a"), duty(1, "b", LEADER), duty(4, "b")]
    assert faults(moved, ["a", "b"]) == [Faulty(F.TWO_GRIDS, "a", who(1)), Faulty(F.TWO_GRIDS, "b", who(1))]


def test_a_closed_account_on_duty_and_grids_of_departments():
    other = duty(9, "d1", SPECIALIST, Force.PROFESSIONAL)
    assert faults([*WHOLE, other], ["a", "b"], ["d1"], closed={who(9)}) == [Faulty(F.ACCOUNT_CLOSED, "d1", who(9))]
