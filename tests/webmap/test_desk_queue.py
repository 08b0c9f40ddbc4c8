"""The desk's queue over HTTP: one order of all channels, filters, search in Chinese, each reader his own, nothing unmasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from geogrid.actions.accept import accept_report
from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.people import Post, Role
from geogrid.store.session import session_scope
from geogrid.store.tables.matters import matters
from layers import queue
from tests.build_district import IN_A1, IN_B1, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, report
from tests.build_life import COMMANDER, DISPATCHER, HANDLER, VERIFIER
from webmap.installation import installation

DISTRICT = "999901000000"
QUEUE = "/api/v1/desk/queue"


def accept(small, lonlat=IN_A1, kind=EventKind.FACILITY, channel=Channel.PATROL, hours=0, **values):
    here = installation(small.app)
    sent = replace(report(lonlat, words=values.pop("words", "路灯不亮")), kind=kind, channel=channel, **values)
    with session_scope(here.engine) as session:
        return accept_report(session, sent, now=NOW + timedelta(hours=hours), district=here.district, actor="test").event


def step(small, event, code, actor=DISPATCHER, hours=0.0, **details):
    here = installation(small.app)
    with session_scope(here.engine) as session:
        command = TakeStep(event.id, code, actor, details)
        take_step(session, command, now=NOW + timedelta(hours=hours), district=here.district)


def asked(client, **query):
    found = client.get(QUEUE, query_string={name.rstrip("_"): value for name, value in query.items()})
    assert found.status_code == 200, found.get_json()
    return found.get_json()


def numbers(body):
    return [row["number"] for row in body["rows"]]


@pytest.fixture
def commander(small):
    return small.client()


def test_open_matters_come_by_light_then_by_due_time(small, commander):
    """Those dispatched have three days, those just reported two working hours."""
    first, second, given, other = (accept(small) for _ in range(4))
    for event in (given, other):
        step(small, event, "open", category="C01")
        step(small, event, "dispatch", party=f"unit:{VILLAGE_A}")
    body = asked(commander)
    assert body["counts"] == {"red": 0, "amber": 0, "green": 4, "grey": 0}
    assert (body["total"], body["next"], body["sort"]) == (4, None, "due")
    dues = [row["clock"]["due_at"] for row in body["rows"]]
    assert dues == sorted(dues)
    assert set(numbers(body)[:2]) == {first.number, second.number}
    row = next(row for row in body["rows"] if row["number"] == given.number)
    assert (row["state"]["code"], row["seq"], row["light"]) == ("dispatched", 4, "green")
    assert (row["owner"]["party"], row["township_code"], row["village_code"]) == (f"unit:{VILLAGE_A}", TOWNSHIP_A, VILLAGE_A)
    assert row["clock"]["code"] == "handle"


def test_lights_are_those_of_the_instant_and_the_next_page_keeps_it(small, commander):
    events = [accept(small) for _ in range(5)]
    first = asked(commander, limit=2)
    second = asked(commander, limit=2, after=first["next"])
    third = asked(commander, limit=2, after=second["next"])
    assert third["next"] is None
    assert {second["as_of"], third["as_of"]} == {first["as_of"]}
    assert sorted(numbers(first) + numbers(second) + numbers(third)) == sorted(event.number for event in events)
    refused = commander.get(QUEUE, query_string={"after": first["next"], "sort": "reported"})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "request.invalid")


def test_each_filter_leaves_what_it_says(small, commander):
    a = accept(small, channel=Channel.HOTLINE)
    b = accept(small, IN_B1, kind=EventKind.DISPUTE)
    lost = accept(small, None)
    step(small, a, "open", category="C01")
    step(small, a, "supervise", COMMANDER, note="quick")
    step(small, b, "urge", DISPATCHER)
    step(small, b, "open")
    step(small, b, "key_list", DISPATCHER, note="large")
    for query, expected in (
        ({"channel": "hotline"}, (a,)), ({"kind": "dispute"}, (b,)), ({"township": TOWNSHIP_A}, (a,)),
        ({"village": VILLAGE_A}, (a,)),
        ({"category": "C"}, (a, lost)), ({"category": "C01"}, (a,)), ({"state": "reported"}, (lost,)), ({"unplaced": 1}, (lost,)),
        ({"supervised": 1}, (a,)), ({"urged": 1}, (b,)), ({"key_listed": 1}, (b,)), ({"handling": "timed"}, (a, lost)),
        ({"open": 0}, ()), ({"open": "all"}, (a, b, lost)), ({"light": "red"}, ()), ({"light": "green,grey"}, (a, b, lost)),
        ({"owner": f"unit:{DISTRICT}"}, (lost,)), ({"q": lost.number}, (lost,)), ({"reported_to": NOW.isoformat()}, ()),
    ):  # fmt: skip
        body = asked(commander, **query)
        assert set(numbers(body)) == {event.number for event in expected}, query
        assert body["total"] == len(expected), query


def test_what_is_closed_is_listed_when_asked_for_and_by_when_that_was(small, commander):
    one, other = accept(small), accept(small)
    step(small, one, "decline", hours=1, reason="twice")
    step(small, other, "decline", hours=2, reason="twice")
    body = asked(commander, open=0)
    assert (numbers(body), body["sort"], body["total_exact"]) == ([other.number, one.number], "closed", True)
    assert {row["light"] for row in body["rows"]} == {"grey"}
    assert asked(commander)["total"] == 0
    page = asked(commander, open=0, limit=1)
    assert numbers(asked(commander, open=0, limit=1, after=page["next"])) == [one.number]


@pytest.mark.parametrize(("words", "query", "found"), [
    ("小区南门垃圾堆积", "垃圾", True), ("小区南门垃圾堆积", "南门 垃圾", True), ("小区南门垃圾堆积", "垃坏", False),
    ("小区南门垃圾堆积", "门圾", False), ("小区南门垃圾堆积", "垃", True), ("小区南门垃圾堆积", "、、", False),
    ("排水管漏水", "漏水", True), ("排水管漏水", "水水", False), ("排水管漏水", "排漏", False),
    ("路面塌陷，ABC超市门前", "abc超市", True), ("路面塌陷，ＡＢＣ超市门前", "abc", True), ("树木倒伏", "樹木", True),
    ("幸福路12号", "12号", True), ("一百元", "%_", False),
])  # fmt: skip
def test_two_characters_are_enough_to_find(small, commander, words, query, found):
    event = accept(small, words=words)
    accept(small, words="路灯不亮")
    assert (numbers(asked(commander, q=query)) == [event.number]) is found


def paged(client, **query):
    """Return the numbers of all pages of two, and the first page."""
    first = page = asked(client, limit=2, **query)
    found = numbers(page)
    while page["next"]:
        page = asked(client, limit=2, after=page["next"], **query)
        found += numbers(page)
    return found, first


@pytest.mark.parametrize("looked_at", [1, 4, 100])
def test_common_words_are_all_found_and_in_order_however_few_are_looked_at(small, monkeypatch, looked_at):
    """They are counted up to a bound alone where the answer could be long, and the answer says so."""
    monkeypatch.setattr(queue, "MOST_FOUND", 2)
    monkeypatch.setattr(queue, "MOST_LOOKED_AT", looked_at)
    lamps = [accept(small, IN_B1 if i % 3 else IN_A1, hours=i) for i in range(6)]
    others = [accept(small, words="树倒了", hours=6 + i) for i in range(3)]
    for i, event in enumerate((*lamps[:3], others[0])):
        step(small, event, "decline", hours=20 - i, reason="twice")
    given, closed = [event.number for event in lamps], [event.number for event in lamps[:3]]
    commander, leader = small.client(), small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    mine = [event.number for i, event in enumerate(lamps) if i % 3]
    for client, shown, left in ((commander, given, closed), (leader, mine, [n for n in closed if n in mine])):
        found, first = paged(client, q="路灯", open="all")
        assert (found, first["total_exact"]) == (shown[::-1], False)
        assert len(first["rows"]) <= first["total"] <= len(shown)
        assert paged(client, q="路灯", open="0")[0] == left
        found, first = paged(client, q="路灯")
        assert (set(found), first["total"], first["total_exact"]) == (set(shown) - set(left), len(shown) - len(left), True)
    found, first = paged(commander, q="树倒", open="0")
    assert (found, first["total"], first["total_exact"]) == ([others[0].number], 1, True)


@pytest.mark.parametrize(("most", "found", "told"), [(3, 2, (2, False, 3)), (7, 4, (4, False, 7)), (8, 4, (4, True, None))])
def test_a_single_character_is_looked_for_in_the_latest_and_the_answer_says_so(small, monkeypatch, most, found, told):
    """No index knows it. What is open is looked at as a whole."""
    monkeypatch.setattr(queue, "MOST_LOOKED_AT", most)
    events = [accept(small, IN_B1 if i % 2 else IN_A1, hours=i, words="树倒了" if i % 2 else "路灯不亮") for i in range(7)]
    lamps = [event.number for event in events[::2]]
    body = asked(small.client(), q="灯", open="all")
    assert numbers(body) == lamps[::-1][:found]
    assert (body["total"], body["total_exact"], body["among_latest"]) == told
    body = asked(small.client(), q="灯")
    assert (body["total"], body["total_exact"], body["among_latest"]) == (4, True, None)
    monkeypatch.setattr(queue, "MOST_FOUND", 1)
    body = asked(small.client(), q="灯", open="all")
    assert (numbers(body), body["total_exact"], body["among_latest"]) == (lamps[::-1][:found], False, None)


def test_what_is_closed_is_listed_by_time_to_each_reader_his_own(small):
    events = [accept(small, IN_B1 if i % 2 else IN_A1) for i in range(6)]
    step(small, events[0], "open", category="C01")
    step(small, events[0], "dispatch", party="department:urban")
    step(small, events[0], "handle", HANDLER, hours=1, note="done")
    for i, event in enumerate(events[1:], start=1):
        step(small, event, "decline", hours=10 - i, reason="twice")
    township, village = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A), small.login_as(Role.OFFICER, unit=VILLAGE_A)
    both = small.login_as(posts=(Post(Role.TOWNSHIP_LEADER, TOWNSHIP_A), Post(Role.OFFICER, VILLAGE_A)))
    for client, shown in ((small.client(), events[1:]), (township, events[2::2]), (village, events[2::2]), (both, events[2::2])):
        assert paged(client, open="0")[0] == [event.number for event in shown]
    for client in (township, both):
        assert paged(client, open="0", village=VILLAGE_A)[0] == [event.number for event in events[2::2]]
    assert paged(small.login_as(Role.DEPARTMENT, department="urban"), open="all")[0] == [events[0].number]


@pytest.mark.parametrize("tried", [0, 1, 1_500])
def test_a_department_finds_its_own_in_every_order_each_once(small, monkeypatch, tried):
    """Its lists are read from who has a part in what: open, closed, both, filtered, searched, also by two of its parties."""
    monkeypatch.setattr(queue, "MOST_FOUND", 1)
    monkeypatch.setattr(queue, "MOST_TRIED", tried)
    events = [accept(small, IN_B1 if i % 2 else IN_A1, hours=i, words="井盖丢了" if i == 3 else "路灯不亮") for i in range(7)]
    for event in events[:6]:
        step(small, event, "open", hours=10, category="C01")
        step(small, event, "dispatch", hours=10, party="department:urban")
    for hours, event in enumerate((events[2], events[0], events[4])):
        step(small, event, "handle", HANDLER, hours=20 - hours, note="done")
        step(small, event, "verify", VERIFIER, hours=30 - hours, note="seen")
        step(small, event, "close", hours=30 - hours)
    urban, both = (
        small.login_as(posts=tuple(Post(Role.DEPARTMENT, department=name) for name in names))
        for names in (("urban",), ("urban", "police"))
    )
    with session_scope(installation(small.app).engine) as session:
        session.execute(update(matters).where(matters.c.event_id == events[5].id).values(assisting=["department:police"]))
    closed, n = [events[2], events[0], events[4]], [event.number for event in events]
    for client in (urban, both):
        assert paged(client, open="0")[0] == [event.number for event in closed]
        assert paged(client, open="all")[0] == n[5::-1]
        assert paged(client, open="all", township=TOWNSHIP_B)[0] == [n[5], n[3], n[1]]
        assert paged(client, sort="reported")[0] == [n[5], n[3], n[1]]
        assert sorted(paged(client)[0]) == sorted([n[5], n[3], n[1]])
        assert paged(client, open="all", q="路灯")[0] == [n[5], n[4], n[2], n[1], n[0]]
        assert sorted(paged(client, q="路灯")[0]) == sorted([n[5], n[1]])
        assert paged(client, open="all", q="井盖")[0] == [n[3]]
        assert asked(client, open="all")["total"] == 6


def test_nobody_finds_out_a_number_of_somebody_by_searching(small, commander):
    """Else whoever may search could ask for it digit by digit."""
    accept(small, words="张三 13812345678 报，或 138-1234-5678，邮箱 zhangsan@example.com", address="身份证 230111199001011234")
    for guess in ("13812345678", "1381234", "5678", "138-1234", "1234", "zhangsan", "230111199001011234", "0101"):
        assert asked(commander, q=guess)["total"] == 0, guess
    (row,) = asked(commander, q="张三")["rows"]
    assert "13812345678" not in str(row)
    assert "138****5678" in row["words"]


def test_each_reader_sees_his_own_and_counts_no_others(small):
    a, b = accept(small, IN_A1), accept(small, IN_B1)
    step(small, b, "open", category="C01")
    step(small, b, "dispatch", party="department:urban")
    for client, expected in (
        (small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A), (a,)),
        (small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B), (b,)),
        (small.login_as(Role.OFFICER, unit=VILLAGE_A), (a,)),
        (small.login_as(Role.DEPARTMENT, department="urban"), (b,)),
        (small.login_as(Role.DEPARTMENT, department="police"), ()),
        (small.login_as(Role.ADMINISTRATOR, unit=DISTRICT), ()),
        (small.login_as(Role.AUDITOR, unit=DISTRICT), (a, b)),
    ):
        for query in ({}, {"open": "all"}, {"q": "路灯"}, {"sort": "reported"}):
            body = asked(client, **query)
            assert set(numbers(body)) == {event.number for event in expected}, query
            assert body["total"] == len(expected), query
            assert sum(body["counts"].values()) == len(expected), query


def test_mine_and_what_waits_for_me(small):
    a = accept(small, IN_A1)
    step(small, a, "open", category="C01")
    step(small, a, "dispatch", party="department:urban")
    urban, leader = small.login_as(Role.DEPARTMENT, department="urban"), small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    assert numbers(asked(urban, mine=1)) == [a.number]
    assert numbers(asked(leader, mine=1)) == []
    assert numbers(asked(leader, approval=1)) == []
    steps = f"/api/v1/events/{a.id}/steps"
    assert urban.post(steps, json={"step": "extend", "details": {"reason": "parts", "amount": "2wd"}}).status_code == 201
    assert numbers(asked(leader, approval=1)) == [a.number]
    assert numbers(asked(urban, approval=1)) == []
    assert numbers(asked(small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B), approval=1)) == []


def test_danger_to_life_is_marked_by_words_and_by_class(small, commander):
    said, classed, calm = accept(small, words="三楼着火了"), accept(small, kind=EventKind.SAFETY), accept(small)
    step(small, classed, "open", category="F02")
    for query in ({}, {"sort": "reported"}, {"category": "F"}):
        expected = {classed.number} if "category" in query else {said.number, classed.number}
        assert set(numbers(asked(commander, danger=1, **query))) == expected, query
    rows = {row["number"]: row["danger"] for row in asked(commander)["rows"]}
    assert rows == {said.number: True, classed.number: True, calm.number: False}


@pytest.mark.parametrize(
    "query", ["light=blue", "open=2", "limit=0", "limit=201", "after=x", "sort=by", "view=x", "more=1", "danger=1&open=all"]
)
def test_what_cannot_be_asked_is_refused_by_name(client, query):
    found = client.get(f"{QUEUE}?{query}")
    assert found.status_code == 400
    assert found.get_json()["where"]["path"] == query.partition("=")[0]
