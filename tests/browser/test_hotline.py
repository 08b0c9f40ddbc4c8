"""A work order in a real browser beside a hotline with faults: received, returned, refused, sent again, replied, closed."""

from __future__ import annotations

import pytest

from etl.hotline_practice import PracticeFault, PracticeHotline, listening
from geogrid.domain.people import Role
from tests.actions.test_enterprises import RULES, row
from tests.actions.test_hotline import PHONE, sent
from tests.browser.browsers import address, phone
from tests.build_district import IN_A1, NOW, TOWNSHIP_A
from tests.build_installation import DISTRICT
from tests.etl.test_hotline_sending import due
from webmap.installation import installation

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 720}
ORDERS = "/api/v1/channels/12345/orders"
PLACE = {"经度": 126.6113, "纬度": 45.9074}


def open_page(page, small, path: str) -> None:
    page.goto(address(small, f"{path}"))
    page.wait_for_load_state()


def steps(small, event: str, *taken) -> None:
    """Take steps as people of the district do, each by somebody of his own."""
    for role, unit, step, details in taken:
        answer = small.login_as(role, unit=unit).post(f"/api/v1/events/{event}/steps", json={"step": step, "details": details})
        assert answer.status_code == 201, answer.text


def test_an_order_is_returned_refused_sent_again_replied_and_closed(serving, tmp_path):
    small, practice = serving, PracticeHotline(PracticeFault.REFUSE)
    engine = installation(small.app).engine
    operator = small.login_as(Role.HOTLINE_OPERATOR, unit=DISTRICT)
    event = operator.post(ORDERS, json=sent("HL1", **PLACE)).json["event"]["id"]
    with phone(DESK) as (page, seen), listening(practice) as url:
        page.context.add_cookies(small.browser_cookies(Role.HOTLINE_OPERATOR, unit=DISTRICT))
        open_page(page, small, "/hotline")
        page.keyboard.press("j")
        page.keyboard.press("Enter")  # keys alone open the first
        page.wait_for_selector("#order h2")
        assert "已接收" in page.inner_text("#order")
        steps(small, event, (Role.DISPATCHER, DISTRICT, "decline", {"reason": "不属于本区"}))
        due(engine, tmp_path, url)
        open_page(page, small, "/hotline?only=attention&order=1")
        assert "退单理由不充分" in page.inner_text("#order")
        practice.fault = PracticeFault.NONE
        with page.expect_navigation():
            page.click("#order .messages button")
        assert "待发送" in page.inner_text("#order")
        due(engine, tmp_path, url)
        assert operator.post(ORDERS, json=sent("HL1", 派单时间="2025-06-18 14:58:00", **PLACE)).json["arrival"] == "again"
        steps(
            small, event,
            (Role.HOTLINE_OPERATOR, DISTRICT, "accept", {}),
            (Role.DISPATCHER, DISTRICT, "dispatch", {"party": f"unit:{TOWNSHIP_A}"}),
            (Role.TOWNSHIP_LEADER, TOWNSHIP_A, "handle", {"note": "已修好"}),
            (Role.HOTLINE_OPERATOR, DISTRICT, "verify", {"note": "已回访"}),
            (Role.DISPATCHER, DISTRICT, "close", {"note": "办结"}),
        )  # fmt: skip
        for _ in range(3):  # one after another, in order
            due(engine, tmp_path, url)
        open_page(page, small, "/hotline?order=1")
        said = page.inner_text("#order")
        assert "第 2 轮" in said
        assert said.count("对方已接收") == 4
        assert PHONE not in page.content()
        assert seen.errors == []
    told = [one.path.rpartition("/")[2] for one in practice.taken.values()]
    assert told == ["return", "sign", "reply", "close"]
    assert len(practice.heard) == 5  # the refused one came again


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", ["/hotline", "/enterprises", "/enterprises/plan"])
def test_pages_fit_a_narrow_screen_without_errors(serving, language, path):
    from geogrid.actions.enterprises import keep
    from geogrid.store.session import session_scope

    here = installation(serving.app)
    with session_scope(here.engine) as session:
        keep(session, [row(1, IN_A1, "key")], now=NOW, district=here.district, rules=RULES)
    with phone({"width": 390, "height": 800}) as (page, seen):
        page.context.add_cookies(serving.browser_cookies())
        open_page(page, serving, f"{path}?lang={language}")
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert seen.errors == []
        assert seen.outside == []
