"""Every route names its roles; writes need the token, and nothing else opens them."""

from __future__ import annotations

import stat
import threading

import pytest
from flask import Flask

from geogrid.domain.people import STAFF, Role
from geogrid.errors import SetupError
from tests.build_installation import DISTRICT, payload
from webmap.installation import EXTENSION
from webmap.roles import PUBLIC, install_roles, roles, roles_of
from webmap.token import carries_token, read_or_make_token, token_path

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
EVENTS = "/api/v1/events"
FILLED = {
    "event_id": "0b6a1c3e-0d5b-4c3a-9d6e-1f2a3b4c5d6e",
    "person_id": "0b6a1c3e-0d5b-4c3a-9d6e-1f2a3b4c5d6e",
    "webhook_id": "0b6a1c3e-0d5b-4c3a-9d6e-1f2a3b4c5d6e",
    "enterprise_id": "0b6a1c3e-0d5b-4c3a-9d6e-1f2a3b4c5d6e",
    "sha256": "0" * 64,
}


def test_every_route_names_its_role(shared):
    silent = [rule.rule for rule in shared.app.url_map.iter_rules() if roles_of(shared.app, rule.endpoint) is None]
    assert not silent, "say who may use it: @roles(...) next to the function"


def test_nothing_but_the_login_and_the_citizens_own_matter_is_written_by_whoever_comes(shared):
    rules = list(shared.app.url_map.iter_rules())
    writes = {rule.rule for rule in rules if UNSAFE & (rule.methods or set()) and roles_of(shared.app, rule.endpoint) == PUBLIC}
    assert writes <= {"/login", "/follow"}


def test_without_a_session_a_browser_is_sent_to_log_in_and_a_program_told_so(shared):
    routes = [rule for rule in shared.app.url_map.iter_rules() if roles_of(shared.app, rule.endpoint) != PUBLIC]
    assert len(routes) > 15
    for rule in routes:
        path = rule.build({name: FILLED.get(name, "1") for name in rule.arguments})[1]
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        told = shared.guest().open(path, method=method, headers={"Accept": "application/json"})
        assert (told.status_code, told.get_json()["code"]) == (401, "access.denied"), rule
        if method == "GET" and not path.startswith("/api/"):
            sent = shared.guest().get(path, headers={"Accept": "text/html"})
            assert sent.status_code == 303, rule
            assert sent.headers["Location"].startswith("/login"), rule


def test_every_unsafe_request_of_a_browser_carries_the_mark_of_its_page(shared):
    routes = [rule for rule in shared.app.url_map.iter_rules() if UNSAFE & (rule.methods or set())]
    client = shared.login_as(*STAFF, unit=DISTRICT, department="police")
    assert len(routes) > 2
    for rule in routes:
        path = rule.build({name: FILLED.get(name, "1") for name in rule.arguments})[1]
        for mark in ("", "0" * 64):
            told = client.open(path, method=next(iter(UNSAFE & rule.methods)), headers={"X-CSRF-Token": mark})
            assert (told.status_code, told.get_json()["code"]) == (403, "access.csrf"), rule


def test_a_reader_does_not_write(shared):
    auditor = shared.login_as(Role.AUDITOR, unit=DISTRICT)
    answer = auditor.post(EVENTS, json=payload())
    assert (answer.status_code, answer.get_json()["code"]) == (403, "access.forbidden")
    assert auditor.get(EVENTS).status_code == 200
    assert shared.login_as(Role.OFFICER, unit=DISTRICT).post(EVENTS, json=payload()).status_code == 201


def test_an_account_without_a_post_sees_nothing(shared):
    assert shared.login_as().get(EVENTS).status_code == 403


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x", "Bearer x{token}", "Bearer ümlaut"],
)
def test_without_the_token_nothing_is_written(shared, header):
    headers = {"Authorization": header.format(token=shared.token)} if header else {}
    answer = shared.guest().post(EVENTS, json=payload(), headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "access.denied")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_token_is_taken_from_the_header_alone(shared):
    for address in (f"{EVENTS}?token={shared.token}", f"{EVENTS}?access_token={shared.token}"):
        answer = shared.guest().post(address, json=payload(), headers={"Cookie": f"token={shared.token}"})
        assert answer.status_code == 401


def test_a_route_without_a_role_is_refused(tmp_path):
    app = Flask(__name__, static_folder=None)
    app.extensions[EXTENSION] = None
    install_roles(app)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    app.add_url_rule("/said", "said", roles(PUBLIC)(lambda: "open"))
    app.testing = True
    client = app.test_client()
    assert client.get("/said").text == "open"
    with pytest.raises(Exception, match="permission"):
        client.get("/forgotten")


# -- the token's file -------------------------------------------------------------------------------------------------


def test_the_token_is_made_once_readable_by_its_owner_alone(tmp_path):
    token = read_or_make_token(tmp_path)
    assert read_or_make_token(tmp_path) == token
    assert len(token) >= 43
    assert stat.S_IMODE(token_path(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(token_path(tmp_path).parent.stat().st_mode) == 0o700
    assert list(token_path(tmp_path).parent.iterdir()) == [token_path(tmp_path)]


def test_processes_that_start_at_once_agree_on_one_token(tmp_path):
    gate, found = threading.Barrier(20), []

    def make():
        gate.wait()
        found.append(read_or_make_token(tmp_path))

    threads = [threading.Thread(target=make) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len(set(found)) == 1


def test_a_token_that_others_can_read_or_that_is_cut_short_stops_the_start(tmp_path):
    read_or_make_token(tmp_path)
    token_path(tmp_path).chmod(0o644)
    with pytest.raises(SetupError, match="chmod 600"):
        read_or_make_token(tmp_path)
    token_path(tmp_path).chmod(0o600)
    token_path(tmp_path).write_text("")
    with pytest.raises(SetupError, match="cut short"):
        read_or_make_token(tmp_path)


def test_an_empty_token_opens_nothing():
    assert not carries_token(None, "t" * 43)
    assert not carries_token("Bearer ", "t" * 43)
    assert carries_token("bearer " + "t" * 43, "t" * 43)
