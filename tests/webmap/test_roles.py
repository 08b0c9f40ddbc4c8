"""Every route names its roles; writes need the token, and nothing else opens them."""

from __future__ import annotations

import stat
import threading

import pytest
from flask import Flask

from geogrid.errors import SetupError
from tests.build_installation import payload
from webmap.installation import EXTENSION
from webmap.roles import Role, install_roles, role_of, roles
from webmap.token import carries_token, read_or_make_token, token_path

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
EVENTS = "/api/v1/events"


def test_every_route_names_its_role(shared):
    silent = [rule.rule for rule in shared.app.url_map.iter_rules() if role_of(shared.app, rule.endpoint) is None]
    assert not silent, "say who may use it: @roles(Role....) next to the function"


def test_every_route_that_changes_something_asks_for_the_token(shared):
    rules = list(shared.app.url_map.iter_rules())
    open_writes = [
        rule.rule for rule in rules if UNSAFE & (rule.methods or set()) and role_of(shared.app, rule.endpoint) != Role.WRITE
    ]
    assert not open_writes


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x", "Bearer x{token}", "Bearer ümlaut"],
)
def test_without_the_token_nothing_is_written(shared, header):
    headers = {"Authorization": header.format(token=shared.token)} if header else {}
    answer = shared.client().post(EVENTS, json=payload(), headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "access.denied")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_token_is_taken_from_the_header_alone(shared):
    for address in (f"{EVENTS}?token={shared.token}", f"{EVENTS}?access_token={shared.token}"):
        answer = shared.client().post(address, json=payload(), headers={"Cookie": f"token={shared.token}"})
        assert answer.status_code == 401


def test_a_route_without_a_role_is_refused(tmp_path):
    app = Flask(__name__, static_folder=None)
    app.extensions[EXTENSION] = None
    install_roles(app)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    app.add_url_rule("/said", "said", roles(Role.PUBLIC)(lambda: "open"))
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
