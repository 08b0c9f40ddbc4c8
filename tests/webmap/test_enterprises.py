"""``/enterprises`` and its API: lists, one with everything, visits and problems recorded, the plan; in the reader's scope."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest

from geogrid.actions.enterprises import keep
from geogrid.domain.people import Post, Role
from geogrid.store.session import session_scope
from tests.actions.test_enterprises import RULES, code, row
from tests.build_district import A1, IN_A1, IN_B1, NOW, TOWNSHIP_A, TOWNSHIP_B
from tests.build_installation import DISTRICT
from webmap.installation import installation

API = "/api/v1/enterprises"
VISIT = {"date": "2025-06-18", "body": "department:market", "visitors": "李某", "seen": "排水不畅，联系人 13912345678"}


@pytest.fixture
def firms(small):
    """Two enterprises, in A1 and in B1: their ids."""
    here = installation(small.app)
    with session_scope(here.engine) as session:
        rows = [row(1, IN_A1, "key", name="甲食品厂"), row(2, IN_B1, name="乙<b>机械</b>")]
        keep(session, rows, now=NOW, district=here.district, rules=RULES)
    found = {one["code"]: one["id"] for one in small.client().get(API).json["enterprises"]}
    return [found[code(1)], found[code(2)]]


@pytest.fixture
def dispatcher(small):
    return small.login_as(Role.DISPATCHER, unit=DISTRICT)


def test_the_list_has_filters_and_figures_and_says_when_it_is_empty(small, dispatcher):
    assert "geogrid load enterprises" in dispatcher.get("/enterprises?lang=en").text


def test_a_visit_and_a_problem_stand_with_the_enterprise_masked(dispatcher, firms):
    made = dispatcher.post(f"{API}/{firms[0]}/visits", json=VISIT | {"key": "k1"})
    assert made.status_code == 201
    assert "139****5678" in made.json["seen"]
    assert dispatcher.post(f"{API}/{firms[0]}/visits", json=VISIT | {"key": "k1"}).json == made.json
    assert dispatcher.post(f"{API}/{firms[0]}/visits", json=VISIT | {"key": "k1", "seen": "x"}).status_code == 409
    sent = {"id": str(uuid4()), "words": "门前排水不畅", "handling": "joint", "visit": made.json["id"]}
    event = dispatcher.post(f"{API}/{firms[0]}/problems", json=sent).json["event"]
    found = dispatcher.get(f"{API}/{firms[0]}").json
    assert (found["grid_code"], found["visits"], found["problems"], found["solved"]) == (A1, 1, 1, 0)
    assert found["events"][0]["number"] == event["number"]
    assert found["events"][0]["handling"]["code"] == "joint"
    page = dispatcher.get(f"/enterprises/{firms[0]}").text
    assert event["number"] in page
    assert "联办" in page
    assert "13912345678" not in page
    assert "13912345678" not in json.dumps(found)


@pytest.mark.parametrize(
    ("part", "body", "status"),
    [
        ("visits", VISIT, 400),
        ("visits", VISIT | {"key": "k", "date": "2025-06-19"}, 422),
        ("visits", VISIT | {"key": "k", "body": "nobody"}, 422),
        ("visits", VISIT | {"key": "k", "body": "unit:" + "9" * 9_999}, 422),
        ("visits", VISIT | {"key": "k", "made_by": "me"}, 400),
        ("problems", {"id": str(uuid4()), "words": ""}, 400),
        ("problems", {"id": str(uuid4()), "words": "x", "category": "ZZ"}, 422),
        ("problems", {"id": str(uuid4()), "words": "x", "visit": 999_999}, 422),
        ("events", {"event": str(uuid4()), "kind": "dispute"}, 404),
    ],
)
def test_what_cannot_be_kept_is_refused(dispatcher, firms, part, body, status):
    assert dispatcher.post(f"{API}/{firms[0]}/{part}", json=body).status_code == status


def test_forms_record_and_lead_back_and_keep_what_was_typed_where_they_refuse(dispatcher, firms):
    form = {
        "date": "2025-06-18",
        "kind": "legal_check",
        "body": "department:justice",
        "visitors": "王某",
        "seen": "合同齐全",
        "key": "f1",
    }
    done = dispatcher.post(f"/enterprises/{firms[0]}/visits", data=form)
    assert (done.status_code, done.headers["Location"]) == (303, f"/enterprises/{firms[0]}")
    assert "法治体检" in dispatcher.get(f"/enterprises/{firms[0]}").text
    wrong = dispatcher.post(f"/enterprises/{firms[0]}/visits", data=form | {"date": "2099-01-01", "key": "f2"})
    assert wrong.status_code == 422
    assert "王某" in wrong.text
    raised = dispatcher.post(
        f"/enterprises/{firms[0]}/problems", data={"words": "缺电", "handling": "transfer", "key": str(uuid4())}
    )
    assert raised.status_code == 303
    assert "缺电" in dispatcher.get(f"/enterprises/{firms[0]}").text
    assert dispatcher.post(f"/enterprises/{firms[0]}/problems", data={"words": "缺电", "key": "no uuid"}).status_code == 422


def test_a_township_sees_its_own_and_a_department_whom_it_visited(small, dispatcher, firms):
    own, other = (small.login_as(posts=[Post(Role.TOWNSHIP_LEADER, unit)]) for unit in (TOWNSHIP_A, TOWNSHIP_B))
    market = small.login_as(posts=[Post(Role.DEPARTMENT, department="market")])
    assert [one["name"] for one in own.get(API).json["enterprises"]] == ["甲食品厂"]
    assert other.get(f"{API}/{firms[0]}").status_code == 404
    assert other.get(f"/enterprises/{firms[0]}").status_code == 404
    assert other.post(f"{API}/{firms[0]}/visits", json=VISIT | {"key": "k9"}).status_code == 404
    assert "甲食品厂" not in other.get("/enterprises/plan").text
    assert market.get(API).json["total"] == 0
    dispatcher.post(f"{API}/{firms[0]}/visits", json=VISIT | {"key": "k1"})
    assert [one["name"] for one in market.get(API).json["enterprises"]] == ["甲食品厂"]


def test_the_plan_shows_who_is_due_and_the_round(dispatcher, firms):
    found = dispatcher.get(f"{API}/plan").json
    assert [one["name"] for one in found["due"]] == ["甲食品厂", "乙<b>机械</b>"]  # the key enterprise first
    assert [one["id"] for one in found["stops"]] == [firms[0]]  # a round keeps to one township
    dispatcher.post(f"{API}/{firms[0]}/visits", json=VISIT | {"key": "k1"})
    assert [one["name"] for one in dispatcher.get(f"{API}/plan").json["due"]] == ["乙<b>机械</b>"]
    assert dispatcher.get(f"{API}/plan?class=key").json["due"] == []
    page = dispatcher.get("/enterprises/plan").text
    assert "乙<b>" not in page


def test_the_plan_of_tomorrow_goes_on_where_today_ends(dispatcher, firms):
    today = dispatcher.get(f"{API}/plan").json
    assert (today["day"], [one["visits"] for one in today["days"]]) == ("2025-06-18", [1, 1, 0, 0, 0, 0])
    tomorrow = dispatcher.get(f"{API}/plan?day=2025-06-19").json
    assert [one["id"] for one in tomorrow["stops"]] == [firms[1]]
    page = dispatcher.get("/enterprises/plan?day=2025-06-19&class=small").text
    assert 'href="/enterprises/plan?class=small&amp;day=2025-06-20"' in page
    assert 'aria-current="date">明天' in page and ">周五<" in page
    assert '<input type="hidden" name="day" value="2025-06-19">' in page  # a filter keeps the day
    for day, status in (("2025-06-21", 400), ("2025-06-17", 400), ("x", 422)):  # a Saturday, yesterday, no day
        assert dispatcher.get(f"/enterprises/plan?day={day}").status_code == status


def test_who_came_is_named_whole_to_who_sends_people_out_alone(small, dispatcher, firms):
    dispatcher.post(f"{API}/{firms[0]}/visits", json=VISIT | {"key": "k", "visitors": "欧阳娜、李建国，王芳"})
    names = [
        one.get(f"{API}/{firms[0]}").json["visited"][0]["visitors"]
        for one in (dispatcher, small.login_as(Role.AUDITOR, unit=DISTRICT))
    ]
    assert names == ["欧阳娜、李建国、王芳", "欧*、李*、王*"]


def test_a_visit_that_a_colleague_recorded_is_told_and_a_second_one_kept(dispatcher, firms):
    path, form = f"/enterprises/{firms[0]}/visits", {**VISIT, "kind": "visit"}
    assert dispatcher.post(path, data={**form, "key": "a"}).status_code == 303
    told = dispatcher.post(path, data={**form, "key": "b"})
    assert told.status_code == 409
    assert 'name="again"' in told.text and "李某" in told.text and "已经登记" in told.text
    assert dispatcher.post(path, data={**form, "key": "b", "again": "1"}).status_code == 303
    assert dispatcher.get(f"{API}/{firms[0]}").json["visits"] == 2


@pytest.mark.parametrize("query", ["class=key", f"township={TOWNSHIP_A}", f"grid={A1}", "q=甲食"])
def test_the_page_filters(dispatcher, firms, query):
    page = dispatcher.get(f"/enterprises?{query}").text
    assert "甲食品厂" in page
    assert "机械" not in page


def test_names_are_text_and_never_markup(dispatcher, firms):
    for path in ("/enterprises", f"/enterprises/{firms[1]}"):
        assert "<b>机械" not in dispatcher.get(path).text


def test_a_township_writes_down_its_own_visits_and_a_department_its_own_alone(small, dispatcher, firms):
    def offered(client):
        form = client.get(f"/enterprises/{firms[0]}").text.partition('name="body"')[2].partition("</select>")[0]
        return re.findall(r'value="([^"]+)"', form)

    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    assert offered(leader)[0] == f"unit:{TOWNSHIP_A}" and len(offered(leader)) == 9
    sent = {**VISIT, "kind": "visit", "key": "k", "body": f"unit:{TOWNSHIP_A}"}
    assert leader.post(f"/enterprises/{firms[0]}/visits", data=sent).status_code == 303
    assert leader.get(f"{API}/{firms[0]}").json["visited"][0]["body"]["title"].startswith("甲街道")
    dispatcher.post(f"{API}/{firms[0]}/visits", json=VISIT | {"key": "k1"})
    market = small.login_as(posts=(Post(Role.DEPARTMENT, department="market"),))
    assert offered(market) == ["department:market"]
    other = {**sent, "key": "k2", "body": "department:police"}
    assert market.post(f"/enterprises/{firms[0]}/visits", data=other).status_code == 403


def test_a_reader_who_visits_nobody_has_no_forms(small, firms):
    page = small.login_as(Role.AUDITOR, unit=DISTRICT).get(f"/enterprises/{firms[0]}").text
    assert 'action="/enterprises' not in page
