"""The map in Chromium, outside names blocked: drawn, light, live, safe, in both languages, by keys and by finger."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from geogrid.store.session import engine_of, session_scope
from tests.browser.browsers import PHONE, address, phone, served
from tests.build_district import A1, IN_A1, IN_B2, NOW
from webmap.installation import installation
from webmap.saved_map import saved_map

pytestmark = pytest.mark.browser

OUTSIDE = (126.5999, 45.905)
DESK = {"width": 1920, "height": 1080}
MOST_REQUESTS, MOST_BYTES = 10, 350_000
XSS = "<img src=x onerror=alert(1)><script>alert(2)</script>"
READY = "() => document.documentElement.dataset.mapReady"
LIVE = "() => document.querySelector('#map-live').dataset.state === 'live'"
TOUCH = "[...document.querySelectorAll('button, select, input, a')].filter((e) => e.offsetParent && e.id !== 'map-search')"


@pytest.fixture
def serving(installed):
    """A small installation with its stream, one event in it, and words that would run if they could."""
    rename(installed, A1, XSS)
    installed.accept(IN_A1, words=XSS)
    with served(installed, stream=True):
        yield installed


def rename(small, code: str, name: str) -> None:
    from sqlalchemy import text

    engine = engine_of(small.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE base_grids SET name = :name WHERE code = :code"), {"name": name, "code": code})
        connection.execute(
            text(
                "UPDATE shapes SET properties = properties || jsonb_build_object('name', cast(:name AS text)) WHERE code = :code"
            ),
            {"name": name, "code": code},
        )
    engine.dispose()


def open_map(page, small, query: str = "") -> None:
    page.context.add_cookies(small.browser_cookies())
    page.goto(address(small, f"/{query}"))
    page.wait_for_function(READY)


def colours(page) -> list[tuple[int, tuple[int, int, int]]]:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.getcolors(maxcolors=1 << 24)


def share_of(page, wanted: tuple[int, int, int], near: int = 6) -> float:
    counted = colours(page)
    hits = sum(n for n, colour in counted if all(abs(a - b) <= near for a, b in zip(colour, wanted, strict=True)))
    return hits / sum(n for n, _ in counted)


def until_painted(page, painted) -> None:
    """Wait until ``painted()`` holds: nothing tells that a canvas was drawn on but its pixels."""
    for _ in range(60):
        if painted():
            return
        page.wait_for_timeout(250)
    assert painted()


def test_the_first_view_is_drawn_with_few_requests_and_nothing_from_outside(serving):
    with phone(DESK) as (page, seen):
        open_map(page, serving, "?lang=zh")
        page.wait_for_function(LIVE)
        until_painted(page, lambda: share_of(page, (0xFA, 0xFA, 0xF8)) > 0.1)  # the land
        until_painted(page, lambda: share_of(page, (0x1A, 0x56, 0xDB), 40) > 0.00001)  # the open event
        page.wait_for_timeout(1500)  # for whatever else it would ask for
        assert len(seen.requests) <= MOST_REQUESTS, seen.requests
        assert seen.received_bytes <= MOST_BYTES
        assert (seen.outside, seen.errors) == ([], [])
        assert "模拟数据" in page.inner_text(".ribbon")


def test_a_switch_changes_what_is_painted(serving):
    with phone(DESK) as (page, seen):
        open_map(page, serving)
        before = page.screenshot()
        page.click("[data-layer=department_grids]")
        page.select_option(".below select", "market")
        page.wait_for_function("() => geogridPage.ground.current().some((e) => e.layers.department_grids?.features.length)")
        until_painted(page, lambda: page.screenshot() != before)
        assert seen.errors == []


def test_a_new_event_appears_without_reload(serving):
    with phone(DESK) as (page, seen):
        open_map(page, serving)
        page.wait_for_function(LIVE)
        page.evaluate("() => { window.stillHere = true; }")
        count = "() => geogridPage.marks.hits.filter((h) => h.layer === 'events').reduce((n, h) => n + h.count, 0)"
        assert page.evaluate(count) == 1
        serving.accept(IN_B2)
        page.wait_for_function(f"() => ({count})() === 2", timeout=10_000)
        assert page.evaluate("() => window.stillHere")
        assert [address for address in seen.requests if "/tiles/events/" in address]
        assert seen.errors == []


def test_what_somebody_wrote_never_runs(serving):
    with phone(DESK) as (page, seen):
        dialogs = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        open_map(page, serving, f"?grid={A1}")
        page.wait_for_selector("#map-card h2")
        assert page.inner_text("#map-card h2") == XSS
        page.fill("#map-search", "<img")
        page.wait_for_selector("#map-found li[role=option]")
        assert XSS in page.inner_text("#map-found")
        page.keyboard.press("Enter")
        page.evaluate("(at) => geogridPage.map.setView([at[1], at[0]], 17, {animate: false})", list(IN_A1))
        page.wait_for_function("() => geogridPage.marks.hits.some((h) => h.layer === 'events' && h.properties.number)")
        page.evaluate("() => geogridPage.openMark(geogridPage.marks.hits.find((h) => h.layer === 'events'))")
        page.wait_for_function("() => document.querySelector('#map-card dl')?.textContent.includes('onerror')")
        page.wait_for_timeout(300)
        assert dialogs == []
        assert page.evaluate("() => document.querySelectorAll('#map-card img, #map-found img').length") == 0
        assert seen.errors == []


def test_a_click_opens_a_grid_and_its_border_is_shown(serving):
    with phone(DESK) as (page, _):
        open_map(page, serving)
        at = page.evaluate("() => { const p = geogridPage.map.latLngToContainerPoint([45.917, 126.612]); return [p.x, p.y]; }")
        before = share_of(page, (0x11, 0x1A, 0x22))
        page.mouse.click(*at)
        page.wait_for_selector("#map-card h2")
        until_painted(page, lambda: share_of(page, (0x11, 0x1A, 0x22)) > before)
        page.keyboard.press("Escape")
        page.click(".card-close")
        assert page.is_hidden("#map-card")


def test_keys_alone_open_what_lies_under_the_middle(serving):
    with phone(DESK) as (page, _):
        open_map(page, serving)
        page.evaluate("() => geogridPage.map.setView([45.917, 126.612], 14, {animate: false})")
        page.wait_for_function("() => geogridPage.ground.current().some((e) => e.layers.base_grids)")
        page.focus(".folium-map")
        page.keyboard.press("Enter")
        page.wait_for_selector("#map-card h2")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_has_no_side_scroll_and_targets_for_fingers(serving, language):
    with phone(PHONE) as (page, seen):
        open_map(page, serving, f"?lang={language}")
        page.tap("#map-panel-open")
        assert page.is_visible("#map-layers")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        sizes = page.evaluate(
            f"() => {TOUCH}.map((e) => {{ const b = (e.closest('label') || e).getBoundingClientRect(); return b.height; }})"
        )
        assert sizes and min(sizes) >= 44
        assert seen.errors == []


def test_the_page_says_how_old_its_picture_is_when_the_stream_is_gone(serving):
    with phone(DESK) as (page, _):
        page.add_init_script(
            "window.EventSource = class { constructor() { this.readyState = 0; } addEventListener() {} close() {} };"
        )
        page.clock.install()
        open_map(page, serving, "?lang=zh")
        page.clock.run_for(21_000)
        assert "连接中断" in page.inner_text("#map-live")
        assert page.evaluate("() => document.documentElement.classList.contains('is-stale')")


def test_tiles_that_do_not_come_are_told(serving):
    with phone(DESK) as (page, _):
        page.route("**/tiles/**", lambda route: route.fulfill(status=503, body=""))
        page.context.add_cookies(serving.browser_cookies())
        page.goto(address(serving, "/?lang=zh"))
        page.wait_for_function("() => document.querySelector('#map-status').dataset.face === 'failed'")
        page.wait_for_timeout(500)
        assert "未能载入" in page.inner_text("#map-status")


def test_the_saved_page_opens_from_a_file_and_asks_nobody(serving, tmp_path):
    here = installation(serving.app)
    with session_scope(here.engine) as session:
        html = saved_map(session, here.district.profile, "zh", now=NOW)
    path = tmp_path / "map.html"
    path.write_text(html, encoding="utf-8")
    with phone(DESK, offline=True) as (page, seen):
        page.goto(path.as_uri())
        page.wait_for_function(READY)
        page.wait_for_timeout(500)
        assert seen.requests == [path.as_uri()]
        assert seen.errors == []
        assert share_of(page, (0xFA, 0xFA, 0xF8)) > 0.1
        assert share_of(page, (0x1A, 0x56, 0xDB), 40) > 0.00001
        assert "模拟数据" in page.inner_text(".ribbon")
        assert json.loads(page.inner_text("#geogrid-config"))["inline"]["events"]


def test_how_many_wait_to_be_placed_is_live(serving):
    with phone(DESK) as (page, seen):
        open_map(page, serving, "?lang=en")
        page.wait_for_function(LIVE)
        assert page.inner_text("#map-unplaced") == "To be placed 0"
        serving.accept(OUTSIDE)
        page.wait_for_function("() => document.querySelector('#map-unplaced').textContent === 'To be placed 1'", timeout=10_000)
        assert seen.errors == []


def test_what_is_not_there_is_called_missing_and_not_late(serving):
    with phone(DESK) as (page, _):
        page.context.add_cookies(serving.browser_cookies())
        page.goto(address(serving, "/?event=nope&lang=en"))
        page.wait_for_selector("#map-card .failed")
        assert "Nothing of this code or number is here" in page.inner_text("#map-card")


def test_a_layer_too_far_away_to_be_drawn_says_so_until_the_map_is_near(serving):
    with phone(DESK) as (page, _):
        open_map(page, serving)
        page.click("[data-layer=places]")
        page.evaluate("() => geogridPage.map.setZoom(9, {animate: false})")
        page.wait_for_selector(".layer:has([data-layer=places]) .hint", state="visible")
        page.evaluate("() => geogridPage.map.setZoom(13, {animate: false})")
        page.wait_for_selector(".layer:has([data-layer=places]) .hint", state="hidden")


def test_on_a_phone_nothing_covers_the_zoom_buttons_or_the_scale(serving):
    covered = """() => ['.leaflet-control-zoom-in', '.leaflet-control-zoom-out', '.leaflet-control-scale'].filter((name) => {
        const b = document.querySelector(name).getBoundingClientRect();
        const top = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);
        return !top.closest('.leaflet-container');
    })"""
    for query in ("?lang=en", f"?lang=en&grid={A1}"):
        with phone(PHONE) as (page, _):
            open_map(page, serving, query)
            page.wait_for_timeout(800)
            assert page.evaluate(covered) == []


def test_the_light_of_a_card_has_its_colour_beside_shape_and_word(serving):
    event = serving.accept(IN_A1)
    with phone(DESK) as (page, seen):
        open_map(page, serving, f"?event={event.id}")
        page.wait_for_selector("#map-card .rows .light")
        shape, colour, whole = page.evaluate("""() => {
            const light = document.querySelector('#map-card .rows .light');
            return [light.textContent, getComputedStyle(light).color, light.closest('dd').textContent];
        }""")
        colours = {"●": "rgb(0, 158, 115)", "▲": "rgb(230, 159, 0)", "■": "rgb(213, 94, 0)", "○": "rgb(122, 133, 143)"}
        assert colour == colours[shape]
        assert whole.startswith(f"{shape} ") and len(whole) > 8
        assert seen.errors == []
