"""Logging in with Chromium, without scripts and with: wrong, locked, a second factor, keys alone, phones, other sites."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect, sync_playwright

from geogrid.actions import accounts
from geogrid.domain.people import Post, Role
from geogrid.rules.one_time import code_of, step_at
from geogrid.store.session import session_scope
from tests.browser.browsers import CHROMIUM, FLAGS, PHONE, address, phone, served
from tests.build_district import NOW
from tests.build_installation import DISTRICT, HERE
from webmap.installation import installation

pytestmark = pytest.mark.browser

PASSWORD = "七里河边散步的黄昏很安静"
DESK = {"width": 1280, "height": 720}
SMALL = """
    [...document.querySelectorAll('button, input:not([type=hidden]), select, a.button')]
      .filter((e) => e.offsetParent && (e.closest('label.tick') ?? e).getBoundingClientRect().height < 44)
      .map((e) => e.outerHTML.slice(0, 80))
"""


@pytest.fixture
def serving(installed):
    """A small installation that a browser can open, with a commander and an administrator."""
    with session_scope(installation(installed.app).engine) as session:
        for login, role in (("zhao", Role.COMMANDER), ("admin", Role.ADMINISTRATOR)):
            post = Post(role, unit=DISTRICT)
            new = accounts.NewAccount(login, "赵明", (post,), password=PASSWORD, must_change=False)
            accounts.create(session, new, now=NOW, at=datetime.now(UTC), by="test")
    with served(installed):
        yield installed


def enter(page, login: str = "zhao", password: str = PASSWORD) -> None:
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")


def test_wrong_then_right_then_out_without_a_script_and_with_keys_alone(serving):
    with phone(DESK, java_script_enabled=False) as (page, seen):
        page.goto(address(serving, "/unplaced"))
        assert page.url.endswith("/login?next=%2Funplaced")
        page.wait_for_selector("[name=login]:focus")  # by itself, so that nobody has to look for it
        page.keyboard.type("zhao")
        page.keyboard.press("Tab")
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#fault")
        assert "登录名或密码错误" in page.inner_text("#fault")
        assert page.input_value("[name=login]") == "zhao"
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/unplaced")
        assert "赵明 · 指挥" in page.inner_text(".who")
        page.click(".who button")
        page.wait_for_url("**/login")
        page.goto(address(serving, "/unplaced"))
        assert "/login" in page.url
        assert seen.outside == []


def test_five_wrong_attempts_lock_and_the_page_says_for_how_long(serving):
    with phone(PHONE, "en-GB") as (page, _):
        page.goto(address(serving, "/login"))
        for _ in range(5):
            enter(page, password="wrong")
        enter(page)
        assert "locked for 15 min" in page.inner_text("#fault")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_an_administrator_sets_up_a_second_factor_and_makes_an_account_on_a_phone(serving):
    with phone(PHONE) as (page, seen):
        page.goto(address(serving, "/admin/people"))
        enter(page, "admin")
        assert "/account/second-factor" in page.url
        assert page.evaluate("document.querySelector('.steps img').naturalWidth") > 100, "the QR code is drawn"
        text = page.inner_text(".key")
        secret = base64.b32decode(text + "=" * (-len(text) % 8))
        page.fill("[name=code]", code_of(secret, step_at(datetime.now(UTC))))  # taken for half a minute after it too
        page.click("button.main")
        expect(page.locator(".codes li")).to_have_count(8)
        page.click("a.main")
        page.wait_for_url("**/admin/people")
        page.click("main summary")
        page.fill("form.grid [name=login]", "li.na")
        page.fill("form.grid [name=name]", "李娜")
        page.select_option("form.grid [name=role]", "officer")
        page.fill("form.grid [name=unit]", "甲社区")
        assert page.evaluate(SMALL) == []
        page.click("form.grid button")
        made = page.inner_text("#made-password")
        page.goto(address(serving, "/admin/people?q=na"))
        page.click("text=li.na")
        assert "甲社区" in page.inner_text(".posts")
        assert made not in page.content()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.click(".who button")
        page.wait_for_url("**/login")
        enter(page, "li.na", made)
        assert "/account/password" in page.url, "a password that was handed over is changed first"
        assert seen.errors == []


def test_another_site_can_neither_log_in_nor_write_in_somebody_s_name(serving):
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = chromium.new_context()
        context.add_cookies(serving.browser_cookies())
        page = context.new_page()
        page.goto(address(serving, "/unplaced").replace(HERE, "localhost"))  # another site of this machine
        told = page.evaluate(
            """async (to) => {
                const answers = [];
                for (const options of [{method: 'POST', body: new URLSearchParams({csrf: ''})}, {method: 'POST', body: '{}'}]) {
                    const sent = await fetch(to, {...options, mode: 'no-cors', credentials: 'include'}).catch((e) => e.name);
                    answers.push(sent.type ?? sent);
                }
                return answers;
            }""",
            address(serving, "/account/sessions"),
        )
        assert set(told) <= {"opaque", "TypeError"}
        page.goto(address(serving, "/account"))
        assert "会话" in page.content() or "Sessions" in page.content(), "the session is as it was"
        chromium.close()
