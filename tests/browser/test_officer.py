"""The officer's page on a phone's screen, in Chromium: a report is sent, once, and nothing typed is lost."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import text

from geogrid.domain.people import Role
from geogrid.store.session import engine_of
from tests.browser.browsers import PHONE, address, phone
from tests.build_district import A1, IN_A1, VILLAGE_A
from tests.build_installation import DISTRICT, Small
from webmap.login import COOKIE

pytestmark = pytest.mark.browser

HERE_IN_A1 = {"longitude": IN_A1[0], "latitude": IN_A1[1], "accuracy": 12}
ALLOWED = {"geolocation": HERE_IN_A1, "permissions": ["geolocation"]}
MOST_BYTES = 300_000
LEAST_TARGET_PX = 48
TARGETS = """
    [...document.querySelectorAll('button, a, textarea, .kind, .for-citizen, label.plain-button')]
      .filter((e) => e.offsetParent && e.type !== 'file')
      .map((e) => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect().width, e.getBoundingClientRect().height])
"""


def link(small: Small, query: str = "") -> str:
    return address(small, f"/officer{query}#token={small.token}")


def rows(small: Small, query: str = "SELECT words, kind, grid_code FROM events") -> list[tuple]:
    engine = engine_of(small.url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def write(page, words: str = "路灯不亮") -> None:
    page.locator(".kind", has_text="公共设施损坏").tap()
    page.fill("#text", words)


def test_a_report_sent_with_a_double_tap_is_stored_once_and_explained(serving):
    with phone(**ALLOWED) as (page, seen):
        page.goto(link(serving))
        page.wait_for_selector("#fix[data-tone=good]")
        assert "约 12 米 · 好" in page.inner_text("#fix")
        page.wait_for_selector("#grid-line:not(:empty)")
        assert A1 in page.inner_text("#grid-line")
        write(page)
        page.dblclick("#send")
        page.wait_for_selector("#receipt:not([hidden])")
        receipt = page.inner_text("#receipt")
        assert seen.errors == []
        assert seen.outside == []
        assert seen.received_bytes <= MOST_BYTES
        assert "token" not in page.url
        page.goto(address(serving, "/officer"))
        assert page.input_value("#text") == "", "what was delivered is not written again"
    assert rows(serving) == [("路灯不亮", "facility", A1)]
    for shown in ("20250618", A1, VILLAGE_A + "01", "100.0 %"):
        assert shown in receipt
    assert not [address for address in seen.requests if serving.token in address]


def test_an_answer_lost_on_the_way_is_asked_for_again_and_stored_once(serving):
    with phone(**ALLOWED) as (page, _):
        lost = []

        def lose(route):
            if not lost:
                lost.append(route.fetch())  # the server has stored it; the phone hears nothing
                route.abort()
            else:
                route.continue_()

        page.route("**/api/v1/events", lose)
        page.goto(link(serving))
        page.wait_for_selector("#fix[data-tone=good]")
        write(page)
        page.tap("#send")
        page.wait_for_selector("#notice:not([hidden])")
        assert "没有网络" in page.inner_text("#notice")
        assert page.input_value("#text") == "路灯不亮"
        page.reload()
        page.wait_for_selector("#fix[data-tone=good]")
        page.tap("#send")
        page.wait_for_selector("#receipt:not([hidden])")
        assert lost[0].json()["number"] in page.inner_text("#receipt")
    assert len(rows(serving)) == 1


def test_what_is_typed_survives_a_reload(serving):
    with phone(**ALLOWED) as (page, _):
        page.goto(link(serving))
        write(page, "河道有漂浮物")
        page.wait_for_function("() => localStorage.getItem('geogrid.draft')?.includes('河道有漂浮物')")
        page.reload()
        expect(page.locator("#text")).to_have_value("河道有漂浮物")
        expect(page.locator("input[value=facility]")).to_be_checked()


def test_without_permission_for_the_position_the_map_is_the_way(serving):
    with phone() as (page, seen):
        page.goto(link(serving))
        page.locator("#fix", has_text="未允许定位").wait_for()
        write(page)
        page.tap("#send")
        assert "请先确定地点" in page.inner_text("#fault-point")
        page.locator("#map").tap(position={"x": 160, "y": 60})
        page.locator("#fix", has_text="已在地图上选定").wait_for()
        page.tap("#send")
        page.wait_for_selector("#receipt:not([hidden])")
        assert [line for line in seen.errors if "422" not in line] == []
    assert len(rows(serving)) == 1


def test_a_vague_position_asks_for_the_pin_and_does_not_block(serving):
    vague = {**ALLOWED, "geolocation": {**HERE_IN_A1, "accuracy": 800}}
    with phone(**vague) as (page, _):
        page.goto(link(serving))
        page.wait_for_selector("#fix[data-tone=poor]")
        assert "请在地图上点按" in page.inner_text("#fix")
        write(page)
        page.tap("#send")
        page.wait_for_selector("#receipt:not([hidden])")
        assert "候选网格" in page.inner_text("#receipt")


def test_a_photo_is_sent_small_upright_and_without_exif(serving, tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "CANARY-MAKER"
    noise = Image.effect_noise((3000, 2000), 90).convert("RGB")
    noise.paste("red", (0, 0, 600, 2000))  # the left edge as the sensor saw it: the top once upright
    noise.save(tmp_path / "camera.jpg", "JPEG", quality=92, exif=exif)
    with phone(**ALLOWED) as (page, _):
        page.goto(link(serving))
        page.wait_for_selector("#fix[data-tone=good]")
        write(page)
        page.set_input_files("#photo", str(tmp_path / "camera.jpg"))
        page.wait_for_selector("#photos img")
        page.tap("#send")
        page.wait_for_selector("#receipt:not([hidden])")
        for _ in range(100):
            if page.evaluate("localStorage.getItem('geogrid.draft')") is None:
                break
            page.wait_for_timeout(50)
    ((sha256, size),) = rows(serving, "SELECT sha256, size_bytes FROM photos")
    data = (serving.settings.var_dir / "photos" / sha256[:2] / sha256).read_bytes()
    assert size == len(data) <= 500_000
    assert b"CANARY-MAKER" not in data
    assert b"Exif" not in data
    image = Image.open(io.BytesIO(data))
    assert image.height > image.width
    red, green, _ = image.getpixel((image.width // 2, 20))
    assert red > 180
    assert green < 80


def test_a_refusal_keeps_the_words_and_names_the_field(serving):
    far = {**ALLOWED, "geolocation": {"longitude": 121.47, "latitude": 31.23, "accuracy": 10}}
    with phone(**far) as (page, _):
        page.goto(link(serving))
        page.wait_for_selector("#fix[data-tone=good]")
        write(page)
        page.tap("#send")
        page.wait_for_selector(".fault:not([hidden])")
        assert page.input_value("#text") == "路灯不亮"
        assert page.is_enabled("#send")
    assert rows(serving) == []


def test_a_session_that_ends_while_one_writes_loses_nothing_and_the_report_is_the_person_s_who_sends(serving):
    with phone(**ALLOWED) as (page, _):
        page.context.add_cookies(serving.browser_cookies(Role.OFFICER, unit=DISTRICT))
        page.goto(address(serving, "/officer"))
        page.wait_for_selector("#fix[data-tone=good]")
        write(page)
        page.context.clear_cookies()
        page.tap("#send")
        page.wait_for_selector("#fault-other:not([hidden])")
        assert "会话已结束" in page.inner_text("#fault-other")
        assert page.input_value("#text") == "路灯不亮"
        assert rows(serving) == []
        again = serving.login_as(Role.OFFICER, unit=DISTRICT)
        secret = again.get_cookie(COOKIE).value
        page.context.add_cookies([{"name": COOKIE, "value": secret, "url": address(serving, "")}])
        page.tap("#send")
        page.wait_for_selector("#receipt:not([hidden])")
    assert rows(serving, "SELECT actor FROM steps WHERE kind = 'report'") == [(f"person:{again.person_id}",)]


def told_by_a_citizen(page) -> None:
    page.goto(page.url)
    page.wait_for_selector("#fix[data-tone=good]")
    write(page)
    page.check("#for-citizen")


def progress(page, serving, number: str, code: str) -> str:
    """What the citizen sees who writes number and code into the page that his QR code leads to."""
    page.goto(address(serving, f"/follow?number={number}"))
    page.fill("input[name=code]", code)
    with page.expect_navigation():
        page.press("input[name=code]", "Enter")
    return page.inner_text("main")


def test_a_citizen_takes_number_code_and_qr_code_along_and_follows_his_matter(serving):
    with phone(**ALLOWED) as (page, seen):
        page.goto(link(serving))
        told_by_a_citizen(page)
        assert page.is_hidden("#handed"), "nothing is shown before it is sent"
        page.tap("#send")
        page.wait_for_selector("#followed:not([hidden])")
        number, code = page.inner_text("#followed .follow-number"), page.inner_text("#followed .follow-code")
        assert page.inner_text("#number") == number
        page.wait_for_function("() => document.querySelector('#followed img').naturalWidth > 0")
        assert code.replace("-", "") not in json.dumps(seen.requests).replace("-", ""), "the code is in no address"
        assert page.evaluate("localStorage.getItem('geogrid.draft')") is None, "it does not stay on the phone"
        assert seen.errors == []
        assert "已上报" in progress(page, serving, number, code)
    assert len(rows(serving)) == 1


def test_the_code_is_there_while_the_report_waits_and_the_same_when_it_comes_through(serving):
    with phone(**ALLOWED) as (page, _):
        lost = []

        def lose(route):
            if not lost:
                lost.append(route.fetch())  # stored, with the hash of the code; the phone hears nothing
            route.abort()

        page.route("**/api/v1/events", lose)
        page.goto(link(serving))
        told_by_a_citizen(page)
        page.tap("#send")
        page.wait_for_selector("#handed:not([hidden])")
        assert page.inner_text("#handed .follow-number") == "送达后生成"
        code = page.inner_text("#handed .follow-code")
        page.wait_for_selector("#notice:not([hidden])")
        page.reload()
        page.wait_for_selector("#fix[data-tone=good]")
        assert page.inner_text("#handed .follow-code") == code
        page.wait_for_function("() => document.querySelector('#handed img').naturalWidth > 0")
        page.unroute("**/api/v1/events")
        page.tap("#send")
        page.wait_for_selector("#followed:not([hidden])")
        assert page.inner_text("#followed .follow-code") == code
        assert "已上报" in progress(page, serving, lost[0].json()["number"], code)
    assert len(rows(serving)) == 1


def test_who_thinks_of_the_citizen_only_after_a_lost_answer_still_has_one_report(serving):
    with phone(**ALLOWED) as (page, _):
        lost = []
        page.route("**/api/v1/events", lambda route: (lost.append(route.fetch()), route.abort()))
        page.goto(link(serving))
        page.wait_for_selector("#fix[data-tone=good]")
        write(page)
        page.tap("#send")
        page.wait_for_selector("#notice:not([hidden])")
        page.unroute("**/api/v1/events")
        page.check("#for-citizen")
        page.tap("#send")
        page.wait_for_selector("#followed:not([hidden])")
        number, code = lost[0].json()["number"], page.inner_text("#followed .follow-code")
        assert "已上报" in progress(page, serving, number, code)
    assert len(rows(serving)) == 1


def test_where_a_clerk_gave_another_code_meanwhile_the_phone_does_not_show_its_own(serving):
    with phone(**ALLOWED) as (page, _):
        lost = []
        page.route("**/api/v1/events", lambda route: (lost.append(route.fetch()), route.abort()))
        page.goto(link(serving))
        told_by_a_citizen(page)
        page.tap("#send")
        page.wait_for_selector("#notice:not([hidden])")
        page.unroute("**/api/v1/events")
        clerk = serving.login_as(Role.WINDOW_CLERK, unit=DISTRICT)
        assert clerk.post(f"/events/{lost[0].json()['id']}/follow-code").status_code == 200
        page.tap("#send")
        page.wait_for_selector("#fault-follow:not([hidden])")
        assert "此查询码已失效" in page.inner_text("#fault-follow")
        assert page.is_hidden("#followed")


def test_what_the_officer_found_himself_has_no_code(serving):
    with phone(**ALLOWED) as (page, _):
        page.goto(link(serving))
        page.wait_for_selector("#fix[data-tone=good]")
        write(page)
        page.tap("#send")
        page.wait_for_selector("#receipt:not([hidden])")
        assert page.is_hidden("#followed")
    assert rows(serving, "SELECT event_id FROM follow_codes") == []


def test_a_wrong_token_is_said(serving):
    with phone(**ALLOWED) as (page, _):
        page.goto(address(serving, "/officer"))
        assert "请先登录，或从安装时显示的链接打开此页" in page.inner_text("#notice")
        page.goto(address(serving, "/officer?x=1#token=wrong"))
        page.wait_for_selector("#fix[data-tone=good]")
        write(page)
        page.tap("#send")
        page.wait_for_selector("#fault-other:not([hidden])")
        assert "失效" in page.inner_text("#fault-other")


@pytest.mark.parametrize(
    "size", [PHONE, {"width": 320, "height": 640}, {"width": 740, "height": 360}], ids=["phone", "small", "wide"]
)
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_every_target_is_large_enough_and_nothing_scrolls_sideways(serving, size, language):
    with phone(size, language, **ALLOWED) as (page, seen):
        page.goto(link(serving))
        page.wait_for_selector("#fix[data-tone=good]")
        small = [target for target in page.evaluate(TARGETS) if min(target[1:]) < LEAST_TARGET_PX]
        assert small == []
        for scale in ("100%", "200%"):
            page.evaluate("(scale) => { document.documentElement.style.fontSize = scale }", scale)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], scale
        assert seen.errors == []
    assert json.dumps(seen.outside) == "[]"


def test_all_that_is_missing_is_named_at_once_and_each_goes_when_it_is_mended(serving):
    shown = "() => [...document.querySelectorAll('.fault')].filter((e) => !e.hidden).map((e) => e.id)"
    with phone() as (page, _):
        page.goto(link(serving))
        page.locator("#fix", has_text="未允许定位").wait_for()
        page.tap("#send")
        assert page.evaluate(shown) == ["fault-point", "fault-kind", "fault-text"]
        page.locator(".kind", has_text="公共设施损坏").tap()
        assert page.evaluate(shown) == ["fault-point", "fault-text"]
        page.fill("#text", "路灯不亮")
        assert page.evaluate(shown) == ["fault-point"]
        page.locator("#map").tap(position={"x": 160, "y": 60})
        page.wait_for_function(f"() => ({shown})().length === 0")


def test_a_place_that_the_service_refuses_is_not_called_good(serving):
    refusal = {"code": "coord.far", "message": "离辖区 1040 公里", "where": {"path": "point"}, "retry": False}
    with phone(**ALLOWED) as (page, _):
        page.route("**/api/v1/grids?*", lambda route: route.fulfill(status=422, json=refusal))
        page.goto(link(serving))
        page.locator("#fix[data-tone=poor]", has_text="离辖区 1040 公里").wait_for()
        write(page)
        page.tap("#send")
        assert page.inner_text("#fault-point") == "离辖区 1040 公里"
    assert rows(serving) == []
