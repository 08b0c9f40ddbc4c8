"""The rounds of mediators and of who visits enterprises on their maps: every number is read, however near its stops lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from geogrid.actions.accept import accept_report
from geogrid.actions.enterprises import keep
from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.events import EventKind
from geogrid.domain.people import Role
from geogrid.store import disputes_people
from geogrid.store.session import session_scope
from tests.actions.test_enterprises import RULES, row
from tests.browser.browsers import address, phone
from tests.build_disputes import STATION_A
from tests.build_district import IN_A1, NOW, report
from tests.build_installation import DISTRICT
from tests.build_life import DISPATCHER
from webmap.installation import installation
from webmap.login import COOKIE

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 720}
# Pairs of marks of which one covers a part of the other.
COVERED = """
    () => {
      const boxes = [...document.querySelectorAll("#map .number, #map .home")].map((mark) => mark.getBoundingClientRect());
      const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
      return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => meet(a, b))).length;
    }
"""


def numbers(page) -> list[str]:
    return sorted(page.locator("#map .number:not(.base)").all_inner_texts())


def none_covers_another_at_any_zoom(page) -> None:
    page.wait_for_function(f"() => ({COVERED.strip()})() === 0")
    for _ in range(3):
        page.locator(".leaflet-control-zoom-out").click()
        page.wait_for_selector("#map .leaflet-zoom-anim", state="detached")
        page.wait_for_function(f"() => ({COVERED.strip()})() === 0")


def mediator_with_visits(small, count: int):
    """Return the browser of a mediator who visits ``count`` disputes of one place on 2025-06-20."""
    client, here = small.login_as(Role.MEDIATOR, station=STATION_A), installation(small.app)
    ids = []
    with session_scope(here.engine) as session:
        disputes_people.put_mediator(session, client.person_id, station=STATION_A, kinds=["neighbourhood"], synthetic=True)
        for number in range(count):
            told = replace(report(IN_A1, words=f"楼上漏水{number}"), kind=EventKind.DISPUTE)
            event = accept_report(session, told, now=NOW - timedelta(hours=1), district=here.district, actor="test").event
            for step, details in (("open", {"category": "D01"}), ("dispatch", {"party": f"station:{STATION_A}"})):
                take_step(session, TakeStep(event.id, step, DISPATCHER, details), now=NOW, district=here.district)
            ids.append(event.id)
    for hour, event_id in enumerate(ids, 9):
        times = {"start": f"2025-06-20T{hour:02d}:00:00+08:00", "end": f"2025-06-20T{hour:02d}:40:00+08:00"}
        assert client.put(f"/api/v1/disputes/{event_id}/mediator", json={"person_id": str(client.person_id)}).status_code == 200
        assert client.post(f"/api/v1/disputes/{event_id}/sessions", json={**times, "place": "home"}).status_code == 201
    return client


def test_visits_at_one_address_stand_beside_each_other(serving):
    client = mediator_with_visits(serving, 3)
    with phone(DESK) as (page, seen):
        page.context.add_cookies([{"name": COOKIE, "value": client.get_cookie(COOKIE).value, "url": address(serving, "/")}])
        page.goto(address(serving, "/mediator/circuit?day=2025-06-20"))
        expect(page.locator("#map .number")).to_have_count(4)  # the station and three visits
        assert numbers(page) == ["1", "2", "3"]
        none_covers_another_at_any_zoom(page)
        assert seen.errors == []


def test_enterprises_at_one_address_stand_beside_each_other(serving):
    here = installation(serving.app)
    with session_scope(here.engine) as session:
        keep(session, [row(n, IN_A1, "key", name=f"企业{n}") for n in (1, 2, 3)], now=NOW, district=here.district, rules=RULES)
    with phone(DESK) as (page, seen):
        page.context.add_cookies(serving.browser_cookies(Role.DISPATCHER, unit=DISTRICT))
        page.goto(address(serving, "/enterprises/plan"))
        expect(page.locator("#map .number")).to_have_count(3)
        assert numbers(page) == ["1", "2", "3"]
        none_covers_another_at_any_zoom(page)
        assert seen.errors == []
