"""Logging in: cookies, locks, forgery, where it leads, sessions that end, the second factor."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters

from geogrid.actions import accounts
from geogrid.domain.people import Post, Role
from geogrid.rules.one_time import code_of, step_at
from geogrid.store.session import session_scope
from tests.build_district import NOW
from tests.build_installation import DISTRICT
from webmap import login as login_module
from webmap.installation import installation
from webmap.login import COOKIE, COOKIE_TLS, same_site_path

PASSWORD = "七里河边散步的黄昏很安静"
HTML = {"Accept": "text/html"}
COMMANDER = Post(Role.COMMANDER, unit=DISTRICT)
EVENTS = "/api/v1/events"


@pytest.fixture
def somebody(shared):
    """Make a person with a password; returns its login name. Each from an address of its own in ``Browser``."""

    def make(*posts: Post, must_change: bool = False, name: str = "王小明") -> str:
        number = time.monotonic_ns()
        new = accounts.NewAccount(f"wang{number}", name, posts or (COMMANDER,), password=PASSWORD, must_change=must_change)
        with session_scope(installation(shared.app).engine) as session:
            return accounts.create(session, new, now=NOW, at=datetime.now(UTC), by="test").login

    return make


class Browser:
    """A browser without scripts: forms with the marks of their pages, cookies kept, an address of its own."""

    count = 0

    def __init__(self, small, **options):
        Browser.count += 1
        self.client = small.guest()
        self.client.environ_base["REMOTE_ADDR"] = f"10.1.{Browser.count // 250}.{Browser.count % 250}"
        self.options = options

    def get(self, path, **more):
        return self.client.get(path, headers=HTML, **self.options, **more)

    def post(self, path, data, page=None):
        mark = re.search(r'name="csrf" value="(\w+)"', self.get(page or path).text)[1]
        return self.client.post(path, data={"csrf": mark, **data}, headers=HTML, **self.options)

    def log_in(self, login, password=PASSWORD, then="/"):
        return self.post("/login", {"login": login, "password": password, "next": then})

    def secret(self, name=COOKIE):
        found = self.client.get_cookie(name)
        return found.value if found else None


@pytest.fixture
def browser(shared):
    return Browser(shared)


@pytest.fixture
def hours_later(monkeypatch):
    """Set the real clock, by which sessions end, some hours on."""

    def later(hours: float) -> None:
        monkeypatch.setattr(login_module, "real_now", lambda: datetime.now(UTC) + timedelta(hours=hours))

    return later


# -- in and out -------------------------------------------------------------------------------------------------------


def test_a_browser_logs_in_is_led_back_and_logs_out(browser, somebody):
    asked = browser.get("/unplaced?lang=zh")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/login?next=%2Funplaced%3Flang%3Dzh")
    page = browser.get(asked.headers["Location"])
    assert page.status_code == 200
    assert 'value="/unplaced?lang=zh"' in page.text
    entered = browser.log_in(somebody(), then="/unplaced?lang=zh")
    assert (entered.status_code, entered.headers["Location"]) == (303, "/unplaced?lang=zh")
    shown = browser.get("/unplaced")
    assert shown.status_code == 200
    assert "王小明" in shown.text and "指挥" in shown.text
    left = browser.post("/logout", {}, page="/unplaced")
    assert (left.status_code, left.headers["Location"]) == (303, "/login")
    assert browser.get("/unplaced").status_code == 303


def test_the_old_cookie_opens_nothing_after_logging_out(browser, somebody, shared):
    browser.log_in(somebody())
    secret = browser.secret()
    browser.post("/logout", {}, page="/account")
    thief = shared.guest()
    thief.set_cookie(COOKIE, secret)
    assert thief.get(EVENTS).status_code == 401


def test_a_login_never_takes_over_a_secret_that_was_there_before(browser, somebody):
    browser.client.set_cookie(COOKIE, "planted")
    browser.log_in(somebody())
    first = browser.secret()
    assert first not in {None, "planted"}
    browser.post("/logout", {}, page="/account")
    browser.log_in(somebody())
    assert browser.secret() != first


@pytest.mark.parametrize("secure", [False, True])
def test_cookies_are_closed_to_scripts_and_to_other_sites_and_bound_to_the_host_where_encrypted(shared, somebody, secure):
    options = {"base_url": "https://localhost"} if secure else {}
    browser = Browser(shared, **options)
    sent = [*browser.get("/login").headers.getlist("Set-Cookie"), *browser.log_in(somebody()).headers.getlist("Set-Cookie")]
    assert any((COOKIE_TLS if secure else COOKIE) + "=" in line for line in sent)
    for line in sent:
        assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(line.split("; ")), line
        assert ("Secure" in line.split("; ")) == secure == line.startswith("__Host-"), line
        assert "Domain" not in line


@pytest.mark.parametrize(
    "asked",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil", "evil", "javascript:alert(1)", "/ /evil",
     "/\t/evil", "/\n", "///evil", "http:/evil", "", "/" + "a" * 400],
)  # fmt: skip
def test_a_login_leads_nowhere_else(browser, somebody, asked):
    assert same_site_path(asked) == "/"
    assert browser.log_in(somebody(), then=asked).headers["Location"] == "/"


def test_pages_of_a_session_are_kept_by_nobody(browser, somebody):
    browser.log_in(somebody())
    for path in ("/login", "/account", "/unplaced", EVENTS):
        assert browser.get(path).headers["Cache-Control"] == "no-store"


# -- wrong attempts ---------------------------------------------------------------------------------------------------


def told(answer) -> str:
    return re.search(r'id="fault">(.*?)</p>', answer.text)[1]


def test_wrong_password_unknown_login_and_closed_account_are_told_alike_and_cost_the_same(shared, somebody, monkeypatch):
    """What takes the time is the hash: one comparison of the same cost each, whoever asks. A clock would measure the machine."""
    compared, verify = [], PasswordHasher.verify

    def counted(self, stored, password):
        compared.append(extract_parameters(stored))
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    closed = somebody()
    with session_scope(installation(shared.app).engine) as session:
        accounts.disable(session, accounts.person_of(session, closed, now=NOW), at=datetime.now(UTC))
    answers = []
    for login, password in (
        (somebody(), "wrong"),
        ("nobody.here", "wrong"),
        (closed, PASSWORD),
        ("administrator", "admin"),
        ("admin", "admin"),
    ):
        browser = Browser(shared)
        browser.get("/login")
        answers.append(browser.log_in(login, password))
    assert {answer.status_code for answer in answers} == {401}
    assert len({told(answer) for answer in answers}) == 1
    assert len(compared) == 5
    assert all(cost == compared[0] for cost in compared)


def test_five_wrong_passwords_lock_the_account_for_everybody_and_quarter_of_an_hour(shared, somebody, hours_later):
    login = somebody()
    for _ in range(5):
        assert Browser(shared).log_in(login, "wrong").status_code == 401
    locked = Browser(shared).log_in(login)
    assert locked.status_code == 429
    assert "15" in told(locked)
    assert 800 < int(locked.headers["Retry-After"]) <= 900
    for _ in range(5):
        Browser(shared).log_in("nobody.at.all", "wrong")
    assert told(Browser(shared).log_in("nobody.at.all", "wrong")) == told(locked)


def test_five_wrong_attempts_lock_an_address(shared, somebody):
    browser = Browser(shared)
    for number in range(5):
        browser.log_in(f"guess{number}", "wrong")
    assert browser.log_in(somebody()).status_code == 429
    assert Browser(shared).log_in(somebody()).status_code == 303


def test_of_many_attempts_at_once_no_more_than_five_are_looked_at(shared, somebody):
    login, seen = somebody(), []

    def attempt():
        seen.append(Browser(shared).log_in(login, "wrong").status_code)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen.count(401) <= 5
    assert set(seen) <= {401, 429}


def test_a_login_without_the_mark_of_its_page_is_refused(shared, somebody):
    login = somebody()
    for data in ({}, {"csrf": "0" * 64}):
        browser = Browser(shared)
        browser.get("/login")
        answer = browser.client.post("/login", data={"login": login, "password": PASSWORD, **data})
        assert (answer.status_code, answer.get_json()["code"]) == (403, "access.csrf")
    foreign = Browser(shared)
    foreign.client.environ_base["HTTP_SEC_FETCH_SITE"] = "cross-site"
    assert foreign.log_in(login).status_code == 403


# -- sessions that end ------------------------------------------------------------------------------------------------


def test_a_session_ends_after_half_an_hour_without_a_request(browser, somebody, hours_later):
    browser.log_in(somebody())
    hours_later(0.45)
    assert browser.get(EVENTS).status_code == 200
    hours_later(0.9)
    assert browser.get(EVENTS).status_code == 200, "it was used in between"
    hours_later(1.5)
    assert browser.get(EVENTS).status_code == 401


def test_a_session_ends_after_twelve_hours_whatever_is_done(browser, somebody, hours_later):
    browser.log_in(somebody())
    for steps in range(1, 27):
        hours_later(steps * 0.45)
        assert browser.get(EVENTS).status_code == 200
    hours_later(12.01)
    assert browser.get(EVENTS).status_code == 401


def test_disabling_and_a_new_password_end_sessions_at_once(shared, somebody):
    engine = installation(shared.app).engine
    for deed in (accounts.disable, accounts.reset_password):
        login, browser = somebody(), Browser(shared)
        browser.log_in(login)
        assert browser.get(EVENTS).status_code == 200
        with session_scope(engine) as session:
            deed(session, accounts.person_of(session, login, now=NOW), at=datetime.now(UTC))
        assert browser.get(EVENTS).status_code == 401, deed


def test_the_own_password_is_changed_with_the_old_one_and_ends_the_other_sessions(shared, somebody):
    login, here, there = somebody(must_change=True), Browser(shared), Browser(shared)
    here.log_in(login)
    there.log_in(login)
    assert here.get("/").headers["Location"] == "/account/password"
    assert here.client.get(EVENTS).status_code == 403, "nothing else before the password is one's own"
    fresh = {"fresh": "一池春水映着两岸青青的杨柳", "again": "一池春水映着两岸青青的杨柳"}
    assert here.post("/account/password", {"old": "wrong", **fresh}).status_code == 401
    assert here.post("/account/password", {"old": PASSWORD, "fresh": "short", "again": "short"}).status_code == 422
    assert here.post("/account/password", {"old": PASSWORD, **fresh, "again": "other"}).status_code == 422
    before = here.secret()
    assert here.post("/account/password", {"old": PASSWORD, **fresh}).status_code == 303
    assert here.secret() != before
    assert here.client.get(EVENTS).status_code == 200
    assert there.client.get(EVENTS).status_code == 401
    assert Browser(shared).log_in(login).status_code == 401
    assert Browser(shared).log_in(login, fresh["fresh"]).status_code == 303


# -- second factor ----------------------------------------------------------------------------------------------------


def enrolled(browser) -> tuple[bytes, int, list[str]]:
    """Set up a second factor as the page asks; returns its secret, the step whose code was used, and the recovery codes.

    The code is the one of now and the next of half a minute later, both of which are taken should a step end meanwhile.
    """
    import base64

    text = re.search(r'class="key">(\w+)<', browser.get("/account/second-factor").text)[1]
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    step = step_at(datetime.now(UTC))
    done = browser.post("/account/second-factor", {"code": code_of(secret, step)})
    assert done.status_code == 200
    return secret, step, re.findall(r"<li><code>([\w-]+)</code>", done.text)


@pytest.mark.parametrize("role", [Role.PLANNER, Role.ADMINISTRATOR])
def test_planners_and_administrators_set_up_a_second_factor_before_anything_else(shared, somebody, role):
    login, browser = somebody(Post(role, unit=DISTRICT)), Browser(shared)
    browser.log_in(login)
    assert browser.get("/").headers["Location"] == "/account/second-factor"
    assert browser.client.get(EVENTS).status_code == 403
    secret, step, codes = enrolled(browser)
    assert len(codes) == 8
    assert browser.client.get(EVENTS).status_code == 200
    again = Browser(shared)
    assert again.log_in(login).status_code == 303
    assert again.get("/").headers["Location"] == "/login/code"
    assert again.get("/account").status_code == 303, "the password alone opens no account page"
    assert again.get("/account/second-factor").status_code == 303
    assert again.post("/login/code", {"code": code_of(secret, step)}).status_code == 401, "a code counts once"
    half = again.secret()
    assert again.post("/login/code", {"code": code_of(secret, step + 1)}).status_code == 303
    assert again.secret() != half
    assert again.client.get(EVENTS).status_code == 200


def test_a_recovery_code_lets_in_once_and_five_wrong_codes_lock(shared, somebody):
    login, browser = somebody(Post(Role.PLANNER, unit=DISTRICT)), Browser(shared)
    browser.log_in(login)
    _, _, codes = enrolled(browser)
    second = Browser(shared)
    second.log_in(login)
    assert second.post("/login/code", {"code": codes[0].upper()}).status_code == 303
    third = Browser(shared)
    third.log_in(login)
    assert third.post("/login/code", {"code": codes[0]}).status_code == 401
    for _ in range(4):
        assert third.post("/login/code", {"code": "000000"}).status_code == 401
    assert third.post("/login/code", {"code": codes[1]}).status_code == 429
