"""Carriers: what each sends, what it refuses, what a gateway's answers mean, where a request may go."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from pathlib import Path
from socketserver import StreamRequestHandler

import pytest

from etl.carriers import asking, file, mail, text_message, webhook
from etl.carriers.config import CarrierSettings, CarriersTold
from etl.carriers.registry import send, senders_with, tried
from geogrid.errors import CarrierDown, CarrierError, CarrierRefused, CarriersInvalid
from tests.etl.gateways import TEXT, delivery, gateway, listening, mail_server, ok, told


def message(tmp_path: Path, url: str, **values) -> CarrierSettings:
    given = {"url": url + "/send?to=${phone}", "body": '{"to":"${phone}","text":"${text}","id":"${id}"}', "allow_private": True}
    return told(tmp_path, **{**given, "headers": {"Authorization": "Bearer ${secret_key}"}, **values})


# -- text messages ----------------------------------------------------------------------------------------------------


def test_a_gateway_is_asked_as_its_templates_say(tmp_path):
    with gateway(ok) as (url, heard):
        one = delivery("138 0000 1234")
        text_message.send(one, message(tmp_path, url))
    (path, headers, body) = heard[0]
    assert path == "/send?to=138%200000%201234"
    assert json.loads(body) == {"to": "138 0000 1234", "text": TEXT, "id": str(one.id)}
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Idempotency-Key"] == str(one.id)


def test_a_form_is_filled_so_that_no_text_breaks_out_of_its_field(tmp_path):
    with gateway(ok) as (url, heard):
        text_message.send(delivery("1&to=2"), message(tmp_path, url, body="to=${phone}&text=${text}", encode="form"))
    assert heard[0][2].startswith(b"to=1%26to%3D2&text=%E4%BA%8B")


@pytest.mark.parametrize(
    ("status", "error"),
    [(200, None), (202, None), (500, CarrierDown), (503, CarrierDown), (429, CarrierDown), (408, CarrierDown),
     (400, CarrierError), (403, CarrierError), (302, CarrierError)],
)  # fmt: skip
def test_answers_mean_taken_later_or_never(tmp_path, status, error):
    with gateway(lambda _: (status, b"", 0.0, {"Location": "http://127.0.0.1:1/"})) as (url, heard):
        if error is None:
            text_message.send(delivery(), message(tmp_path, url))
        else:
            with pytest.raises(error) as caught:
                text_message.send(delivery(), message(tmp_path, url))
            assert type(caught.value) is error
    assert len(heard) == 1  # no redirect is followed, nothing is sent twice by itself


def test_an_error_within_a_good_status_is_an_error_where_the_answer_was_agreed(tmp_path):
    with gateway(lambda _: (200, b'{"code": 17}', 0.0, {})) as (url, _), pytest.raises(CarrierDown, match="not what was agreed"):
        text_message.send(delivery(), message(tmp_path, url, answer='"code": *0'))
    with gateway(ok) as (url, _):
        text_message.send(delivery(), message(tmp_path, url, answer='"code": *0'))


def test_a_slow_gateway_and_a_trickling_one_are_left(tmp_path):
    left = threading.Event()  # neither gateway ends by itself: who did not leave it would wait for ever
    with gateway(lambda _: (left.wait(60), (200, b"", 0.0, {}))[1]) as (url, _):
        with pytest.raises(CarrierDown):
            text_message.send(delivery(), message(tmp_path, url, timeout_s=1))
        left.set()

    class Trickles(StreamRequestHandler):
        def handle(self):
            try:
                self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while not left.wait(0.2):
                    self.request.sendall(b"x")
            except OSError:
                pass

    with listening(Trickles) as port:
        left.clear()
        text_message.send(delivery(), message(tmp_path, f"http://127.0.0.1:{port}", timeout_s=1))  # it was taken: it said 200
        with pytest.raises(CarrierDown):
            text_message.send(delivery(), message(tmp_path, f"http://127.0.0.1:{port}", timeout_s=1, answer="code"))
        left.set()


def test_a_gateway_that_answers_twice_was_asked_once(tmp_path):
    class Twice(StreamRequestHandler):
        def handle(self):
            while self.rfile.readline() not in {b"\r\n", b""}:
                pass
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" * 2)

    with listening(Twice) as port:
        for _ in range(2):  # the second answer is nobody's: the next request has a connection of its own
            text_message.send(delivery(), message(tmp_path, f"http://127.0.0.1:{port}", answer="^ok$"))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"body": "${fone}"}, "fone"),
        ({"body": "$ 5"}, "no template"),
        ({"headers": {"A": "${secret_other}"}}, "GEOGRID_SECRET_OTHER"),
        ({"encode": "xml"}, "message.encode"),
    ],
)
def test_templates_that_nobody_fills_are_named(tmp_path, values, reason):
    with pytest.raises(CarriersInvalid, match=reason):
        text_message.send(delivery(), message(tmp_path, "http://127.0.0.1:1", **values))


def test_a_name_with_a_line_break_starts_no_header_of_its_own(tmp_path):
    with gateway(ok) as (url, heard), pytest.raises(CarrierError):
        text_message.send(delivery(name="a\r\nX-Evil: 1"), message(tmp_path, url, headers={"X-Name": "${name}"}))
    assert heard == []


# -- where a request may go -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://10.1.2.3/",
        "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "https://localhost/", "https://user:pw@example.org/",
        "file:///etc/passwd", "https:///nowhere", "gopher://example.org/", "https://0.0.0.0/", "https://[fe80::1%25lo]/",
        "https://[2002:7f00:1::]/",
    ],
)  # fmt: skip
def test_no_request_goes_to_this_machine_or_into_private_networks(url):
    with pytest.raises((CarrierRefused, CarrierDown)) as caught:
        asking.ask("webhook", url, headers={}, body=b"", timeout_s=1)
    assert caught.value.code == "carrier.refused" or "is not known" in str(caught.value)


def test_a_name_that_has_one_private_address_is_refused_and_no_name_is_asked_twice(monkeypatch):
    asked = []

    def answers(host, port, **_):
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in ("93.184.216.34", "10.0.0.7")]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    with pytest.raises(CarrierRefused, match="private network"):
        asking.ask("webhook", "https://rebinding.example/", headers={}, body=b"", timeout_s=1)
    assert asked == ["rebinding.example"]


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch):
    went = []

    def connect(address, timeout_s):
        went.append(address)
        raise TimeoutError("not here")

    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **_: [(0, 0, 0, "", ("93.184.216.34", port))])
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(CarrierDown, match="not here"):
        asking.ask("webhook", "https://example.org:8443/x", headers={}, body=b"", timeout_s=1)
    assert went == [("93.184.216.34", 8443)]


# -- webhooks ---------------------------------------------------------------------------------------------------------


def test_a_webhook_is_signed_and_the_same_at_every_try(tmp_path):
    settings = told(tmp_path, "webhook", secret="key", allow_private=True)
    with gateway(ok) as (url, heard):
        one = delivery(url + "/in", "webhook")
        webhook.send(one, settings, clock=lambda: 1_750_000_000.5)
        webhook.send(one, settings, secret_of=lambda recipient: "own" if recipient == "person:1" else None)
    (_, first, body), (_, second, again) = heard
    assert body == again
    assert first["Idempotency-Key"] == second["Idempotency-Key"] == str(one.id)
    signed = hmac.new(b"s3cret", b"1750000000." + body, hashlib.sha256).hexdigest()
    assert first["X-Geogrid-Signature"] == f"sha256={signed}"
    own = hmac.new(b"own", second["X-Geogrid-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert second["X-Geogrid-Signature"] == f"sha256={own}"
    assert json.loads(body)["texts"]["zh"] == TEXT


# -- mail -------------------------------------------------------------------------------------------------------------


def post(tmp_path, port, **values) -> CarrierSettings:
    given = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "grid@example.org", "subject": "[网格]"}
    return told(tmp_path, "mail", **{**given, **values})


def test_mail_carries_text_and_a_message_id_of_the_delivery(tmp_path):
    one = delivery("a@example.org", "mail")
    with mail_server() as (port, heard):
        mail.send(one, post(tmp_path, port))
    assert f"Message-ID: <{one.id}@example.org>".encode() in heard[0]
    made = mail.message_of(one, post(tmp_path, 25))
    assert made["Subject"] == f"[网格] {TEXT}"
    assert made.get_content().strip() == TEXT


@pytest.mark.parametrize(("answer", "error"), [(b"550 no such person", CarrierError), (b"451 later", CarrierDown)])
def test_a_recipient_refused_for_good_is_not_tried_again(tmp_path, answer, error):
    with mail_server(answer) as (port, _), pytest.raises(CarrierError) as caught:
        mail.send(delivery("a@example.org", "mail"), post(tmp_path, port))
    assert type(caught.value) is error


def test_a_server_without_tls_gets_no_mail_where_tls_is_asked_for(tmp_path):
    with mail_server() as (port, heard), pytest.raises(CarrierDown):
        mail.send(delivery("a@example.org", "mail"), post(tmp_path, port, security="starttls"))
    assert heard == []


def test_an_address_that_would_add_a_header_is_no_address(tmp_path):
    with pytest.raises(CarrierError):
        mail.send(delivery("a@example.org\r\nBcc: b@example.org", "mail"), post(tmp_path, 1))


# -- files, and the rule above all ------------------------------------------------------------------------------------


def test_the_file_carrier_writes_a_line_a_delivery(tmp_path):
    settings = told(tmp_path, "file")
    one, other = delivery(), delivery()
    file.send(one, settings)
    file.send(other, settings)
    (path,) = (tmp_path / "outbox").iterdir()
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == [str(one.id), str(other.id)]
    assert lines[0]["texts"]["zh"] == TEXT
    assert path.stat().st_mode & 0o077 == 0  # who was told what is for nobody else on this machine


def test_real_carriers_refuse_made_up_people_districts_and_nobody(tmp_path):
    with gateway(ok) as (url, heard):
        real = message(tmp_path, url)
        everything = CarriersTold({"message": real})
        for one, reason in (
            (delivery(synthetic=True), "the recipient is made up"),
            (delivery(""), "no address"),
            (delivery(carrier="mail"), "not set up"),
        ):
            found = tried(one, everything)
            assert found.refused and reason in found.error
        made_up = CarriersTold({"message": CarrierSettings("message", real.values, tmp_path, True, real.environ)})
        assert "the district is made up" in tried(delivery(), made_up).error
        assert heard == []
        assert tried(delivery(), everything).error == ""
    assert len(heard) == 1


def test_a_file_can_take_everything(tmp_path):
    told_all = CarriersTold({"file": told(tmp_path, "file")}, "file")
    send(delivery(synthetic=True, carrier="mail"), told_all)
    assert '"carrier": "mail"' in next((tmp_path / "outbox").iterdir()).read_text("utf-8")


def test_any_fault_of_a_sender_is_a_try_that_failed(tmp_path):
    def breaks(*_):
        raise ZeroDivisionError("oh")

    found = tried(delivery(), CarriersTold({"message": told(tmp_path)}), {"message": breaks})
    assert (found.error, found.retry, found.refused) == ("ZeroDivisionError: oh", True, False)
    assert set(senders_with(lambda _: None)) == {"message", "mail", "webhook", "file"}
