"""Workers of a file become people with posts and duties; the same file again changes nothing, and no rule of duties is broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from etl.errors import ColumnMissing, RowOfNobody
from etl.workers import person_id, read_workers, store_workers
from geogrid.actions.duties import end_duty, give_duty
from geogrid.domain.lists import Duty
from geogrid.domain.people import Force, Role, WorkerRole
from geogrid.errors import DutyTaken
from geogrid.store import lists, people
from tests.build_district import A1, A2, B1, NOW, VILLAGE_A, profile

ROWS = (
    f"W1,张三,10000000001,grid_leader,{VILLAGE_A},{A1}",
    f"W2,李四,10000000002,grid_worker,{VILLAGE_A},{A1}",
    f"W3,王五,10000000003,professional,{VILLAGE_A},{A1}",
    f"W3,王五,10000000003,professional,{VILLAGE_A},{A2}",
)
LATER = NOW + timedelta(days=1)


def write(folder, *rows: str, head: str = "code,name,phone,role,unit_code,grid_code"):
    path = folder / "workers.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def loaded(session, tmp_path):
    return store_workers(session, read_workers(write(tmp_path, *ROWS)), profile(), now=NOW)


def duty(code: str, grid: str, force: Force, role: WorkerRole = WorkerRole.GRID_WORKER) -> Duty:
    return Duty(person_id(profile(), code), grid, force, role, NOW)


def test_people_posts_and_duties(session, loaded):
    assert (loaded.rows, loaded.people, loaded.made, loaded.given) == (4, 3, 3, 4)
    leader = people.by_login(session, "worker-w1", now=NOW)
    assert leader.roles() == {Role.GRID_LEADER} and leader.password_set_at is None
    assert lists.duty_counts(session, now=NOW) == {"base": 2, "professional": 2}


def test_the_same_file_again_changes_nothing(session, tmp_path, loaded):
    again = store_workers(session, read_workers(write(tmp_path, *ROWS)), profile(), now=LATER)
    assert (again.made, again.changed, again.given, again.ended) == (0, 0, 0, 0)


def test_who_moves_to_another_grid_leaves_his(session, tmp_path, loaded):
    moved = (ROWS[0].replace(A1, B1), *ROWS[1:])
    again = store_workers(session, read_workers(write(tmp_path, *moved)), profile(), now=LATER)
    assert (again.made, again.given, again.ended) == (0, 1, 1)
    told = session.execute(text("SELECT grid FROM duties WHERE role = 'grid_leader' ORDER BY lower(valid)")).scalars().all()
    assert told == [A1, B1]  # what was stays in the register
    held = lists.duties_of(session, [person_id(profile(), "W1")], now=LATER)
    assert [grid for _, grid in held] == [B1]


def test_a_changed_name_and_number_are_taken(session, tmp_path, loaded):
    read = read_workers(write(tmp_path, *ROWS))
    changed = store_workers(session, [replace(read[0], phone="10000000009"), *read[1:]], profile(), now=LATER)
    assert (changed.changed, changed.given) == (1, 0)


@pytest.mark.parametrize(
    "taken",
    [
        duty("W1", B1, Force.BASE, WorkerRole.GRID_LEADER),  # a second grid for one worker
        duty("W3", A1, Force.BASE, WorkerRole.GRID_LEADER),  # a second leader for one grid
        duty("W3", A2, Force.PROFESSIONAL),  # the same once more
    ],
)
def test_base_force_is_one_worker_one_grid(session, loaded, taken):
    with pytest.raises(DutyTaken):
        give_duty(session, taken, by="test")
    assert lists.duty_counts(session, now=NOW) == {"base": 2, "professional": 2}


def test_joint_force_is_many_in_one_grid(session, loaded):
    for code in ("W1", "W2", "W3"):
        give_duty(session, duty(code, B1, Force.JOINT), by="test")
    assert lists.duty_counts(session, now=NOW)["joint"] == 3


def test_a_grid_is_free_again_once_the_duty_ended(session, loaded):
    leading = replace(duty("W2", A1, Force.BASE, WorkerRole.GRID_LEADER), since=LATER)
    assert end_duty(session, duty("W1", A1, Force.BASE), now=LATER)
    assert end_duty(session, duty("W2", A1, Force.BASE), now=LATER)
    give_duty(session, leading, by="test")
    assert not end_duty(session, duty("W1", A1, Force.BASE), now=LATER + timedelta(days=1))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"W4,,1,grid_worker,{VILLAGE_A},{A1}", "name is empty"),
        (f"W4,赵六,1,grid_worker,12,{A1}", "12 digits"),
        (f"W1,赵六,1,professional,{VILLAGE_A},{A2}", "two people"),
    ],
)
def test_a_row_that_names_nobody_is_told_with_its_place(tmp_path, row, reason):
    with pytest.raises(RowOfNobody, match=reason) as told:
        read_workers(write(tmp_path, *ROWS, row))
    assert told.value.where["row"] == 6


def test_a_file_without_grids_is_told_what_it_lacks(tmp_path):
    with pytest.raises(ColumnMissing):
        read_workers(write(tmp_path, "W1,张三", head="code,name"))


def test_the_twins_workers_load(session, small_twin):
    found = store_workers(session, read_workers(small_twin / "workers.parquet"), profile(), now=NOW)
    assert found.made == found.people == found.rows
    counts = lists.duty_counts(session, now=NOW)
    assert sum(counts.values()) == found.rows
