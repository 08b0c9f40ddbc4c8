"""A leader in Chromium: the rate opens those that are still open, whatever their number; map, bars and line; keys alone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from geogrid.store.session import session_scope
from tests.browser.browsers import address, phone
from tests.build_figures import lived
from webmap.installation import installation

pytestmark = pytest.mark.browser

DESK, LAPTOP = {"width": 1440, "height": 900}, {"width": 1280, "height": 720}
ALL = "/figures?period=own&first=2025-03-01&last=2025-06-18"
PAINTED = """(id) => { const canvas = document.querySelector(`#${id} canvas`); if (!canvas) return 0;
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.filter((value, i) => i % 4 === 3 && value > 0).length; }"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def still_open(small) -> int:
    with session_scope(installation(small.app).engine) as session:
        query = (
            "SELECT count(*) FROM events AS e LEFT JOIN matters AS m ON m.event_id = e.id "
            "WHERE e.is_open AND m.parent_id IS NULL AND e.reported_at >= '2025-03-01 00:00+08'"
        )
        return session.scalar(text(query))


@pytest.mark.parametrize(("seed", "language", "size"), [(1, "zh", DESK), (2, "en", LAPTOP)])
def test_the_rate_opens_those_that_are_still_open(serving, seed, language, size):
    with session_scope(installation(serving.app).engine) as session:
        lived(session, installation(serving.app).district, 30, seed=seed)
    wanted = still_open(serving)
    with phone(size, language) as (page, seen):
        page.context.add_cookies(serving.browser_cookies())
        page.goto(address(serving, f"{ALL}"))
        page.wait_for_function(f"(id) => ({PAINTED})(id) > 1000", arg="bars")
        assert page.evaluate(PAINTED, "points") > 200
        assert page.locator(".ground svg path").count() >= 2, "both townships are drawn"
        assert page.evaluate(WIDER) <= 0, "nothing scrolls sideways"
        value = page.locator(".groups .total a.value")
        rate = value.inner_text()
        assert re.fullmatch(r"\d+\.\d\d %", rate)
        value.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".list")
        assert rate in page.inner_text("main")
        assert page.locator(".list tbody tr").count() == wanted > 0
        page.go_back()
        page.wait_for_selector(".groups")
        page.select_option("select[name=by]", "department")
        page.wait_for_url("**by=department**")
        assert page.locator(".ground").count() == 0
        assert seen.outside == []
        assert seen.errors == []
