"""An enterprise's matter in a real browser: raised at the enterprise's page, put on the key list, followed to its milestone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from geogrid.actions.enterprises import keep
from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.actions.test_enterprises import RULES, row
from tests.browser.browsers import address, phone, served
from tests.build_district import IN_A1, NOW
from tests.build_installation import DISTRICT
from webmap.installation import installation

pytestmark = pytest.mark.browser

DESK = {"width": 1440, "height": 900}


@pytest.fixture
def serving(installed):
    """A small installation with one enterprise."""
    here = installation(installed.app)
    with session_scope(here.engine) as session:
        keep(session, [row(1, IN_A1, "key", name="甲食品厂")], now=NOW, district=here.district, rules=RULES)
    with served(installed, stream=True):
        yield installed


def open_page(page, small, path: str) -> None:
    page.goto(address(small, f"{path}"))
    page.wait_for_load_state()


def sheet(page, **values: str) -> None:
    """Fill the panel of the desk and send it."""
    page.wait_for_selector("#sheet:not([hidden])")
    for name, value in values.items():
        page.fill(f"#sheet [name={name}]", value)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#sheet", state="hidden")


def test_a_problem_goes_on_the_key_list_and_to_its_milestone(serving):
    with phone(DESK) as (page, seen):
        page.context.add_cookies(serving.browser_cookies(Role.DISPATCHER, unit=DISTRICT))
        open_page(page, serving, "/enterprises")
        page.get_by_role("link", name="甲食品厂").click()
        page.get_by_text("登记诉求", exact=True).click()
        page.fill("[name=words]", "厂区门前排水不畅，雨天积水")
        with page.expect_navigation():
            page.locator("form[action$='/problems'] button.main").click()
        page.locator(".cards .head a").first.click()
        page.wait_for_selector("#matter-body h2")
        page.keyboard.press("t")
        page.wait_for_selector("#sheet [name=complexity]")
        sheet(page)
        expect(page.locator("#matter-body .standing .state")).to_have_text("已登记")
        page.keyboard.press("g")
        sheet(page, note="纳入区重点事项清单")
        page.get_by_role("button", name="添加节点").click()
        sheet(page, title="管网改造完成", due_on="2025-07-31")
        expect(page.locator("#matter-body")).to_contain_text("管网改造完成")
        page.get_by_role("button", name="完成", exact=True).click()
        sheet(page, note="已通水验收")
        open_page(page, serving, "/enterprises")
        page.get_by_role("link", name="甲食品厂").click()
        expect(page.locator(".milestones li")).to_contain_text("● 管网改造完成")
        expect(page.locator(".cards .badge")).to_be_visible()
        assert seen.errors == []
        assert seen.outside == []


def test_a_visit_is_kept_in_its_form_until_it_is_recorded(serving):
    """No connection, a session that is over, a day that is refused: what was seen is not typed twice."""
    saw = "form[action$='/visits'] [name=seen]"
    told = "form[action$='/visits'] .told"
    with phone(DESK) as (page, _):
        mine = serving.browser_cookies(Role.DISPATCHER, unit=DISTRICT)
        page.context.add_cookies(mine)
        open_page(page, serving, "/enterprises")
        page.get_by_role("link", name="甲食品厂").click()
        page.get_by_text("登记走访", exact=True).click()
        page.select_option("form[action$='/visits'] [name=body]", "department:market")
        page.fill(saw, "用工紧张")
        page.context.set_offline(True)
        page.press(saw, "Tab")
        page.locator("form[action$='/visits'] button.main").click()
        expect(page.locator(told)).to_contain_text("没有网络连接")
        page.context.set_offline(False)
        page.context.clear_cookies()
        page.locator("form[action$='/visits'] button.main").click()
        expect(page.locator(told)).to_contain_text("登录已过期")
        page.context.add_cookies(mine)
        page.evaluate("document.querySelector('form[action$=\"/visits\"] [name=date]').value = '2031-01-01'")
        page.evaluate("document.querySelector('form[action$=\"/visits\"]').noValidate = true")
        page.locator("form[action$='/visits'] button.main").click()
        expect(page.locator("#fault")).to_contain_text("2031-01-01")
        expect(page.locator(saw)).to_have_value("用工紧张")
        page.fill("form[action$='/visits'] [name=date]", f"{NOW:%Y-%m-%d}")
        with page.expect_navigation():
            page.locator("form[action$='/visits'] button.main").click()
        expect(page.locator(".cards")).to_contain_text("用工紧张")
