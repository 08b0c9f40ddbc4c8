"""Lists of matters over HTTP: by those entitled, holes and double leads told."""

from __future__ import annotations

from geogrid.domain.people import Role
from tests.build_district import TOWNSHIP_B

PATH = "/api/v1/matter-lists"
DISTRICT = "999901000000"
WANTED = {"category": "C03", "unit": TOWNSHIP_B, "department": "urban"}


def test_a_list_grows_by_distinct_people(login_as, client):
    before = client.get(PATH).get_json()
    urban, dispatcher = login_as(Role.DEPARTMENT, department="urban"), login_as(Role.DISPATCHER, unit=DISTRICT)
    made = urban.post(PATH, json=WANTED)
    assert made.status_code == 201, made.get_json()
    decisions = f"{PATH}/{made.get_json()['id']}/decisions"
    assert urban.post(decisions, json={"state": "assessed"}).status_code == 403
    assert client.post(decisions, json={"state": "admitted"}).get_json()["code"] == "list.state"
    assert dispatcher.post(decisions, json={"state": "assessed"}).status_code == 201
    assert client.post(decisions, json={"state": "admitted"}).get_json()["state"] == "admitted"
    assert urban.post(PATH, json=WANTED).status_code == 409
    after = client.get(PATH).get_json()
    assert (before["holes"] - after["holes"], after["doubles"]) == (1, 0)
    (cell,) = [c for c in after["cells"] if (c["category"], c["unit"]) == ("C03", TOWNSHIP_B)]
    assert cell["leads"] == ["urban"] and not cell["hole"]


def test_what_does_not_fit_is_named(login_as, client):
    refused = client.post(PATH, json={**WANTED, "part": "king"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "list.unknown")
    assert client.post(PATH, json={**WANTED, "more": "1"}).get_json()["where"] == {"path": "more"}
    assert client.post(PATH, json={"category": "C03"}).get_json()["code"] == "report.field_missing"
    assert client.get(PATH, query_string={"programme": "moon"}).status_code == 422
    assert login_as(Role.OFFICER, unit=DISTRICT).post(PATH, json=WANTED).status_code == 403
