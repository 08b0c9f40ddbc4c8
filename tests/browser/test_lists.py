"""Lists of matters, duties and the audit with Chromium: three people bring a matter onto a list; keys; the chain followed."""

from __future__ import annotations

import pytest

from etl.sealing import seal_all
from etl.workers import read_workers, store_workers
from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.browser.browsers import address, phone
from tests.build_district import NOW, TOWNSHIP_A, TOWNSHIP_B, profile
from tests.build_installation import DISTRICT
from tests.etl.test_workers import ROWS, write
from webmap.installation import installation

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 720}


def become(page, small, role: Role, **place: str) -> None:
    page.context.clear_cookies()
    page.context.add_cookies(small.browser_cookies(role, **place))


def open_cell(page, small, unit: str, category: str = "E01") -> None:
    """Open the cell by a click; the script puts it beside the matrix without another page."""
    page.goto(address(small, "/lists"))
    page.click(f'a.cell[href*="category={category}&unit={unit}"]')
    page.wait_for_selector("#cell h2")


def test_three_people_bring_a_matter_onto_a_list_and_the_cell_says_so(serving):
    with phone(DESK) as (page, seen):
        become(page, serving, Role.DEPARTMENT, department="urban")
        open_cell(page, serving, TOWNSHIP_A)
        assert "无主责部门" in page.inner_text("#cell .state")
        page.fill("#cell .propose [name=note]", "依据权责清单")
        page.click("#cell .propose button")
        page.wait_for_selector("#cell .is-proposed")
        become(page, serving, Role.DISPATCHER, unit=DISTRICT)
        open_cell(page, serving, TOWNSHIP_A)
        page.click("#cell button[value=assessed]")
        page.wait_for_selector("#cell .is-assessed")
        become(page, serving, Role.COMMANDER, unit=DISTRICT)
        open_cell(page, serving, TOWNSHIP_A)
        page.click("#cell button[value=admitted]")
        page.wait_for_selector("#cell .is-admitted")
        cell = f'a.cell[href*="category=E01&unit={TOWNSHIP_A}"]'
        assert "城管" in page.inner_text(cell) and "led" in page.get_attribute(cell, "class")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
        assert seen.errors == [] and seen.outside == []


def test_keys_lead_from_cell_to_cell_and_out_again(serving):
    with phone(DESK) as (page, seen):
        become(page, serving, Role.COMMANDER, unit=DISTRICT)
        page.goto(address(serving, "/lists"))
        page.focus(f'a.cell[href*="category=C04&unit={TOWNSHIP_A}"]')
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        focused = page.evaluate("document.activeElement.getAttribute('href')")
        assert f"category=D01&unit={TOWNSHIP_B}" in focused, "one to the right, one down, over the title of the group"
        page.keyboard.press("Enter")
        page.wait_for_selector("#cell h2")
        assert f"unit={TOWNSHIP_B}" in page.url
        page.keyboard.press("Escape")
        page.wait_for_selector("#cell h2", state="detached")
        assert page.evaluate("document.activeElement.getAttribute('href')") == focused, "the place is kept"
        assert seen.errors == []


def test_an_auditor_follows_the_chain_and_finds_what_was_done(serving):
    seal_all(serving.settings, installation(serving.app).engine)
    with phone(DESK) as (page, seen):
        become(page, serving, Role.AUDITOR, unit=DISTRICT)
        page.goto(address(serving, "/lists"))
        page.click(".nav summary")
        page.click('.nav a[href="/admin/audit"]')
        page.click("#verify button")
        page.wait_for_selector("#verified .verdict.holds")
        assert "完整" in page.inner_text("#verified") or "records" in page.inner_text("#verified")
        page.select_option("[name=action]", "audit.verify")
        page.click("#ask button")
        page.wait_for_url("**action=audit.verify**")
        assert page.locator("tbody tr").count() == 1
        assert seen.errors == [] and seen.outside == []


def test_a_commander_finds_what_lacks_and_names_somebody(serving, tmp_path):
    with session_scope(installation(serving.app).engine) as session:
        store_workers(session, read_workers(write(tmp_path, *ROWS)), profile(), now=NOW)
    with phone(DESK) as (page, seen):
        become(page, serving, Role.COMMANDER, unit=DISTRICT)
        page.goto(address(serving, "/teams"))
        page.click('a[href="/teams?fault=no_worker"]')
        page.wait_for_url("**fault=no_worker")
        assert page.locator("tbody tr").count() == 3
        page.click('.views a[href*="view=sides"]')
        page.select_option("[name=party]", f"unit:{TOWNSHIP_A}")
        page.select_option("[name=tier]", "head")
        page.fill("[name=login]", "worker-w1")
        page.press("[name=login]", "Enter")
        page.wait_for_selector("td:has-text('张*')")
        assert "张三" not in page.content()
        assert seen.errors == [] and seen.outside == []
