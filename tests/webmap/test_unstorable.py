"""What no table could keep (a number too large, a character nobody can store, an id of nobody) is refused, never a fault."""

from __future__ import annotations

import base64
import json

import pytest

from geogrid.domain.people import Role
from tests.build_district import IN_A1
from tests.build_installation import DISTRICT

HUGE = "9" * 30
NOBODY = "0b6a1c3e-0d5b-4c3a-9d6e-1f2a3b4c5d6e"


def cursor(*told) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


@pytest.fixture(scope="module")
def commander(shared):
    return shared.login_as(Role.COMMANDER, unit=DISTRICT)


@pytest.fixture(scope="module")
def event(shared):
    return shared.accept(IN_A1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/api/v1/desk/queue?view={HUGE}"),
        ("GET", "/api/v1/desk/queue?reported_from=0001-01-01T00:00:00%2B14:00"),
        ("GET", "/api/v1/desk/queue?reported_to=9999-12-31T23:59:59-14:00"),
        ("GET", "/api/v1/desk/queue?q=%22%5C%27%25_"),
        ("GET", f"/api/v1/desk/queue?after={cursor('due', '2025-06-18T00:00:00+00:00', float('inf'), '2025-06-18', NOBODY)}"),
        ("GET", f"/api/v1/desk/queue?after={cursor('due', '2025-06-18T00:00:00+00:00', HUGE, '2025-06-18', NOBODY)}"),
        ("GET", f"/api/v1/desk/queue?after={cursor('due', '0001-01-01T00:00:00+14:00', 1, '0001-01-01T00:00:00+14:00', NOBODY)}"),
        ("GET", f"/api/v1/desk/queue?after={cursor('due')}"),
        ("GET", "/api/v1/desk/queue?after=e30="),
        ("PUT", f"/api/v1/desk/views/{HUGE}"),
        ("DELETE", f"/api/v1/desk/views/{HUGE}"),
        ("GET", f"/hotline?order={HUGE}"),
        ("POST", f"/hotline/messages/{HUGE}/resend"),
        ("POST", f"/hotline/orders/{HUGE}/callback"),
        ("POST", f"/assessment/lines/{HUGE}/appeals"),
        ("POST", f"/assessment/appeals/{HUGE}/decisions"),
        ("POST", f"/lists/{HUGE}/decisions"),
        ("PUT", f"/api/v1/guiding-cases/{HUGE}"),
        ("PUT", f"/api/v1/disputes/{{event}}/sessions/{HUGE}"),
        ("PUT", f"/api/v1/disputes/{{event}}/parties/{HUGE}"),
        ("GET", f"/window/tickets/{HUGE}"),
        ("GET", f"/events/{HUGE}"),
        ("GET", "/ledger?q=%25%27%22%5C"),
        ("GET", "/enterprises?q=%25%27%22%5C"),
        ("GET", "/figures/closing_rate/events?after=AAAA"),
        ("GET", f"/admin/audit?before={HUGE}"),
    ],
)
def test_what_cannot_be_kept_is_refused(commander, event, method, path):
    bodies = {"data": {"state": "assessed", "purpose": "回访核实", "decision": "granted"}}
    if path.startswith("/api"):
        body = {"name": "x", "query": {}} if "views" in path else {}
        body = {"state": "approved"} if "cases" in path else body
        body = {"text": "说明"} if "sessions" in path else body
        body = {"side": "applicant", "name": "甲"} if "parties" in path else body
        bodies = {"json": body} if method in {"PUT", "POST"} else {}
    answer = commander.open(path.format(event=event.id), method=method, **(bodies if method != "GET" else {}))
    assert answer.status_code < 500, answer.text[:300]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/assessment/counts", {"month": "2025-06", "kind": "worker", "subject": "a\0b"}),
        ("/assessment/lines/1/appeals", {"month": "2025-06", "subject": "a\0b", "reason": "x\0y"}),
        ("/lists", {"programme": "hulan", "category": "a\0b", "unit": "c\0d", "part": "lead", "department_of": "police"}),
        ("/teams/made", {"code": "A\0B", "name": "x\0", "force": "base", "unit": "1\0"}),
        ("/hotline/messages/1/resend", {"q": "a\0b"}),
        ("/window/reports", {"window": "general", "id": NOBODY, "kind": "request", "text": "a\0b"}),
        ("/follow", {"number": "a\0b", "code": "a\0b"}),
    ],
)
def test_a_form_with_a_character_that_nobody_can_store_is_refused(commander, path, form):
    assert commander.post(path, data=form).status_code < 500
