"""Teams: who may be in one by the force of his duty, who keeps them, what ends, and what the audit is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from etl.workers import person_id, read_workers, store_workers
from geogrid.actions.teams import add_member, close_team, keeps, make_team, remove_member
from geogrid.domain.lists import Duty, TeamFault
from geogrid.domain.people import Actor, Force, Post, Role, Team, WorkerRole
from geogrid.errors import AccessForbidden, NotFoundError, TeamBusy, TeamInvalid, TeamMember, TeamThere
from geogrid.rules.duties import team_duty, team_faults
from geogrid.store import lists, people, teams
from geogrid.store.tables.audit import audit
from geogrid.store.tables.matters import matters
from layers.forces import read_teams
from tests.build_district import A1, A2, B1, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, VILLAGE_B, profile
from tests.build_life import reported
from tests.etl.test_workers import write

DISTRICT = "999901000000"
COMMANDER = Actor("person:1", "指挥", (Post(Role.COMMANDER, DISTRICT),))
OF_A = Actor("person:2", "甲指挥", (Post(Role.COMMANDER, TOWNSHIP_A),))
CLERK = Actor("person:3", "坐席", (Post(Role.DISPATCHER, DISTRICT),))
LATER = NOW + timedelta(hours=1)
ROWS = (
    f"W1,张三,1,grid_leader,{VILLAGE_A},{A1},base",
    f"W2,李四,2,grid_worker,{VILLAGE_A},{A1},base",
    f"W3,王五,3,professional,{VILLAGE_A},{A1},joint",
    f"W4,赵六,4,professional,{VILLAGE_A},{A1},joint",
    f"W5,孙七,5,professional,{VILLAGE_B},{B1},joint",
    f"W6,周八,6,professional,{VILLAGE_A},{A2},professional",
)


def team(force: Force = Force.BASE, code: str = "T-1", unit: str = TOWNSHIP_A) -> Team:
    return Team(code, "一队", force, unit)


@pytest.fixture
def staffed(session, district, tmp_path):
    path = write(tmp_path, *ROWS, head="code,name,phone,role,unit_code,grid_code,force")
    store_workers(session, read_workers(path), profile(), now=NOW)
    return session


def inside(session, code: str = "T-1", now=LATER) -> list[str]:
    return [member.login for member in teams.members(session, code, now=now)]


def test_a_team_is_of_one_force(staffed):
    make_team(staffed, team(), actor=COMMANDER, now=NOW)
    add_member(staffed, "T-1", "worker-w1", actor=COMMANDER, now=NOW)
    with pytest.raises(TeamMember, match="base force"):
        add_member(staffed, "T-1", "worker-w6", actor=COMMANDER, now=NOW)
    with pytest.raises(TeamMember, match="member already"):
        add_member(staffed, "T-1", "worker-w1", actor=COMMANDER, now=LATER)
    assert inside(staffed) == ["worker-w1"]


def test_a_joint_force_has_a_grid_in_common(staffed):
    make_team(staffed, team(Force.JOINT), actor=COMMANDER, now=NOW)
    for login in ("worker-w3", "worker-w4"):
        add_member(staffed, "T-1", login, actor=COMMANDER, now=NOW)
    with pytest.raises(TeamMember, match="in a grid of the team"):
        add_member(staffed, "T-1", "worker-w5", actor=COMMANDER, now=NOW)
    (found,) = read_teams(staffed, now=LATER)
    assert (found["faults"], len(found["members"])) == ([], 2)


def test_who_joins_gains_no_other_place(staffed):
    """The post held with the team is the one that goes with the duty: a village's, although the team is a township's."""
    make_team(staffed, team(), actor=COMMANDER, now=NOW)
    add_member(staffed, "T-1", "worker-w2", actor=COMMANDER, now=NOW)
    posts = people.by_login(staffed, "worker-w2", now=LATER).posts
    assert set(posts) == {Post(Role.OFFICER, VILLAGE_A), Post(Role.OFFICER, VILLAGE_A, team="T-1")}


def test_who_leaves_keeps_the_post_of_the_duty(staffed):
    make_team(staffed, team(), actor=COMMANDER, now=NOW)
    add_member(staffed, "T-1", "worker-w2", actor=COMMANDER, now=NOW)
    remove_member(staffed, "T-1", "worker-w2", actor=COMMANDER, now=LATER)
    assert people.by_login(staffed, "worker-w2", now=LATER).posts == (Post(Role.OFFICER, VILLAGE_A),)
    with pytest.raises(TeamMember, match="not a member"):
        remove_member(staffed, "T-1", "worker-w2", actor=COMMANDER, now=LATER)


def test_a_closed_team_is_gone_and_its_code_taken(staffed):
    make_team(staffed, team(), actor=COMMANDER, now=NOW)
    add_member(staffed, "T-1", "worker-w1", actor=COMMANDER, now=NOW)
    close_team(staffed, "T-1", actor=COMMANDER, now=LATER)
    assert read_teams(staffed, now=LATER) == [] and inside(staffed) == []
    assert inside(staffed, now=NOW) == ["worker-w1"]  # who was in it then can be asked for good
    with pytest.raises(TeamThere):
        make_team(staffed, team(), actor=COMMANDER, now=LATER)
    with pytest.raises(NotFoundError):
        add_member(staffed, "T-1", "worker-w1", actor=COMMANDER, now=LATER)


def test_a_team_with_open_matters_stays(staffed, district):
    make_team(staffed, team(), actor=COMMANDER, now=NOW)
    event_id = reported(staffed, district)
    staffed.execute(matters.update().where(matters.c.event_id == event_id).values(owner="team:T-1"))
    with pytest.raises(TeamBusy, match="1 open"):
        close_team(staffed, "T-1", actor=COMMANDER, now=LATER)
    assert [found["code"] for found in read_teams(staffed, now=LATER)] == ["T-1"]


def test_commanders_keep_the_teams_of_their_place(staffed):
    make_team(staffed, team(), actor=OF_A, now=NOW)
    for actor, unit in ((OF_A, TOWNSHIP_B), (OF_A, DISTRICT), (CLERK, TOWNSHIP_A)):
        assert not keeps(actor, unit)
        with pytest.raises(AccessForbidden):
            make_team(staffed, team(code="T-2", unit=unit), actor=actor, now=NOW)
    with pytest.raises(AccessForbidden):
        add_member(staffed, "T-1", "worker-w1", actor=CLERK, now=NOW)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Team("t 1", "一队", Force.BASE, TOWNSHIP_A), "code"),
        (Team("T-1", " ", Force.BASE, TOWNSHIP_A), "name"),
        (Team("T-1", "一队", Force.BASE, "999901999000"), "unit"),
        (Team("T-1", "一队", Force.BASE, TOWNSHIP_A, "moon"), "department"),
    ],
)
def test_what_cannot_be_is_named(staffed, wrong, field):
    with pytest.raises(TeamInvalid) as told:
        make_team(staffed, wrong, actor=COMMANDER, now=NOW)
    assert told.value.where == {"path": field}


def test_every_change_is_in_the_audit(staffed):
    make_team(staffed, team(), actor=COMMANDER, now=NOW)
    add_member(staffed, "T-1", "worker-w1", actor=COMMANDER, now=NOW)
    remove_member(staffed, "T-1", "worker-w1", actor=COMMANDER, now=LATER)
    close_team(staffed, "T-1", actor=COMMANDER, now=LATER)
    rows = staffed.execute(select(audit.c.action, audit.c.actor).where(audit.c.object_kind == "team").order_by(audit.c.id))
    actions = ["team.add", "team.member.add", "team.member.remove", "team.close"]
    assert [tuple(row) for row in rows] == [(action, "person:1") for action in actions]


def test_a_member_whose_duty_ended_is_shown(staffed):
    make_team(staffed, team(), actor=COMMANDER, now=NOW)
    add_member(staffed, "T-1", "worker-w1", actor=COMMANDER, now=NOW)
    lists.end_duty(staffed, person_id(profile(), "W1"), A1, now=LATER)
    (found,) = read_teams(staffed, now=LATER + timedelta(seconds=1))
    assert found["faults"] == [TeamFault.OTHER_FORCE]


def test_the_rule_of_joint_teams():
    def duty(number: int, grid: str, force: Force = Force.JOINT) -> Duty:
        return Duty(person_id(profile(), f"X{number}"), grid, force, WorkerRole.PROFESSIONAL)

    one, two = duty(1, A1), duty(2, A2)
    assert team_faults(Force.JOINT, {}) == [TeamFault.NOBODY]
    assert team_faults(Force.JOINT, {one.person_id: [one]}) == [TeamFault.ALONE]
    assert team_faults(Force.JOINT, {one.person_id: [one], two.person_id: [two]}) == [TeamFault.APART]
    both = [two, duty(2, A1)]
    assert team_faults(Force.JOINT, {one.person_id: [one], two.person_id: both}) == []
    assert team_duty(both, Force.JOINT, {one.person_id: [one]}) == both[1]
    assert team_duty([duty(3, A1, Force.BASE)], Force.JOINT, {}) is None
