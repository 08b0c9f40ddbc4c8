"""Units, people and programmes over HTTP: filtered, paged, masked, in the language asked for."""

from __future__ import annotations

import pytest

from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.build_district import TOWNSHIP_A, VILLAGE_A
from tests.build_people import employ, id_of
from webmap.installation import installation

DISTRICT = "999901000000"


@pytest.fixture(scope="module")
def staffed(shared):
    with session_scope(installation(shared.app).engine) as session:
        employ(session)
    return shared


@pytest.fixture
def admin(staffed):
    return staffed.login_as(Role.ADMINISTRATOR, unit=DISTRICT)


def followed(client, path: str, name: str) -> list[dict]:
    """Every page of a list, to its end."""
    found = []
    while path:
        body = client.get(path).get_json()
        found += body[name]
        path = body["links"].get("next", "")
    return found


def test_units_are_told_with_level_parent_and_box_page_by_page(client):
    everything = client.get("/api/v1/units").get_json()["units"]
    assert followed(client, "/api/v1/units?limit=1", "units") == everything
    of = {unit["code"]: unit for unit in everything}
    assert of[TOWNSHIP_A]["parent"] == DISTRICT
    west, south, east, north = of[TOWNSHIP_A]["bbox"]
    assert (126 < west < east < 127) and (45 < south < north < 47)
    below = client.get(f"/api/v1/units?parent={TOWNSHIP_A}&level=village").get_json()["units"]
    assert VILLAGE_A in {unit["code"] for unit in below}
    assert {(unit["level"], unit["parent"]) for unit in below} == {("village", TOWNSHIP_A)}


@pytest.mark.parametrize("query", ["level=county", "limit=0", "limit=1001", "cursor=%27", "near=1"])
def test_a_list_says_what_it_does_not_understand(client, query):
    answer = client.get(f"/api/v1/units?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "request.invalid")


def test_people_are_found_by_role_unit_and_department_of_one_post(admin):
    def found(query):
        return {person["id"] for person in followed(admin, f"/api/v1/people?{query}&limit=2", "people")}

    assert str(id_of("township_a")) in found(f"unit={TOWNSHIP_A}")
    assert str(id_of("urban")) in found("department=urban&role=department")
    assert str(id_of("urban")) not in found("role=dispatcher")
    assert found(f"role=dispatcher&unit={TOWNSHIP_A}") == set(), "one post holds both"


def test_names_are_whole_for_administrators_alone_and_nothing_secret_is_told(staffed, admin):
    path = f"/api/v1/people?role=grid_leader&unit={VILLAGE_A}"
    (whole,) = admin.get(path).get_json()["people"]
    (masked,) = staffed.login_as(Role.COMMANDER, unit=DISTRICT).get(path).get_json()["people"]
    assert (whole["name"], masked["name"]) == ("leader_a", "l*")
    assert (whole["phone"], masked["phone"], masked["email"]) == ("138****0000", "", "")
    assert whole["email"].startswith("l***")
    assert whole["posts"] == masked["posts"]
    assert set(whole) == {"id", "name", "phone", "email", "posts", "disabled", "integration", "synthetic"}
    assert admin.get(path).headers["Cache-Control"] == "no-store"


def test_a_commander_of_a_part_sees_the_people_of_that_part(staffed):
    part = staffed.login_as(Role.COMMANDER, unit=TOWNSHIP_A)
    found = {person["id"] for person in followed(part, "/api/v1/people", "people")}
    assert str(id_of("township_a")) in found
    assert str(id_of("dispatcher")) not in found


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.AUDITOR, Role.OFFICER, Role.PLANNER])
def test_others_list_no_people(staffed, role):
    assert staffed.login_as(role, unit=DISTRICT).get("/api/v1/people").status_code == 403
    assert staffed.guest().get("/api/v1/people").status_code == 401


def test_a_programme_is_told_in_the_language_asked_for_and_drawn(client):
    listed = client.get("/api/v1/programmes?lang=en").get_json()["programmes"]
    assert listed[0]["code"] == "hulan"
    assert [one["default"] for one in listed] == [True] + [False] * (len(listed) - 1)
    for one in listed:
        told = client.get(f"/api/v1/programmes/{one['code']}?lang=zh").get_json()
        states = {state["code"] for state in told["states"]}
        assert all({*step["from"], step["to"] or step["from"][0]} <= states for step in told["steps"])
        assert all(clock["limits"] and clock["lights"] for clock in told["clocks"])
        picture = client.get(f"/api/v1/programmes/{one['code']}.svg")
        assert picture.mimetype == "image/svg+xml"
        assert picture.text.startswith("<svg")
    english = client.get("/api/v1/programmes/hulan?lang=en").get_json()
    dispatch = next(step for step in english["steps"] if step["code"] == "dispatch")
    assert dispatch["roles"][0]["code"] in Role.codes()
    assert english["title"] != client.get("/api/v1/programmes/hulan?lang=zh").get_json()["title"]
    for path in ("/api/v1/programmes/nowhere", "/api/v1/programmes/nowhere.svg"):
        assert client.get(path).status_code == 404
