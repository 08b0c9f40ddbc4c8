"""What is done from the desk: candidates, bulk steps, merging, two at once, views, milestones, orders, shifts."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from geogrid.domain.events import EventKind
from geogrid.domain.grids import Department
from geogrid.domain.lists import Duty, Item, Part
from geogrid.domain.people import Force, Role, WorkerRole
from geogrid.rules.scope import EVERYTHING
from geogrid.store import lists
from geogrid.store.scope import enter
from geogrid.store.session import session_scope
from tests.build_district import A1, A2, IN_A1, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A
from tests.webmap.test_desk_queue import DISTRICT, accept, asked, numbers, step
from webmap.installation import installation


@pytest.fixture
def dispatcher(small):
    return small.login_as(Role.DISPATCHER, unit=DISTRICT)


def count(small, query, **values):
    with session_scope(installation(small.app).engine) as session:
        return session.scalar(text(query), values)


def audited(small, action):
    return count(small, "SELECT count(*) FROM audit WHERE action = :a", a=action)


# -- two at once ------------------------------------------------------------------------------------------------------


def test_the_second_of_two_dispatchers_is_told_and_nothing_is_overwritten(small, dispatcher):
    other, event = small.login_as(Role.DISPATCHER, unit=DISTRICT), accept(small)
    seen = [client.get(f"/api/v1/desk/events/{event.id}").get_json()["seq"] for client in (dispatcher, other)]
    assert seen == [2, 2]
    steps = f"/api/v1/events/{event.id}/steps"
    assert dispatcher.post(steps, json={"step": "open", "base_seq": 2, "details": {"category": "C01"}}).status_code == 201
    late = other.post(steps, json={"step": "decline", "base_seq": 2, "details": {"reason": "twice"}})
    assert (late.status_code, late.get_json()["code"]) == (409, "step.conflict")
    (meanwhile,) = late.get_json()["where"]["steps"]
    assert (meanwhile["step"], meanwhile["actor"]) == ("open", f"person:{dispatcher.person_id}")
    row = asked(other)["rows"][0]
    assert (row["state"]["code"], row["seq"]) == ("opened", 3)
    merging = other.post(f"/api/v1/desk/events/{event.id}/merge", json={"parent": str(accept(small).id), "base_seq": 2})
    assert (merging.status_code, merging.get_json()["code"]) == (409, "step.conflict")


# -- merging ----------------------------------------------------------------------------------------------------------


def test_a_merged_event_shows_its_parent_and_the_parent_its_children(small, dispatcher):
    child, parent = accept(small), accept(small)
    path = f"/api/v1/desk/events/{child.id}"
    made = dispatcher.post(f"{path}/merge", json={"parent": str(parent.id), "base_seq": 2, "key": "k1"})
    assert made.status_code == 201, made.get_json()
    assert made.get_json()["parent"] == {"id": str(parent.id), "number": parent.number}
    assert [one["step"] for one in made.get_json()["possible"]] == ["unmerge"]
    assert dispatcher.post(f"{path}/merge", json={"parent": str(parent.id), "base_seq": 2, "key": "k1"}).status_code == 200
    rows = {row["number"]: row for row in asked(dispatcher)["rows"]}
    assert (rows[child.number]["light"], rows[parent.number]["children"]) == ("grey", 1)
    body = dispatcher.get(f"/api/v1/desk/events/{parent.id}").get_json()
    assert [one["number"] for one in body["children"]] == [child.number]
    apart = dispatcher.post(f"{path}/unmerge", json={"reason": "another lamp"})
    assert (apart.status_code, apart.get_json()["parent"], apart.get_json()["light"]) == (201, None, "green")
    refused = dispatcher.post(f"{path}/unmerge", json={"reason": "again"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "step.merge")


def test_nobody_merges_into_what_he_does_not_see(small):
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    mine, theirs = accept(small), accept(small, (126.615, 45.905))
    asking = small.client().get(f"/api/v1/desk/events/{theirs.id}").get_json()["township_code"]
    sent = leader.post(f"/api/v1/desk/events/{mine.id}/merge", json={"parent": str(theirs.id)})
    assert sent.status_code == (201 if asking == TOWNSHIP_A else 404)
    assert leader.post(f"/api/v1/desk/events/{mine.id}/merge", json={"parent": str(uuid4())}).status_code == 404
    assert leader.post(f"/api/v1/desk/events/{mine.id}/merge", json={"parent": "x"}).status_code in {400, 422}
    assert leader.post(f"/api/v1/desk/events/{mine.id}/merge", json={}).get_json()["code"] == "report.field_missing"


# -- candidates -------------------------------------------------------------------------------------------------------


def candidates(client, event, kind):
    found = client.get(f"/api/v1/desk/events/{event.id}/candidates?kind={kind}&lang=en")
    assert found.status_code == 200, found.get_json()
    return found.get_json()["rows"]


def on_duty(small, client, grid):
    with session_scope(installation(small.app).engine) as session:
        duty = Duty(client.person_id, grid, Force.BASE, WorkerRole.GRID_WORKER, since=NOW - timedelta(days=1))
        lists.add_duties(session, [duty], given_by="test")


def test_the_worker_of_the_grid_comes_first_with_his_load_and_the_next_one_with_his_distance(small, dispatcher):
    here, beside = (small.login_as(Role.OFFICER, unit=VILLAGE_A) for _ in range(2))
    on_duty(small, here, A1)
    on_duty(small, beside, A2)
    event, other = accept(small, IN_A1), accept(small, IN_A1)
    step(small, other, "open", category="C01")
    step(small, other, "dispatch", party=f"person:{here.person_id}")
    rows = candidates(dispatcher, event, "worker")
    assert [row["party"] for row in rows[:2]] == [f"person:{here.person_id}", f"person:{beside.person_id}"]
    assert [(row["load"], row["nearest"], row["proposed"]) for row in rows[:2]] == [(1, True, True), (0, False, False)]
    assert rows[0]["distance_m"] == 0.0 < rows[1]["distance_m"]
    assert rows[0]["reason"] == "on duty in this grid"
    assert rows[0]["point_lonlat"][0] == pytest.approx(IN_A1[0], abs=0.01)


def test_a_dispute_goes_to_the_home_station_and_stations_tell_distance_and_hours(small, dispatcher):
    event = accept(small, IN_A1, kind=EventKind.DISPUTE)
    rows = candidates(dispatcher, event, "station")
    assert rows
    body = dispatcher.get(f"/api/v1/desk/events/{event.id}").get_json()
    home = body["assignment"]["home_station"]
    if home:
        assert rows[0]["party"] == f"station:{home}"
        assert body["proposal"]["party"]["party"] == f"station:{home}"
    assert [row for row in rows if row["distance_m"] is None] == []
    assert all(set(row["hours"]) == {"open", "words"} for row in rows)


def test_the_department_that_the_lists_name_is_explained(small, dispatcher):
    event = accept(small, IN_A1)
    step(small, event, "open", category="C04")  # housing answers for it
    with session_scope(installation(small.app).engine) as session:
        lists.propose(session, Item("hulan", "C04", TOWNSHIP_A, "police", Part.ASSIST), by="person:x", now=NOW)
        session.execute(
            text("UPDATE list_items SET state = 'admitted', admitted_at = now(), admitted_by = 'person:y', assessed_at = now()")
        )
    rows = candidates(dispatcher, event, "department")
    assert (rows[0]["party"], rows[0]["reason"]) == ("department:housing", "named by the rules of the programme")
    police = next(row for row in rows if row["party"] == "department:police")
    assert police["reason"] == "assists in such matters, by the lists"
    assert len(rows) == len(Department.codes())


def test_candidates_of_what_is_not_seen_are_not_told(small):
    event = accept(small, IN_A1)
    stranger = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    assert stranger.get(f"/api/v1/desk/events/{event.id}/candidates?kind=team").status_code == 404
    lost = accept(small, None)
    assert small.client().get(f"/api/v1/desk/events/{lost.id}/candidates?kind=station").get_json()["rows"] == []


# -- many at once -----------------------------------------------------------------------------------------------------


def test_a_preview_changes_nothing_and_says_of_each_whether_it_would_go(small, dispatcher):
    fresh, opened, unknown = accept(small), accept(small), uuid4()
    step(small, opened, "open", category="C01")
    before = count(small, "SELECT count(*) FROM steps")
    told = dispatcher.post(
        "/api/v1/desk/bulk/preview", json={"ids": [str(fresh.id), str(opened.id), str(unknown)], "step": "open"}
    ).get_json()
    assert [(one["number"], one["seq"]) for one in told["can"]] == [(fresh.number, 2)]
    assert [(one["id"], one["code"]) for one in told["cannot"]] == [
        (str(opened.id), "step.not_allowed"),
        (str(unknown), "not_found"),
    ]
    assert count(small, "SELECT count(*) FROM steps") == before


def test_many_are_taken_each_in_its_own_right_and_once_a_key(small, dispatcher):
    one, stale, other = accept(small), accept(small), accept(small)
    step(small, stale, "note", note="somebody was quicker")
    items = [{"id": str(event.id), "base_seq": 2} for event in (one, stale, other)]
    sent = {"items": items, "step": "open", "details": {"category": "C01"}, "key": "b1"}
    told = dispatcher.post("/api/v1/desk/bulk", json=sent).get_json()
    assert {row["number"] for row in told["done"]} == {one.number, other.number}
    assert [(row["number"], row["code"]) for row in told["failed"]] == [(stale.number, "step.conflict")]
    assert set(numbers(asked(dispatcher, state="opened"))) == {one.number, other.number}
    again = dispatcher.post("/api/v1/desk/bulk", json=sent).get_json()
    assert {row["number"] for row in again["done"]} == {one.number, other.number}
    assert count(small, "SELECT count(*) FROM steps WHERE step = 'open'") == 2


def test_a_bulk_step_reaches_only_what_its_sender_sees(small):
    leader, theirs = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B), accept(small, IN_A1)
    sent = {"items": [{"id": str(theirs.id)}], "step": "note", "details": {"note": "x"}}
    told = leader.post("/api/v1/desk/bulk", json=sent).get_json()
    assert (told["done"], [row["code"] for row in told["failed"]]) == ([], ["not_found"])
    assert leader.post("/api/v1/desk/bulk", json={**sent, "items": [sent["items"][0]] * 201}).status_code == 400


# -- saved views ------------------------------------------------------------------------------------------------------


def test_a_view_is_saved_shared_used_changed_and_deleted_by_its_owner_alone(small, dispatcher):
    accept(small)
    dispute = accept(small, kind=EventKind.DISPUTE)
    made = dispatcher.post(
        "/api/v1/desk/views", json={"name": "纠纷", "query": {"kind": "dispute", "after": "x"}, "shared": False}
    )
    assert made.status_code == 201, made.get_json()
    view = made.get_json()
    assert view["query"] == {"kind": "dispute"}
    assert numbers(asked(dispatcher, view=view["id"])) == [dispute.number]
    assert len(numbers(asked(dispatcher, view=view["id"], kind="facility"))) == 1  # what stands beside it counts first
    other = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    assert other.get("/api/v1/desk/views").get_json()["views"] == []
    assert other.get(f"/api/v1/desk/queue?view={view['id']}").status_code == 404
    path, body = f"/api/v1/desk/views/{view['id']}", {"name": "纠纷", "query": {"kind": "dispute"}, "shared": True}
    assert dispatcher.put(path, json=body).status_code == 200
    assert [one["mine"] for one in other.get("/api/v1/desk/views").get_json()["views"]] == [False]
    assert numbers(asked(other, view=view["id"])) == [dispute.number]
    assert (other.put(path, json=body).status_code, other.delete(path).status_code) == (404, 404)
    assert dispatcher.post("/api/v1/desk/views", json=body).get_json()["code"] == "desk.view_name"
    assert dispatcher.delete(path).status_code == 204
    assert dispatcher.get("/api/v1/desk/views").get_json()["views"] == []


def test_what_is_written_into_a_shared_view_is_masked_for_others(small, dispatcher):
    body = {"name": "催 13912345678", "query": {"q": "13912345678"}, "shared": True}
    assert dispatcher.post("/api/v1/desk/views", json=body).get_json()["query"] == body["query"]
    other = small.login_as(Role.DISPATCHER, unit=DISTRICT).get("/api/v1/desk/views")
    assert "13912345678" not in other.text and "139****5678" in other.text


@pytest.mark.parametrize("query", [{"light": "blue"}, {"more": "1"}, {"open": "2"}, {"q": "x" * 61}])
def test_a_view_with_filters_that_the_queue_does_not_take_is_refused(small, dispatcher, query):
    refused = dispatcher.post("/api/v1/desk/views", json={"name": "v", "query": query})
    assert refused.status_code == 400
    assert refused.get_json()["where"]["path"] == next(iter(query))


# -- milestones -------------------------------------------------------------------------------------------------------


def test_milestones_are_for_the_key_list_and_reached_once(small, dispatcher):
    event = accept(small)
    path = f"/api/v1/desk/events/{event.id}/milestones"
    body = {"title": "完成勘察 13812345678", "due_on": "2025-06-17"}
    assert dispatcher.post(path, json=body).get_json()["code"] == "desk.not_key_listed"
    step(small, event, "open", category="C01")
    step(small, event, "key_list", note="large")
    made = dispatcher.post(path, json=body)
    assert made.status_code == 201
    (one,) = made.get_json()["milestones"]
    assert (one["title"], one["late"], one["done"]) == ("完成勘察 138****5678", True, False)
    done = f"/api/v1/desk/milestones/{one['id']}/done"
    assert small.login_as(Role.VERIFIER, unit=TOWNSHIP_B).post(done, json={"note": "x"}).status_code == 404
    assert dispatcher.post(done, json={"note": " "}).get_json()["code"] == "desk.words"
    assert dispatcher.post(done, json={"note": "done"}).get_json()["milestones"][0]["done"]
    assert dispatcher.post(done, json={"note": "done"}).get_json()["code"] == "desk.milestone_done"
    assert dispatcher.get(f"/api/v1/desk/events/{event.id}").get_json()["milestones"][0]["note"] == "done"
    assert dispatcher.post(path, json={"title": "x", "due_on": "tomorrow"}).status_code in {400, 422}
    assert (audited(small, "desk.milestone.set"), audited(small, "desk.milestone.done")) == (1, 1)


# -- orders -----------------------------------------------------------------------------------------------------------


def test_an_order_to_a_township_reaches_everybody_there_and_receipts_say_who_read_it(small, dispatcher):
    one = small.login_as(Role.OFFICER, unit=VILLAGE_A)
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    outside = small.login_as(Role.OFFICER, unit=TOWNSHIP_B)
    event = accept(small)
    body = {"to": f"unit:{TOWNSHIP_A}", "text": "今晚巡查河堤", "event_id": str(event.id), "due_at": "2025-06-18T20:00:00+08:00"}
    made = dispatcher.post("/api/v1/desk/orders", json=body)
    assert made.status_code == 201, made.get_json()
    order = made.get_json()
    assert (order["told"], order["read"], len(order["receipts"])) == (2, 0, 2)
    path = f"/api/v1/desk/orders/{order['id']}"
    assert one.post(f"{path}/read").status_code == 201
    assert one.post(f"{path}/read").get_json()["read_at"] == one.get(path).get_json()["read_at"]
    assert dispatcher.get(path).get_json()["read"] == 1
    read = [receipt["read_at"] is not None for receipt in dispatcher.get(path).get_json()["receipts"]]
    assert sorted(read) == [False, True]
    assert len(leader.get("/api/v1/desk/orders").get_json()["orders"]) == 1
    assert outside.get("/api/v1/desk/orders").get_json()["orders"] == []
    assert (outside.get(path).status_code, outside.post(f"{path}/read").status_code) == (404, 404)
    told = count(
        small, "SELECT count(*) FROM deliveries AS d JOIN notices AS n ON n.id = d.notice_id WHERE n.rule = 'desk_order'"
    )
    assert told == 2
    assert (audited(small, "desk.order"), audited(small, "desk.order.read")) == (1, 2)


def test_nobody_orders_people_beyond_his_own_territory(small):
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    own, other = small.login_as(Role.OFFICER, unit=VILLAGE_A), small.login_as(Role.OFFICER, unit=TOWNSHIP_B)
    sent = [
        leader.post("/api/v1/desk/orders", json={"to": to, "text": "x"}).status_code
        for to in (f"person:{own.person_id}", f"person:{other.person_id}", f"unit:{TOWNSHIP_B}", f"unit:{DISTRICT}", "person:?")
    ]
    assert sent == [201, 403, 403, 403, 403]
    assert own.post("/api/v1/desk/orders", json={"to": f"unit:{VILLAGE_A}", "text": "x"}).status_code == 403
    commander = small.client()
    for to in ("unit:1", "person:?", "department:urban", "nobody"):
        assert commander.post("/api/v1/desk/orders", json={"to": to, "text": "x"}).status_code == 422, to


# -- shifts -----------------------------------------------------------------------------------------------------------


def test_a_shift_is_handed_over_and_accepted_by_the_next_alone(small, dispatcher):
    following, other = (small.login_as(Role.DISPATCHER, unit=DISTRICT) for _ in range(2))
    assert dispatcher.post("/api/v1/desk/shift-log", json={"text": "电话 13812345678 已回"}).status_code == 201
    handed = dispatcher.post("/api/v1/desk/shift-log/handover", json={"to": f"person:{following.person_id}", "text": "两件未派"})
    assert handed.status_code == 201, handed.get_json()
    line = handed.get_json()["lines"][0]
    path = f"/api/v1/desk/shift-log/handover/{line['id']}/accept"
    assert other.post(path).status_code == 403
    assert following.post(path).get_json()["lines"][0]["handover"]["accepted_at"]
    assert (following.post(path).status_code, following.post(path).get_json()["code"]) == (409, "desk.handover")
    first = dispatcher.get("/api/v1/desk/shift-log").get_json()["lines"][-1]
    assert (first["text"], first["desk"]["code"]) == ("电话 138****5678 已回", DISTRICT)
    assert dispatcher.post(path.replace(str(line["id"]), str(first["id"]))).status_code == 404


def test_the_log_of_a_township_is_its_own(small, dispatcher):
    a, b = (small.login_as(Role.TOWNSHIP_LEADER, unit=unit) for unit in (TOWNSHIP_A, TOWNSHIP_B))
    a.post("/api/v1/desk/shift-log", json={"text": "of a"})
    dispatcher.post("/api/v1/desk/shift-log", json={"text": "of the district"})
    assert [line["text"] for line in a.get("/api/v1/desk/shift-log").get_json()["lines"]] == ["of a"]
    assert b.get("/api/v1/desk/shift-log").get_json()["lines"] == []
    assert len(dispatcher.get("/api/v1/desk/shift-log").get_json()["lines"]) == 2
    assert small.login_as(Role.OFFICER, unit=VILLAGE_A).get("/api/v1/desk/shift-log").status_code == 403


def test_what_was_written_into_the_log_stays(small, dispatcher):
    """The web's role may add lines and do no more."""
    dispatcher.post("/api/v1/desk/shift-log", json={"text": "here"})
    for statement in ("UPDATE shift_log SET words = 'x'", "DELETE FROM shift_log"):
        with session_scope(installation(small.app).engine) as session:
            enter(session, EVERYTHING)
            with pytest.raises(ProgrammingError, match="permission denied"):
                session.execute(text(statement))
            session.rollback()


# -- sent twice -------------------------------------------------------------------------------------------------------


def test_what_is_sent_again_because_its_answer_was_lost_is_there_once(small, dispatcher):
    """Nobody gets the same order twice, and no log or key list holds a line twice; other words are another order."""
    officer = small.login_as(Role.OFFICER, unit=VILLAGE_A)
    event = accept(small)
    step(small, event, "open", category="C01")
    step(small, event, "key_list", note="large")
    to = f"person:{dispatcher.person_id}"
    bodies = (
        ("orders", {"to": f"unit:{VILLAGE_A}", "text": "今晚巡查河堤", "due_at": "2025-06-18T20:00:00+08:00"}),
        ("shift-log", {"text": "两件未派"}),
        ("shift-log/handover", {"to": to, "text": "两件未派"}),
        (f"events/{event.id}/milestones", {"title": "完成勘察", "due_on": "2025-06-20"}),
    )
    other = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    for path, body in bodies:
        assert [other.post(f"/api/v1/desk/{path}", json=body).status_code for _ in range(3)] == [201, 201, 201], path
    assert officer.get("/api/v1/desk/waiting").get_json()["orders"] == 1
    assert [line["text"] for line in other.get("/api/v1/desk/shift-log").get_json()["lines"]] == ["两件未派", "两件未派"]
    assert len(other.get(f"/api/v1/desk/events/{event.id}").get_json()["milestones"]) == 1
    assert count(small, "SELECT count(*) FROM notices WHERE rule = 'desk_order'") == 1
    assert [audited(small, f"desk.{what}") for what in ("order", "shift.line", "shift.handover", "milestone.set")] == [1] * 4
    assert other.post("/api/v1/desk/orders", json={**bodies[0][1], "text": "今晚再巡查一次"}).status_code == 201
    assert dispatcher.post("/api/v1/desk/orders", json=bodies[0][1]).status_code == 201  # and that of somebody else
    assert officer.get("/api/v1/desk/waiting").get_json()["orders"] == 3


def test_the_same_order_later_on_is_another_one(small, dispatcher):
    officer = small.login_as(Role.OFFICER, unit=VILLAGE_A)
    body = {"to": f"person:{officer.person_id}", "text": "到岗报到"}
    dispatcher.post("/api/v1/desk/orders", json=body)
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE orders SET given_at = given_at - interval '11 minutes'"))
    dispatcher.post("/api/v1/desk/orders", json=body)
    assert officer.get("/api/v1/desk/waiting").get_json()["orders"] == 2
