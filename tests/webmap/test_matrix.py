"""Role x route x territory: every route, safe or not, asked by every reader, answers as the roles it names and the scope say.

The expectation is written down here, apart from ``webmap.roles`` and ``rules.scope``: a route that opens too far, or a new one
that nobody thought about, fails.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest

from geogrid.domain.people import STAFF, Role
from tests.build_district import IN_A1, IN_B1, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, VILLAGE_B
from tests.build_installation import DISTRICT, Small, payload

NOBODY = "0b6a1c3e-0d5b-4c3a-9d6e-1f2a3b4c5d6e"
R = Role
ALL = STAFF
ANYBODY, LOGGED_IN = "anybody", "logged in"
REPORTERS = ALL - {R.AUDITOR, R.ADMINISTRATOR, R.PLANNER}
PLACERS = {R.DISPATCHER, R.WINDOW_CLERK, R.HOTLINE_OPERATOR, R.GRID_LEADER, R.TOWNSHIP_LEADER, R.COMMANDER}
HANDLERS = REPORTERS  # who judges, plans or runs the platform handles no matter
DECIDERS = {R.DISPATCHER, R.COMMANDER}  # on lists of matters
CLERKS = {R.WINDOW_CLERK, R.HOTLINE_OPERATOR, R.DISPATCHER, R.COMMANDER}
LISTERS = DECIDERS | {R.DEPARTMENT}
OPERATORS = {R.HOTLINE_OPERATOR, R.DISPATCHER, R.COMMANDER}  # of hotlines
VISITORS = {
    R.OFFICER,
    R.GRID_LEADER,
    R.WINDOW_CLERK,
    R.DEPARTMENT,
    R.TOWNSHIP_LEADER,
    R.DISPATCHER,
    R.COMMANDER,
}  # of enterprises
_FIRM = "/enterprises/<uuid:enterprise_id>"
MEDIATION = {R.MEDIATOR, R.WINDOW_CLERK, R.DISPATCHER, R.VERIFIER, R.TOWNSHIP_LEADER, R.COMMANDER}
AT_DESKS = {R.DISPATCHER, R.COMMANDER, R.TOWNSHIP_LEADER, R.WINDOW_CLERK, R.HOTLINE_OPERATOR}  # who keep a log of shifts
GIVERS = {R.DISPATCHER, R.COMMANDER, R.TOWNSHIP_LEADER}  # of orders
SHA = "0" * 64
NUMBERS: dict[str, str] = {}  # of the events below, by id


@dataclass(frozen=True)
class Ask:
    """A request and what it is answered to those who may make it; ``key`` to a program, ``guest`` where that differs."""

    path: str
    who: Any
    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    key: int = 0
    guest: int = 0
    headers: dict[str, str] = field(default_factory=dict)


EVENT = "/api/v1/events/{event}"
_E = "/api/v1/events/<uuid:event_id>"
_PERSON, _HOOK = "/admin/people/<uuid:person_id>", "/api/v1/webhooks/<uuid:webhook_id>"
ADMIN = {R.ADMINISTRATOR}

# Of the district as a whole: what is asked of an event has a table of its own below.
ROUTES: dict[tuple[str, str], Ask] = {
    ("GET", "/"): Ask("/", ALL),
    ("GET", "/search"): Ask("/search?q=2025", ALL),
    ("GET", "/grids/<code>"): Ask("/grids/999901001001001", ALL),
    ("GET", "/stations/<code>"): Ask("/stations/99990100000001", ALL),
    ("GET", "/tiles/<set_name>/<int:z>/<int:x>/<int:y>.mvt"): Ask("/tiles/all/12/872/363.mvt", ALL),
    ("GET", "/desk"): Ask("/desk", ALL),
    ("GET", "/window"): Ask("/window", CLERKS),
    ("GET", "/window/queue"): Ask("/window/queue?window=general", CLERKS),
    ("POST", "/window/reports"): Ask("/window/reports", CLERKS, 422, {"data": {"window": "general"}}),
    ("POST", "/window/tickets"): Ask("/window/tickets", CLERKS, 400, {"data": {"window": "general"}}),
    ("GET", "/window/tickets/<int:ticket_id>"): Ask("/window/tickets/999999", CLERKS, 404),
    ("GET", "/window/display"): Ask("/window/display", ANYBODY),
    ("GET", "/window/display.json"): Ask("/window/display.json", ANYBODY),
    ("GET", "/follow"): Ask("/follow", ANYBODY),
    ("GET", "/follow/qr.svg"): Ask("/follow/qr.svg?number=20250618000001", ANYBODY),
    ("POST", "/follow"): Ask("/follow", ANYBODY, 403, headers={"Sec-Fetch-Site": "cross-site"}),
    ("GET", "/recast"): Ask("/recast", ALL),
    ("GET", "/recast.csv"): Ask("/recast.csv", ALL),
    ("GET", "/figures"): Ask("/figures", ALL),
    ("GET", "/figures.xlsx"): Ask("/figures.xlsx", ALL),
    ("GET", "/figures.csv"): Ask("/figures.csv", ALL),
    ("GET", "/figures.pdf"): Ask("/figures.pdf", ALL),
    ("GET", "/figures/<code>/events"): Ask("/figures/closing_rate/events", ALL),
    ("GET", "/figures/<code>/events.csv"): Ask("/figures/closing_rate/events.csv", ALL),
    ("GET", "/api/v1/figures"): Ask("/api/v1/figures", ALL),
    ("GET", "/api/v1/figures/<code>/events"): Ask("/api/v1/figures/closing_rate/events", ALL),
    ("GET", "/unplaced"): Ask("/unplaced", ALL),
    ("GET", "/unplaced/count"): Ask("/unplaced/count", ALL),
    ("GET", "/hotline"): Ask("/hotline", OPERATORS),
    ("POST", "/hotline/messages/<int:message_id>/resend"): Ask("/hotline/messages/9999/resend", OPERATORS, 404, {"data": {}}),
    ("POST", "/hotline/orders/<int:order_id>/callback"): Ask("/hotline/orders/9999/callback", OPERATORS, 404, {"data": {}}),
    ("POST", "/api/v1/channels/<channel>/orders"): Ask("/api/v1/channels/12345/orders", OPERATORS, 422, {"json": {}}),
    ("GET", "/api/v1/channels/<channel>/orders/<number>"): Ask("/api/v1/channels/12345/orders/none", OPERATORS, 404),
    ("GET", "/enterprises"): Ask("/enterprises", ALL),
    ("GET", "/enterprises/plan"): Ask("/enterprises/plan", ALL),
    ("GET", _FIRM): Ask(f"/enterprises/{NOBODY}", ALL, 404),
    ("POST", f"{_FIRM}/visits"): Ask(f"/enterprises/{NOBODY}/visits", VISITORS, 404, {"data": {}}),
    ("POST", f"{_FIRM}/problems"): Ask(f"/enterprises/{NOBODY}/problems", VISITORS, 404, {"data": {}}),
    ("GET", "/api/v1/enterprises"): Ask("/api/v1/enterprises", ALL),
    ("GET", "/api/v1/enterprises/plan"): Ask("/api/v1/enterprises/plan", ALL),
    ("GET", f"/api/v1{_FIRM}"): Ask(f"/api/v1/enterprises/{NOBODY}", ALL, 404),
    **{
        ("POST", f"/api/v1{_FIRM}/{part}"): Ask(f"/api/v1/enterprises/{NOBODY}/{part}", VISITORS, 404, {"json": {}})
        for part in ("visits", "problems", "events")
    },
    ("GET", "/imports"): Ask("/imports", ALL),
    ("GET", "/imports/<import_id>"): Ask("/imports/20250601-000000-aaaa", ALL, 404),
    ("GET", "/imports/<import_id>/<name>"): Ask("/imports/20250601-000000-aaaa/refused.gpkg", ALL, 404),
    ("GET", "/api/v1/events"): Ask("/api/v1/events", ALL),
    ("POST", "/api/v1/events"): Ask("/api/v1/events", REPORTERS, 422, {"json": {}}),
    ("GET", "/api/v1/counts"): Ask("/api/v1/counts", ALL),
    ("GET", "/ledger"): Ask("/ledger", ALL),
    ("GET", "/ledger/<code>"): Ask("/ledger/nowhere", ALL, 404),
    ("GET", "/ledger.xlsx"): Ask("/ledger.xlsx", ALL),
    ("GET", "/assessment"): Ask("/assessment", ALL),
    ("GET", "/assessment.xlsx"): Ask("/assessment.xlsx", ALL),
    ("POST", "/assessment/counts"): Ask("/assessment/counts", DECIDERS, 303, {"data": {"month": "2025-06"}}),
    ("POST", "/assessment/closings"): Ask("/assessment/closings", {R.COMMANDER}, 422, {"data": {"month": "2099-06"}}),
    ("POST", "/assessment/lines/<int:line_id>/appeals"): Ask("/assessment/lines/999999/appeals", HANDLERS, 404),
    ("POST", "/assessment/appeals/<int:appeal_id>/decisions"): Ask("/assessment/appeals/999999/decisions", {R.COMMANDER}, 404),
    ("GET", "/api/v1/grids"): Ask("/api/v1/grids?lon=126.605&lat=45.905&datum=wgs84", ALL),
    ("GET", "/api/v1/grids/<code>"): Ask("/api/v1/grids/999901001001001", ALL),
    ("GET", "/api/v1/hotspots"): Ask("/api/v1/hotspots", ALL),
    ("GET", "/api/v1/places"): Ask("/api/v1/places?text=x", ALL),
    ("GET", "/api/v1/units"): Ask("/api/v1/units", ALL),
    ("GET", "/api/v1/people"): Ask("/api/v1/people", {R.ADMINISTRATOR, R.COMMANDER}),
    ("GET", "/api/v1/programmes"): Ask("/api/v1/programmes", ALL),
    ("GET", "/api/v1/programmes/<code>"): Ask("/api/v1/programmes/hulan", ALL),
    ("GET", "/api/v1/programmes/<code>.svg"): Ask("/api/v1/programmes/hulan.svg", ALL),
    ("GET", "/api/v1/webhooks"): Ask("/api/v1/webhooks", ADMIN),
    ("POST", "/api/v1/webhooks"): Ask("/api/v1/webhooks", ADMIN, 400, {"json": {}}),
    ("GET", "/api/v1/matter-lists"): Ask("/api/v1/matter-lists", ALL),
    ("POST", "/api/v1/matter-lists"): Ask("/api/v1/matter-lists", LISTERS, 422, {"json": {}}),
    ("POST", "/api/v1/matter-lists/<int:item_id>/decisions"): Ask(
        "/api/v1/matter-lists/9999/decisions", DECIDERS, 422, {"json": {}}
    ),
    ("GET", "/lists"): Ask("/lists", ALL),
    ("POST", "/lists"): Ask("/lists", LISTERS, 422, {"data": {}}),
    ("POST", "/lists/<int:item_id>/decisions"): Ask("/lists/9999/decisions", DECIDERS, 422, {"data": {}}),
    ("GET", "/teams"): Ask(
        "/teams",
        {R.COMMANDER, R.DISPATCHER, R.TOWNSHIP_LEADER, R.GRID_LEADER, R.DEPARTMENT, R.PLANNER, R.ADMINISTRATOR, R.AUDITOR},
    ),
    ("POST", "/teams/made"): Ask("/teams/made", {R.COMMANDER, R.ADMINISTRATOR}, 422, {"data": {}}),
    ("POST", "/teams/<code>/members"): Ask("/teams/NONE/members", {R.COMMANDER, R.ADMINISTRATOR}, 404, {"data": {}}),
    ("POST", "/teams/<code>/members/gone"): Ask("/teams/NONE/members/gone", {R.COMMANDER, R.ADMINISTRATOR}, 404, {"data": {}}),
    ("POST", "/teams/<code>/closed"): Ask("/teams/NONE/closed", {R.COMMANDER, R.ADMINISTRATOR}, 404, {"data": {}}),
    ("GET", "/api/v1/teams"): Ask(
        "/api/v1/teams",
        {R.COMMANDER, R.DISPATCHER, R.TOWNSHIP_LEADER, R.GRID_LEADER, R.DEPARTMENT, R.PLANNER, R.ADMINISTRATOR, R.AUDITOR},
    ),
    ("POST", "/api/v1/teams"): Ask("/api/v1/teams", {R.COMMANDER, R.ADMINISTRATOR}, 422, {"json": {}}),
    ("POST", "/api/v1/teams/<code>/members"): Ask(
        "/api/v1/teams/NONE/members", {R.COMMANDER, R.ADMINISTRATOR}, 404, {"json": {"login": "nobody"}}
    ),
    ("DELETE", "/api/v1/teams/<code>/members/<login>"): Ask(
        "/api/v1/teams/NONE/members/nobody", {R.COMMANDER, R.ADMINISTRATOR}, 404
    ),
    ("DELETE", "/api/v1/teams/<code>"): Ask("/api/v1/teams/NONE", {R.COMMANDER, R.ADMINISTRATOR}, 404),
    ("POST", "/teams/sides"): Ask("/teams/sides", {R.COMMANDER, R.ADMINISTRATOR}, 422, {"data": {}}),
    ("GET", "/admin/audit"): Ask("/admin/audit", {R.AUDITOR, R.ADMINISTRATOR}),
    ("GET", "/admin/audit/head.jsonl"): Ask("/admin/audit/head.jsonl", {R.AUDITOR, R.ADMINISTRATOR}, 404),
    ("POST", "/admin/audit/verify"): Ask("/admin/audit/verify", {R.AUDITOR, R.ADMINISTRATOR}),
    ("GET", "/api/v1/disputes"): Ask("/api/v1/disputes", MEDIATION),
    ("GET", "/api/v1/disputes/circuit"): Ask(f"/api/v1/disputes/circuit?day=2025-06-18&mediator={NOBODY}", MEDIATION, 404),
    ("PUT", "/api/v1/disputes/circuit"): Ask("/api/v1/disputes/circuit", MEDIATION, 422, {"json": {}}),
    ("GET", "/api/v1/guiding-cases"): Ask("/api/v1/guiding-cases", MEDIATION),
    ("POST", "/api/v1/guiding-cases"): Ask("/api/v1/guiding-cases", MEDIATION, 422, {"json": {}}),
    ("PUT", "/api/v1/guiding-cases/<int:case_id>"): Ask("/api/v1/guiding-cases/9999", DECIDERS, 422, {"json": {}}),
    ("GET", "/mediator"): Ask("/mediator", MEDIATION),
    ("GET", "/mediator/circuit"): Ask("/mediator/circuit", MEDIATION),
    ("GET", "/mediator/cases"): Ask("/mediator/cases", MEDIATION),
    ("GET", _HOOK): Ask(f"/api/v1/webhooks/{NOBODY}", ADMIN, 404),
    ("PUT", _HOOK): Ask(f"/api/v1/webhooks/{NOBODY}", ADMIN, 404, {"json": {}}),
    ("DELETE", _HOOK): Ask(f"/api/v1/webhooks/{NOBODY}", ADMIN, 404),
    ("GET", "/admin/people"): Ask("/admin/people", ADMIN),
    ("POST", "/admin/people"): Ask("/admin/people", ADMIN, 422, {"data": {}}),
    ("GET", _PERSON): Ask(f"/admin/people/{NOBODY}", ADMIN, 404),
    ("POST", _PERSON): Ask(f"/admin/people/{NOBODY}", ADMIN, 404, {"data": {}}),
    ("POST", f"{_PERSON}/keys"): Ask(f"/admin/people/{NOBODY}/keys", ADMIN, 404, {"data": {"do": "make", "name": "x"}}),
    ("GET", "/account"): Ask("/account", LOGGED_IN, key=401),
    ("POST", "/account/sessions"): Ask("/account/sessions", LOGGED_IN, 303, key=401),
    ("GET", "/account/password"): Ask("/account/password", LOGGED_IN, key=401),
    ("POST", "/account/password"): Ask("/account/password", LOGGED_IN, 422, {"data": {"again": "x"}}, key=401),
    ("GET", "/account/second-factor"): Ask("/account/second-factor", LOGGED_IN, key=401),
    ("POST", "/account/second-factor"): Ask("/account/second-factor", LOGGED_IN, 401, {"data": {"code": ""}}),
    ("GET", "/login/code"): Ask("/login/code", LOGGED_IN, 303),
    ("POST", "/login/code"): Ask("/login/code", LOGGED_IN, 303, {"data": {}}, key=401),
    ("GET", "/login/mark"): Ask("/login/mark", LOGGED_IN),
    ("GET", "/login"): Ask("/login", ANYBODY, 303, key=200, guest=200),
    ("POST", "/login"): Ask("/login", ANYBODY, 403, key=401, headers={"Sec-Fetch-Site": "cross-site"}),
    ("GET", "/wall/enter"): Ask("/wall/enter?token=x", ANYBODY, 401),
    ("GET", "/health"): Ask("/health", ANYBODY),
    ("GET", "/orders"): Ask("/orders", ALL),
    ("POST", "/orders/<int:order_id>/read"): Ask("/orders/9999/read", ALL, 404, {"data": {}}),
    ("GET", "/officer"): Ask("/officer", ANYBODY),
    ("GET", "/api/v1/openapi.json"): Ask("/api/v1/openapi.json", ANYBODY),
    ("GET", "/api/v1/docs"): Ask("/api/v1/docs", ANYBODY),
    ("GET", "/api/v1/docs/assets/<path:filename>"): Ask("/api/v1/docs/assets/none.js", ANYBODY, 404),
    ("GET", "/bundles/<version>/<name>"): Ask("/bundles/0/none.js", ANYBODY, 404),
    ("GET", "/static/<path:filename>"): Ask("/static/none.js", ANYBODY, 404),
    ("GET", "/api/v1/desk/queue"): Ask("/api/v1/desk/queue", ALL),
    ("GET", "/api/v1/desk/map"): Ask("/api/v1/desk/map?bbox=126.5,45.8,126.7,46.0&zoom=14", ALL),
    ("POST", "/api/v1/desk/bulk/preview"): Ask("/api/v1/desk/bulk/preview", ALL, 200, {"json": {"ids": [], "step": "open"}}),
    ("POST", "/api/v1/desk/bulk"): Ask("/api/v1/desk/bulk", ALL, 200, {"json": {"items": [], "step": "open"}}),
    ("GET", "/api/v1/desk/views"): Ask("/api/v1/desk/views", ALL),
    ("POST", "/api/v1/desk/views"): Ask("/api/v1/desk/views", ALL, 422, {"json": {}}),
    ("PUT", "/api/v1/desk/views/<int:view_id>"): Ask("/api/v1/desk/views/9999", ALL, 422, {"json": {}}),
    ("DELETE", "/api/v1/desk/views/<int:view_id>"): Ask("/api/v1/desk/views/9999", ALL, 404),
    ("POST", "/api/v1/desk/milestones/<int:milestone_id>/done"): Ask(
        "/api/v1/desk/milestones/9999/done", HANDLERS, 404, {"json": {"note": "x"}}
    ),
    ("GET", "/api/v1/desk/orders"): Ask("/api/v1/desk/orders", ALL),
    ("POST", "/api/v1/desk/orders"): Ask("/api/v1/desk/orders", GIVERS, 422, {"json": {}}),
    ("GET", "/api/v1/desk/orders/people"): Ask(f"/api/v1/desk/orders/people?unit={DISTRICT}", GIVERS),
    ("GET", "/api/v1/desk/waiting"): Ask("/api/v1/desk/waiting", ALL),
    ("GET", "/api/v1/desk/orders/<int:order_id>"): Ask("/api/v1/desk/orders/9999", ALL, 404),
    ("POST", "/api/v1/desk/orders/<int:order_id>/read"): Ask("/api/v1/desk/orders/9999/read", ALL, 404),
    ("GET", "/api/v1/desk/shift-log"): Ask("/api/v1/desk/shift-log", AT_DESKS | {R.AUDITOR}),
    ("POST", "/api/v1/desk/shift-log"): Ask("/api/v1/desk/shift-log", AT_DESKS, 422, {"json": {}}),
    ("POST", "/api/v1/desk/shift-log/handover"): Ask("/api/v1/desk/shift-log/handover", AT_DESKS, 422, {"json": {}}),
    ("POST", "/api/v1/desk/shift-log/handover/<int:handover_id>/accept"): Ask(
        "/api/v1/desk/shift-log/handover/9999/accept", AT_DESKS, 404
    ),
    # A key ends no session; this one is last, since it ends that of the caller.
    ("POST", "/logout"): Ask("/logout", LOGGED_IN, 303),
}
# Asked of an event: 404 to whom it is hidden, whatever the verb.
OF_AN_EVENT: dict[tuple[str, str], Ask] = {
    ("GET", "/events/<uuid:event_id>"): Ask("/events/{event}", ALL),
    ("GET", _E): Ask(EVENT, ALL),
    **{("GET", f"{_E}/{part}"): Ask(f"{EVENT}/{part}", ALL) for part in ("matter", "steps", "clocks", "possible-steps")},
    ("GET", f"{_E}/photos/<sha256>"): Ask(f"{EVENT}/photos/{SHA}", ALL, 404),
    ("POST", f"{_E}/steps"): Ask(f"{EVENT}/steps", ALL, 422, {"json": {"step": "fly"}}),
    ("GET", "/events/<int:number>"): Ask("/events/{number}", ALL),
    ("GET", "/events/<int:number>.pdf"): Ask("/events/{number}.pdf", ALL),
    ("POST", "/events/<uuid:event_id>/follow-code"): Ask("/events/{event}/follow-code", CLERKS),
    ("POST", f"{_E}/reveal"): Ask(f"{EVENT}/reveal", ALL, 422, {"json": {"purpose": "-"}}),
    ("PUT", f"{_E}/grid"): Ask(f"{EVENT}/grid", PLACERS, 409, {"json": {"grid_code": "999901001001002"}}),
    ("PUT", f"{_E}/photos/<sha256>"): Ask(f"{EVENT}/photos/{SHA}", REPORTERS, 422, {"data": b"no picture"}),
}
# On the desk.
_W, DESK = "/api/v1/desk/events/<uuid:event_id>", "/api/v1/desk/events/{event}"
OF_AN_EVENT |= {
    ("GET", _W): Ask(DESK, ALL),
    **{("GET", f"{_W}/{part}"): Ask(f"{DESK}/{part}", ALL) for part in ("duplicates", "candidates", "milestones")},
    ("POST", f"{_W}/merge"): Ask(f"{DESK}/merge", ALL, 404, {"json": {"parent": NOBODY}}),
    ("POST", f"{_W}/unmerge"): Ask(f"{DESK}/unmerge", ALL, 409, {"json": {"reason": "x"}}),
    ("POST", f"{_W}/milestones"): Ask(f"{DESK}/milestones", HANDLERS, 409, {"json": {"title": "x", "due_on": "2025-06-20"}}),
}
# Of a dispute; this event is none, so that every deed answers 422 to who may do it.
_D, DISPUTE, _M = "/api/v1/disputes/<uuid:event_id>", "/api/v1/disputes/{event}", "/mediator/<uuid:event_id>"
OF_AN_EVENT |= {
    **{
        ("GET", f"{_D}{part}"): Ask(f"{DISPUTE}{part}", MEDIATION, 422)
        for part in ("", "/stations", "/mediators", "/free-hours")
    },
    **{
        ("PUT", f"{_D}{part}"): Ask(f"{DISPUTE}{part}", MEDIATION, 422, {"json": {}})
        for part in ("", "/station", "/mediator", "/confirmation")
    },
    **{
        ("POST", f"{_D}/{part}"): Ask(f"{DISPUTE}/{part}", MEDIATION, 422, {"json": {}})
        for part in (
            "parties", "reveal", "recusals", "beginning", "end", "level", "sessions", "agreements", "performances",
            "confirmation", "referrals",
        )
    },
    ("PUT", f"{_D}/parties/<int:party_id>"): Ask(f"{DISPUTE}/parties/1", MEDIATION, 422, {"json": {}}),
    ("POST", f"{_D}/parties/<int:party_id>/consents"): Ask(f"{DISPUTE}/parties/1/consents", MEDIATION, 422, {"json": {}}),
    ("PUT", f"{_D}/sessions/<int:session_id>"): Ask(f"{DISPUTE}/sessions/1", MEDIATION, 422, {"json": {}}),
    ("POST", f"{_D}/agreements/<int:version>/signature"): Ask(f"{DISPUTE}/agreements/1/signature", MEDIATION, 422),
    ("PUT", f"{_D}/referrals/<int:referral_id>"): Ask(f"{DISPUTE}/referrals/1", MEDIATION, 422, {"json": {}}),
    ("GET", _M): Ask("/mediator/{event}", MEDIATION, 422),
    **{
        (verb, f"{_M}/agreements/<int:version>.<form>"): Ask("/mediator/{event}/agreements/1.html", MEDIATION, 422)
        for verb in ("GET", "POST")
    },
}  # fmt: skip
# Where a post may be held, seen from an event in village A: its own, its parents, a sister, and the whole.
PLACES = {"own": VILLAGE_A, "parent": TOWNSHIP_A, "district": DISTRICT, "other": TOWNSHIP_B, "other_child": VILLAGE_B}
KEY_ROLES = {R.OFFICER, R.DISPATCHER}


def test_every_route_has_a_sample_here(shared):
    known = ROUTES.keys() | OF_AN_EVENT.keys()
    rules = shared.app.url_map.iter_rules()
    there = {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert there - known == set(), "name a sample, who may use it and what it answers"
    assert known - there == set(), "gone: take its sample away"


@pytest.fixture(scope="module")
def events(shared: Small) -> dict[str, str]:
    """An event in village A and one in village B: their ids by the letter."""
    found = {"A": shared.accept(IN_A1), "B": shared.accept(IN_B1)}
    NUMBERS.update({str(event.id): event.number for event in found.values()})
    return {letter: str(event.id) for letter, event in found.items()}


def ask(client, method: str, one: Ask, headers: dict[str, str] | None = None, event: str = NOBODY) -> int:
    body = {name: io.BytesIO(value) if isinstance(value, bytes) else value for name, value in one.body.items()}
    path = one.path.replace("{event}", event).replace("{number}", NUMBERS.get(event, "20990101000001"))
    return client.open(
        path, method=method, headers={"Accept": "application/json", **one.headers, **(headers or {})}, **body
    ).status_code


def unlike(found: dict, expected: dict) -> dict:
    return {name: (found[name], wanted) for name, wanted in expected.items() if found[name] != wanted}


def may(roles: set[Role], one: Ask) -> bool:
    return one.who in (ANYBODY, LOGGED_IN) or bool(roles & one.who)


@pytest.mark.parametrize("role", sorted(STAFF), ids=str)
def test_a_role_reaches_the_routes_that_name_it(shared, role):
    client = shared.login_as(role, unit=DISTRICT)
    expected = {name: one.status if may({role}, one) else 403 for name, one in ROUTES.items()}
    assert unlike({name: ask(client, name[0], one) for name, one in ROUTES.items()}, expected) == {}


def test_a_key_reaches_the_routes_of_its_posts(shared, events):
    expected = {name: (one.key or one.status) if may(KEY_ROLES, one) else 403 for name, one in ROUTES.items()}
    found = {name: ask(shared.guest(), name[0], one, shared.write()) for name, one in ROUTES.items()}
    assert unlike(found, expected) == {}
    expected = {name: one.status for name, one in OF_AN_EVENT.items()}
    found = {name: ask(shared.guest(), name[0], one, shared.write(), events["A"]) for name, one in OF_AN_EVENT.items()}
    assert unlike(found, expected) == {}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}], ids=["guest", "wrong key"])
def test_a_guest_reaches_what_is_for_everybody(shared, events, headers):
    asked = ROUTES | OF_AN_EVENT
    expected = {name: (one.guest or one.status) if one.who == ANYBODY else 401 for name, one in asked.items()}
    found = {name: ask(shared.guest(), name[0], one, headers, events["A"]) for name, one in asked.items()}
    assert unlike(found, expected) == {}


def sees(role: Role, place: str, event: str) -> bool:
    """Whether a post shows an event: auditors see all, administrators nothing, the others what lies in their territory."""
    if role in {R.AUDITOR, R.ADMINISTRATOR}:
        return role is R.AUDITOR
    return place == "district" or (place in {"own", "parent"}) == (event == "A")


def expected_of(role: Role, name: tuple[str, str], one: Ask, seen: bool) -> int:
    if role not in one.who:
        return 403
    if not seen:
        return 404
    return 403 if name[1].endswith("/reveal") and role not in HANDLERS else one.status


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("role", sorted(STAFF), ids=str)
def test_an_event_is_there_for_whom_it_lies_in_the_territory_of(shared, events, role, place):
    client = shared.login_as(role, unit=PLACES[place])
    expected, found = {}, {}
    for letter, event in events.items():
        seen = sees(role, place, letter)
        for name, one in OF_AN_EVENT.items():
            expected[(letter, *name)] = expected_of(role, name, one, seen)
            found[(letter, *name)] = ask(client, name[0], one, event=event)
    assert unlike(found, expected) == {}


@pytest.mark.parametrize("place", PLACES)
def test_lists_and_figures_hold_the_same_events_as_the_routes_of_one(shared, events, place):
    client = shared.login_as(R.OFFICER, unit=PLACES[place])
    seen = {letter for letter in events if sees(R.OFFICER, place, letter)}
    listed = {one["id"] for one in client.get("/api/v1/events?limit=1000").get_json()["features"]}
    assert {letter for letter, event in events.items() if event in listed} == seen
    rows = client.get("/api/v1/counts?by=village").get_json()["rows"]
    villages = {VILLAGE_A: "A", VILLAGE_B: "B"}
    assert {villages[row["code"][:12]] for row in rows if row["code"] and row["recorded"]} == seen


@pytest.mark.parametrize("letter", ["A", "B"])
def test_a_department_sees_what_it_has_to_do_with_alone(shared, events, letter):
    client = shared.login_as(R.DEPARTMENT, unit=DISTRICT, department="urban")
    answers = {name: ask(client, name[0], one, event=events[letter]) for name, one in OF_AN_EVENT.items()}
    refused = {name: 404 if R.DEPARTMENT in one.who else 403 for name, one in OF_AN_EVENT.items()}
    assert unlike(answers, refused) == {}


def test_who_reported_across_a_border_sends_the_photos_of_it_and_nobody_else_does(shared):
    reporter, sister = (shared.login_as(R.OFFICER, unit=VILLAGE_B) for _ in range(2))
    body = payload(IN_A1)
    assert reporter.post("/api/v1/events", json=body).status_code == 201
    photo = OF_AN_EVENT["PUT", f"{_E}/photos/<sha256>"]
    assert [ask(client, "PUT", photo, event=body["id"]) for client in (reporter, sister)] == [422, 404]
