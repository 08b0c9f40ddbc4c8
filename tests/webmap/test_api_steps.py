"""The life of an event over HTTP: steps by those entitled, clocks at any instant, approvals, words revealed with a trace."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, TOWNSHIP_A, TOWNSHIP_B
from webmap.installation import installation

DISTRICT = "999901000000"


@pytest.fixture
def event(small):
    return small.accept(IN_A1, words="张三 13812345678 报：井盖缺失")


@pytest.fixture
def people(small):
    return {
        "dispatcher": small.login_as(Role.DISPATCHER, unit=DISTRICT),
        "handler": small.login_as(Role.DEPARTMENT, department="urban"),
        "leader": small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A),
        "verifier": small.login_as(Role.VERIFIER, unit=TOWNSHIP_A),
        "stranger": small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B),
        "auditor": small.login_as(Role.AUDITOR, unit=DISTRICT),
    }


def step(client, event, code, **more):
    return client.post(f"/api/v1/events/{event.id}/steps", json={"step": code, **more})


def test_a_matter_goes_its_way_by_distinct_people(small, event, people):
    opened = step(people["dispatcher"], event, "open", base_seq=2)
    assert opened.status_code == 201, opened.get_json()
    assert opened.get_json()["state"]["code"] == "opened"
    given = step(people["dispatcher"], event, "dispatch", details={"party": "department:urban"})
    assert given.get_json()["owner"] == "department:urban"
    possible = people["handler"].get(f"/api/v1/events/{event.id}/possible-steps").get_json()
    offered, proposed = possible["steps"], possible["proposed_party"]
    assert proposed.partition(":")[0] in {"station", "department", "unit"}
    assert {"handle", "return", "extend"} <= {one["step"] for one in offered}
    asked = step(people["handler"], event, "pause", details={"pause": "third_party_report", "reason": "survey"})
    (waiting,) = asked.get_json()["waiting"]
    assert step(people["handler"], event, "approve", details={"proposal": waiting["proposal"]}).status_code == 403
    approved = step(people["leader"], event, "approve", details={"proposal": waiting["proposal"]}).get_json()
    handle = next(clock for clock in approved["clocks"] if clock["clock"] == "handle")
    assert (handle["paused"], handle["lights"]["staff"]["code"]) == (True, "grey")
    step(people["handler"], event, "resume")
    assert step(people["handler"], event, "handle", details={"note": "done"}).get_json()["state"]["stage"] == "handled"
    assert step(people["handler"], event, "verify", details={"note": "seen"}).status_code == 403
    assert step(people["verifier"], event, "verify", details={"note": "seen"}).status_code == 201
    closed = step(people["dispatcher"], event, "close").get_json()
    assert closed["state"]["stage"] == "closed"
    told = people["dispatcher"].get(f"/api/v1/events/{event.id}/steps").get_json()["steps"]
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))


def test_a_stale_reader_is_told_and_the_same_key_is_taken_once(small, event, people):
    assert step(people["dispatcher"], event, "open", base_seq=2, key="k1").status_code == 201
    assert step(people["dispatcher"], event, "open", base_seq=2, key="k1").status_code == 200
    late = step(people["dispatcher"], event, "decline", base_seq=2, details={"reason": "twice"})
    assert (late.status_code, late.get_json()["code"]) == (409, "step.conflict")
    assert "立案，06-18 15:00" in late.get_json()["message"]  # in the words of who reads it, no codes of steps or people


@pytest.mark.parametrize(("body", "status", "code"), [
    ({}, 422, "report.field_missing"),
    ({"step": "open", "more": 1}, 422, "report.field_unknown"),
    ({"step": 7}, 422, "report.field_type"),
    ({"step": "open", "base_seq": "2"}, 422, "report.field_type"),
    ({"step": "open", "details": []}, 422, "report.field_type"),
    ({"step": "open", "key": "k" * 101}, 400, None),
    ({"step": "fly"}, 422, "step.unknown"),
    ({"step": "close"}, 409, "step.not_allowed"),
    ({"step": "decline"}, 422, "step.evidence"),
])  # fmt: skip
def test_a_wrong_step_says_what_is_wrong_and_writes_nothing(small, event, people, body, status, code):
    answer = people["dispatcher"].post(f"/api/v1/events/{event.id}/steps", json=body)
    assert answer.status_code == status, answer.get_json()
    assert code is None or answer.get_json()["code"] == code
    assert len(people["dispatcher"].get(f"/api/v1/events/{event.id}/steps").get_json()["steps"]) == 2


def test_clocks_are_told_as_they_stood_at_any_instant(small, event, people):
    step(people["dispatcher"], event, "open")
    now = people["dispatcher"].get(f"/api/v1/events/{event.id}/clocks").get_json()["clocks"]
    assert [(clock["clock"], clock["phase"]["code"]) for clock in now] == [("accept", "done_in_time")]
    assert people["dispatcher"].get(f"/api/v1/events/{event.id}/clocks?at=2025-06-18T15:00").status_code in {400, 422}
    path = f"/api/v1/events/{event.id}/clocks?at=2024-01-01T00:00:00%2B08:00"
    assert people["dispatcher"].get(path).status_code == 404, "it was not reported by then"


def test_who_does_not_see_an_event_takes_no_step_of_it(small, event, people):
    assert step(people["stranger"], event, "open").status_code == 404
    for part in ("matter", "steps", "clocks", "possible-steps"):
        assert people["stranger"].get(f"/api/v1/events/{event.id}/{part}").status_code == 404


def audited(small) -> list[tuple]:
    with session_scope(installation(small.app).engine) as session:
        rows = session.execute(text("SELECT action, result FROM audit WHERE action = 'detail.reveal' ORDER BY id"))
        return [tuple(row) for row in rows]


def test_words_are_masked_and_revealed_to_who_handles_the_matter_with_a_trace(small, event, people):
    path = f"/api/v1/events/{event.id}"
    assert "138****5678" in people["leader"].get(path).get_json()["text"]
    shown = people["leader"].post(f"{path}/reveal", json={"purpose": "call the reporter"})
    assert shown.get_json()["text"] == "张三 13812345678 报：井盖缺失"
    assert shown.headers["Cache-Control"] == "no-store"
    assert people["auditor"].post(f"{path}/reveal", json={"purpose": "curious"}).status_code == 403
    assert people["stranger"].post(f"{path}/reveal", json={"purpose": "curious"}).status_code == 404
    assert people["leader"].post(f"{path}/reveal", json={"purpose": " "}).status_code == 422
    assert audited(small) == [("detail.reveal", "ok"), ("detail.reveal", "refused")]


def test_no_way_shows_a_number_unmasked(small, event, people):
    for path in ("/api/v1/events", f"/api/v1/events/{event.id}", f"/api/v1/events/{event.id}/steps", "/unplaced"):
        assert "13812345678" not in people["dispatcher"].get(path).get_data(as_text=True)
    card = people["dispatcher"].get(f"/events/{event.id}", headers={"Accept": "application/json"})
    assert "138****5678" in card.get_data(as_text=True)
