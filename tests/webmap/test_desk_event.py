"""One event on the desk: everything of it in one answer, in words, masked; duplicates with their reasons."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import event

from geogrid.domain.events import EventKind
from geogrid.domain.people import Role
from tests.build_district import IN_A1, IN_B1, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A
from tests.build_life import HANDLER
from tests.webmap.test_desk_queue import accept, step
from webmap.installation import installation


def page(client, event_id):
    return client.get(f"/api/v1/desk/events/{event_id}")


@pytest.fixture
def in_hand(small):
    event = accept(small, words="张三 13812345678 报：井盖缺失，有人掉进井里")
    step(small, event, "open", category="C01")
    step(small, event, "dispatch", party=f"unit:{VILLAGE_A}", hours=0.1)
    step(small, event, "take_on", HANDLER, hours=0.2)
    step(small, event, "extend", HANDLER, hours=0.3, reason="零件 13812345678", amount="2wd")
    return event


def test_everything_of_an_event_is_in_one_answer(small, in_hand):
    found = page(small.client(), in_hand.id)
    assert found.status_code == 200
    body = found.get_json()
    assert (body["number"], body["seq"], body["state"]["code"]) == (in_hand.number, 6, "dispatched")
    assert [clock["code"] for clock in body["clocks"]] == ["accept", "handle"]
    handle = body["clocks"][1]
    assert (handle["light"], handle["public_light"], handle["thresholds"][0]["code"]) == ("green", "amber", "soon")
    assert [one["step"] for one in body["history"]] == ["report", "assign", "open", "dispatch", "take_on", "extend"]
    assert body["assignment"]["grid_code"] == body["grid_code"]
    assert body["assignment"]["confidence"] == 1.0
    assert (body["proposal"]["complexity"]["code"], body["proposal"]["party"]["party"]) == ("general", "department:urban")
    (waits,) = body["approvals"]
    assert (waits["step"], waits["approver"], waits["seq"]) == ("extend", "township_leader", 6)
    assert body["danger"]
    assert body["danger_words"] == ["掉进井"]
    assert "110" in body["danger_sentence"] and "119" in body["danger_sentence"] and "120" in body["danger_sentence"]


def test_a_page_costs_a_few_statements_however_much_belongs_to_it(small, in_hand):
    """Names are read together, and merged and related ones in one go."""
    for hours in range(3):
        accept(small, words="井盖缺失", hours=hours)
    client, asked = small.client(), []
    engine = installation(small.app).engine
    page(client, in_hand.id)  # what is kept for all requests is read now
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert page(client, in_hand.id).get_json()["related"]
    assert 10 < len(asked) <= 27, "\n".join(asked)


def test_no_number_of_anybody_leaves(small, in_hand):
    text = page(small.client(), in_hand.id).get_data(as_text=True)
    assert "13812345678" not in text
    assert text.count("138****5678") >= 3  # in the words, in a note, in what waits


def test_what_is_possible_says_what_it_asks_for_and_why_not(small, in_hand):
    steps = {one["step"]: one for one in page(small.client(), in_hand.id).get_json()["possible"]}
    assert "why_not" not in steps["supervise"]
    assert "why_not" in steps["handle"]  # a commander handles nothing
    pause = steps["pause"]["requires"][0]
    assert (pause["name"], pause["kind"]) == ("pause", "choice")
    assert {"third_party_report", "public_notice", "waiting_citizen"} == {choice["code"] for choice in pause["choices"]}
    assert steps["extend"]["approver"] == "township_leader"


def test_who_sees_nothing_of_it_gets_nothing(small, in_hand):
    assert page(small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A), in_hand.id).status_code == 200
    for client in (small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B), small.login_as(Role.DEPARTMENT, department="police")):
        assert page(client, in_hand.id).status_code == 404
        assert client.get(f"/api/v1/desk/events/{in_hand.id}/duplicates").status_code == 404
    assert page(small.client(), uuid4()).status_code == 404


def test_reports_of_one_matter_are_found_side_by_side(small):
    lamp = accept(small, words="小区南门路灯不亮")
    near = (IN_A1[0] + 0.0005, IN_A1[1])  # about 39 m
    again = accept(small, near, words="南门口路灯不亮")
    accept(small, IN_B1, words="小区南门路灯不亮")
    accept(small, near, kind=EventKind.ORDER, words="小区南门路灯不亮")
    body = small.client().get(f"/api/v1/desk/events/{lamp.id}/duplicates?lang=en").get_json()
    (row,) = body["rows"]
    assert (row["id"], row["number"]) == (str(again.id), again.number)
    assert 35 < row["distance_m"] < 42
    assert row["score"] > 0.7
    assert any("39 m away" in reason or "m away" in reason for reason in row["reasons"])
    related = page(small.client(), lamp.id).get_json()["related"]
    assert [one["number"] for one in related] == [again.number]


def test_a_report_without_a_place_is_compared_by_its_address(small):
    lost = accept(small, None, words="路灯不亮", address="幸福路12号")
    other = accept(small, words="路灯不亮了", address="幸福路12号楼前")
    rows = small.client().get(f"/api/v1/desk/events/{lost.id}/duplicates").get_json()["rows"]
    assert [(row["id"], row["distance_m"]) for row in rows] == [(str(other.id), None)]


def test_each_reader_is_shown_duplicates_of_his_own_alone(small):
    """On both sides of a border: who sees one side learns nothing of the other."""
    left, right = (126.6099, 45.905), (126.6101, 45.905)
    mine, other = accept(small, left), accept(small, right)
    found = small.client().get(f"/api/v1/desk/events/{mine.id}").get_json()
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=found["township_code"])
    rows = leader.get(f"/api/v1/desk/events/{mine.id}/duplicates").get_json()["rows"]
    theirs = small.client().get(f"/api/v1/desk/events/{other.id}").get_json()["township_code"]
    assert bool(rows) is (theirs == found["township_code"])


def test_what_a_file_brought_is_not_told_as_the_reporters_deed(small):
    from webmap.api.desk_history import NAMELESS, actor_words

    with small.app.test_request_context(headers={"Accept-Language": "en"}):
        told = [actor_words(actor, {}, None) for actor in ("import", "system:geogrid", "citizen", "somebody")]
    assert told == ["From a file", "The platform", "Reporter", "Nobody named"]
    assert set(NAMELESS) >= {"import", "citizen", "guest"}


def test_the_history_tells_asking_from_doing_to_whom_and_by_how_much(small):
    event = accept(small)
    step(small, event, "open", category="C01")
    step(small, event, "dispatch", party=f"unit:{VILLAGE_A}")
    leader = small.login_as(Role.GRID_LEADER, unit=VILLAGE_A)
    path = f"/api/v1/events/{event.id}/steps"
    for code, details in (
        ("pause", {"pause": "third_party_report", "reason": "鉴定"}),
        ("extend", {"reason": "分段", "amount": "2wd"}),
    ):
        assert leader.post(path, json={"step": code, "details": details}).status_code == 201
    decider = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    waits = page(decider, event.id).get_json()["approvals"]
    for one, decision in zip(waits, ({"step": "approve"}, {"step": "refuse"}), strict=True):
        said = {"proposal": one["seq"], **({"reason": "不够"} if decision["step"] == "refuse" else {})}
        assert decider.post(path, json={**decision, "details": said}).status_code == 201
    history = small.client().get(f"/api/v1/desk/events/{event.id}?lang=en").get_json()["history"]
    titles = [one["title"] for one in history]
    assert titles[-4:] == ["Asked for: Pause the clock", "Asked for: Extend", "Approved: Pause the clock", "Refused: Extend"]
    told = {one["step"]: [(fact["name"], fact["value"]) for fact in one["told"]] for one in history[3:6]}
    assert told["dispatch"] == [("party", "Village A" if told["dispatch"][0][1].isascii() else "甲社区")]
    assert told["pause"] == [("pause", "A third party's report")], "the reason stands in the note, once"
    assert told["extend"] == [("amount", "2 working days")]
    assert history[-2]["actor"].startswith("Township leader"), "as whom one decided"


def test_the_choice_of_a_pause_says_what_it_asks_for_besides(small, in_hand):
    steps = {one["step"]: one for one in page(small.client(), in_hand.id).get_json()["possible"]}
    choices = {one["code"]: one for one in steps["pause"]["requires"][0]["choices"]}
    assert [one["name"] for one in choices["third_party_report"]["requires"]] == ["reason"]
