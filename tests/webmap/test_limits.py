"""Allowances at the door: whose, of what, shared by processes, answered 429 in words; maps and static files are left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from geogrid.domain.doors import Allowance
from webmap import limits
from webmap.app import create_app
from webmap.installation import installation
from webmap.limits import Portions, allowance_of

AT = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
TILE = "/tiles/base/12/872/363.mvt"


def other_process(small, **told) -> object:
    """Another application on the same database: what another process of the server is, with these settings."""
    settings = replace(small.settings, **told)
    here = installation(small.app)
    return create_app(settings, engine=here.engine, district=here.district)


def as_another(app, client: FlaskClient) -> FlaskClient:
    """The same browser, asking another process."""
    other = app.test_client()
    other._cookies = client._cookies
    other.environ_base |= client.environ_base
    return other


@pytest.fixture
def clock(monkeypatch):
    """The real time as the limits see it: ``clock(seconds)`` moves it on."""
    now = [datetime.now(UTC)]
    monkeypatch.setattr(limits, "real_now", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    return move


def test_a_person_who_asks_too_often_waits_and_others_do_not(small, clock):
    app = other_process(small, person_a_minute=3)
    asks, other = (as_another(app, small.client()) for _ in range(2))
    assert [asks.get("/unplaced/count").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert other.get("/unplaced/count").status_code == 200
    refused = asks.get("/api/v1/units", headers={"Accept-Language": "zh"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "20")
    assert refused.get_json()["code"] == "request.too_many" and refused.get_json()["retry"] is True
    assert "20 秒" in refused.get_json()["message"]
    assert "Wait 20 s" in asks.get("/api/v1/units", headers={"Accept-Language": "en"}).get_json()["message"]
    assert asks.get("/unplaced", headers={"Accept": "text/html"}).status_code == 429
    clock(20)
    assert [asks.get("/unplaced/count").status_code for _ in range(2)] == [200, 429]


def test_processes_share_what_a_person_has(small, clock):
    browser = small.client()
    one, two = (as_another(other_process(small, person_a_minute=4), browser) for _ in range(2))
    told = [client.get("/unplaced/count").status_code for client in (one, two, one, two, one, two)]
    assert told == [200, 200, 200, 200, 429, 429]


def test_exports_and_reveals_have_lower_allowances_of_their_own(small, clock):
    app = other_process(small, exports_a_minute=2, reveals_a_minute=1)
    client = as_another(app, small.client())
    assert [client.get("/recast.csv").status_code for _ in range(3)] == [200, 200, 429]
    reveal = f"/api/v1/events/{small.accept().id}/reveal"
    assert [client.post(reveal, json={"purpose": "call back"}).status_code for _ in range(2)] == [200, 429]
    assert client.get("/unplaced/count").status_code == 200


def test_a_key_has_an_allowance_of_its_own(small, clock):
    guest, headers = other_process(small, key_a_minute=2, person_a_minute=1).test_client(), small.write()
    assert [guest.get("/api/v1/units", headers=headers).status_code for _ in range(3)] == [200, 200, 429]


def test_tiles_static_files_and_pages_for_everybody_are_not_counted(small, clock):
    app = other_process(small, person_a_minute=1)
    client = as_another(app, small.client())
    assert [client.get("/unplaced/count").status_code for _ in range(2)] == [200, 429]
    for path in (TILE, "/static/css/tokens.css", "/health", "/officer"):
        assert [client.get(path).status_code for _ in range(3)] == [200] * 3, path


def test_every_route_that_hands_out_a_sheet_is_counted_as_an_export(shared):
    """What a route is counted as follows from its address: a new export cannot forget it."""
    for rule in shared.app.url_map.iter_rules():
        counted = allowance_of(rule.rule, shared.app.view_functions[rule.endpoint])
        assert (counted is Allowance.REVEAL) == rule.rule.endswith(("/reveal", "/callback"))
        assert "/agreements/<int:version>." not in rule.rule or counted is Allowance.EXPORT
        assert (Path(rule.rule).suffix in {".csv", ".xlsx", ".pdf"}) <= (counted is Allowance.EXPORT)
    assert allowance_of("/recast.csv", lambda: None) is Allowance.EXPORT


# -- portions ---------------------------------------------------------------------------------------------------------


class Shared:
    """What all processes share, counted here: ``left`` requests, and who asked for how many."""

    def __init__(self, left: int) -> None:
        self.left, self.asked = left, []

    def take(self, who: str, allowance: Allowance, count: int, a_minute: int, now: datetime) -> float:
        self.asked.append(count)
        if count > self.left:
            return 5.0
        self.left -= count
        return 0.0


def spend(portions: Portions, times: int, seconds: float = 0, a_minute: int = 100) -> list[float]:
    return [portions.spend("person:a", Allowance.ASK, a_minute, AT + timedelta(seconds=seconds)) for _ in range(times)]


def test_the_database_is_asked_once_a_portion_and_the_last_requests_are_counted_one_by_one():
    shared = Shared(left=101)
    portions = Portions(shared.take)
    assert spend(portions, 101) == [0.0] * 101
    assert shared.asked == [2] * 51 + [1], "a portion is a fiftieth; the odd one is asked for alone"
    assert spend(portions, 3) == [5.0, 5.0, 5.0]
    assert shared.asked[52:] == [2, 1], "a refusal is remembered until its wait is over"
    shared.left = 4
    assert spend(portions, 1, seconds=5) == [0.0]


def test_what_is_left_of_a_portion_is_forgotten_after_a_minute():
    shared = Shared(left=100)
    portions = Portions(shared.take)
    spend(portions, 1)
    spend(portions, 1, seconds=61)
    assert shared.left == 96


def test_small_allowances_are_counted_one_by_one():
    shared = Shared(left=30)
    assert spend(Portions(shared.take), 30, a_minute=30) == [0.0] * 30
    assert shared.asked == [1] * 30


def test_memory_is_bounded_however_many_ask(monkeypatch):
    monkeypatch.setattr(limits, "MOST_ADDRESSES", 10)
    portions = Portions(Shared(left=100).take)
    for number in range(500):
        portions.spend(f"person:{number}", Allowance.ASK, 100, AT)
    assert len(portions._held) == 10
    for number in range(500):
        portions.spend(f"person:x{number}", Allowance.ASK, 100, AT + timedelta(seconds=number))
    assert len(portions._shut) <= 11
