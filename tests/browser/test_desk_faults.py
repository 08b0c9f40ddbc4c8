"""The desk with Chromium where the line is slow or breaks: what comes back late touches only what it was asked for."""

from __future__ import annotations

import re
import secrets
from uuid import UUID

import pytest
from playwright.sync_api import expect

from geogrid.domain.people import Role
from geogrid.store import logins
from geogrid.store.session import session_scope
from tests.browser.browsers import address, phone, shot
from tests.browser.test_desk import DESK, opened, reported
from tests.build_district import IN_A1, IN_B1
from tests.build_installation import DISTRICT
from tests.webmap.test_desk_queue import step
from webmap.installation import installation
from webmap.login import COOKIE, real_now

pytestmark = pytest.mark.browser

TOTAL = "#lights .total"
TOLD = "#sheet .told"
# Answers to what matches wait until the test lets them go, or are lost once they are here.
HOLD = """({ pattern, isLost }) => {
  const { fetch } = window;
  const free = new Promise((resolve) => (window.letGo = resolve));
  let isFirst = true;
  window.fetch = async (path, options = {}) => {
    const answer = await fetch(path, options);
    if (!isFirst || !new RegExp(pattern).test(`${options.method} ${path}`)) return answer;
    isFirst = false;
    if (isLost) throw new TypeError("lost");
    document.body.dataset.answer = "held";
    await free;
    setTimeout(() => (document.body.dataset.answer = "given"), 300); // by then it was taken, or not
    return answer;
  };
}"""


def hold(page, pattern: str, *, is_lost: bool = False) -> None:
    page.evaluate(HOLD, {"pattern": pattern, "isLost": is_lost})


def test_an_answer_that_comes_after_its_panel_was_left_closes_no_other_one_and_loses_nothing(streaming):
    reported(streaming, 2)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        hold(page, "POST .*/steps$")
        page.keyboard.press("n")
        page.fill("#sheet textarea", "给第一件")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("body[data-answer=held]")
        first = page.locator("#rows > li[aria-selected=true] .number").inner_text()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("n")
        second = page.locator("#rows > li[aria-selected=true] .number").inner_text()
        expect(page.locator("#sheet-title")).to_contain_text(second)
        page.fill("#sheet textarea", "给第二件，打了很久")
        page.evaluate("window.letGo()")
        expect(page.locator("#toast")).to_contain_text(first)
        expect(page.locator("#sheet")).to_be_visible()
        assert page.input_value("#sheet textarea") == "给第二件，打了很久"
        page.keyboard.press("Control+Enter")
        expect(page.locator("#toast")).to_contain_text(second)


def test_a_slow_list_is_not_shown_under_the_filter_that_came_after_it(streaming):
    reported(streaming, 3)
    for number in range(60):
        streaming.accept(IN_B1, words=f"路灯不亮（{number}）")
    with phone(DESK) as (page, _):
        opened(page, streaming)
        hold(page, "GET .*/queue\\?.*q=")
        page.fill("#search", "不亮")
        page.wait_for_selector("body[data-answer=held]")
        page.fill("#search", "")
        page.keyboard.press("Escape")
        expect(page.locator(TOTAL)).to_have_text("共 63 件")
        page.evaluate("window.letGo()")
        page.wait_for_selector("body[data-answer=given]")
        expect(page.locator(TOTAL)).to_have_text("共 63 件")
        expect(page.locator("#rows > li")).to_have_count(50)
        hold(page, "GET .*/queue\\?.*after=")
        page.evaluate("document.getElementById('rows').scrollTop = 1e6")
        page.wait_for_selector("body[data-answer=held]")
        page.fill("#search", "垃圾堆积")
        expect(page.locator("#rows > li")).to_have_count(1)
        page.evaluate("window.letGo()")
        page.wait_for_selector("body[data-answer=given]")
        expect(page.locator(TOTAL)).to_have_text("共 1 件")
        expect(page.locator("#rows > li")).to_have_count(1)


def test_words_are_searched_one_by_one_and_a_space_typed_between_them_stays(streaming):
    reported(streaming, 3)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.keyboard.press("/")
        page.keyboard.type("垃圾 ")
        expect(page.locator(TOTAL)).to_have_text("共 1 件")
        page.keyboard.type("多日")
        page.wait_for_url(re.compile(r"q=[^&]*(\+|%20)"))
        expect(page.locator(TOTAL)).to_have_text("共 1 件")
        assert page.input_value("#search") == "垃圾 多日"


def test_what_was_picked_is_not_said_to_be_picked_once_the_list_is_another(streaming):
    reported(streaming, 3)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.keyboard.press("x")
        expect(page.locator("#bulk")).to_be_visible()
        page.keyboard.press("r")
        expect(page.locator("#bulk")).to_be_hidden()


def test_a_filter_without_an_answer_shows_no_rows_of_another_one_and_is_asked_again(streaming):
    reported(streaming, 3)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.context.set_offline(True)
        page.keyboard.press("8")
        expect(page.locator("#queue-state")).to_contain_text("没有网络连接")
        expect(page.locator("#rows > li")).to_have_count(0)
        page.keyboard.press("1")
        expect(page.locator("#queue-state")).to_contain_text("没有网络连接")
        page.context.set_offline(False)
        expect(page.locator("#rows > li")).to_have_count(3)


def test_an_order_whose_answer_was_lost_is_sent_again_and_given_once(streaming):
    streaming.login_as(Role.OFFICER, unit=DISTRICT)
    reported(streaming, 1)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.keyboard.press("o")
        page.select_option("#sheet select[name=to]", f"unit:{DISTRICT}")
        page.fill("#sheet textarea[name=text]", "今晚巡查河堤")
        hold(page, "POST .*/orders$", is_lost=True)
        page.click("#sheet .foot .main")
        expect(page.locator(f"{TOLD}[data-face=offline]")).to_be_visible()
        page.click("#sheet .foot .main")
        expect(page.locator(f"{TOLD}[data-face=done]")).to_be_visible()
        expect(page.locator("#sheet .orders > li")).to_have_count(1)
    assert len(streaming.client().get("/api/v1/desk/orders").get_json()["orders"]) == 1


def test_a_session_that_ends_while_something_is_typed_is_told_once_and_the_next_one_sends_it(streaming):
    """The same person sends on under the new session; for somebody else nothing is sent."""
    (event,) = reported(streaming, 1)
    asked = []
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.keyboard.press("n")
        page.fill("#sheet textarea", "请尽快到现场")
        mine = next(one for one in page.context.cookies() if one["name"] == COOKIE)
        page.evaluate("fetch('/logout', { method: 'POST', headers: { 'X-CSRF-Token': JSON.parse(config.textContent).mark } })")
        page.keyboard.press("Control+Enter")
        expect(page.locator(TOLD)).to_contain_text("登录已过期")
        expect(page.locator("#connection a")).to_be_visible(timeout=40_000)  # the stream ends with the session
        shot(page, "desk_session_over_zh")
        page.context.add_cookies(streaming.browser_cookies(Role.DISPATCHER, unit=DISTRICT))
        page.click("#sheet .foot .main")
        expect(page.locator(TOLD)).to_contain_text("换人登录")
        assert page.input_value("#sheet textarea") == "请尽快到现场"
        page.context.add_cookies([{**mine, "value": logged_in_again(streaming, page)}])
        page.click("#sheet .foot .main")
        expect(page.locator("#sheet")).to_be_hidden()
        assert asked == []
    steps = streaming.client().get(f"/api/v1/events/{event.id}/steps").get_json()["steps"]
    assert [step["note"] for step in steps if step["kind"] == "note"] == ["请尽快到现场"]


def logged_in_again(small, page) -> str:
    """A new session of whom the page was made for."""
    secret, me = secrets.token_urlsafe(), page.evaluate("JSON.parse(config.textContent).me")
    with session_scope(installation(small.app).engine) as session:
        logins.open_session(session, secret, UUID(me.removeprefix("person:")), at=real_now(), address="", browser="test")
        logins.second_factor_shown(session, logins.hash_of(secret), at=real_now())
    return secret


def test_what_sinks_below_the_first_two_hundred_stays_in_a_list_that_holds_more(streaming):
    """One answer holds two hundred rows; who has more loaded, and sees one of them sink, still finds it where it was."""
    for number in range(210):
        streaming.accept(IN_A1, words=f"路灯不亮（{number}）")
    with phone(DESK) as (page, _):
        opened(page, streaming)
        for loaded in (100, 150, 200, 210):
            page.evaluate("document.getElementById('rows').scrollTop = 1e6")
            expect(page.locator("#rows > li")).to_have_count(loaded)
        row = page.locator("#rows > li").nth(3)
        number = row.locator(".number").inner_text()
        other, event = streaming.login_as(Role.DISPATCHER, unit=DISTRICT), row.get_attribute("data-id")
        assert other.post(f"/api/v1/events/{event}/steps", json={"step": "open"}).status_code == 201
        expect(row.locator(".state")).to_have_text("已立案", timeout=40_000)
        assert row.locator(".number").inner_text() == number
        expect(page.locator("#rows > li")).to_have_count(210)
        expect(page.locator("#rows > li.gone")).to_have_count(0)


def test_a_panel_on_a_low_screen_shows_what_it_asks_for_above_its_button(streaming):
    for number in range(4):
        streaming.accept(IN_A1, words=f"路灯不亮（{number}）")
    with phone({"width": 1280, "height": 720}, language="en-GB") as (page, _):
        opened(page, streaming)
        page.keyboard.press("m")
        expect(page.locator("#sheet .beside article")).to_have_count(2)
        button, compared = page.locator("#sheet .foot .main"), page.locator("#sheet .beside")
        below, above = button.bounding_box(), compared.bounding_box()
        assert above["y"] + above["height"] <= below["y"], (above, below)
        assert below["y"] + below["height"] <= 720
        close = page.locator("#sheet [data-close]").bounding_box()
        assert close["width"] > 50, "× and Esc stand in one line"
        shot(page, "desk_merge_en_1280")


def test_an_address_of_another_page_says_what_is_wrong_with_it(streaming):
    reported(streaming, 1)
    with phone(DESK) as (page, _):
        page.context.add_cookies(streaming.browser_cookies(Role.DISPATCHER, unit=DISTRICT))
        page.goto(address(streaming, "/desk?view=99999"))
        expect(page.locator("#queue-state[data-face=failed]")).to_contain_text("99999")
        page.keyboard.press("1")
        expect(page.locator("#rows > li")).to_have_count(1)


def test_who_goes_through_the_list_quickly_reads_only_where_he_stops(streaming):
    reported(streaming, 12)
    with phone(DESK) as (page, seen):
        opened(page, streaming)
        before = len(seen.requests)
        page.evaluate(
            "for (let at = 0; at < 11; at += 1) document.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))"
        )
        last = page.locator("#rows > li").last.locator(".number").inner_text()
        expect(page.locator("#matter-body .number a")).to_have_text(last)
        read = [one for one in seen.requests[before:] if re.search(r"/desk/events/[^/]+$", one)]
        assert len(read) <= 2, read


def test_enter_in_the_name_of_a_view_keeps_it(streaming):
    reported(streaming, 1)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.keyboard.press("f")
        page.check("#filter-form [name=border]")
        page.fill("#filter-form [data-name]", "边界")
        page.press("#filter-form [data-name]", "Enter")
        expect(page.locator("#views option")).to_have_count(2)
        page.press("#filter-form [name=border]", "Control+Enter")
        expect(page.locator("#filter-form")).to_be_hidden()
        page.wait_for_url(re.compile("border=1"))


def test_what_could_not_be_read_is_read_once_the_line_is_back(streaming):
    reported(streaming, 2)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.context.set_offline(True)
        page.keyboard.press("j")
        expect(page.locator("#matter-body .failed")).to_contain_text("没有网络连接")
        page.context.set_offline(False)
        told = page.locator("#rows > li[aria-selected=true] .number").inner_text()
        expect(page.locator("#matter-body .number a")).to_have_text(told, timeout=40_000)


def test_what_moves_up_when_others_leave_is_not_called_new(streaming):
    """Of sixty the list shows fifty: the one that comes in below when one above is closed was there before."""
    for number in range(60):
        streaming.accept(IN_A1, words=f"路灯不亮（{number}）")
    with phone(DESK) as (page, _):
        opened(page, streaming)
        number = page.locator("#rows > li").nth(3).locator(".number").inner_text()
        other, event = (
            streaming.login_as(Role.DISPATCHER, unit=DISTRICT),
            page.locator("#rows > li").nth(3).get_attribute("data-id"),
        )
        declined = {"step": "decline", "details": {"reason": "重复"}}
        assert other.post(f"/api/v1/events/{event}/steps", json=declined).status_code == 201
        expect(page.locator("#rows .number", has_text=number)).to_have_count(0, timeout=40_000)
        expect(page.locator("#rows > li")).to_have_count(50)
        expect(page.locator("#rows .badge.new")).to_have_count(0)


def test_who_comes_back_from_the_page_of_a_matter_has_it_in_hand_again(streaming):
    reported(streaming, 4)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.keyboard.press("j")
        page.keyboard.press("j")
        told = page.locator("#rows > li[aria-selected=true] .number").inner_text()
        expect(page.locator("#matter-body .number a")).to_have_text(told)
        with page.expect_navigation(url=re.compile("/events/")):
            page.keyboard.press("e")
        page.go_back()
        expect(page.locator("#rows > li[aria-selected=true] .number")).to_have_text(told)


def test_letters_of_words_that_are_still_being_put_together_are_not_searched(streaming):
    reported(streaming, 3)
    with phone(DESK) as (page, seen):
        opened(page, streaming)
        keyboard = page.context.new_cdp_session(page)
        page.keyboard.press("/")
        keyboard.send("Input.imeSetComposition", {"text": "lu deng", "selectionStart": 7, "selectionEnd": 7})
        keyboard.send("Input.insertText", {"text": "路灯"})
        expect(page.locator(TOTAL)).to_have_text("共 1 件")
        assert not [one for one in seen.requests if "q=lu" in one]


def test_what_sinks_in_a_list_of_which_the_beginning_is_loaded_is_not_said_to_have_left_it(streaming):
    for number in range(60):
        streaming.accept(IN_A1, words=f"路灯不亮（{number}）")
    with phone(DESK) as (page, _):
        opened(page, streaming)
        row = page.locator("#rows > li[aria-selected=true]")
        page.keyboard.press("t")
        page.wait_for_selector("#sheet:not([hidden]) [name=complexity]")
        page.keyboard.press("Control+Enter")
        expect(row.locator(".state")).to_have_text("已立案")
        expect(row).to_contain_text("已移出前列")


def test_to_whom_many_are_given_is_said_by_name(streaming):
    for event in reported(streaming, 2):
        step(streaming, event, "open", category="C01")
    with phone(DESK) as (page, _):
        opened(page, streaming)
        page.keyboard.press("x")
        page.keyboard.press("b")
        page.select_option("#sheet [name=step]", "dispatch")
        party = page.locator("#sheet [name=party]")
        party.fill("没有这个单位")
        page.click("#sheet .foot .main")
        assert party.evaluate("(field) => field.validationMessage") == "请从列表中按名称选择。"
        name = page.locator("#sheet datalist option").first.get_attribute("value")
        party.fill(name)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sheet .preview")).to_contain_text("可办理： 1")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sheet")).to_be_hidden()
        expect(page.locator("#rows .owner", has_text=name)).to_have_count(1)
