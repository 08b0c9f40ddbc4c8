"""The desk with Chromium: twenty reports from intake to dispatch by the keyboard alone, two dispatchers on one, merging."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from geogrid.domain.events import EventKind
from geogrid.domain.people import Role
from tests.browser.browsers import address, phone, shot
from tests.build_district import IN_A1, IN_A2, IN_B1, VILLAGE_A
from tests.build_installation import DISTRICT
from tests.webmap.test_desk_queue import accept, step

pytestmark = pytest.mark.browser

DESK = {"width": 1440, "height": 900}
REPORTS = 20
SAID = ("路灯不亮", "井盖缺失，行人绕行", "垃圾堆积多日", "占道经营，无法通行", "下水道堵塞")


def reported(small, count: int = REPORTS) -> list:
    """Reports all over the district, some near each other."""
    found = []
    for number in range(count):
        lon, lat = (IN_A1, IN_A2, IN_B1)[number % 3]
        lonlat = lon + 0.0004 * (number % 5), lat + 0.0003 * (number // 5)
        found.append(small.accept(lonlat, words=f"{SAID[number % 5]}（{number + 1}）"))
    return found


def worker(small) -> None:
    """Somebody on duty in village A, to be dispatched to."""
    small.login_as(Role.GRID_LEADER, unit=VILLAGE_A)


def opened(page, small, *roles: Role, path: str = "/desk") -> None:
    page.context.add_cookies(small.browser_cookies(*(roles or (Role.DISPATCHER,)), unit=DISTRICT))
    page.goto(address(small, path))
    page.wait_for_selector("#rows > li")
    page.wait_for_selector("#matter-body h2")


def states(small) -> list[str]:
    rows = small.client().get("/api/v1/desk/queue?limit=200&open=all").get_json()["rows"]
    return [row["stage"] for row in rows]


def test_twenty_reports_from_intake_to_dispatch_by_the_keyboard_alone(streaming):
    reported(streaming)
    worker(streaming)
    with phone(DESK) as (page, seen):
        opened(page, streaming)
        assert page.locator("#rows > li").count() == REPORTS
        shot(page, "desk_zh_1440")
        for number in range(REPORTS):
            if number:
                page.keyboard.press("j")
            row = page.locator("#rows > li[aria-selected=true]")
            told = row.locator(".number").inner_text()
            expect(page.locator("#matter-body .number a")).to_have_text(told)
            page.keyboard.press("t")
            page.wait_for_selector("#sheet:not([hidden]) [name=complexity]")
            if number == 0:
                shot(page, "desk_triage_zh")
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("#sheet", state="hidden")
            expect(page.locator("#matter-body .standing .state")).to_have_text("已立案")
            page.keyboard.press("d")
            page.wait_for_selector("#sheet .choice li[aria-selected=true]")
            if number == 0:
                shot(page, "desk_dispatch_zh")
            page.keyboard.press("Enter")
            page.wait_for_selector("#sheet", state="hidden")
            expect(row.locator(".state")).to_have_text("办理中")
        shot(page, "desk_done_zh")
        assert seen.errors == []
        assert seen.outside == []
    assert states(streaming) == ["dispatched"] * REPORTS


def test_a_key_that_comes_before_the_matter_is_there_is_meant_for_the_selected_row(streaming):
    reported(streaming, 3)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        slow = {"offline": False, "latency": 700, "downloadThroughput": -1, "uploadThroughput": -1}
        protocol = page.context.new_cdp_session(page)
        protocol.send("Network.enable")
        protocol.send("Network.emulateNetworkConditions", slow)
        page.keyboard.press("j")
        page.keyboard.press("n")
        told = page.locator("#rows > li[aria-selected=true] .number").inner_text()
        expect(page.locator("#sheet-title")).to_contain_text(told)


def test_the_second_of_two_dispatchers_is_told_and_loses_nothing_that_was_typed(streaming):
    event = reported(streaming, 1)[0]
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.keyboard.press("t")
        page.wait_for_selector("#sheet:not([hidden]) textarea[name=note]")
        page.fill("#sheet textarea[name=note]", "请尽快到现场")
        other = streaming.login_as(Role.DISPATCHER, unit=DISTRICT)
        taken = other.post(f"/api/v1/events/{event.id}/steps", json={"step": "note", "details": {"note": "我来看看"}})
        assert taken.status_code == 201
        page.keyboard.press("Control+Enter")
        conflict = page.locator("#sheet .told[data-face=conflict]")
        expect(conflict).to_contain_text("我来看看")
        assert page.input_value("#sheet textarea[name=note]") == "请尽快到现场"
        shot(page, "desk_conflict_zh")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#sheet", state="hidden")
    steps = streaming.client().get(f"/api/v1/events/{event.id}/steps").get_json()["steps"]
    assert [step["kind"] for step in steps] == ["report", "assign", "note", "open"]
    assert steps[-1]["note"] == "请尽快到现场"


def test_offline_is_said_what_is_typed_stays_and_goes_out_once_afterwards(streaming):
    event = reported(streaming, 1)[0]
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.keyboard.press("n")
        page.fill("#sheet textarea[name=note]", "断网时写的")
        page.context.set_offline(True)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sheet .told[data-face=offline]")).to_contain_text("内容没有丢失")
        expect(page.locator("#connection")).to_contain_text("离线")
        page.keyboard.press("Escape")
        page.context.set_offline(False)
        page.keyboard.press("n")
        assert page.input_value("#sheet textarea[name=note]") == "断网时写的"
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#sheet", state="hidden")
    steps = streaming.client().get(f"/api/v1/events/{event.id}/steps").get_json()["steps"]
    assert [step["note"] for step in steps if step["kind"] == "note"] == ["断网时写的"]


def test_a_new_report_comes_in_marked_and_moves_nothing(streaming):
    reported(streaming, 12)
    with phone({"width": 1280, "height": 720}) as (page, _):
        opened(page, streaming)
        expect(page.locator("#connection")).to_contain_text("实时")
        for _ in range(5):
            page.keyboard.press("j")
        chosen = page.locator("#rows > li[aria-selected=true]")
        before = chosen.bounding_box()["y"], chosen.locator(".number").inner_text()
        event = streaming.accept(IN_B1, words="新来的一件")
        fresh = page.locator("#rows > li", has_text=event.number)
        fresh.locator(".badge.new").wait_for(timeout=15_000)
        assert (chosen.bounding_box()["y"], chosen.locator(".number").inner_text()) == before or fresh.bounding_box()["y"] > 0
        assert chosen.locator(".number").inner_text() == before[1]
        shot(page, "desk_new_zh_1280")


def test_twice_reported_is_merged_side_by_side_and_the_merge_undone(streaming):
    first = streaming.accept(IN_A1, words="路灯不亮，一共三盏")
    lon, lat = IN_A1
    second = streaming.accept((lon + 0.0002, lat), words="路灯不亮，三盏都坏了")
    with phone(DESK) as (page, _):
        opened(page, streaming, path=f"/desk?event={second.id}")
        expect(page.locator("#matter-body .number a")).to_have_text(second.number)
        page.keyboard.press("m")
        page.wait_for_selector("#sheet .beside article")
        assert first.number in page.inner_text("#sheet .beside")
        assert re.search(r"\d+ 米", page.inner_text("#sheet .choice"))
        shot(page, "desk_merge_zh")
        page.keyboard.press("Enter")
        page.wait_for_selector("#sheet", state="hidden")
        expect(page.locator("#matter-body")).to_contain_text("本件已并入该件")
        page.keyboard.press("z")
        expect(page.locator("#toast")).to_contain_text("已恢复独立")
    steps = streaming.client().get(f"/api/v1/events/{second.id}/steps").get_json()["steps"]
    assert [step["kind"] for step in steps] == ["report", "assign", "merge", "unmerge"]


def test_what_is_closed_is_shown_beside_it_and_not_offered_to_be_merged_into(streaming):
    lon, lat = IN_A1
    closed = streaming.accept((lon + 0.0001, lat), words="路灯不亮，三盏都坏了")
    step(streaming, closed, "decline", reason="twice")
    still_open = streaming.accept((lon + 0.0006, lat), words="路灯坏了三盏")
    mine = streaming.accept(IN_A1, words="路灯不亮，三盏都坏了")
    with phone(DESK) as (page, _):
        opened(page, streaming, path=f"/desk?event={mine.id}")
        page.keyboard.press("m")
        page.wait_for_selector("#sheet .beside article")
        chosen = page.locator("#sheet .choice li[aria-selected=true]")
        expect(chosen).to_contain_text(still_open.number)
        page.locator("#sheet .choice li", has_text=closed.number).click()
        expect(page.locator("#sheet .told")).to_contain_text("已结案，不能并入")
        expect(page.locator("#sheet button[type=submit]")).to_be_disabled()
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sheet")).to_be_visible()
        page.locator("#sheet .choice li", has_text=still_open.number).click()
        expect(page.locator("#sheet .told")).to_be_hidden()
        expect(page.locator("#sheet button[type=submit]")).to_be_enabled()
    assert [one["kind"] for one in streaming.client().get(f"/api/v1/events/{mine.id}/steps").get_json()["steps"]] == [
        "report",
        "assign",
    ]


def test_a_dispute_is_dispatched_from_among_the_stations(streaming):
    event = accept(streaming, IN_A1, kind=EventKind.DISPUTE, words="邻里纠纷")
    step(streaming, event, "open")
    with phone(DESK) as (page, _):
        opened(page, streaming)
        proposed = streaming.client().get(f"/api/v1/desk/events/{event.id}").get_json()["proposal"]["party"]
        assert proposed["party"].startswith("station:")
        page.keyboard.press("d")
        expect(page.locator("#sheet .tabs [data-kind=station]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#sheet .choice li").first).to_contain_text(proposed["title"])
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#sheet .tabs [data-kind=worker]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#sheet .choice")).not_to_contain_text(proposed["title"])


def test_the_unplaced_is_placed_and_filters_stand_in_the_address(streaming):
    streaming.accept(None, words="路灯不亮，说不清在哪里")
    streaming.accept(IN_A1, words="有位置的")
    with phone(DESK, "en-GB") as (page, _):
        opened(page, streaming)
        page.keyboard.press("4")
        expect(page.locator("#rows > li")).to_have_count(1)
        assert "unplaced=1" in page.url
        page.keyboard.press("p")
        page.wait_for_selector("#sheet:not([hidden]) [name=grid]")
        shot(page, "desk_place_en")
        page.fill("#sheet [name=grid]", "999901001001002")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#sheet", state="hidden")
        expect(page.locator("#toast")).to_contain_text("999901001001002")
        page.keyboard.press("1")
        expect(page.locator("#rows > li")).to_have_count(2)
        page.keyboard.press("?")
        expect(page.locator("dialog#keys")).to_be_visible()
        shot(page, "desk_keys_en")
        page.keyboard.press("Escape")
        page.keyboard.press("f")
        page.fill("#filter-form [name=reported_from]", "2025-06-18")
        page.fill("#filter-form [name=reported_to]", "2025-06-18")
        page.keyboard.press("Enter")
        expect(page.locator("#rows > li")).to_have_count(2)
        page.keyboard.press("/")
        page.keyboard.type("位置的")
        expect(page.locator("#rows > li")).to_have_count(1)
        shot(page, "desk_en_1440")


def test_words_that_were_confirmed_stand_on_the_map_as_a_disc_and_are_not_called_certain(streaming):
    event, (lon, lat) = streaming.accept(None, words="路灯不亮"), IN_A1
    place = {
        "name": "甲社区",
        "lon": lon,
        "lat": lat,
        "precision": "village",
        "radius_m": 300.0,
        "confidence": 1.0,
        "reason": ["甲社区"],
    }
    answer = streaming.client().put(f"/api/v1/events/{event.id}/grid", json={"place": place})
    assert answer.status_code == 200, answer.get_json()
    with phone(DESK) as (page, _):
        opened(page, streaming)
        expect(page.locator("#map .way")).to_have_text("甲社区")
        expect(page.locator("#matter-body")).to_contain_text("按文字定位，经人工确认：甲社区")
        expect(page.locator("#matter-body")).not_to_contain_text("100 %")
        expect(page.locator(".leaflet-control-zoom-in")).to_have_attribute("title", "放大")


def test_many_at_once_are_previewed_and_then_done(streaming):
    reported(streaming, 5)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        for _ in range(3):
            page.keyboard.press("x")
            page.keyboard.press("j")
        page.keyboard.press("b")
        page.wait_for_selector("#sheet:not([hidden]) [name=step]")
        page.select_option("#sheet [name=step]", "open")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sheet .preview")).to_contain_text("可办理： 3")
        assert states(streaming) == ["reported"] * 5, "a preview does nothing"
        shot(page, "desk_bulk_zh")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#sheet", state="hidden")
        page.keyboard.press("n")
        page.fill("#sheet textarea", "核实过")
        expect(page.locator("#sheet button[type=submit]")).to_have_text("保存备注")  # not what the panel before called it
    assert sorted(states(streaming)) == ["opened"] * 3 + ["reported"] * 2


def test_widths_are_kept_for_the_person(streaming):
    reported(streaming, 2)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        before = page.locator("#queue").bounding_box()["width"]
        page.focus("[role=separator][data-of=queue]")
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        after = page.locator("#queue").bounding_box()["width"]
        assert after > before + 60
        page.reload()
        page.wait_for_selector("#rows > li")
        assert abs(page.locator("#queue").bounding_box()["width"] - after) < 2


def test_who_may_not_see_the_matter_is_told_so_and_not_shown_it(streaming):
    event = streaming.accept(IN_A1, words="乙镇看不到的内容")
    streaming.accept(IN_B1, words="乙镇自己的")
    with phone(DESK) as (page, _):
        page.context.add_cookies(streaming.browser_cookies(Role.TOWNSHIP_LEADER, unit="999901002000"))
        page.goto(address(streaming, f"/desk?event={event.id}"))
        expect(page.locator("#matter-body .face.failed")).to_contain_text("无权查看")
        assert "看不到的内容" not in page.content()
        assert page.locator("#rows > li").count() == 1
