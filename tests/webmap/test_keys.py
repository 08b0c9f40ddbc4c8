"""Keys on the administrator's page, on the command line and at the door: shown once, counted, ended."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from geogrid.cli import root
from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.build_installation import DISTRICT
from webmap import login as login_module
from webmap import stream_door
from webmap.installation import installation

PATH = "/admin/people"
EVENTS = "/api/v1/events"
HTML = {"Accept": "text/html"}


@pytest.fixture
def admin(shared):
    return shared.login_as(Role.ADMINISTRATOR, unit=DISTRICT)


@pytest.fixture
def page(shared, admin) -> str:
    """The page of a program that an administrator just added."""
    values = {"login": f"sys{time.monotonic_ns()}", "name": "热线系统", "role": "officer", "unit": DISTRICT, "program": "1"}
    added = admin.post(PATH, data=values)
    assert added.status_code == 303
    return added.headers["Location"]


def make(admin, page: str, **more) -> tuple[str, str]:
    """Make a key on a program's page: its name and the key."""
    name = f"k{time.monotonic_ns()}"
    made = admin.post(f"{page}/keys", data={"do": "make", "name": name, "days": "30", **more})
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store"), made.text
    return name, re.search(r'id="made-key">([\w-]+)<', made.text)[1]


def ask(shared, key: str, path: str = EVENTS) -> int:
    return shared.guest().get(path, headers={"Authorization": f"Bearer {key}"}).status_code


def rows(shared, sql: str, **values):
    with session_scope(installation(shared.app).engine) as session:
        return session.execute(text(sql), values).all()


def test_a_key_is_shown_once_opens_the_routes_of_its_posts_and_is_revoked(shared, admin, page):
    name, key = make(admin, page)
    assert ask(shared, key) == 200
    assert ask(shared, key, PATH) == 403
    shown = admin.get(page, headers=HTML).text + admin.get(PATH, headers=HTML).text
    assert name in shown and key not in shown
    assert admin.post(f"{page}/keys", data={"do": "revoke", "name": name}).status_code == 303
    assert ask(shared, key) == 401
    told = rows(shared, "SELECT action, details ->> 'key' FROM audit WHERE object_id = :id ORDER BY id", id=page.split("/")[-1])
    assert [tuple(row) for row in told] == [("person.add", None), ("key.make", name), ("key.revoke", name)]
    assert key not in str(rows(shared, "SELECT audit::text FROM audit"))


def test_a_key_opens_nothing_after_its_day_neither_the_pages_nor_the_stream(shared, admin, page, monkeypatch):
    name, key = make(admin, page, days="1")
    monkeypatch.setattr(login_module, "real_now", lambda: datetime.now(UTC) + timedelta(hours=25))
    assert ask(shared, key) == 401
    shown = stream_door.shown_hash({"HTTP_AUTHORIZATION": f"Bearer {key}"})
    with installation(shared.app).engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert stream_door.still_open(driver, [shown]) == {shown}
        connection.execute(text("UPDATE api_keys SET expires_at = clock_timestamp() WHERE name = :name"), {"name": name})
        assert stream_door.still_open(driver, [shown]) == set()


def test_the_last_use_is_shown(shared, admin, page):
    _, key = make(admin, page)
    last = rf'data-label="{"最近使用"}">(.+?)<'
    assert re.search(last, admin.get(page, headers=HTML).text)[1] == "无"
    ask(shared, key)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", re.search(last, admin.get(page, headers=HTML).text)[1])


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "a b"}, {"days": "x"}, {"days": "0"}, {"days": "99999"}, {"do": "sell"}]
)
def test_what_cannot_be_made_is_told_on_the_page(admin, page, wrong):
    answer = admin.post(f"{page}/keys", data={"do": "make", "name": "k", "days": "3", **wrong}, headers=HTML)
    assert answer.status_code == 422 and 'id="fault"' in answer.text
    assert "尚无密钥" in answer.text


def test_a_person_s_page_offers_no_keys_and_makes_none(shared, admin):
    page = f"{PATH}/{shared.login_as(Role.OFFICER, unit=DISTRICT).person_id}"
    assert 'id="keys"' not in admin.get(page, headers=HTML).text
    assert admin.post(f"{page}/keys", data={"do": "make", "name": "mine", "days": "3"}).status_code == 422


def test_a_key_is_kept_by_command_too(small, monkeypatch):
    told = {"GEOGRID_DATABASE_URL": small.url, "GEOGRID_VAR": str(small.settings.var_dir), "GEOGRID_LANGUAGE": "en"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    def run(*words, code: int = 0):
        done = CliRunner().invoke(root, [*words])
        assert done.exit_code == code, done.output
        return done.output

    assert run("account", "add", "hotline", "--name", "热线", "--role", "officer", "--program") == "hotline\n"
    name, key, ends = run("account", "key", "make", "hotline", "--name", "h1", "--days", "10").strip().split("\t")
    assert name == "h1" and ask(small, key) == 200
    assert datetime.fromisoformat(ends) - datetime.now(UTC) > timedelta(days=9)
    listed = run("accounts", "key", "list", "hotline")
    assert listed.startswith("h1\thotline\tin use\t") and listed.endswith("\tsystem:command\n") and key not in listed
    assert run("account", "key", "revoke", "h1") == "h1 is revoked.\n"
    assert ask(small, key) == 401
    assert "\trevoked\t" in run("account", "key", "list")
    actions = [row.action for row in rows(small, "SELECT action FROM audit WHERE actor = 'system:command' ORDER BY id")]
    assert actions == ["person.add", "key.make", "key.revoke"]
