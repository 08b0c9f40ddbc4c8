"""Accounts for administrators: who may, what each button does, that nothing else changes, that all of it is in the audit."""

from __future__ import annotations

import re
import time

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from geogrid.cli import root
from geogrid.domain.people import STAFF, Role
from geogrid.store import people
from geogrid.store.session import session_scope
from geogrid.store.tables.people import people as rows
from tests.build_district import NOW, TOWNSHIP_A
from tests.build_installation import DISTRICT
from webmap import first_run
from webmap.installation import installation

PATH = "/admin/people"
HTML = {"Accept": "text/html"}


@pytest.fixture
def admin(shared):
    """A browser of an administrator who showed the second factor."""
    return shared.login_as(Role.ADMINISTRATOR, unit=DISTRICT)


def form(**more) -> dict:
    number = time.monotonic_ns()
    return {"login": f"chen{number}", "name": "陈静", "role": "officer", "unit": DISTRICT, **more}


def person_of(shared, login: str) -> people.Person:
    with session_scope(installation(shared.app).engine) as session:
        return people.by_login(session, login, now=NOW)


def actions(shared, person_id) -> list[str]:
    query = text("SELECT action FROM audit WHERE object_kind = 'person' AND object_id = :id ORDER BY id")
    with session_scope(installation(shared.app).engine) as session:
        return list(session.scalars(query, {"id": str(person_id)}))


def test_nobody_but_an_administrator_keeps_accounts(shared, admin):
    assert admin.get(PATH).status_code == 200
    for role in STAFF - {Role.ADMINISTRATOR}:
        other = shared.login_as(role, unit=DISTRICT, department="police")
        assert other.get(PATH).status_code == 403, role
        assert other.post(PATH, data=form()).status_code == 403, role
        assert other.post(f"{PATH}/{admin.person_id}", data={"do": "disable"}).status_code == 403, role
    assert shared.guest().get(PATH, headers=shared.write()).status_code == 403, "the set-up's key keeps no accounts"


def test_an_account_is_made_and_its_password_shown_once(shared, admin):
    values = form(unit="甲街道")
    made = admin.post(PATH, data=values)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    password = re.search(r'id="made-password">([\w-]+)<', made.text)[1]
    person = person_of(shared, values["login"])
    assert [(post.role, post.unit) for post in person.posts] == [(Role.OFFICER, TOWNSHIP_A)]
    assert person.must_change
    assert password not in admin.get(f"{PATH}/{person.id}").text + admin.get(PATH).text
    assert actions(shared, person.id) == ["person.add"]


def test_fields_that_the_form_does_not_have_change_nothing(shared, admin):
    extra = {column.name: "1" for column in rows.columns if column.name not in {"login", "name", "email", "phone"}}
    values = form(**extra, password="letmein", posts="administrator", is_admin="1")
    assert admin.post(PATH, data=values).status_code == 201
    with session_scope(installation(shared.app).engine) as session:
        row = session.execute(select(rows).where(rows.c.login == values["login"])).one()
    assert (row.integration, row.synthetic, row.disabled_at, row.factor_sealed, row.must_change) == (
        False,
        False,
        None,
        None,
        True,
    )
    assert str(row.id) != "1" and row.password_hash.startswith("$argon2id$")
    assert person_of(shared, values["login"]).roles() == {Role.OFFICER}


@pytest.mark.parametrize(
    "wrong",
    [{"login": ""}, {"login": "a b"}, {"name": ""}, {"role": ""}, {"role": "system"}, {"role": "citizen"}, {"unit": "没有"},
     {"unit": ""}, {"role": "department"}, {"department": "nobody"}, {"login": "x" * 300}, {"email": "x" * 300}],
)  # fmt: skip
def test_what_cannot_be_kept_is_told_and_nothing_is_made(shared, admin, wrong):
    values = form(**wrong)
    answer = admin.post(PATH, data=values, headers=HTML)
    assert answer.status_code == 422
    assert 'id="fault"' in answer.text
    assert person_of(shared, values["login"]) is None


def test_every_button_does_what_it_says_and_is_audited(shared, admin):
    values = form()
    admin.post(PATH, data=values)
    person = person_of(shared, values["login"])

    def press(do, **more):
        answer = admin.post(f"{PATH}/{person.id}", data={"do": do, **more})
        assert answer.status_code in {200, 303}, (do, answer.text)
        return person_of(shared, values["login"])

    assert press("give", role="verifier", unit=TOWNSHIP_A).roles() == {Role.OFFICER, Role.VERIFIER}
    assert press("end", post=f"officer/{DISTRICT}///").roles() == {Role.VERIFIER}
    assert press("disable").disabled_at is not None
    assert press("enable").disabled_at is None
    before = press("unlock")
    assert press("reset_password").password_set_at > before.password_set_at
    press("reset_factor")
    told = ["person.add", "person.posts", "person.posts", "person.disable", "person.enable", "person.unlock"]
    assert actions(shared, person.id) == [*told, "password.reset", "second_factor.reset"]
    assert admin.post(f"{PATH}/{person.id}", data={"do": "delete"}).status_code == 422
    assert admin.get(f"{PATH}/0b6a1c3e-0d5b-4c3a-9d6e-1f2a3b4c5d6e").status_code == 404


def test_somebody_remains_administrator(small):
    alone = small.login_as(Role.ADMINISTRATOR, unit=DISTRICT)
    for data in ({"do": "disable"}, {"do": "end", "post": f"administrator/{DISTRICT}///"}):
        assert alone.post(f"{PATH}/{alone.person_id}", data=data).status_code == 422
    assert alone.get(PATH).status_code == 200


def test_names_are_shown_as_text(shared, admin):
    values = form(name="<script>alert(1)</script>")
    admin.post(PATH, data=values)
    person = person_of(shared, values["login"])
    for page in (f"{PATH}?q={values['login']}", f"{PATH}/{person.id}"):
        assert "<script>alert" not in admin.get(page).text


@pytest.mark.parametrize("path", ["/login", "/account", "/account/password", PATH])
def test_pages_of_accounts_carry_the_headers_and_nothing_inline(admin, path):
    answer = admin.get(path, headers=HTML)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script|<style|\son\w+=|\sstyle=", answer.text)


# -- from the machine itself ------------------------------------------------------------------------------------------


def test_the_first_run_prints_passwords_once_and_they_log_in(small):
    engine, said = installation(small.app).engine, []
    made = first_run.make_accounts(small.settings, engine, twin=True)
    assert {post.role for one in made for post in one.posts} == set(STAFF)
    first_run.show_accounts(made, "http://127.0.0.1:8000/login", "zh", said.append)
    assert all(one.password in "\n".join(said) for one in made)
    assert first_run.make_accounts(small.settings, engine, twin=True) == []
    with session_scope(engine) as session:
        everything = str(session.execute(text("SELECT people::text FROM people UNION ALL SELECT audit::text FROM audit")).all())
    assert not [one.login for one in made if one.password in everything]
    officer = next(one for one in made if one.login == "officer")
    guest = small.guest()
    mark = re.search(r'name="csrf" value="(\w+)"', guest.get("/login").text)[1]
    entered = guest.post("/login", data={"csrf": mark, "login": officer.login, "password": officer.password, "next": "/unplaced"})
    assert (entered.status_code, entered.headers["Location"]) == (303, "/unplaced")


def test_accounts_are_kept_by_command_too(small, monkeypatch):
    for name, value in (
        ("GEOGRID_DATABASE_URL", small.url),
        ("GEOGRID_VAR", str(small.settings.var_dir)),
        ("GEOGRID_LANGUAGE", "en"),
    ):
        monkeypatch.setenv(name, value)

    def run(*words):
        done = CliRunner().invoke(root, ["account", *words])
        assert done.exit_code == 0, done.output
        return done.output

    login, password = run("add", "zhou", "--name", "周敏", "--role", "verifier", "--unit", TOWNSHIP_A).strip().split("\t")
    assert login == "zhou" and len(password) == 19
    assert run("list", "zho") == f"zhou\t周敏\tin use\tverifier/{TOWNSHIP_A}\n"
    assert f"mediator\t{TOWNSHIP_A}" in run("posts", "zhou", "--give", "mediator", TOWNSHIP_A)
    assert run("posts", "zhou", "--end", "verifier", TOWNSHIP_A).split() == ["mediator", TOWNSHIP_A]
    assert run("disable", "zhou") == "zhou is disabled.\n"
    assert "disabled" in run("list")
    assert run("enable", "zhou") == "zhou is in use again.\n"
    assert run("unlock", "zhou", "--address", "10.0.0.1") == "zhou is unlocked.\n"
    assert run("reset-password", "zhou", "--second-factor").strip().split("\t")[1] != password


def test_what_was_typed_stays_when_an_account_is_refused(shared):
    admin = shared.login_as(Role.ADMINISTRATOR, unit=DISTRICT)
    typed = {"login": "hotline-x", "name": "系统", "role": "hotline_operator", "unit": "", "program": "1"}
    page = admin.post("/admin/people", data=typed).text
    assert '<option value="hotline_operator" selected>' in page.split('class="add"')[1]
    assert 'name="program" value="1" checked' in page
    assert page.index('class="add"') < page.index("<tbody>"), "the form stands before a list of hundreds"
