"""Headers of every kind of answer, sizes of bodies, host names, static files."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.build_installation import payload

WALKED = [
    ("/officer", "text/html"),
    ("/api/v1/docs", "text/html"),
    ("/api/v1/openapi.json", "application/json"),
    ("/api/v1/events", "application/geo+json"),
    ("/health", "application/json"),
    ("/nowhere", "application/json"),
    ("/static/css/officer.css", "text/css"),
]


@pytest.mark.parametrize(("path", "media_type"), WALKED)
def test_every_answer_carries_the_headers(shared, path, media_type):
    answer = shared.client().get(path)
    assert answer.mimetype == media_type
    policy = dict(part.partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self' http://localhost:8001"
    assert not re.search(r"unsafe|\*|https?:(?!//localhost:8001)", answer.headers["Content-Security-Policy"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert not path.startswith(("/officer", "/api/v1/events", "/health")) or answer.headers["Cache-Control"] == "no-store"


def test_every_inline_script_carries_the_nonce_of_its_answer_and_nonces_differ(shared):
    first, second = shared.client().get("/api/v1/docs"), shared.client().get("/api/v1/docs")
    nonces = [re.search(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])[1] for answer in (first, second)]
    assert nonces[0] != nonces[1]
    assert f'<script nonce="{nonces[0]}">' in first.text
    assert not re.search(r"<script>|<style>|\son\w+=|style=", first.text)
    assert not re.search(r"<script>|<style>|\son\w+=|style=", shared.client().get("/officer").text)


def test_pages_name_no_other_host(shared):
    for path in ("/officer", "/api/v1/docs"):
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", shared.client().get(path).text)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""])
def test_other_host_names_are_refused(shared, host):
    answer = shared.client().get("/api/v1/events", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "request.invalid"


def test_bodies_that_are_too_large_are_refused_before_they_are_read(shared):
    body = b'{"text": "' + b"a" * 5_000_000 + b'"}'
    answer = shared.client().post("/api/v1/events", data=body, headers=shared.write(), content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (413, "body.too_large")


def test_texts_are_compressed_for_those_who_take_it(shared):
    shared.client().post("/api/v1/events", json=payload(), headers=shared.write())
    plain = shared.client().get("/api/v1/openapi.json")
    packed = shared.client().get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_static_files_are_kept_by_version_and_asked_for_again_without(shared):
    address = re.search(r'href="(/static/css/officer\.css\?v=\w+)"', shared.client().get("/officer").text)[1]
    answer = shared.client().get(address, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["Cache-Control"]
    assert gzip.decompress(answer.data).startswith(b"/*")
    again = shared.client().get(address, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert shared.client().get("/static/css/officer.css").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "", ".hidden", "css", "css/%00", "/etc/passwd", "vendor/.pin.json"]
)
def test_nothing_outside_the_static_folder_and_no_listing_is_served(shared, path):
    assert shared.client().get(f"/static/{path}").status_code in {308, 400, 404}


PATHS = {
    "/api/v1/channels/{channel}/orders",
    "/api/v1/channels/{channel}/orders/{number}",
    "/api/v1/counts",
    "/api/v1/desk/bulk",
    "/api/v1/desk/bulk/preview",
    "/api/v1/desk/events/{event_id}",
    "/api/v1/desk/events/{event_id}/candidates",
    "/api/v1/desk/events/{event_id}/duplicates",
    "/api/v1/desk/events/{event_id}/merge",
    "/api/v1/desk/events/{event_id}/milestones",
    "/api/v1/desk/events/{event_id}/unmerge",
    "/api/v1/desk/map",
    "/api/v1/desk/milestones/{milestone_id}/done",
    "/api/v1/desk/orders",
    "/api/v1/desk/orders/people",
    "/api/v1/desk/orders/{order_id}",
    "/api/v1/desk/orders/{order_id}/read",
    "/api/v1/desk/queue",
    "/api/v1/desk/shift-log",
    "/api/v1/desk/shift-log/handover",
    "/api/v1/desk/shift-log/handover/{handover_id}/accept",
    "/api/v1/desk/views",
    "/api/v1/desk/views/{view_id}",
    "/api/v1/desk/waiting",
    "/api/v1/disputes",
    "/api/v1/disputes/circuit",
    "/api/v1/disputes/{event_id}",
    "/api/v1/disputes/{event_id}/agreements",
    "/api/v1/disputes/{event_id}/agreements/{version}/signature",
    "/api/v1/disputes/{event_id}/beginning",
    "/api/v1/disputes/{event_id}/confirmation",
    "/api/v1/disputes/{event_id}/end",
    "/api/v1/disputes/{event_id}/free-hours",
    "/api/v1/disputes/{event_id}/level",
    "/api/v1/disputes/{event_id}/mediator",
    "/api/v1/disputes/{event_id}/mediators",
    "/api/v1/disputes/{event_id}/parties",
    "/api/v1/disputes/{event_id}/parties/{party_id}",
    "/api/v1/disputes/{event_id}/parties/{party_id}/consents",
    "/api/v1/disputes/{event_id}/performances",
    "/api/v1/disputes/{event_id}/recusals",
    "/api/v1/disputes/{event_id}/referrals",
    "/api/v1/disputes/{event_id}/referrals/{referral_id}",
    "/api/v1/disputes/{event_id}/reveal",
    "/api/v1/disputes/{event_id}/sessions",
    "/api/v1/disputes/{event_id}/sessions/{session_id}",
    "/api/v1/disputes/{event_id}/station",
    "/api/v1/disputes/{event_id}/stations",
    "/api/v1/enterprises",
    "/api/v1/enterprises/plan",
    "/api/v1/enterprises/{enterprise_id}",
    "/api/v1/enterprises/{enterprise_id}/events",
    "/api/v1/enterprises/{enterprise_id}/problems",
    "/api/v1/enterprises/{enterprise_id}/visits",
    "/api/v1/events",
    "/api/v1/events/{event_id}",
    "/api/v1/events/{event_id}/clocks",
    "/api/v1/events/{event_id}/grid",
    "/api/v1/events/{event_id}/matter",
    "/api/v1/events/{event_id}/photos/{sha256}",
    "/api/v1/events/{event_id}/possible-steps",
    "/api/v1/events/{event_id}/reveal",
    "/api/v1/events/{event_id}/steps",
    "/api/v1/figures",
    "/api/v1/figures/{code}/events",
    "/api/v1/grids",
    "/api/v1/grids/{code}",
    "/api/v1/guiding-cases",
    "/api/v1/guiding-cases/{case_id}",
    "/api/v1/hotspots",
    "/api/v1/matter-lists",
    "/api/v1/matter-lists/{item_id}/decisions",
    "/api/v1/people",
    "/api/v1/places",
    "/api/v1/programmes",
    "/api/v1/programmes/{code}",
    "/api/v1/programmes/{code}.svg",
    "/api/v1/teams",
    "/api/v1/teams/{code}",
    "/api/v1/teams/{code}/members",
    "/api/v1/teams/{code}/members/{login}",
    "/api/v1/units",
    "/api/v1/webhooks",
    "/api/v1/webhooks/{webhook_id}",
}


def test_the_description_names_every_route_of_the_api_and_its_refusals(shared):
    described = shared.client().get("/api/v1/openapi.json").get_json()
    assert set(described["paths"]) == PATHS
    post = described["paths"]["/api/v1/events"]["post"]
    assert {"200", "201", "400", "401", "409", "413", "422"} <= set(post["responses"])
    assert post["security"] == [{"token": []}]
    names = set(re.findall(r"#/components/schemas/(\w+)", str(described)))
    assert names <= set(described["components"]["schemas"])
