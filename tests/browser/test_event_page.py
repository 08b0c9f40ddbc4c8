"""One event's page with Chromium, as those see it who come to it: the history in words, the time line, the print, a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from geogrid.domain.people import Role
from tests.browser.browsers import PHONE, address, phone, shot
from tests.build_district import IN_A1, TOWNSHIP_A, VILLAGE_A
from tests.build_installation import DISTRICT

pytestmark = pytest.mark.browser

BOXES = "all => all.map((one) => one.getBBox()).map(({x, y, width, height}) => [x, y, width, height])"
READERS = (
    (Role.DISPATCHER, {"unit": DISTRICT}, "转办"),
    (Role.GRID_LEADER, {"unit": VILLAGE_A}, "处置"),
    (Role.DEPARTMENT, {"department": "urban"}, "处置"),
    (Role.TOWNSHIP_LEADER, {"unit": TOWNSHIP_A}, "督办"),
    (Role.AUDITOR, {"unit": DISTRICT}, ""),
)


def step(client, event, code: str, **details):
    answer = client.post(f"/api/v1/events/{event.id}/steps", json={"step": code, "details": details})
    assert answer.status_code == 201, answer.get_json()


@pytest.fixture
def event(streaming):
    """A matter with a pause that was asked for and approved, urged, on the key list, with a late milestone and an assistant."""
    found = streaming.accept(IN_A1, words="井盖缺失，请联系 13812345678")
    dispatcher, leader = streaming.login_as(Role.DISPATCHER, unit=DISTRICT), streaming.login_as(Role.GRID_LEADER, unit=VILLAGE_A)
    step(dispatcher, found, "open", category="C01")
    step(dispatcher, found, "dispatch", party=f"unit:{VILLAGE_A}", note="今天办结")
    step(dispatcher, found, "assist", party="department:urban")
    step(leader, found, "pause", pause="third_party_report", reason="等检测")
    (waits,) = dispatcher.get(f"/api/v1/desk/events/{found.id}").get_json()["approvals"]
    step(streaming.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A), found, "approve", proposal=waits["seq"])
    step(dispatcher, found, "key_list", note="跟踪")
    made = dispatcher.post(f"/api/v1/desk/events/{found.id}/milestones", json={"title": "勘察", "due_on": "2025-06-17"})
    assert made.status_code == 201
    return found


def opened(page, small, event, role: Role, **place: str) -> None:
    page.context.clear_cookies()
    page.context.add_cookies(small.browser_cookies(role, **place))
    page.goto(address(small, f"/events/{event.number}"))
    page.wait_for_selector("h1")


def test_everybody_it_concerns_reads_the_same_history_and_what_he_himself_may_do(streaming, event):
    with phone({"width": 1280, "height": 720}) as (page, seen):
        for role, place, mine in READERS:
            opened(page, streaming, event, role, **place)
            history = page.inner_text(".history")
            for told in ("派给：甲社区", "申请：暂停计时", "暂停原因：第三方出具报告", "同意：暂停计时", "派给：城市管理"):
                assert told in history, (role, told)
            steps = page.locator("ul.next").first.locator("li:not(.others)")
            own = [title.split("\n")[0] for title in steps.locator("b").all_inner_texts()]
            assert (mine in own) if mine else own == [], (role, own)
            assert "13812345678" not in page.content()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shot(page, "event_auditor_zh")
        assert seen.errors == [] and seen.outside == []


def test_the_time_line_names_its_lanes_beside_the_bars_and_shows_the_pause(streaming, event):
    with phone({"width": 1440, "height": 900}, "en-GB") as (page, _):
        opened(page, streaming, event, Role.COMMANDER, unit=DISTRICT)
        boxes = page.eval_on_selector_all("svg.timeline text", BOXES)
        for at, (x, y, width, height) in enumerate(boxes):
            for other in boxes[at + 1 :]:
                apart = x + width <= other[0] or other[0] + other[2] <= x or y + height <= other[1] or other[1] + other[3] <= y
                assert apart, (boxes[at], other, "words lie on one another")
        lanes = page.eval_on_selector_all("svg.timeline text", "all => all.filter((one) => one.getBBox().x < 0).length")
        assert lanes >= 2, "their names stand left of the axis"
        expect(page.locator(".clocks .mark").first).to_contain_text("third party")
        expect(page.locator(".kin .light.red")).to_have_count(1)
        shot(page, "event_en_1440")


def test_on_a_phone_nothing_is_wider_than_the_screen_and_a_clock_is_read_from_top_to_bottom(streaming, event):
    with phone(PHONE) as (page, _):
        opened(page, streaming, event, Role.GRID_LEADER, unit=VILLAGE_A)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        row = page.locator(".clocks tbody tr").first
        began, due = (row.locator(f"td:nth-of-type({at})").bounding_box() for at in (2, 3))
        assert due["y"] > began["y"] and due["x"] == began["x"]
        shot(page, "event_phone_zh")


def test_printed_from_the_browser_it_holds_the_history_and_nothing_to_press(streaming, event):
    with phone({"width": 1280, "height": 720}) as (page, _):
        opened(page, streaming, event, Role.DISPATCHER, unit=DISTRICT)
        page.emulate_media(media="print")
        for gone in (".ways", "#reveal", ".top"):
            expect(page.locator(gone)).to_be_hidden()
        expect(page.locator(".history")).to_be_visible()
        expect(page.locator(".ribbon")).to_be_visible()
