"""The counter over HTTP: what is taken along, whose list it is, what figures say of it, what never stands in an address."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from geogrid.store.session import session_scope
from tests.build_counter import agreed, made
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
