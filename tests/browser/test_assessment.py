"""With Chromium and without a script: somebody appeals against a line, the commander grants it, score and history say so."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.browser.browsers import address, phone
from tests.build_district import NOW, VILLAGE_A
from tests.build_life import WHOLE, take
from webmap.installation import installation

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 720}
MONTH = NOW.strftime("%Y-%m")


@pytest.fixture
def worker(serving):
    """The client of who handled an event late; the event is closed."""
    client, here = serving.login_as(Role.GRID_LEADER, unit=VILLAGE_A), installation(serving.app)
    event = serving.accept()
    with session_scope(here.engine) as session:
        for hour, (step, actor, details) in enumerate(WHOLE, start=1):
            who = type(actor)(f"person:{client.person_id}", "x", actor.posts) if step in {"take_on", "handle"} else actor
            take(session, here.district, event.id, step, who, hours=hour / 4, **details)
        session.execute(text("UPDATE clocks SET is_late = true WHERE clock = 'handle'"))
    return client


def cookies_of(small, client) -> list[dict]:
    from webmap.login import COOKIE

    secret = client.get_cookie(COOKIE).value
    return [{"name": COOKIE, "value": secret, "url": address(small, ""), "httpOnly": True, "sameSite": "Lax"}]


def test_an_appeal_changes_a_score_and_its_history(serving, worker):
    month = f"/assessment?month={MONTH}&kind=worker"
    commander = serving.browser_cookies(Role.COMMANDER, unit="999901000000")
    with phone(DESK, "zh-CN", java_script_enabled=False) as (page, seen):
        page.context.add_cookies(commander)
        page.goto(address(serving, month))
        with page.expect_navigation():
            page.get_by_role("button", name="立即核算").click()
        assert page.inner_text("tbody .total") == "99.0"
        page.context.clear_cookies()
        page.context.add_cookies(cookies_of(serving, worker))
        page.goto(address(serving, month))
        page.get_by_role("link", name="-2.0").click()
        page.locator("#lines summary").click()
        page.fill("#lines [name=reason]", "等待第三方报告")
        with page.expect_navigation():
            page.get_by_role("button", name="提交申诉").click()
        assert "待裁决" in page.inner_text("#lines .appeal")
        page.context.clear_cookies()
        page.context.add_cookies(commander)
        page.goto(address(serving, month))
        page.fill(".waiting [name=why]", "报告属实")
        expect(page.locator(".waiting button:visible")).to_have_text(["成立", "不同意"])
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.press(".waiting [name=why]", "Enter")  # decides nothing: what was typed still waits for one of the two buttons
        with page.expect_navigation():
            page.get_by_role("button", name="成立", exact=True).click()
        assert len(sent) == 1, "Enter was no decision"
        assert page.inner_text("tbody .total") == "101.0"
        with page.expect_navigation():
            page.locator("tbody th a").click()
        history = page.inner_text("#lines")
        assert "成立" in history and "报告属实" in history and "+2.0" in history and "-2.0" in history
        assert seen.outside == [] and seen.errors == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
