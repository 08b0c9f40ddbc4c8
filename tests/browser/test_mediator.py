"""The counter of a station in Chromium: a dispute from assignment to the court's confirmation; the day's visits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, sync_playwright

from geogrid.actions.accept import accept_report
from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.events import EventKind
from geogrid.domain.people import Post, Role
from geogrid.store import disputes_people, people
from geogrid.store.session import session_scope
from tests.browser.browsers import CHROMIUM, FLAGS, address, served
from tests.build_disputes import STATION_A
from tests.build_district import IN_A1, NOW, report
from tests.build_installation import Small
from tests.build_life import DISPATCHER
from webmap.installation import installation
from webmap.login import COOKIE

pytestmark = pytest.mark.browser

COUNTER = {"width": 1280, "height": 720}
TOO_SMALL = """
    [...document.querySelectorAll('#dispute button, #dispute select, #dispute input')]
      .filter((e) => !["hidden", "radio", "checkbox"].includes(e.type))
      .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 32).map((e) => e.outerHTML.slice(0, 80))
"""


@dataclass
class Counter:
    """A running installation with one dispute given to a station, and who mediates there."""

    small: Small
    secret: str
    event_id: str

    def address(self, path: str = "/mediator") -> str:
        return address(self.small, f"{path}")


@pytest.fixture
def counter(installed):
    with served(installed):
        yield given(installed)


def given(small: Small) -> Counter:
    client = small.login_as(Role.MEDIATOR, station=STATION_A)
    here = installation(small.app)
    sent = replace(report(IN_A1, words="楼上漏水，住户对赔偿数额有分歧"), kind=EventKind.DISPUTE)
    with session_scope(here.engine) as session:
        disputes_people.put_mediator(session, client.person_id, station=STATION_A, kinds=["neighbourhood"], synthetic=True)
        event = accept_report(session, sent, now=NOW - timedelta(hours=1), district=here.district, actor="test").event
        for step, details in (("open", {"category": "D01"}), ("dispatch", {"party": f"station:{STATION_A}"})):
            take_step(session, TakeStep(event.id, step, DISPATCHER, details), now=NOW, district=here.district)
        people.give_posts(session, client.person_id, [Post(Role.OFFICER, unit="999901001001")], since=None, given_by="test")
    return Counter(small, client.get_cookie(COOKIE).value, str(event.id))


@contextmanager
def page_of(counter: Counter, language: str = "zh-CN", size: dict | None = None) -> Iterator[tuple[Page, list[str]]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport=size or COUNTER, locale=language)
        context.add_cookies([{"name": COOKIE, "value": counter.secret, "url": counter.address("/")}])
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: line.type == "error" and "status of 4" not in line.text and errors.append(line.text))
        yield page, errors
        browser.close()


def send(page: Page, key: str, **fields: str) -> None:
    """Fill a form of the page and send it; it is gone or drawn anew when the answer came."""
    form = page.locator(f'form[data-key="{key}"]')
    form.evaluate("(form) => { for (let e = form; (e = e.parentElement?.closest('details')); ) e.open = true; }")
    for name, value in fields.items():
        field = form.locator(f'[name="{name}"]')
        if field.evaluate("(one) => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.evaluate("() => (document.getElementById('dispute').dataset.old = '')")
    form.locator("button[type=submit]").click()
    page.wait_for_function("() => !('old' in document.getElementById('dispute').dataset)")


def open_dispute(page: Page, counter: Counter) -> None:
    page.goto(counter.address())
    page.locator("a.matter").first.click()
    page.wait_for_selector("#parties")


def test_a_mediator_settles_a_dispute_from_assignment_to_confirmation(counter):
    with page_of(counter) as (page, errors):
        open_dispute(page, counter)
        assert page.locator("#people b").first.inner_text() == STATION_A
        send(page, "party", side="applicant", name="王秀英", phone="13812345678")
        send(page, "party", side="respondent", name="李建国")
        for party in page.locator("[data-party]").evaluate_all("(all) => all.map((one) => one.dataset.party)"):
            send(page, f"consent-{party}", consent="given", paper=f"同意书 {party}")
        send(page, "mediator")
        send(page, "begin")
        hour = page.locator('form[data-key="session"] button[data-start]').first
        hour.evaluate("(one) => { for (let e = one; (e = e.parentElement?.closest('details')); ) e.open = true; }")
        hour.click()
        send(page, "session", room="一号调解室")
        assert "一号调解室" in page.locator("#sessions").inner_text()
        send(page, "agreement", terms="被申请人月底前赔偿三千元", amount_yuan="3000", perform_by="2025-06-30")
        send(page, "sign")
        assert "调解成功" in page.locator(".head").inner_text()
        assert "剩 30 天，截至 2025-07-18" in page.locator("#court").inner_text()
        send(page, "confirmation", paper_applicant="申 1", paper_respondent="申 2")
        send(page, "answer", result="confirmed", number="（2025）司确 1 号", on="2025-06-18")
        assert "裁定有效" in page.locator("#court").inner_text()
        assert page.locator(".way .done").count() == 6 and page.locator(".way [data-next]").count() == 0
        form = page.locator("form.paper")
        form.evaluate("(form) => (form.closest('details').open = true)")
        form.locator("input[name=purpose]").fill("双方签署")
        with page.context.expect_page() as opened:
            form.locator("button[formaction]").click()
        paper = opened.value
        paper.wait_for_load_state()
        assert "王秀英" in paper.inner_text("body") and paper.url.endswith(
            "/agreements/1.html"
        )  # why it is shown is in no address
        paper.close()
        assert "王秀英" not in page.content() and "13812345678" not in page.content()
        assert errors == []


def test_a_refusal_keeps_what_was_typed_and_says_why(counter):
    with page_of(counter) as (page, _):
        open_dispute(page, counter)
        form = page.locator('form[data-key="agreement"]')
        form.evaluate("(form) => (form.closest('details').open = true)")
        form.locator("textarea").fill("赔偿三千元")
        form.locator("button[type=submit]").click()
        page.wait_for_function("() => document.querySelector('form[data-key=agreement] .told').textContent")
        assert "调解须有申请人和被申请人" in form.locator(".told").inner_text()
        send(page, "party", side="applicant", name="王秀英")  # the page is drawn anew beside it
        assert page.locator('form[data-key="agreement"] textarea').input_value() == "赔偿三千元"


def test_names_are_shown_for_a_purpose_and_masked_again(counter):
    with page_of(counter) as (page, _):
        open_dispute(page, counter)
        send(page, "party", side="applicant", name="王秀英", phone="13812345678")
        form = page.locator('form[data-key="reveal"]')
        form.evaluate("(form) => (form.closest('details').open = true)")
        form.locator("input").fill("通知到场")
        form.locator("button").click()
        page.wait_for_function("() => document.querySelector('[data-name]').textContent === '王秀英'")
        send(page, "party", side="respondent", name="李建国")
        assert "王秀英" not in page.content()


@pytest.mark.parametrize("size", [COUNTER, {"width": 1440, "height": 900}], ids=["1280x720", "1440x900"])
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_nothing_is_cut_off_or_too_small_to_press(counter, size, language):
    with page_of(counter, language, size) as (page, errors):
        open_dispute(page, counter)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert (
            page.evaluate("document.querySelector('#dispute').scrollWidth - document.querySelector('#dispute').clientWidth") <= 1
        )
        assert page.evaluate(TOO_SMALL) == []
        page.keyboard.press("6")
        assert page.evaluate("document.activeElement.closest('.card').id") == "court"
        page.keyboard.press("k")
        assert page.evaluate("document.activeElement.className") == "matter"
        assert errors == []


def test_the_days_visits_stand_on_the_map_in_their_order(counter):
    with page_of(counter) as (page, errors):
        open_dispute(page, counter)
        send(page, "mediator")
        for hour, address in ((9, "甲街道 1 号"), (11, "甲街道 2 号")):
            times = {"start": f"2025-06-19T{hour:02d}:00", "end": f"2025-06-19T{hour:02d}:40"}
            send(page, "session", place="circuit", address=address, **times)
        page.goto(counter.address("/mediator/circuit?day=2025-06-19"))
        page.wait_for_selector("#map .number")
        assert page.locator("#map .number").count() == 3  # the station and two visits
        assert page.locator(".stops b.number").all_inner_texts() == ["1", "2"]
        assert errors == []
