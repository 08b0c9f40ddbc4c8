"""Every page of the bar with Chromium: names, landmarks, contrast and a visible focus, for who sees little or uses no mouse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geogrid.domain.people import Role
from tests.browser.browsers import address, phone, served
from tests.build_district import IN_A1
from tests.build_installation import DISTRICT, ports, small_installation
from webmap.navigation import LINKS

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 720}
LOOK = Path(__file__).with_name("access.js").read_text("utf-8").partition("*/")[2].strip()
TABS = 25  # keys pressed on a page; the first ones reach the bar, the form and the first rows
# What has the focus shows it, and lies in the window. A date shows it on the part that is written.
FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  if (one === document.body || one.type === "date") return "";
  const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  return marked && inside ? "" : `${marked ? "out of sight" : "not marked"}: ${one.outerHTML.slice(0, 120)}`;
}"""
OTHERS = ("/account", "/account/password", "/account/second-factor", "/events/{number}", "/enterprises/plan", "/mediator/cases")
OPEN = ("/login", "/follow", "/window/display", "/nowhere")


@pytest.fixture(scope="module")
def serving(cluster_dir, template, tmp_path_factory):
    """A small installation with an event, that a browser can open."""
    from geogrid.store.cluster import cluster_url, create_database, drop_database

    name = "access"
    create_database(cluster_dir, name, template=template)
    with (
        small_installation(tmp_path_factory.mktemp(name) / "var", cluster_url(cluster_dir, name), **ports()) as small,
        served(small),
    ):
        yield small, small.accept(IN_A1).number
    drop_database(cluster_dir, name)


def found_on(page, address: str) -> list[str]:
    page.goto(address)
    page.wait_for_load_state("load")
    page.wait_for_timeout(400)
    found = page.evaluate(f"({LOOK})()")
    for _ in range(TABS):
        page.keyboard.press("Tab")
        found += [said for said in [page.evaluate(FOCUS)] if said]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_every_page_of_the_bar_can_be_used_without_a_mouse_and_read(serving, language):
    small, number = serving
    paths = [*(link.path for link in LINKS), *(path.format(number=number) for path in OTHERS)]
    with phone(DESK, language) as (page, _):
        page.context.add_cookies(small.browser_cookies(Role.COMMANDER, Role.ADMINISTRATOR, unit=DISTRICT))
        found = {path: found_on(page, address(small, f"{path}")) for path in paths}
    bad = {path: said for path, said in found.items() if said}
    assert bad == {}, json.dumps(bad, ensure_ascii=False, indent=1)


def test_what_everybody_may_open_can_be_used_and_read(serving):
    small, _ = serving
    with phone(DESK) as (page, _):
        found = {path: found_on(page, address(small, f"{path}")) for path in OPEN}
    bad = {path: said for path, said in found.items() if said}
    assert bad == {}, json.dumps(bad, ensure_ascii=False, indent=1)


def test_the_check_finds_what_is_wrong(serving):
    """Grey on white, a field and a button without names, an id twice: each is told."""
    small, _ = serving
    with phone(DESK) as (page, _):
        page.goto(address(small, "/login"))
        page.evaluate(
            """() => { document.querySelector("main").innerHTML =
            "<p id=x>a<p id=x>grey words<input><button></button>";
            const grey = document.querySelectorAll("#x")[1].style; grey.color = "#999"; grey.background = "#fff"; }"""
        )
        found = " ".join(page.evaluate(f"({LOOK})()"))
    for said in ("no heading", "the id x stands twice", "without a name: <input", "without a name: <button", "contrast 2.8"):
        assert said in found
