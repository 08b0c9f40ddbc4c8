"""The token of a screen on a wall: it reads one view of one territory, from where it is bound to, until it ends; nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from geogrid.actions import keys
from geogrid.cli import root
from geogrid.domain.people import Role
from geogrid.space.tiles import cell_of
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, IN_B1, TOWNSHIP_A
from tests.build_installation import DISTRICT
from tests.layers.mvt_reader import read_tile
from tests.webmap.test_canary import ACCOUNT, WORDS, body_of, event, found_in, paths
from tests.webmap.test_matrix import ANYBODY, NOBODY, OF_AN_EVENT, ROUTES, ask, unlike
from webmap import login as login_module
from webmap.installation import installation
from webmap.login import COOKIE, WALL_COOKIE

HTML = {"Accept": "text/html"}
said = event  # the fixture of words that hold numbers of people
OPEN = {("GET", "/"), ("GET", "/tiles/<set_name>/<int:z>/<int:x>/<int:y>.mvt")}


def made(small, name: str = "lobby", **more) -> str:
    told = {"unit": DISTRICT, "at": datetime.now(UTC), "by": "test", **more}
    with session_scope(installation(small.app).engine) as session:
        return keys.make_token(session, name=name, **told).secret


def screen(small, secret: str, address: str = "127.0.0.1"):
    """A screen that has brought its token."""
    client = small.guest()
    client.environ_base["REMOTE_ADDR"] = address
    client.entered = client.get(f"/wall/enter?token={secret}")
    return client


def test_the_token_leaves_the_address_with_its_first_load(small):
    secret = made(small)
    wall = screen(small, secret)
    assert (wall.entered.status_code, wall.entered.headers["Location"]) == (303, "/")
    assert secret not in wall.entered.get_data(as_text=True)
    assert wall.entered.headers["Referrer-Policy"] == "no-referrer" and wall.entered.headers["Cache-Control"] == "no-store"
    cookie = wall.entered.headers["Set-Cookie"]
    assert cookie.startswith(f"{WALL_COOKIE}={secret}") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    page = wall.get("/", headers=HTML)
    assert page.status_code == 200 and secret not in page.text
    assert page.headers["Refresh"] == "60"
    assert "/search" not in page.text and "/stream" not in page.text and 'id="map-live"' not in page.text


def test_the_token_opens_the_map_and_its_tiles_and_no_other_route(small):
    """The matrix of routes, asked by a screen: what is for everybody, and its one view."""
    wall, other = screen(small, made(small)), str(small.accept(IN_A1).id)
    asked = ROUTES | OF_AN_EVENT
    expected = dict.fromkeys(asked, 403) | dict.fromkeys(OPEN, 200)
    expected |= {name: one.guest or one.status for name, one in asked.items() if one.who == ANYBODY}
    found = {name: ask(wall, name[0], one, event=other) for name, one in asked.items()}
    assert unlike(found, expected) == {}
    assert {name for name, status in found.items() if name[0] != "GET" and status < 400} == set()


@pytest.mark.parametrize("path", ["/", "/tiles/all/12/872/363.mvt"])
@pytest.mark.parametrize("verb", ["post", "put", "delete", "patch"])
def test_the_token_reads(small, path, verb):
    wall = screen(small, made(small))
    assert getattr(wall, verb)(path).status_code in {403, 405}
    assert wall.head("/").status_code == 200


def test_a_screen_shows_its_territory_alone(small):
    small.accept(IN_A1), small.accept(IN_B1)
    whole, township = screen(small, made(small)), screen(small, made(small, "street", unit=TOWNSHIP_A))

    def events(client, lonlat) -> int:
        x, y = (int(value) for value in cell_of(*lonlat, 15))
        return sum(len(layer) for layer in read_tile(client.get(f"/tiles/events/17/{x}/{y}.mvt").data).values())

    assert [bool(events(whole, place)) for place in (IN_A1, IN_B1)] == [True, True]
    assert [bool(events(township, place)) for place in (IN_A1, IN_B1)] == [True, False]


def test_a_bound_token_is_taken_from_its_network_alone(small):
    secret = made(small, network="10.1.2.0/24")
    assert screen(small, secret, "10.1.2.9").get("/").status_code == 200
    assert screen(small, secret, "10.1.3.9").entered.status_code == 401
    stolen = small.guest()
    stolen.set_cookie(WALL_COOKIE, secret)
    assert stolen.get("/").status_code == 401


@pytest.mark.parametrize("how", ["revoked", "ended", "never made"])
def test_a_token_that_is_over_shows_nothing_from_the_next_request_on(small, monkeypatch, how):
    secret = made(small, days=1)
    wall = screen(small, secret if how != "never made" else "ggw_x")
    if how == "revoked":
        with session_scope(installation(small.app).engine) as session:
            keys.revoke_token(session, "lobby", at=datetime.now(UTC))
    if how == "ended":
        monkeypatch.setattr(login_module, "real_now", lambda: datetime.now(UTC) + timedelta(hours=25))
    assert wall.get("/").status_code == 401
    assert wall.get("/tiles/all/12/872/363.mvt").status_code == 401
    assert wall.get("/", headers=HTML).headers["Location"].startswith("/login")


def test_the_token_is_no_key_and_no_session_and_a_session_goes_before_it(small):
    secret = made(small)
    assert small.guest().get("/", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    as_session = small.guest()
    as_session.set_cookie(COOKIE, secret)
    assert as_session.get("/").status_code == 401
    person = small.login_as(Role.COMMANDER, unit=DISTRICT)
    person.set_cookie(WALL_COOKIE, secret)
    assert person.get("/api/v1/units").status_code == 200


def test_a_screen_shows_nothing_of_people(small, said):
    wall, found = screen(small, made(small)), {}
    for path in paths(said):
        for accept in ("application/json", "text/html"):
            seen = found_in(body_of(wall, path, Accept=accept), WORDS + ACCOUNT)
            if seen:
                found[path] = seen
    assert found == {}


def test_a_screen_is_entered_into_the_audit_and_its_last_use_is_kept(small):
    screen(small, made(small)).get("/")
    with session_scope(installation(small.app).engine) as session:
        rows = session.execute(text("SELECT actor, action, object_id FROM audit WHERE object_kind = 'wall_token'")).all()
        used = session.scalar(text("SELECT used_at FROM wall_tokens"))
    assert [tuple(row) for row in rows] == [("wall:lobby", "wall_token.enter", "lobby")]
    assert datetime.now(UTC) - used < timedelta(minutes=1)


def test_tokens_are_kept_by_command(small, monkeypatch):
    told = {"GEOGRID_DATABASE_URL": small.url, "GEOGRID_VAR": str(small.settings.var_dir), "GEOGRID_LANGUAGE": "en"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    def run(*words):
        done = CliRunner().invoke(root, ["accounts", "wall-token", *words])
        assert done.exit_code == 0, done.output
        return done.output

    name, path, _ = run("make", "--name", "hall", "--address", "127.0.0.1").strip().split("\t")
    secret = path.removeprefix("/wall/enter?token=")
    assert name == "hall" and screen(small, secret).get("/").status_code == 200
    listed = run("list")
    assert listed.startswith(f"hall\t{DISTRICT}\t127.0.0.1/32\tin use\t") and secret not in listed
    assert run("revoke", "hall") == "hall is revoked.\n"
    assert small.guest().get(path).status_code == 401
    with session_scope(installation(small.app).engine) as session:
        actions = list(session.scalars(text("SELECT action FROM audit WHERE object_id = 'hall' ORDER BY id")))
        kept = str(
            session.execute(text("SELECT wall_tokens::text FROM wall_tokens UNION ALL SELECT audit::text FROM audit")).all()
        )
    assert actions == ["wall_token.make", "wall_token.enter", "wall_token.revoke"]
    assert secret not in kept
    assert NOBODY not in kept
