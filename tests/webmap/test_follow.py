"""Following a matter from outside: number and code, nothing of the report, and the citizen's own steps for that matter alone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from geogrid.actions.follow import give_code
from geogrid.domain.people import SYSTEM, Role
from geogrid.store.follow_tries import OF_ADDRESS
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, NOW, VILLAGE_A
from tests.build_installation import DISTRICT, payload
from tests.webmap.test_limits import other_process
from webmap.installation import installation

WORDS = "独一无二的诉求内容 13812345678"


def coded(small, **values):
    """An event and the code to follow it by."""
    event = small.accept(IN_A1, words=WORDS, **values)
    with session_scope(installation(small.app).engine) as session:
        return event, give_code(session, event.id, actor=SYSTEM, now=NOW, district=installation(small.app).district)


def forget_tries(small) -> None:
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("DELETE FROM allowances WHERE who LIKE 'follow:%'"))


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
        forget_tries(small)
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
    answers = [sent(small.guest(), number=event.number, code=given).status_code for _ in range(OF_ADDRESS + 1)]
    assert answers[:-1] == [200 if right else 403] * OF_ADDRESS
    assert answers[-1] == 429


def test_tries_are_counted_in_all_processes_together(small):
    """Else a server of eight processes would let eight times as many through."""
    event, _ = coded(small)
    guests = [other_process(small).test_client() for _ in range(3)]
    told = [sent(guests[n % 3], number=event.number, code="0000000000").status_code for n in range(OF_ADDRESS + 3)]
    assert told == [403] * OF_ADDRESS + [429] * 3


def test_a_try_that_cannot_be_counted_looks_at_nothing(small, monkeypatch):
    event, code = coded(small)
    monkeypatch.setattr("webmap.follow.count_try", down)
    answer = sent(small.guest(), number=event.number, code=code)
    assert answer.status_code == 503
    assert "已上报" not in answer.get_data(as_text=True)
    with session_scope(installation(small.app).engine) as session:
        assert session.scalar(text("SELECT used_at FROM follow_codes")) is None


def down(*_, **__):
    raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))


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


def test_who_reported_and_then_handled_gives_no_code_and_his_first_one_rates_nothing(small):
    """An officer who reports for a citizen hands the code on; the matter may be given to himself afterwards."""
    officer, dispatcher = small.login_as(Role.GRID_LEADER, unit=VILLAGE_A), small.login_as(Role.DISPATCHER, unit=DISTRICT)
    own = officer.post("/api/v1/events", json=payload(kind="environment", follow=True)).get_json()
    number, code = own["number"], own["follow_code"]
    assert 'id="code"' in officer.get(f"/events/{number}").text
    for client, step, details in [
        (dispatcher, "open", {"category": "E01"}),
        (dispatcher, "dispatch", {"party": f"unit:{VILLAGE_A}"}),
        (officer, "take_on", {}),
        (officer, "handle", {"note": "清运"}),
        (small.login_as(Role.VERIFIER, unit=DISTRICT), "verify", {"note": "已看"}),
        (dispatcher, "close", {}),
    ]:
        answer = client.post(f"/api/v1/events/{own['id']}/steps", json={"step": step, "details": details})
        assert answer.status_code == 201, answer.get_json()
    shown = sent(small.guest(), number=number, code=code)
    assert shown.status_code == 200
    assert 'name="rating"' not in shown.text
    assert "评价" in re.search(r'id="kept-back">([^<]+)', shown.text).group(1)
    refused = sent(small.guest(), number=number, code=code, do="rate", rating="5")
    assert refused.status_code == 403
    assert "承办人" in re.search(r'id="fault">([^<]+)', refused.text).group(1)
    assert 'id="code"' not in officer.get(f"/events/{number}").text
    assert officer.post(f"/events/{own['id']}/follow-code").get_json()["code"] == "follow.handler_gives_none"
    assert officer.post("/api/v1/events", json=payload()).status_code == 201
    new = dispatcher.post(f"/events/{own['id']}/follow-code").get_json()["code"]
    forget_tries(small)
    assert 'name="rating"' in sent(small.guest(), number=number, code=new).text
    assert sent(small.guest(), number=number, code=new, do="rate", rating="4").status_code == 200
    assert [step["actor"] for step in small.client().get(f"/api/v1/events/{own['id']}/steps").get_json()["steps"]][-1] == (
        f"citizen:{own['id']}"
    )


# -- codes that come with a report ------------------------------------------------------------------------------------

CODE = "K7Q2M-4XH9T"


def reports(client, body: dict, status: int, **more) -> dict:
    answer = client.post("/api/v1/events", json=body | more)
    assert answer.status_code == status, answer.get_json()
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.get_json()


def test_a_sender_s_own_code_holds_however_often_the_report_is_sent(small):
    client, body = small.login_as(Role.OFFICER, unit=DISTRICT), payload()
    first = reports(client, body, 201, follow_code=CODE)
    again = reports(client, body, 200, follow_code=CODE.lower().replace("-", " "))
    assert again == first
    assert first["follow_holds"] is True
    assert "follow_code" not in first, "his own code is never answered"
    assert sent(small.guest(), number=first["number"], code=CODE).status_code == 200
    with session_scope(installation(small.app).engine) as session:
        assert session.scalars(text("SELECT action FROM audit WHERE action = 'follow.code'")).all() == ["follow.code"]


def test_the_code_is_no_part_of_the_report_so_that_it_may_be_thought_of_later(small):
    client, body = small.login_as(Role.OFFICER, unit=DISTRICT), payload()
    first = reports(client, body, 201)
    assert "follow_holds" not in first
    assert reports(client, body, 200, follow_code=CODE)["follow_holds"] is True
    assert reports(client, body, 200, follow_code="9T4XH-K7Q2M")["follow_holds"] is False, "the first code is the valid one"
    assert client.post("/api/v1/events", json=body | {"text": "另一件事", "follow_code": CODE}).status_code == 409
    assert sent(small.guest(), number=first["number"], code=CODE).status_code == 200


def test_a_report_sent_again_does_not_end_what_a_clerk_gave(small):
    client, body = small.login_as(Role.OFFICER, unit=DISTRICT), payload()
    first = reports(client, body, 201, follow_code=CODE)
    new = small.login_as(Role.WINDOW_CLERK, unit=DISTRICT).post(f"/events/{first['id']}/follow-code").get_json()["code"]
    for more in ({"follow_code": CODE}, {"follow": True}):
        again = reports(client, body, 200, **more)
        assert again["follow_holds"] is False
        assert "follow_code" not in again
    assert sent(small.guest(), number=first["number"], code=CODE).status_code == 403
    assert sent(small.guest(), number=first["number"], code=new).status_code == 200


def test_nobody_puts_a_code_to_the_report_of_another(small):
    body = payload()
    first = reports(small.login_as(Role.OFFICER, unit=DISTRICT), body, 201)
    for more in ({"follow_code": CODE}, {"follow": True}):
        assert reports(small.login_as(Role.OFFICER, unit=DISTRICT), body, 200, **more)["follow_holds"] is False
    assert sent(small.guest(), number=first["number"], code=CODE).status_code == 403


def test_a_program_is_given_a_code_anew_until_somebody_looked(small):
    """The first answer may have been lost; a code that is in somebody's hands stays."""
    guest, body = small.guest(), payload(channel="online") | {"follow": True}
    told = [guest.post("/api/v1/events", json=body, headers=small.write()) for _ in range(2)]
    assert [answer.status_code for answer in told] == [201, 200]
    lost, new = (answer.get_json()["follow_code"] for answer in told)
    number = told[0].get_json()["number"]
    assert lost != new
    assert sent(small.guest(), number=number, code=lost).status_code == 403
    assert sent(small.guest(), number=number, code=new).status_code == 200
    third = guest.post("/api/v1/events", json=body, headers=small.write()).get_json()
    assert third["follow_holds"] is False
    assert "follow_code" not in third
    assert sent(small.guest(), number=number, code=new).status_code == 200


@pytest.mark.parametrize(
    ("more", "path"),
    [({"follow_code": "K7Q2M"}, "follow_code"), ({"follow": "yes"}, "follow"), ({"follow": True, "follow_code": CODE}, "follow")],
)
def test_what_is_no_code_stores_nothing(small, more, path):
    for language, word in (("zh", "follow"), ("en", "follow")):
        refused = small.client().post("/api/v1/events", json=payload() | more, headers={"Accept-Language": language})
        assert refused.status_code == 422
        assert refused.get_json()["where"]["path"] == path
        assert word in refused.get_json()["message"] or "查询码" in refused.get_json()["message"]
    with session_scope(installation(small.app).engine) as session:
        assert session.scalar(text("SELECT count(*) FROM events")) == 0


def test_the_code_of_a_receipt_leads_to_the_number_and_nothing_else(small):
    drawn = small.guest().get("/follow/qr.svg?number=20250618000001")
    assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
    assert small.guest().get("/follow/qr.svg").data != drawn.data
    for odd in ("<script>", "2025-K7Q2M", "12a"):
        assert small.guest().get("/follow/qr.svg", query_string={"number": odd}).status_code == 422


def test_what_was_merged_follows_the_matter_it_is_handled_with(small):
    """Its own clocks stand still for good: its colour said "done in time" of what nobody had touched yet."""
    child, code = coded(small)
    parent = small.accept(IN_A1, words="并案后的主案")
    clerk = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    for event, step, details in (
        (child, "open", {}),
        (parent, "open", {}),
        (child, "merge", {"parent": str(parent.id)}),
        (parent, "dispatch", {"party": "unit:999901001001"}),
    ):
        answer = clerk.post(f"/api/v1/events/{event.id}/steps", json={"step": step, "details": details})
        assert answer.status_code == 201, answer.get_json()
    answer = sent(small.guest(), number=child.number, code=code)
    told = words_of(answer)
    assert "▲ 办理中 · 办理中" in told
    assert "按时办结 ·" not in told
    assert "两件合并办理" in told
    for hidden in (parent.number, str(parent.id), "并案后的主案", "甲社区"):
        assert hidden not in answer.get_data(as_text=True), hidden
