"""The counter on a bad line, and two who write at once: nothing is sent twice, nothing typed or written by another is lost."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import text

from geogrid.domain.people import Role
from geogrid.store import logins
from geogrid.store.session import session_scope
from tests.browser.browsers import served
from tests.browser.test_mediator import given, open_dispute, page_of, send
from tests.build_installation import DISTRICT
from webmap.installation import installation
from webmap.login import COOKIE, real_now

pytestmark = pytest.mark.browser


@pytest.fixture
def counter(installed):
    with served(installed):
        yield given(installed)


def typed(page: Page, key: str, **fields: str):
    """Fill a form that stands in a fold, and return it unsent."""
    form = page.locator(f'form[data-key="{key}"]')
    form.evaluate("(form) => { for (let e = form; (e = e.parentElement?.closest('details')); ) e.open = true; }")
    for name, value in fields.items():
        field = form.locator(f'[name="{name}"]')
        (field.select_option if field.evaluate("(one) => one.tagName") == "SELECT" else field.fill)(value)
    return form


def answer_is_lost(route: Route) -> None:
    """Let the server do what it is asked for, and lose what it says."""
    route.fetch()
    route.abort()


def another_session(counter) -> str:
    """Return the secret of a second session of the mediator, as a login in another tab opens one."""
    secret = secrets.token_urlsafe()
    with session_scope(installation(counter.small.app).engine) as session:
        person_id = session.scalar(text("SELECT person_id FROM sessions"))
        logins.open_session(session, secret, person_id, at=real_now(), address="", browser="test")
        logins.second_factor_shown(session, logins.hash_of(secret), at=real_now())
    return secret


def test_what_arrived_without_an_answer_is_not_sent_again(counter):
    with page_of(counter) as (page, _):
        open_dispute(page, counter)
        page.route("**/parties", answer_is_lost)
        form = typed(page, "party", side="respondent", name="李建国")
        form.locator("button[type=submit]").click()
        expect(form.locator(".told")).to_contain_text("不知是否送达")
        page.unroute("**/parties")
        form.locator("button[type=submit]").click()
        expect(page.locator("[data-party]")).to_have_count(1)  # it had arrived, and the page shows it now
        expect(form.locator(".told")).to_contain_text("请先核对")
        expect(form.locator("[name=name]")).to_have_value("李建国")
        expect(form.locator("[name=side]")).to_have_value("respondent")


def test_what_did_not_arrive_is_sent_once_it_was_looked_at(counter):
    with page_of(counter) as (page, _):
        open_dispute(page, counter)
        page.context.set_offline(True)
        form = typed(page, "party", side="respondent", name="李建国")
        form.locator("button[type=submit]").click()
        expect(form.locator(".told")).to_contain_text("不知是否送达")
        form.locator("button[type=submit]").click()
        expect(form.locator(".told")).to_contain_text("不知是否送达")  # still nobody to ask
        page.context.set_offline(False)
        form.locator("button[type=submit]").click()
        expect(form.locator(".told")).to_contain_text("请先核对")
        expect(page.locator("[data-party]")).to_have_count(0)
        form.locator("button[type=submit]").click()
        expect(page.locator("[data-party]")).to_have_count(1)
        expect(page.locator("[data-party]")).to_contain_text("被申请人")


def test_who_changes_the_claim_leaves_the_kind_that_another_chose(counter):
    with page_of(counter) as (page, errors):
        open_dispute(page, counter)
        other = page.context.new_page()
        other.goto(page.url)
        send(page, "about", kind="labour")
        send(other, "about", amount_yuan="１２，０００.５")
        page.reload()
        about = page.locator('form[data-key="about"]')
        expect(about.locator("[name=kind]")).to_have_value("labour")
        expect(about.locator("[name=amount_yuan]")).to_have_value("12000.50")
        send(page, "about", amount_yuan="")
        expect(about.locator("[name=amount_yuan]")).to_have_value("")
        assert errors == []


def test_who_logs_in_again_in_another_tab_sends_what_was_typed(counter):
    with page_of(counter) as (page, _):
        open_dispute(page, counter)
        again = another_session(counter)
        form = typed(page, "party", side="respondent", name="李建国")
        page.context.clear_cookies()
        form.locator("button[type=submit]").click()
        expect(form.locator(".told")).to_contain_text("重新登录")
        expect(form.locator("[name=name]")).to_have_value("李建国")
        stranger = counter.small.login_as(Role.DISPATCHER, unit=DISTRICT)
        page.context.add_cookies([{"name": COOKIE, "value": stranger.get_cookie(COOKIE).value, "url": counter.address("/")}])
        form.locator("button[type=submit]").click()
        expect(form.locator(".told")).to_contain_text("已换人登录")
        page.context.clear_cookies()
        page.context.add_cookies([{"name": COOKIE, "value": again, "url": counter.address("/")}])
        form.locator("button[type=submit]").click()
        expect(page.locator("[data-party]")).to_have_count(1)
