"""The counter over HTTP: what is taken along, whose list it is, what figures say of it, what never stands in an address."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import datetime

import pytest
from sqlalchemy import text

from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.build_counter import agreed, made
from tests.build_installation import DISTRICT
from webmap.installation import installation


@pytest.fixture
def counter(small):
    """A dispute given to the point of village A, and the browser of the mediator who works there."""
    return made(small)


def test_an_agreement_taken_along_is_in_the_audit(small, counter):
    client, api, event_id = counter
    agreed(client, api)
    client.post(f"{api}/agreements", json={"terms": "赔偿"})
    assert client.get(f"/mediator/{event_id}/agreements/1.pdf").status_code == 200
    with session_scope(installation(small.app).engine) as session:
        rows = session.execute(text("SELECT object_id, details FROM audit WHERE action = 'export.agreement'")).all()
    assert [(row.object_id, row.details) for row in rows] == [(str(event_id), {"version": 1, "names": False})]


def test_mine_holds_what_i_mediate_however_much_else_there_is(small, counter, monkeypatch):
    """Picked out of the most urgent of a whole station, a mediator's own disputes were lost behind those of others."""
    client, _, _ = counter
    made(small)
    last = client.get("/api/v1/disputes").get_json()["rows"][-1]["id"]
    agreed(client, f"/api/v1/disputes/{last}")
    client.put(f"/api/v1/disputes/{last}/mediator", json={"person_id": str(client.person_id)})
    monkeypatch.setattr("webmap.api.disputes_queue.MOST", 1)
    rows = client.get("/api/v1/disputes?mine=true").get_json()["rows"]
    assert [(row["id"], row["mine"]) for row in rows] == [(last, True)]
    assert client.get("/api/v1/disputes?mine=true&open=false").get_json()["rows"] == []


def test_a_day_without_visits_names_the_next_and_where_they_lead(counter):
    client, api, _ = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    visit = {"start": "2025-06-20T09:00:00+08:00", "end": "2025-06-20T10:00:00+08:00", "place": "circuit"}
    assert client.post(f"{api}/sessions", json=visit).status_code == 201
    assert "/mediator/circuit?day=2025-06-20" in client.get("/mediator/circuit?day=2025-06-18").get_data(as_text=True)
    stops = client.get("/api/v1/disputes/circuit?day=2025-06-20").get_json()["stops"]
    assert [(stop["number"] != "", "event_address" in stop) for stop in stops] == [(True, True)]


def test_the_figures_of_mediation_say_what_the_counter_says(small, counter):
    client, api, event_id = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    client.post(f"{api}/agreements", json={"terms": "被申请人赔偿三千元", "amount_yuan": 3000})
    client.post(f"{api}/agreements/1/signature")
    client.post(f"{api}/performances", json={"at": "2025-06-18", "recovered_yuan": 3000, "fees_refunded_yuan": 25})
    failed, other, _ = made(small)
    agreed(failed, other)
    failed.post(f"{other}/end", json={"outcome": "failed", "note": "各执一词"})
    leader = small.client()
    told = leader.get("/api/v1/figures?day=2025-06-18").get_json()["figures"]
    whole = {one["code"]: one for one in told if one["group"] == "*" and one["split"] == "*"}
    assert (whole["mediation_success"]["numerator"], whole["mediation_success"]["denominator"]) == (1, 2)
    assert (whole["money_recovered"]["value"], whole["fees_refunded"]["value"]) == (3000, 25)
    for code, part in (("mediation_success", "numerator"), ("money_recovered", "denominator")):
        rows = leader.get(f"/api/v1/figures/{code}/events?day=2025-06-18&part={part}").get_json()["rows"]
        assert [row["id"] for row in rows] == [str(event_id)]


def test_no_form_sends_itself_into_an_address_before_the_script_is_there(counter):
    """A form without a method goes by GET: a name typed on a slow line stood in the address, and in every log of it."""
    client, api, event_id = counter
    agreed(client, api)
    client.post(f"{api}/agreements", json={"terms": "赔偿"})
    for path in (f"/mediator/{event_id}", "/mediator/cases", "/mediator/circuit"):
        forms = re.findall(r"<form[^>]*>", client.get(path).get_data(as_text=True))
        assert forms and all('method="dialog"' in form or 'method="post"' in form for form in forms if "logout" not in form), path


def test_two_of_one_name_are_told_apart_on_the_paper(counter):
    client, api, event_id = counter
    for side, phone in (("applicant", "13812345678"), ("respondent", "13987654321")):
        party = {"side": side, "name": "王秀英", "phone": phone}
        number = client.post(f"{api}/parties", json=party).get_json()["parties"][-1]["id"]
        client.post(f"{api}/parties/{number}/consents", json={"consent": "given", "paper": "1"})
    client.post(f"{api}/agreements", json={"terms": "赔偿"})
    paper = client.post(f"/mediator/{event_id}/agreements/1.html", data={"purpose": "双方签署"}).get_data(as_text=True)
    assert paper.index("王秀英（13812345678）") < paper.index("王秀英（13987654321）")


def test_what_a_correction_does_not_send_stays(counter):
    """The page sends no empty field: a name that was corrected took telephone and address of the party away."""
    client, api, _ = counter
    first, _ = agreed(client, api)
    body = {"side": "applicant", "name": "王秀瑛"}
    assert client.put(f"{api}/parties/{first}", json=body).status_code == 200
    party = client.post(f"{api}/reveal", json={"purpose": "核对当事人"}).get_json()["parties"][0]
    assert (party["name"], party["phone"], party["address"]) == ("王秀瑛", "13812345678", "甲街道 1 号")
    client.put(f"{api}/parties/{first}", json={**body, "phone": ""})
    assert client.post(f"{api}/reveal", json={"purpose": "核对当事人"}).get_json()["parties"][0]["phone"] == ""


def test_a_claim_is_taken_back_and_a_bound_is_said_without_decimals(counter):
    client, api, event_id = counter
    assert client.put(api, json={"amount_yuan": 12000.5}).get_json()["amount_yuan"] == 12000.5
    assert 'value="12000.50"' in client.get(f"/mediator/{event_id}").get_data(as_text=True)
    assert client.put(api, json={"amount_yuan": None}).get_json()["amount_yuan"] is None
    refused = client.put(api, json={"amount_yuan": 1e12}).get_json()["message"]
    assert "1000000000000。" in refused


def test_who_comes_while_the_station_is_closed_is_told_so(small, counter):
    client, api, event_id = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE stations SET hours = 'Mo-Fr 08:30-17:00'"))
    closed = {}
    for day, hour in (("2025-06-20", 10), ("2025-06-20", 16), ("2025-06-22", 10), ("2025-10-01", 10)):
        times = {"start": f"{day}T{hour}:30:00+08:00", "end": f"{day}T{hour + 1}:30:00+08:00"}
        answer = client.post(f"{api}/sessions", json={**times, "place": "room", "room": "一"})
        assert answer.status_code == 201, answer.get_json()
        closed[day, hour] = answer.get_json()["sessions"][-1]["station_closed"]
    assert list(closed.values()) == [False, True, True, True]  # open; past closing time; a Sunday; National Day
    assert client.get(f"/mediator/{event_id}").get_data(as_text=True).count("该时间站点不开放") == 3


def test_free_hours_are_on_no_holiday(small, counter, monkeypatch):
    client, api, _ = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE stations SET hours = 'Mo-Fr 16:00-17:00'"))
    before_the_holidays = datetime.fromisoformat("2025-09-29T15:00:00+08:00")
    monkeypatch.setattr(type(installation(small.app)), "now", lambda _: before_the_holidays)
    days = {hour[:10] for hour in client.get(f"{api}/free-hours").get_json()["hours"]}
    assert {"2025-09-29", "2025-09-30", "2025-10-09"} <= days
    assert not days & {f"2025-10-{day:02d}" for day in range(1, 9)}


def test_a_way_to_another_address_says_that_it_is_reckoned_to_the_event(counter):
    client, api, _ = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    for hour, address in ((9, ""), (11, "乙街道 9 号")):
        times = {"start": f"2025-06-20T{hour:02d}:00:00+08:00", "end": f"2025-06-20T{hour:02d}:40:00+08:00"}
        client.post(f"{api}/sessions", json={**times, "place": "home", "address": address})
    stops = client.get("/api/v1/disputes/circuit?day=2025-06-20").get_json()["stops"]
    assert {stop["address"]: stop["reckoned_to_event"] for stop in stops} == {"": False, "乙街道 9 号": True}
    assert client.get("/mediator/circuit?day=2025-06-20").get_data(as_text=True).count("路程按事发地点计算") == 1


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_every_sheet_of_an_agreement_says_what_it_is_and_the_last_day_is_its_own(counter, tmp_path):
    client, api, event_id = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    for terms in ("赔偿三千元", "\n".join(f"第{n}条 双方各让一步。" for n in range(90))):
        assert client.post(f"{api}/agreements", json={"terms": terms}).status_code == 201
        last = len(client.get(api).get_json()["agreements"])
        if last == 1:
            assert client.post(f"{api}/agreements/1/signature").status_code == 201
    number = client.get(api).get_json()["agreements"][-1]["number"]
    path = tmp_path / "agreement.pdf"
    path.write_bytes(client.get(f"/mediator/{event_id}/agreements/2.pdf").data)
    told = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    sheets = told.rstrip("\f").split("\f")
    assert len(sheets) > 2
    for sheet in sheets:
        assert "模拟数据" in sheet
        assert "姓名已脱敏" in sheet
        assert number in sheet
    assert "2025-07-18" not in told  # that is the last day of the version that was signed
    assert "2025-07-18" in client.get(f"/mediator/{event_id}/agreements/1.html").get_data(as_text=True)


def test_a_dispute_that_was_merged_says_with_which_it_ends(small, counter):
    client, api, event_id = counter
    _, _, parent_id = made(small)
    clerk = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    step = {"step": "merge", "details": {"parent": str(parent_id)}}
    assert clerk.post(f"/api/v1/events/{event_id}/steps", json=step).status_code == 201
    number = clerk.get(f"/api/v1/disputes/{parent_id}").get_json()["number"]
    assert client.get(api).get_json()["merged_into"] == number
    assert f"已并入 {number}" in client.get(f"/mediator/{event_id}").get_data(as_text=True)


def test_an_appointment_of_next_year_says_so(counter):
    client, api, event_id = counter
    agreed(client, api)
    client.put(f"{api}/mediator", json={"person_id": str(client.person_id)})
    for year in (2025, 2026):
        times = {"start": f"{year}-08-20T10:00:00+08:00", "end": f"{year}-08-20T11:00:00+08:00"}
        assert client.post(f"{api}/sessions", json={**times, "place": "online"}).status_code == 201
    page = client.get(f"/mediator/{event_id}").get_data(as_text=True)
    assert "<b>08-20 10:00–11:00</b>" in page
    assert "<b>2026-08-20 10:00–11:00</b>" in page
