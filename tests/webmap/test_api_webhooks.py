"""Webhooks: kept by administrators alone, told once of what they asked for, signed, tried again with the same key."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from functools import partial

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from etl.carriers.config import CarrierSettings, CarriersTold
from etl.carriers.registry import senders_with
from etl.sending import send_once, sender_name
from geogrid.actions.tick import tick
from geogrid.actions.webhooks import secrets_with
from geogrid.cli import root
from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, NOW, TOWNSHIP_A, TOWNSHIP_B
from tests.etl.gateways import gateway, ok
from webmap.installation import installation

DISTRICT = "999901000000"
PATH = "/api/v1/webhooks"


@pytest.fixture
def near(small):
    """The installation, allowed to tell programs in its own network; its administrator; its dispatcher."""
    (small.settings.var_dir / "carriers.toml").write_text("[webhook]\nallow_private = true\n")
    return small, small.login_as(Role.ADMINISTRATOR, unit=DISTRICT), small.login_as(Role.DISPATCHER, unit=DISTRICT)


def add(admin, url, **more) -> dict:
    answer = admin.post(PATH, json={"name": "city platform", "url": url, **more})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def send(small) -> int:
    """Send what is due, as the jobs of a real district would."""
    engine, var = installation(small.app).engine, small.settings.var_dir
    told = CarriersTold({"webhook": CarrierSettings("webhook", {"allow_private": True, "timeout_s": 5}, var)})
    senders = senders_with(secrets_with(partial(session_scope, engine), var))
    return send_once(small.settings, engine, told, by=sender_name(), senders=senders)


def in_the_outbox(small) -> list:
    with session_scope(installation(small.app).engine) as session:
        query = "SELECT d.state, d.tries, d.last_error, n.payload FROM deliveries d JOIN notices n ON n.id = d.notice_id"
        return list(session.execute(text(query + " WHERE d.carrier = 'webhook' ORDER BY n.id, d.recipient")))


def sooner(small) -> None:
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE deliveries SET next_try_at = :at WHERE state = 'waiting'"), {"at": NOW})


def test_a_step_arrives_signed_is_tried_again_with_the_same_key_and_names_nobody(near):
    small, admin, dispatcher = near
    with gateway(lambda n: (500 if n == 1 else 200, b"", 0.0, {})) as (url, heard):
        made = add(admin, f"{url}/in", steps=["open"])
        event = small.accept(IN_A1, words="张三 13812345678 报：井盖缺失")
        assert in_the_outbox(small) == [], "the report was not asked for"
        assert dispatcher.post(f"/api/v1/events/{event.id}/steps", json={"step": "open", "key": "k"}).status_code == 201
        assert dispatcher.post(f"/api/v1/events/{event.id}/steps", json={"step": "open", "key": "k"}).status_code == 200
        send(small)
        (row,) = in_the_outbox(small)
        assert (row.state, row.tries) == ("waiting", 1)
        sooner(small)
        send(small)
    (row,) = in_the_outbox(small)
    assert (row.state, row.tries) == ("sent", 2)
    (_, first, body), (_, second, again) = heard
    assert body == again
    assert first["Idempotency-Key"] == second["Idempotency-Key"] == json.loads(body)["id"]
    signed = f"{second['X-Geogrid-Timestamp']}.".encode() + body
    expected = hmac.new(made["secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert second["X-Geogrid-Signature"] == f"sha256={expected}"
    told = json.loads(body)["payload"]
    assert (told["event"], told["number"], told["state"]["code"]) == (str(event.id), event.number, "opened")
    assert told["step"] == {"seq": 3, "kind": "open", "code": "open"}
    assert set(told) == {"what", "event", "number", "programme", "state", "step", "at"}
    assert not any(word in body.decode() for word in ("井盖", "张三", "138", "person:"))


def test_each_is_told_of_what_it_asked_for_alone(near):
    small, admin, dispatcher = near
    with gateway(ok) as (url, heard):
        add(admin, f"{url}/all", name="all")
        add(admin, f"{url}/here", name="here", unit=TOWNSHIP_A)
        add(admin, f"{url}/there", name="there", unit=TOWNSHIP_B)
        add(admin, f"{url}/urban", name="urban", department="urban", steps=["dispatch"])
        add(admin, f"{url}/late", name="late", phases=["overdue"])
        off = add(admin, f"{url}/off", name="off")
        assert admin.put(f"{PATH}/{off['id']}", json={"enabled": False}).get_json()["enabled"] is False
        event = small.accept(IN_A1)
        for step, details in (("open", {}), ("dispatch", {"party": "department:urban"})):
            body = {"step": step, "details": details}
            assert dispatcher.post(f"/api/v1/events/{event.id}/steps", json=body).status_code == 201
        send(small)
        paths = [path for path, _, _ in heard]
        assert {path: paths.count(path) for path in set(paths)} == {"/all": 4, "/here": 4, "/urban": 1}
        far = NOW.replace(year=NOW.year + 1)
        with session_scope(installation(small.app).engine) as session:
            tick(session, now=far, district=installation(small.app).district)
        phases = Counter(row.payload["clock"]["phase"] for row in in_the_outbox(small) if row.payload["what"] == "clock")
        assert phases == {"soon": 2, "overdue": 3}, "all and here are told of every phase, late of one"


def test_what_waits_for_a_webhook_that_is_gone_is_refused_and_other_secrets_differ(near):
    small, admin, _ = near
    with gateway(ok) as (url, heard):
        gone, other = add(admin, url, name="gone"), add(admin, url, name="other")
        assert gone["secret"] != other["secret"]
        small.accept(IN_A1)
        assert admin.delete(f"{PATH}/{gone['id']}").status_code == 204
        send(small)
    states = {(row.state, "removed" in row.last_error) for row in in_the_outbox(small)}
    assert states == {("sent", False), ("refused", True)}
    assert len(heard) == 2, "the report and its assignment, to the other one"


@pytest.mark.parametrize("url", [
    "http://8.8.8.8/", "ftp://8.8.8.8/", "https://127.0.0.1/", "https://10.0.0.8/x", "https://169.254.169.254/latest",
    "https://[::1]/", "https://user:pw@8.8.8.8/", "https:///x", "https://[::ffff:192.168.1.1]/", "https://8.8.8.8:99999/",
])  # fmt: skip
def test_addresses_that_must_not_be_asked_are_not_kept(shared, url):
    admin = shared.login_as(Role.ADMINISTRATOR, unit=DISTRICT)
    answer = admin.post(PATH, json={"name": "x", "url": url})
    assert (answer.status_code, answer.get_json()["where"]) == (400, {"path": "url"})
    assert admin.get(PATH).get_json() == {"webhooks": []}


@pytest.mark.parametrize(("body", "where"), [
    ({"url": "https://8.8.8.8/"}, "name"),
    ({"name": " ", "url": "https://8.8.8.8/"}, "name"),
    ({"name": "a", "url": "https://8.8.8.8/", "steps": ["fly"]}, "steps.0"),
    ({"name": "a", "url": "https://8.8.8.8/", "phases": ["Over due"]}, "phases"),
    ({"name": "a", "url": "https://8.8.8.8/", "unit": "12"}, "unit"),
    ({"name": "a", "url": "https://8.8.8.8/", "department": "magic"}, "department"),
    ({"name": "a", "url": "https://8.8.8.8/", "secret": "mine"}, "secret"),
])  # fmt: skip
def test_what_is_wrong_with_a_webhook_is_told_by_name(shared, body, where):
    answer = shared.login_as(Role.ADMINISTRATOR, unit=DISTRICT).post(PATH, json=body)
    assert (answer.status_code, answer.get_json()["where"]) == (400, {"path": where})


def test_the_secret_is_shown_once_and_kept_nowhere_in_the_database(near):
    small, admin, _ = near
    made = add(admin, "https://8.8.8.8/")
    path = f"{PATH}/{made['id']}"
    changed = admin.put(path, json={"phases": ["overdue"]})
    answers = [admin.get(PATH), admin.get(path), changed]
    assert not any("secret" in answer.text or made["secret"] in answer.text for answer in answers)
    with session_scope(installation(small.app).engine) as session:
        rows = session.execute(text("SELECT webhooks::text FROM webhooks UNION ALL SELECT audit::text FROM audit")).scalars()
        assert not any(made["secret"] in row for row in rows)
        actions = session.scalars(text("SELECT action FROM audit WHERE object_kind = 'webhook' ORDER BY id"))
        assert list(actions) == ["webhook.add", "webhook.change"]
    assert admin.post(PATH, json={"name": "city platform", "url": "https://8.8.8.8/"}).status_code == 400
    environ = {"GEOGRID_VAR": str(small.settings.var_dir), "GEOGRID_DATABASE_URL": small.url, "GEOGRID_LANGUAGE": "en"}
    listed = CliRunner().invoke(root, ["webhooks", "list"], env=environ)
    assert listed.output.split("\t")[1:] == ["city platform", "in use", "https://8.8.8.8/", "-", "overdue", "-", "-\n"]


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.DISPATCHER, Role.AUDITOR])
def test_others_keep_no_webhooks(shared, role):
    client = shared.login_as(role, unit=DISTRICT)
    assert client.get(PATH).status_code == 403
    assert client.post(PATH, json={"name": "a", "url": "https://8.8.8.8/"}).status_code == 403
    assert shared.guest().get(PATH).status_code == 401
