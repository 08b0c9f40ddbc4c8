"""The service window with Chromium: an address by telephone to a placed event, its receipt; the citizen follows it on a phone."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import expect

from geogrid.domain.people import Role
from geogrid.store import logins
from geogrid.store.session import session_scope
from tests.browser.browsers import PHONE, address, phone, shot
from tests.build_district import VILLAGE_A
from tests.build_installation import DISTRICT
from webmap.installation import installation
from webmap.login import COOKIE, real_now

pytestmark = pytest.mark.browser

COUNTER = {"width": 1280, "height": 720}


def taken_down(page, small) -> tuple[str, str]:
    """Take a report down as it is said by telephone, confirm the first place, send; return number and code."""
    page.fill("[name=text]", "楼道里电线冒火花，有人触电")
    expect(page.locator("#alarm")).to_be_visible()
    page.fill("[name=address]", "甲街道甲社区")
    page.press("[name=address]", "Enter")
    page.wait_for_selector("#places button[data-number='1']")
    page.keyboard.press("Alt+1")
    expect(page.locator("#chosen")).to_have_attribute("data-state", "there")
    shot(page, "window_zh_1280")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#receipt")
    return page.inner_text("#number"), page.inner_text("#code")


def test_an_address_by_telephone_becomes_a_placed_event_that_is_followed_by_its_receipt(serving):
    with phone(COUNTER) as (page, seen):
        page.context.add_cookies(serving.browser_cookies(Role.WINDOW_CLERK, unit=DISTRICT))
        page.goto(address(serving, "/window"))
        number, code = taken_down(page, serving)
        assert page.evaluate("document.querySelector('.qr').naturalWidth") > 60
        assert VILLAGE_A in page.inner_text("#grid")
        shot(page, "receipt_80_zh")
        for paper in ("r58", "a5"):
            page.select_option("#paper", paper)
            shot(page, f"receipt_{paper}_zh")
            assert page.evaluate(
                "document.querySelector('.paper').scrollWidth <= document.querySelector('.paper').clientWidth + 1"
            )
        assert seen.errors == []
        assert seen.outside == []
    event = serving.client().get("/api/v1/events?limit=1").get_json()["features"][0]["properties"]
    assert (event["number"], event["channel"]) == (number, "window")
    with phone(PHONE) as (page, seen):
        page.goto(address(serving, f"/follow?number={number}"))
        page.fill("[name=code]", code.lower())
        page.press("[name=code]", "Enter")
        expect(page.locator(".standing")).to_contain_text("办理中")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert "电线" not in page.content()
        shot(page, "follow_zh")
        page.click("form.step button")
        expect(page.locator(".done")).to_contain_text("已收到")
        assert seen.errors == []


def test_without_a_connection_the_form_stays_as_it_was_and_goes_out_once(serving):
    with phone(COUNTER) as (page, _):
        page.context.add_cookies(serving.browser_cookies(Role.WINDOW_CLERK, unit=DISTRICT))
        page.goto(address(serving, "/window?window=civil"))
        page.fill("[name=text]", "断网时登记的事项")
        page.context.set_offline(True)
        page.click("form#form button[type=submit]")
        expect(page.locator("#told")).to_contain_text("没有网络连接")
        assert page.input_value("[name=text]") == "断网时登记的事项"
        page.context.set_offline(False)
        page.click("form#form button[type=submit]")
        page.wait_for_selector("#receipt")
    assert len(serving.client().get("/api/v1/events?limit=10").get_json()["features"]) == 1


def test_numbers_are_drawn_called_and_shown_in_the_hall(serving):
    with phone(COUNTER, "en-GB") as (page, seen):
        page.context.add_cookies(serving.browser_cookies(Role.WINDOW_CLERK, unit=DISTRICT))
        page.goto(address(serving, "/window"))
        for label in ("A001", "A002"):
            page.click("[data-do=draw]")
            expect(page.locator("#waiting")).to_contain_text(label)
        page.click("[data-do=call]")
        expect(page.locator("#called")).to_contain_text("A001")
        expect(page.locator("#for b")).to_have_text("A001")
        shot(page, "window_en_1280")
        page.locator("#waiting select").select_option("mediation")
        expect(page.locator("#waiting")).to_contain_text("Nobody waits")
        assert seen.errors == []
    with phone({"width": 1920, "height": 1080}) as (page, seen):
        page.goto(address(serving, "/window/display"))
        expect(page.locator("#called li").first).to_contain_text("A001")
        expect(page.locator("#as-of")).to_contain_text("截至")
        shot(page, "display_zh")
        assert seen.errors == []
        page.route("**/window/display.json", lambda route: route.abort())
        expect(page.locator("#as-of")).to_contain_text("连接中断", timeout=60_000)
        page.unroute("**/window/display.json")
        expect(page.locator("#as-of")).to_contain_text("截至", timeout=60_000)  # it does not call new numbers old for ever
        expect(page.locator("body")).not_to_have_class(re.compile("stale"))


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_a_receipt_fits_one_sheet_of_every_paper(serving, language):
    with phone(COUNTER, language) as (page, _):
        page.context.add_cookies(serving.browser_cookies(Role.WINDOW_CLERK, unit=DISTRICT))
        page.goto(address(serving, "/window"))
        expect(page.locator(".map-box .note")).to_be_visible()  # why there is no map yet
        page.fill("[name=text]", "楼道灯坏了")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#receipt")
        for paper in ("r80", "r58", "a5"):
            page.select_option("#paper", paper)
            printed = page.pdf(prefer_css_page_size=True)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, paper


def at_the_window(page, serving, path="/window") -> None:
    page.context.add_cookies(serving.browser_cookies(Role.WINDOW_CLERK, unit=DISTRICT))
    page.goto(address(serving, path))


def test_other_words_take_the_place_back_at_once(serving):
    """Who corrects the address and sends before the look-up of the new words is over sends no place of the old ones."""
    with phone(COUNTER) as (page, _):
        at_the_window(page, serving)
        page.fill("[name=text]", "路灯不亮")
        page.fill("[name=address]", "甲街道甲社区")
        page.wait_for_selector("#places button[data-number='1']")
        page.keyboard.press("Alt+1")
        expect(page.locator("#chosen")).to_have_attribute("data-state", "there")
        page.route("**/api/v1/places?*", lambda route: None)  # nobody answers about the new words
        page.fill("[name=address]", "乙街道")
        page.keyboard.press("Alt+1")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#grid")).to_have_text("待落格")


def test_an_answer_that_comes_late_is_none_to_other_words(serving):
    held = []
    with phone(COUNTER) as (page, _):
        page.route("**/api/v1/places?*", lambda route: route.continue_() if held else held.append(route))
        at_the_window(page, serving)
        page.fill("[name=text]", "路灯不亮")
        with page.expect_request("**/api/v1/places?*"):
            page.fill("[name=address]", "甲街道乙社区")
        page.fill("[name=address]", "甲街道甲社区")
        expect(page.locator("#places .name").first).to_contain_text("甲社区")
        with page.expect_event("requestfinished", lambda request: "/api/v1/places" in request.url):
            held[0].continue_()
        page.keyboard.press("Alt+1")
        expect(page.locator("#chosen")).to_contain_text("甲社区")


def session_of(serving, client) -> list[dict]:
    """Another session of the same person, as cookies: who logged in again."""
    secret = secrets.token_urlsafe()
    with session_scope(installation(serving.app).engine) as session:
        logins.open_session(session, secret, client.person_id, at=real_now(), address="", browser="test")
        logins.second_factor_shown(session, logins.hash_of(secret), at=real_now())
    return [{"name": COOKIE, "value": secret, "url": address(serving, "/"), "httpOnly": True, "sameSite": "Lax"}]


def test_who_logs_in_again_elsewhere_sends_what_was_typed(serving):
    """His new session has another mark; what he typed goes out under that. Somebody else sends nothing of his."""
    clerk = serving.login_as(Role.WINDOW_CLERK, unit=DISTRICT)
    with phone(COUNTER) as (page, _):
        page.context.add_cookies(session_of(serving, clerk))
        page.goto(address(serving, "/window"))
        page.fill("[name=text]", "会话过期时正在登记的事项")
        page.context.clear_cookies()
        page.keyboard.press("Control+Enter")
        expect(page.locator("#told")).to_contain_text("登录已过期")
        page.context.add_cookies(serving.browser_cookies(Role.WINDOW_CLERK, unit=DISTRICT))
        page.keyboard.press("Control+Enter")
        expect(page.locator("#told")).to_contain_text("此浏览器已换人登录")
        page.context.add_cookies(session_of(serving, clerk))
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#receipt")
    assert len(serving.client().get("/api/v1/events?limit=10").get_json()["features"]) == 1


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_every_number_called_stands_on_the_screen_of_the_hall(serving, language):
    """Nobody scrolls a screen on a wall: twelve windows that each called somebody fit it."""
    clerk = serving.login_as(Role.WINDOW_CLERK, unit=DISTRICT)
    codes = [one["code"] for one in clerk.get("/window/queue?window=general").get_json()["windows"]]
    for code in codes:
        for deed in ("draw", "draw", "call"):
            assert clerk.post("/window/tickets", data={"do": deed, "window": code}).status_code == 200
    for size in ({"width": 1920, "height": 1080}, COUNTER):
        with phone(size, language) as (page, _):
            page.goto(address(serving, "/window/display"))
            expect(page.locator("#called li")).to_have_count(len(codes))
            shot(page, f"display_full_{language}_{size['width']}")
            assert page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]") == [
                size["height"],
                size["width"],
            ]
            lowest = "Math.max(...[...document.querySelectorAll('li')].map((one) => one.getBoundingClientRect().bottom))"
            assert page.evaluate(f"{lowest} <= document.getElementById('as-of').getBoundingClientRect().top")
