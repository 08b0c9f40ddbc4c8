"""Duties, teams and named people on a page: what lacks is shown, nobody's name is whole, each sees his own townships."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from etl.workers import read_workers, store_workers
from geogrid.domain.people import Force, Post, Role
from geogrid.store import people
from geogrid.store.session import session_scope
from geogrid.store.tables.people import teams
from tests.build_district import A1, A2, B1, B2, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, VILLAGE_B, profile
from tests.build_installation import DISTRICT
from tests.etl.test_workers import write
from webmap.installation import installation

HTML = {"Accept": "text/html", "Accept-Language": "en"}
PAGE = "/teams"
# A 1 is whole; A 2 has no worker; B 1 nobody; B 2 a leader and one of the joint force.
ROWS = (
    f"W1,慕容雪,13812345671,grid_leader,{VILLAGE_A},{A1},base",
    f"W2,李四光,13812345672,grid_worker,{VILLAGE_A},{A1},base",
    f"W3,王五一,13812345673,professional,{VILLAGE_A},{A1},professional",
    f"W3,王五一,13812345673,professional,{VILLAGE_A},{A2},professional",
    f"W4,赵六六,13812345674,grid_leader,{VILLAGE_A},{A2},base",
    f"W5,钱七七,13812345675,grid_leader,{VILLAGE_B},{B2},base",
    f"W6,孙八八,13812345676,professional,{VILLAGE_B},{B2},joint",
)


@pytest.fixture
def engine(small, tmp_path):
    path = write(tmp_path, *ROWS, head="code,name,phone,role,unit_code,grid_code,force")
    engine = installation(small.app).engine
    with session_scope(engine) as session:
        store_workers(session, read_workers(path), profile(), now=NOW)
    return engine


def shown(client, **asked: str) -> str:
    answer = client.get(PAGE, query_string=asked, headers=HTML)
    assert answer.status_code == 200
    return answer.text


def row(page: str, code: str) -> str:
    found = [one for one in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if code in one]
    assert len(found) == 1, found
    return found[0]


def test_what_each_grid_lacks(small, engine):
    commander = small.client()
    of_a = shown(commander, township=TOWNSHIP_A)
    assert "complete" in row(of_a, A1) and "慕*" in row(of_a, A1)
    assert "Grid without a worker" in row(of_a, A2)
    of_b = shown(commander, township=TOWNSHIP_B)
    assert {"Grid without a leader", "Grid without a worker"} <= set(re.findall(r"</i>([^<]+)</span>", row(of_b, B1)))
    assert "Joint force of one person" in row(of_b, B2)


def test_the_summary_counts_what_stands_and_what_lacks(small, engine):
    page = shown(small.client())
    numbers = {code: re.findall(r'<td class="n[^"]*">([\d,]+)</td>', row(page, code)) for code in (TOWNSHIP_A, TOWNSHIP_B)}
    assert numbers == {TOWNSHIP_A: ["2", "2", "1", "1", "0"], TOWNSHIP_B: ["2", "1", "0", "0", "1"]}
    assert "▲</i>1</a>" in row(page, TOWNSHIP_A) and "▲</i>4</a>" in row(page, TOWNSHIP_B)
    assert re.findall(r"Base force <b>(\d+)", page) == ["4"], "people, not duties"


def test_one_fault_alone_and_the_search(small, engine):
    commander = small.client()
    page = shown(commander, fault="no_worker")
    assert [code in page for code in (A1, A2, B1, B2)] == [False, True, True, True]
    assert [code in shown(commander, q="王五一") for code in (A1, A2, B1, B2)] == [True, True, False, False]
    assert [code in shown(commander, q=B1) for code in (A1, A2, B1, B2)] == [False, False, True, False]
    assert "No grid fits" in shown(commander, q="nobody of that name")


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.ADMINISTRATOR, Role.AUDITOR, Role.PLANNER])
def test_names_and_numbers_are_masked_for_everybody(small, engine, role):
    reader = small.login_as(role, unit=DISTRICT)
    page = shown(reader, township=TOWNSHIP_A)
    assert "慕*" in page and "138****5671" in page
    assert not [word for line in ROWS for word in line.split(",")[1:3] if word in page]


def test_a_leader_is_told_of_his_own_township(small, engine):
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    page = shown(leader)
    assert TOWNSHIP_A in page and TOWNSHIP_B not in page
    assert not re.search(
        f"{B1}|{B2}", shown(leader, township=TOWNSHIP_B) + shown(leader, q="钱七七") + shown(leader, fault="no_leader")
    )
    assert f"unit:{TOWNSHIP_B}" not in shown(leader, view="sides")
    assert f"grid={B1}" not in shown(small.login_as(Role.DEPARTMENT, department="urban"), q=B1)
    assert small.login_as(Role.OFFICER, unit=DISTRICT).get(PAGE).status_code == 403


def test_teams_with_their_members(small, engine):
    commander = small.client()
    assert "There is no team yet" in shown(commander, view="teams")
    values = {"id": uuid4(), "code": "T-FIRE", "name": "联合消防队", "force": Force.JOINT.value, "unit": TOWNSHIP_A}
    with session_scope(engine) as session:
        session.execute(teams.insert().values(**values))
        found = people.by_login(session, "worker-w3", now=NOW)
        people.give_posts(session, found.id, [Post(Role.OFFICER, TOWNSHIP_A, team="T-FIRE")], since=None, given_by="test")
    page = row(shown(commander, view="teams"), "T-FIRE")
    assert "Joint force" in page and "甲街道" in page and "王*" in page and "王五一" not in page
    assert "T-FIRE" in shown(commander, view="teams", township=TOWNSHIP_A, q="消防")
    assert "T-FIRE" not in shown(commander, view="teams", township=TOWNSHIP_B)
    assert "T-FIRE" not in shown(small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B), view="teams")


def name(client, party: str, tier="deputy", login="worker-w1"):
    return client.post(f"{PAGE}/sides", data={"party": party, "tier": tier, "login": login}, headers=HTML)


def test_naming_somebody_fills_the_place(small, engine):
    commander = small.client()
    before = int(re.search(r"without a named person: (\d+)", shown(commander, view="sides"))[1])
    assert before == 3 * (2 + 8)
    assert name(commander, f"unit:{TOWNSHIP_A}").status_code == 303
    assert name(commander, "department:urban", "head", "worker-w2").status_code == 303
    page = shown(commander, view="sides")
    assert int(re.search(r"without a named person: (\d+)", page)[1]) == before - 2
    assert "慕*" in page and "李*" in page


def test_who_may_not_name_and_what_does_not_fit(small, engine):
    commander, leader = small.client(), small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    assert '<form class="ask name"' not in shown(leader, view="sides")
    assert name(leader, f"unit:{TOWNSHIP_A}").status_code == 403
    part = small.login_as(Role.COMMANDER, unit=TOWNSHIP_A)
    assert name(part, f"unit:{TOWNSHIP_B}").status_code == 403
    assert name(part, "department:urban").status_code == 403  # a department is the whole district's
    offered = re.search(r'<select name="party".*?</select>', shown(part, view="sides"), re.DOTALL)[0]
    assert re.findall(r'value="([^"]+)"', offered) == [f"unit:{TOWNSHIP_A}"], "nothing is offered that would be refused"
    assert name(part, f"unit:{TOWNSHIP_A}").status_code == 303
    both = small.login_as(posts=(Post(Role.COMMANDER, TOWNSHIP_A), Post(Role.TOWNSHIP_LEADER, TOWNSHIP_B)))
    assert name(both, f"unit:{TOWNSHIP_B}").status_code == 403, "to be told of a township is not to command it"
    for party, tier, login in (("unit:x", "head", "worker-w1"), (f"unit:{TOWNSHIP_A}", "king", "worker-w1")):
        assert name(commander, party, tier, login).status_code == 422
    refused = name(commander, f"unit:{TOWNSHIP_A}", login="nobody")
    assert refused.status_code in {404, 422} and 'role="alert"' in refused.text


def made(client, **more: str):
    told = {"code": "t-fire", "name": "消防队", "force": "joint", "unit": TOWNSHIP_B, **more}
    return client.post(f"{PAGE}/made", data=told, headers=HTML)


def test_a_team_is_made_filled_and_closed_by_forms(small, engine):
    commander = small.client()
    answer = made(commander)
    assert answer.status_code == 303 and answer.location.endswith("team=T-FIRE")
    assert "Team without a member" in row(shown(commander, view="teams"), "T-FIRE")
    page = shown(commander, view="teams", team="T-FIRE")
    logins = re.findall(r'<option value="(worker-\w+)">', page)
    assert logins == ["worker-w6"], "those on duty with its force in its township, masked"
    assert "孙*" in page and "孙八八" not in page
    login = {"login": "worker-w6"}
    assert commander.post(f"{PAGE}/T-FIRE/members", data=login, headers=HTML).status_code == 303
    assert "Joint force of one person" in row(shown(commander, view="teams"), "T-FIRE")
    refused = commander.post(f"{PAGE}/T-FIRE/members", data={"login": "worker-w1"}, headers=HTML)
    assert refused.status_code == 409 and 'role="alert"' in refused.text and "joint force" in refused.text
    assert commander.post(f"{PAGE}/T-FIRE/members/gone", data=login, headers=HTML).status_code == 303
    assert commander.post(f"{PAGE}/T-FIRE/closed", data={}, headers=HTML).status_code == 303
    assert "There is no team yet" in shown(commander, view="teams")


def test_what_was_typed_stays_where_it_does_not_fit(small, engine):
    refused = made(small.client(), code="?", name="消防二队")
    assert refused.status_code == 422 and 'value="消防二队"' in refused.text and 'role="alert"' in refused.text


def test_teams_are_kept_where_the_commander_commands(small, engine):
    part = small.login_as(Role.COMMANDER, unit=TOWNSHIP_A)
    assert made(part).status_code == 403
    assert made(small.client()).status_code == 303
    for path in ("T-FIRE/members", "T-FIRE/members/gone", "T-FIRE/closed"):
        assert part.post(f"{PAGE}/{path}", data={"login": "worker-w6"}, headers=HTML).status_code == 403
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    page = shown(leader, view="teams", team="T-FIRE")
    assert "T-FIRE" in page and "<form class=" in page and "/teams/T-FIRE" not in page and "/teams/made" not in page


def test_teams_over_http(small, engine):
    commander, api = small.client(), "/api/v1/teams"
    told = {"code": "T-7", "name": "七队", "force": "base", "unit": TOWNSHIP_A}
    answer = commander.post(api, json=told)
    assert answer.status_code == 201 and answer.get_json()["faults"] == ["nobody"]
    assert commander.post(api, json=told).status_code == 409
    filled = commander.post(f"{api}/T-7/members", json={"login": "worker-w1"})
    assert (filled.status_code, len(filled.get_json()["members"]), filled.get_json()["faults"]) == (201, 1, [])
    assert "慕容雪" not in filled.text
    assert commander.post(f"{api}/T-7/members", json={"login": "worker-w3"}).get_json()["code"] == "team.member"
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    assert [len(one.get(api).get_json()["teams"]) for one in (commander, leader)] == [1, 0]
    assert commander.delete(f"{api}/T-7/members/worker-w1").get_json()["members"] == []
    assert commander.delete(f"{api}/T-7").status_code == 204
    assert commander.get(api).get_json() == {"teams": []}
