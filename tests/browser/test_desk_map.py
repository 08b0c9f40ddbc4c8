"""The desk's map with Chromium: every matter's light, pins that the list did not load, marks that count, border cases."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.browsers import phone, shot
from tests.browser.test_desk import DESK, opened, reported
from tests.build_district import IN_A1, IN_B2
from tests.webmap.test_desk_queue import accept

pytestmark = pytest.mark.browser


def on_map(page) -> dict[str, int]:
    """How many matters of each light the map shows, pins and marks together, and how many are said to be dangers."""
    marks = page.locator("#map .leaflet-marker-icon")
    found = dict.fromkeys("■▲●○", 0)
    for title, is_pin, shape in marks.evaluate_all(
        "all => all.map(m => [m.title, m.classList.contains('pin'), m.textContent.trim()[0]])"
    ):
        if is_pin:
            found[shape] += 1
            continue
        for word, sign in (("超期", "■"), ("临期", "▲"), ("正常", "●"), ("暂停", "○")):
            found[sign] += sum(int(number) for number in re.findall(f"{word}：(\\d+)", title))
    return found


def until_on_map(page, **expected: int) -> None:
    wanted = {"■": 0, "▲": 0, "●": 0, "○": 0} | expected
    for _ in range(60):
        if on_map(page) == wanted:
            return
        page.wait_for_timeout(250)
    assert on_map(page) == wanted


def test_the_map_shows_the_light_of_every_matter_and_not_of_the_loaded_rows_alone(streaming):
    """The list loads fifty; what is overdue, and what comes in later, is on the map whatever the list shows."""
    reported(streaming, 54)
    late = accept(streaming, IN_B2, words="早就超期了", hours=-500)
    with phone(DESK) as (page, seen):
        opened(page, streaming, path="/desk?sort=reported")
        assert page.locator("#rows > li").count() == 50
        assert page.locator("#rows > li", has_text=late.number).count() == 0
        until_on_map(page, **{"■": 1, "●": 54})
        shot(page, "desk_map_zh")
        expect(page.locator("#connection")).to_contain_text("实时")
        streaming.accept(IN_B2, words="又来一件")
        until_on_map(page, **{"■": 1, "●": 55})
        page.keyboard.press("3")
        until_on_map(page, **{"■": 1})
        assert page.locator("#map .cell:not(.map-legend .cell)").count() == 0
        assert seen.errors == []


def test_a_pin_that_the_list_did_not_load_is_put_into_it_while_it_is_selected(streaming):
    reported(streaming, 54)
    late = accept(streaming, IN_B2, words="早就超期了", hours=-500)
    with phone(DESK) as (page, seen):
        opened(page, streaming, path="/desk?sort=reported")
        first = page.locator("#rows > li[aria-selected=true] .number").inner_text()
        page.locator("#map .pin.red").click()
        chosen = page.locator("#rows > li[aria-selected=true]")
        expect(chosen.locator(".number")).to_have_text(late.number)
        expect(chosen).to_contain_text("列表外打开")
        expect(page.locator("#matter-body .number a")).to_have_text(late.number)
        expect(page.locator("#map .pin.red.chosen")).to_have_count(1)
        page.keyboard.press("k")
        expect(page.locator("#rows > li[aria-selected=true] .number")).to_have_text(first)
        expect(page.locator("#rows > li", has_text=late.number)).to_have_count(0)
        assert seen.errors == []


def test_a_mark_that_is_pressed_leads_nearer_until_each_stands_by_itself(streaming):
    reported(streaming, 12)
    with phone(DESK) as (page, _):
        opened(page, streaming)
        until_on_map(page, **{"●": 12})
        scale = page.locator(".leaflet-control-scale-line").inner_text()
        page.locator("#map .leaflet-marker-icon.cell").first.click()
        expect(page.locator(".leaflet-control-scale-line")).not_to_have_text(scale)
        page.keyboard.press("w")
        expect(page.locator(".leaflet-control-scale-line")).to_have_text(scale)


def test_a_border_case_is_decided_on_the_map_between_its_grids(streaming):
    """The grids by their numbers and the disc that the accuracy leaves: what the decision is about."""
    event = streaming.accept((IN_A1[0], 45.9099), words="在两个网格之间", accuracy_m=40.0)  # eleven metres south of the border
    with phone(DESK) as (page, seen):
        opened(page, streaming, path="/desk?border=1")
        page.keyboard.press("p")
        expect(page.locator("#sheet .choice li")).to_have_count(2, timeout=20_000)
        expect(page.locator("#map .leaflet-tooltip.way")).to_have_count(2)
        outer = page.locator("#map").bounding_box()
        for number in page.locator("#map .leaflet-tooltip.way").all():  # a number out of sight names no grid
            inner = number.bounding_box()
            assert outer["x"] < inner["x"] < outer["x"] + outer["width"] - inner["width"]
            assert outer["y"] < inner["y"] < outer["y"] + outer["height"] - inner["height"]
        expect(page.locator("#map path.leaflet-interactive, #map path")).to_have_count(3)
        shot(page, "desk_border_zh")
        page.keyboard.press("2")
        other = page.locator("#sheet .choice li[aria-selected=true] .facts").inner_text()
        page.keyboard.press("Enter")
        page.wait_for_selector("#sheet", state="hidden")
        expect(page.locator("#map .leaflet-tooltip.way")).to_have_count(0)
        assert seen.errors == []
    grid = streaming.client().get(f"/api/v1/desk/events/{event.id}").get_json()["grid_code"]
    assert grid is not None
    assert grid in other
