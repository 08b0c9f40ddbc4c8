"""Following a matter from outside: number and code, nothing of the report, and the citizen's own steps for that matter alone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from geogrid.actions.follow import give_code
from geogrid.domain.people import SYSTEM, Role
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, NOW
from tests.build_installation import DISTRICT, payload
from webmap.follow import EXTENSION, TRIES_AT_ONCE
from webmap.installation import installation

WORDS = "独一无二的诉求内容 13812345678"


def coded(small, **values):
    """An event and the code to follow it by."""
    event = small.accept(IN_A1, words=WORDS, **values)
    with session_scope(installation(small.app).engine) as session:
        return event, give_code(session, event.id, actor=SYSTEM, now=NOW)


def sent(guest, **form):
    page = guest.get("/follow").get_data(as_text=True)
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    return guest.post("/follow", data={"csrf": found.group(1), "key": "k", **form})


def words_of(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def steps_of(small, event):
    return small.client().get(f"/api/v1/events/{event.id}/steps").get_json()["steps"]


def test_number_and_code_show_colour_and_words_of_progress_and_nothing_of_the_report(small):
    event, code = coded(small)
    answer = sent(small.guest(), number=event.number, code=f"{code[:5]}-{code[5:]}".lower())
    told = words_of(answer)
    assert answer.status_code == 200
    assert "▲ 办理中" in told
    assert "已上报" in told
    for hidden in ("独一无二", "1381", event.assignment.grid_code, str(event.id), "test", "甲社区"):
        assert hidden not in answer.get_data(as_text=True), hidden
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_wrong_number_and_a_wrong_code_are_answered_alike(small):
    event, code = coded(small)
    other, _ = coded(small)
    uncoded = small.accept(IN_A1)
    tried = [
        (event.number, "0000000000"),
        (other.number, code),
        ("20990101000001", code),
        (uncoded.number, code),
        (event.number, ""),
    ]
    answers = [sent(small.guest(), number=number, code=given) for number, given in tried]
    assert {answer.status_code for answer in answers} == {403}
    said = {re.search(r'id="fault">([^<]+)', answer.get_data(as_text=True)).group(1) for answer in answers}
    assert len(said) == 1
    assert all('name="do"' not in answer.get_data(as_text=True) for answer in answers)


def test_the_code_is_stored_as_a_hash_alone_and_a_new_one_ends_the_old(small):
    event, code = coded(small)
    with session_scope(installation(small.app).engine) as session:
        kept = bytes(session.execute(text("SELECT code_hash FROM follow_codes")).scalar_one())
        assert len(kept) == 32
        assert code.encode() not in kept
    client = small.login_as(Role.WINDOW_CLERK, unit=DISTRICT)
    new = client.post(f"/events/{event.id}/follow-code").get_json()["code"]
    assert sent(small.guest(), number=event.number, code=code).status_code == 403
    assert sent(small.guest(), number=event.number, code=new).status_code == 200


def test_the_citizen_urges_once_however_often_it_is_sent_and_takes_no_step_of_staff(small):
    event, code = coded(small)
    form = {"number": event.number, "code": code}
    first = sent(small.guest(), **form, do="urge", reason="孩子上学路过", key="once")
    again = sent(small.guest(), **form, do="urge", reason="孩子上学路过", key="once")
    assert [first.status_code, again.status_code] == [200, 200]
    taken = [step for step in steps_of(small, event) if step["kind"] == "urge"]
    assert [step["actor"] for step in taken] == [f"citizen:{event.id}"]
    for step in ("open", "decline", "dispatch", "close", "note", "approve", "fly"):
        assert sent(small.guest(), **form, do=step, reason="x", key=step).status_code in {403, 409}
        small.app.extensions[EXTENSION][0]._levels.clear()
    assert [step["kind"] for step in steps_of(small, event)] == ["report", "assign", "urge"]


def test_the_code_of_one_matter_opens_no_other(small):
    event, code = coded(small)
    other, _ = coded(small)
    assert sent(small.guest(), number=other.number, code=code, do="urge").status_code == 403
    assert [step["kind"] for step in steps_of(small, other)] == ["report", "assign"]
    assert event.number != other.number


@pytest.mark.parametrize("right", [True, False])
def test_tries_are_counted_before_anything_is_looked_at(small, right):
    event, code = coded(small)
    given = code if right else "0000000000"
    answers = [sent(small.guest(), number=event.number, code=given).status_code for _ in range(int(TRIES_AT_ONCE) + 1)]
    assert answers[:-1] == [200 if right else 403] * int(TRIES_AT_ONCE)
    assert answers[-1] == 429


def test_nobody_asks_in_the_name_of_another_site(small):
    event, code = coded(small)
    answer = small.guest().post("/follow", data={"number": event.number, "code": code}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "已上报" not in answer.get_data(as_text=True)


def test_who_does_not_see_the_event_makes_no_code_for_it(small):
    event, code = coded(small)
    stranger = small.login_as(Role.WINDOW_CLERK, unit="999901002000")
    assert stranger.post(f"/events/{event.id}/follow-code").status_code == 404
    assert sent(small.guest(), number=event.number, code=code).status_code == 200


def test_looking_and_making_are_in_the_audit_and_the_code_is_not(small):
    event, code = coded(small)
    sent(small.guest(), number=event.number, code=code)
    with session_scope(installation(small.app).engine) as session:
        rows = session.execute(
            text("SELECT action, details::text || object_id AS told FROM audit WHERE action LIKE 'follow.%'")
        ).all()
    assert [row.action for row in rows] == ["follow.code", "follow.look"]
    assert all(str(event.id) in row.told and code not in row.told for row in rows)


def test_who_handles_a_matter_makes_himself_no_citizen_of_it(small):
    """Else he would confirm and rate his own work; who reported it at a door gives the code to whom he met there."""
    event, code = coded(small)
    handler = small.login_as(Role.OFFICER, unit=DISTRICT)
    assert handler.post(f"/events/{event.id}/follow-code").status_code == 403
    assert 'id="code"' not in handler.get(f"/events/{event.number}").text
    assert sent(small.guest(), number=event.number, code=code).status_code == 200
    own = handler.post("/api/v1/events", json=payload()).get_json()
    assert handler.post(f"/events/{own['id']}/follow-code").status_code == 200
