"""Mediation over HTTP: one dispute from its parties to the court's confirmation, names masked, others told why not."""

from __future__ import annotations

import contextlib
import re
import zlib
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.domain.events import EventKind
from geogrid.domain.people import Role
from geogrid.store import disputes_people
from geogrid.store.session import session_scope
from tests.build_counter import WORDS, agreed, made
from tests.build_disputes import STATION_A, STATION_B, under
from tests.build_district import IN_A1, NOW, TOWNSHIP_B, report
from tests.build_installation import DISTRICT
from webmap.installation import installation


@pytest.fixture
def counter(small):
    """A dispute given to the point of village A, and the browser of the mediator who works there."""
    return made(small)


def test_a_dispute_from_its_parties_to_the_courts_confirmation(counter):
    client, api, _ = counter
    first = client.get(api).get_json()
    assert (first["kind"]["code"], first["station"]["code"], first["parties"]) == ("neighbourhood", STATION_A, [])
    agreed(client, api)
    ranked = client.get(f"{api}/mediators").get_json()["mediators"]
    assert ranked[0]["reasons"][0] == "擅长此类纠纷"
    assert (
        client.put(f"{api}/mediator", json={"person_id": ranked[0]["person_id"]}).get_json()["mediator"]["way"]["code"]
        == "proposed"
    )
    assert client.post(f"{api}/beginning").status_code == 201
    terms = {"terms": "被申请人赔偿三千元，电话 13812345678", "amount_yuan": 3000, "perform_by": "2025-06-30"}
    draft = client.post(f"{api}/agreements", json=terms).get_json()["agreements"][0]
    assert "13812345678" not in draft["terms"] and draft["signed_at"] is None
    signed = client.post(f"{api}/agreements/1/signature").get_json()
    assert (signed["outcome"]["code"], signed["state"]["code"]) == ("settled", "handled")
    assert (signed["window"]["days_left"], signed["window"]["last_day"]) == (30, "2025-07-18")
    asked = {"court": "某某法院", "paper_applicant": "1", "paper_respondent": "2"}
    assert client.post(f"{api}/confirmation", json=asked).status_code == 201
    answer = client.put(f"{api}/confirmation", json={"result": "confirmed", "on": "2025-06-18", "number": "司确1号"}).get_json()
    assert answer["confirmations"][0]["result"]["code"] == "confirmed"
    assert (
        client.post(f"{api}/performances", json={"at": "2025-06-18", "recovered_yuan": 3000}).get_json()["recovered_yuan"] == 3000
    )


def test_sessions_are_made_from_free_hours_and_never_twice(counter):
    client, api, _ = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    start = client.get(f"{api}/free-hours").get_json()["hours"][0]
    body = {"start": start, "end": start.replace("15:30", "16:30"), "place": "room", "room": "一号"}
    assert client.post(f"{api}/sessions", json=body).status_code == 201
    again = client.post(f"{api}/sessions", json=body | {"room": "二号"})
    assert (again.status_code, again.get_json()["code"]) == (409, "session.taken")
    assert "调解员在 06-18 15:30 至 06-18 16:30 已被占用" in again.get_json()["message"]
    assert client.get(f"{api}/free-hours").get_json()["hours"][0] != start


def test_names_are_masked_everywhere_but_where_they_were_revealed(counter):
    client, api, event_id = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    client.post(f"{api}/agreements", json={"terms": "赔偿"})
    pages = (api, f"/mediator/{event_id}", "/mediator", f"/mediator/{event_id}/agreements/1.html", "/api/v1/disputes")
    for path in pages:
        text = client.get(path).get_data(as_text=True)
        for canary in ("李建国", "13812345678", "13987654321", "甲街道 1 号"):
            assert canary not in text, (path, canary)
    refused = client.post(f"{api}/reveal", json={"purpose": "x"})
    assert refused.status_code == 422
    shown = client.post(f"{api}/reveal", json={"purpose": "通知双方到场"})
    assert [one["name"] for one in shown.get_json()["parties"]] == ["王秀英", "李建国"]
    assert shown.headers["Cache-Control"] == "no-store"
    paper = f"/mediator/{event_id}/agreements/1.html"
    named = client.post(paper, data={"purpose": "双方签署"}).get_data(as_text=True)
    assert "李建国（13987654321、甲街道 1 号）" in named and "模拟数据" in named
    assert "李建国" not in client.get(f"{paper}?purpose=双方签署").get_data(as_text=True)  # addresses end up in logs
    assert client.post(paper, data={"purpose": "x"}).status_code == 422
    assert client.post(paper, data={"purpose": "双方签署", "csrf": "x"}, headers={"X-CSRF-Token": ""}).status_code == 403


def unpacked(pdf: bytes):
    """The document and every packed part of it in the clear."""
    yield pdf
    for part in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj().decompress(part)


def test_the_agreement_is_an_a4_pdf_with_a_chinese_font_and_the_mark_of_simulation(counter):
    client, api, event_id = counter
    agreed(client, api)
    client.post(f"{api}/agreements", json={"terms": "被申请人赔偿三千元"})
    answer = client.post(f"/mediator/{event_id}/agreements/1.pdf", data={"purpose": "双方签署"})
    assert (answer.status_code, answer.mimetype, answer.data[:5]) == (200, "application/pdf", b"%PDF-")
    inside = b"".join(unpacked(answer.data))
    assert b"595.2" in inside and b"841.8" in inside  # 210 mm x 297 mm in points
    assert b"CJK" in inside
    assert client.get(f"/mediator/{event_id}/agreements/2.pdf").status_code == 404
    assert client.get(f"/mediator/{event_id}/agreements/1.doc").status_code == 400


def test_who_does_not_see_the_dispute_finds_nothing_and_who_only_sees_it_changes_nothing(small, counter):
    client, api, event_id = counter
    agreed(client, api)
    stranger = small.login_as(Role.MEDIATOR, station="99990100200101")
    assert stranger.get(api).status_code == stranger.post(f"{api}/beginning").status_code == 404
    assert small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B).get(f"/mediator/{event_id}").status_code == 404
    assert small.guest().get(api).status_code == 401
    assert small.login_as(Role.OFFICER, unit=DISTRICT).get(api).status_code == 403


def test_a_field_that_is_wrong_is_named(counter):
    client, api, _ = counter
    for path, body, field in (
        ("/parties", {"side": "left", "name": "x"}, "side"),
        ("/parties", {"side": "applicant", "name": "x", "age": 3}, "age"),
        ("/sessions", {"start": "2025-06-19T09:00:00", "end": "2025-06-19T10:00:00+08:00", "place": "room"}, "start"),
        ("/agreements", {"terms": "x", "amount_yuan": -1}, "amount_yuan"),
        ("/end", {}, "outcome"),
    ):
        answer = client.post(f"{api}{path}", json=body)
        assert (answer.status_code, answer.get_json()["where"]) == (422, {"path": field})


def test_danger_to_life_is_said_first(small):
    client, _, event_id = made(small, words="邻居持刀要杀人")
    text = client.get(f"/mediator/{event_id}").get_data(as_text=True)
    assert "110 · 119 · 120" in text and 'class="alarm"' in text
    calm, _, other = made(small)
    assert 'class="alarm"' not in calm.get(f"/mediator/{other}").get_data(as_text=True)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_all_parts_and_the_way_to_court(counter, language):
    client, api, event_id = counter
    agreed(client, api)
    text = client.get(f"/mediator/{event_id}?lang={language}").get_data(as_text=True)
    assert text.count('<section class="card') == 9
    assert {"zh": "诉讼途径始终畅通", "en": "The way to court is open"}[language] in text
    assert f'href="/mediator/{event_id}' in text
    client.post(f"{api}/agreements", json={"terms": "赔偿"})
    said = {"zh": "任何一方均可随时向有管辖权的人民法院起诉", "en": "each side may sue at the competent court"}[language]
    pages = ("?mine=1", "?closed=1", f"/{event_id}", f"/{event_id}/agreements/1.html", "/circuit?day=2025-06-19", "/cases")
    for path in ("/mediator", *(f"/mediator{rest}" for rest in pages)):
        answer = client.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200 and (said in answer.get_data(as_text=True) or path.endswith("=1")), path
    assert client.get("/mediator/circuit?day=yesterday").status_code == 400


def test_a_withdrawal_is_written_down_by_whoever_is_asked_and_the_way_to_court_stays(counter):
    client, api, event_id = counter
    first, _ = agreed(client, api)
    answer = client.post(f"{api}/parties/{first}/consents", json={"consent": "withdrawn"})
    assert (answer.status_code, answer.get_json()["outcome"]["code"]) == (201, "withdrawn")
    assert client.post(f"{api}/agreements", json={"terms": "x"}).get_json()["code"] == "dispute.consent"
    assert "诉讼途径始终畅通" in client.get(f"/mediator/{event_id}").get_data(as_text=True)


def test_a_party_is_corrected_and_keeps_what_it_said(counter):
    client, api, _ = counter
    first, _ = agreed(client, api)
    body = client.put(f"{api}/parties/{first}", json={"side": "applicant", "form": "enterprise", "name": "甲公司"}).get_json()
    party = body["parties"][0]
    assert (party["name"], party["form"]["code"], party["consent"]["code"]) == ("甲*", "enterprise", "given")
    assert client.put(f"{api}/parties/99999", json={"side": "applicant", "name": "x"}).status_code == 404


def test_the_counter_shows_disputes_of_every_programme(small):
    here = installation(small.app)
    events = {}
    for code in ("hulan", "hulunbuir_mediation", "jinan_court", "dongmaopu_form"):
        sent = replace(report(IN_A1, words=WORDS), kind=EventKind.DISPUTE)
        with session_scope(here.engine) as session:
            events[code] = accept_report(session, sent, now=NOW, district=under(here.district, code), actor="test").event.id
    clerk = small.login_as(Role.WINDOW_CLERK, unit=DISTRICT)
    assert len(clerk.get("/api/v1/disputes").get_json()["rows"]) == 4
    for code, event_id in events.items():
        text = clerk.get(f"/mediator/{event_id}").get_data(as_text=True)
        title = here.district.programmes.of(code).title.zh
        assert title in text and text.count('<section class="card') == 9, code
        party = clerk.post(f"/api/v1/disputes/{event_id}/parties", json={"side": "applicant", "name": "王秀英"}).get_json()[
            "parties"
        ][0]["id"]
        gone = clerk.post(f"/api/v1/disputes/{event_id}/parties/{party}/consents", json={"consent": "withdrawn"}).get_json()
        assert gone["outcome"]["code"] == "withdrawn"
        assert clerk.get(f"/mediator/{event_id}").status_code == 200


def test_the_queue_holds_disputes_alone_and_mine_are_mine(small, counter):
    client, api, event_id = counter
    small.accept(IN_A1)  # a lamp that is out
    rows = client.get("/api/v1/disputes").get_json()["rows"]
    assert [row["id"] for row in rows] == [str(event_id)] and "到期" in rows[0]["due"]
    assert client.get("/api/v1/disputes?mine=true").get_json()["rows"] == []
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    assert [row["mine"] for row in client.get("/api/v1/disputes?mine=true").get_json()["rows"]] == [True]


def test_cases_are_proposed_approved_by_another_and_shown_beside_a_dispute(small, counter):
    client, api, _ = counter
    case = {"title": "漏水赔偿", "kind": "neighbourhood", "facts": "楼上漏水，赔偿有分歧", "solution": "共同勘验"}
    number = client.post("/api/v1/guiding-cases", json=case).get_json()["id"]
    assert client.get(api).get_json()["cases"] == []
    assert client.put(f"/api/v1/guiding-cases/{number}", json={"state": "approved"}).status_code == 403
    commander = small.client()
    assert commander.put(f"/api/v1/guiding-cases/{number}", json={"state": "approved"}).status_code == 200
    assert [one["id"] for one in client.get(api).get_json()["cases"]] == [number]
    own = commander.post("/api/v1/guiding-cases", json=case).get_json()["id"]
    answer = commander.put(f"/api/v1/guiding-cases/{own}", json={"state": "approved"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "case.same_person")


def test_a_day_of_visits_is_laid_out_by_road_or_straight(counter):
    client, api, _ = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    for hour, point in ((9, [126.605, 45.919]), (11, [126.605, 45.902]), (14, [126.605, 45.918])):
        times = {"start": f"2025-06-19T{hour:02d}:00:00+08:00", "end": f"2025-06-19T{hour:02d}:40:00+08:00"}
        assert (
            client.post(f"{api}/sessions", json={**times, "place": "circuit", "address": "甲", "point": point}).status_code == 201
        )
    found = client.get("/api/v1/disputes/circuit?day=2025-06-19").get_json()
    assert found["minutes"] < found["planned_minutes"] and len(found["stops"]) == 3
    after = client.put("/api/v1/disputes/circuit", json={"day": "2025-06-19"}).get_json()
    assert after["planned_minutes"] == after["minutes"]
    assert isinstance(UUID(after["stops"][0]["event_id"]), UUID)


SESSION = {"start": "2025-06-19T09:00:00+08:00", "end": "2025-06-19T10:00:00+08:00", "place": "room", "room": "一号"}


@pytest.mark.parametrize(
    "more",
    [
        {"mediator": "0b6a1c3e-0d5b-4c3a-9d6e-1f2a3b4c5d6e"},  # of nobody
        {"start": "9999-12-31T20:00:00+00:00", "end": "9999-12-31T23:00:00+00:00"},  # no page could show it again
        {"point": [1e999, 45.9]},
        {"point": [999, 45.9]},
    ],
)
def test_an_appointment_that_nobody_could_keep_is_not_made(counter, more):
    client, api, _ = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    answer = client.post(f"{api}/sessions", json=SESSION | more)
    assert 400 <= answer.status_code < 500, answer.text
    assert client.get(api).get_json()["sessions"] == []


def test_nobody_fills_the_hours_of_a_mediator_who_has_no_part_in_the_dispute(small, counter):
    client, api, _ = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    other = small.login_as(Role.MEDIATOR, station=STATION_B)
    with session_scope(installation(small.app).engine) as session:
        disputes_people.put_mediator(session, other.person_id, station=STATION_B, kinds=[], synthetic=True)
    answer = client.post(f"{api}/sessions", json=SESSION | {"mediator": str(other.person_id)})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "dispute.mediator")
    gone = client.post(f"{api}/recusals", json={"person_id": str(client.person_id), "reason": "亲属关系"})
    assert gone.status_code == 201
    assert client.post(f"{api}/sessions", json=SESSION | {"mediator": str(client.person_id)}).status_code == 422


def test_a_party_with_an_account_of_nobody_is_refused(counter):
    client, api, _ = counter
    answer = client.post(f"{api}/parties", json={"side": "applicant", "name": "甲方", "person_id": str(UUID(int=7))})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "dispute.value")
    assert answer.get_json()["message"].startswith("人员："), "the field is named in the reader's language"


def test_who_visits_where_is_told_to_nobody_who_does_not_see_the_dispute(small, counter):
    """The visits without a place are moved by no route; they were told to whoever asked for one."""
    client, api, event_id = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    times = {"start": "2025-06-19T09:00:00+08:00", "end": "2025-06-19T10:00:00+08:00"}
    client.post(f"{api}/sessions", json={**times, "place": "circuit", "address": "甲街道 1 号"})
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE mediation_sessions SET point = NULL"))
    stranger = small.login_as(Role.MEDIATOR, station=STATION_B)
    answer = stranger.put("/api/v1/disputes/circuit", json={"day": "2025-06-19", "mediator": str(client.person_id)})
    assert str(event_id) not in answer.text
    assert str(event_id) in client.get("/api/v1/disputes/circuit?day=2025-06-19").text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_beyond_every_calendar_is_refused(counter, day):
    client, _, _ = counter
    assert client.get(f"/api/v1/disputes/circuit?day={day}").status_code == 404
    assert client.get(f"/mediator/circuit?day={day}").status_code == 400


def test_names_of_parties_are_masked_in_what_was_written_about_them(counter):
    client, api, event_id = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    client.post(f"{api}/agreements", json={"terms": "李建国赔偿王秀英三千元", "place": "王秀英家中"})
    client.post(f"{api}/end", json={"outcome": "failed", "note": "李建国未到场"})
    for path in (api, f"/mediator/{event_id}", f"/mediator/{event_id}/agreements/1.html"):
        told = client.get(path).get_data(as_text=True)
        assert "李*" in told, path
        for name in ("李建国", "王秀英"):
            assert name not in told, (path, name)
