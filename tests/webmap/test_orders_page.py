"""Orders and shifts as those meet them whom they are for: the page of one's own orders, what waits, to whom a shift may go."""

from __future__ import annotations

import re

import pytest

from geogrid.domain.people import Role
from tests.build_district import TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A
from tests.build_installation import DISTRICT


@pytest.fixture
def dispatcher(small):
    return small.login_as(Role.DISPATCHER, unit=DISTRICT)


def ordered(dispatcher, to: str, words: str = "今晚巡查河堤 13812345678") -> int:
    answer = dispatcher.post("/api/v1/desk/orders", json={"to": to, "text": words})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()["id"]


def waiting(client) -> dict[str, int]:
    return client.get("/api/v1/desk/waiting").get_json()


def read_all(page: str) -> list[str]:
    return re.findall(r'<li class="(read|unread)" data-id="(?:\d+)"', page)


def test_who_was_given_an_order_says_on_the_page_that_it_was_read_and_the_giver_sees_by_whom(small, dispatcher):
    worker, outside = small.login_as(Role.OFFICER, unit=VILLAGE_A), small.login_as(Role.OFFICER, unit=TOWNSHIP_B)
    first, second = ordered(dispatcher, f"unit:{TOWNSHIP_A}"), ordered(dispatcher, f"person:{worker.person_id}")
    assert waiting(worker) == {"orders": 2, "handovers": 0}
    assert waiting(outside) == {"orders": 0, "handovers": 0}
    page = worker.get("/orders").get_data(as_text=True)
    assert read_all(page) == ["unread", "unread"]
    assert "138****5678" in page and "13812345678" not in page
    giver = re.search(r"</time> (.*?) → ", page)[1]
    assert "*" not in giver, "who is given an order knows whose it is"
    names = {one["given_by"]["title"] for one in worker.get("/api/v1/desk/orders").get_json()["orders"]}
    assert names == {giver}
    assert outside.post(f"/orders/{first}/read").status_code == 404
    assert worker.post(f"/orders/{second}/read").status_code == 303
    assert read_all(worker.get("/orders").get_data(as_text=True)) == ["unread", "read"], "what was not read comes first"
    assert waiting(worker)["orders"] == 1
    given = dispatcher.get("/orders").get_data(as_text=True)
    assert "已读 1/1" in given and "已读 0/1" in given
    assert read_all(given) == []


def test_whom_an_order_reaches_is_told_to_its_giver_within_his_own_territory(small, dispatcher):
    worker = small.login_as(Role.OFFICER, unit=VILLAGE_A)
    found = dispatcher.get(f"/api/v1/desk/orders/people?unit={TOWNSHIP_A}").get_json()
    assert [one["party"] for one in found["people"]] == [f"person:{worker.person_id}"]
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    asked = [leader.get(f"/api/v1/desk/orders/people?unit={unit}").status_code for unit in (TOWNSHIP_A, TOWNSHIP_B, DISTRICT)]
    assert asked == [200, 403, 403]
    assert worker.get(f"/api/v1/desk/orders/people?unit={TOWNSHIP_A}").status_code == 403
    places = re.search(r'"order_to": (\[.*?\])', leader.get("/desk").get_data(as_text=True))[1]
    assert TOWNSHIP_A in places and TOWNSHIP_B not in places, "no place is offered that would be refused"


def test_a_shift_goes_to_somebody_else_who_sits_at_the_desk(small, dispatcher):
    officer, far = small.login_as(Role.OFFICER, unit=VILLAGE_A), small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    near, other = (small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A) for _ in range(2))
    path = "/api/v1/desk/shift-log/handover"

    def handed(giver, taker) -> tuple[int, str | None]:
        answer = giver.post(path, json={"to": f"person:{taker.person_id}", "text": "两件未派"})
        return answer.status_code, answer.get_json().get("code")

    refused = (422, "desk.handover_to")
    assert [handed(dispatcher, who) for who in (dispatcher, officer, far)] == [refused] * 3
    assert handed(near, far) == refused, "another township's desk does not see this log"
    assert handed(near, other)[0] == 201
    assert handed(near, dispatcher)[0] == 201, "the district's desk reads all logs"
    assert (waiting(other)["handovers"], waiting(dispatcher)["handovers"]) == (1, 1)
    line = other.get("/api/v1/desk/shift-log").get_json()["lines"][1]
    assert other.post(f"{path}/{line['id']}/accept").status_code == 201
    assert waiting(other)["handovers"] == 0


def test_a_line_names_its_event_to_who_sees_it_and_long_logs_go_on(small, dispatcher):
    event = small.accept()
    for number in range(3):
        body = {"text": f"第 {number} 条", "event_id": str(event.id)}
        assert dispatcher.post("/api/v1/desk/shift-log", json=body).status_code == 201
    found = dispatcher.get("/api/v1/desk/shift-log?limit=2").get_json()
    assert [line["event_number"] for line in found["lines"]] == [event.number] * 2
    rest = dispatcher.get(f"/api/v1/desk/shift-log?limit=2&before={found['before']}").get_json()
    assert ([line["text"] for line in rest["lines"]], rest["before"]) == (["第 0 条"], None)


def test_who_asked_decides_nothing_of_it(small, dispatcher):
    event = small.accept()
    path = f"/api/v1/events/{event.id}/steps"
    for code, details in (("open", {"category": "C01"}), ("dispatch", {"party": f"unit:{VILLAGE_A}"})):
        assert dispatcher.post(path, json={"step": code, "details": details}).status_code == 201
    asking, decider = small.login_as(Role.GRID_LEADER, unit=VILLAGE_A), small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    asked = asking.post(path, json={"step": "pause", "details": {"pause": "third_party_report", "reason": "鉴定"}})
    assert asked.status_code == 201

    def may_decide(client) -> list[bool]:
        return [one["may_decide"] for one in client.get(f"/api/v1/desk/events/{event.id}").get_json()["approvals"]]

    assert (may_decide(asking), may_decide(decider), may_decide(dispatcher)) == ([False], [True], [False])


@pytest.mark.parametrize(
    "path", ["orders/987654", "milestones/987654/done", "shift-log/handover/987654/accept", "queue?view=987654"]
)
def test_what_is_not_there_is_named_in_the_readers_language(small, dispatcher, path):
    asked = dispatcher.get if path.startswith(("orders", "queue")) else dispatcher.post
    body = {"json": {"note": "x"}} if "milestones" in path else {}
    answer = asked(f"/api/v1/desk/{path}", headers={"Accept-Language": "zh"}, **body)
    assert answer.status_code == 404
    assert not re.search("[a-z]{3}", answer.get_json()["message"]), answer.get_json()["message"]
