"""Gateways and mail servers that really listen, and deliveries for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from uuid import uuid4

from etl.carriers.config import CarrierSettings
from geogrid.domain.notices import Addressee, Delivery, Notice

NOW = datetime(2025, 6, 18, 7, tzinfo=UTC)
TEXT = '事件 7 "今日" 到期'


def delivery(address: str = "13800001234", carrier: str = "message", **values) -> Delivery:
    notice = Notice("o", "soon", {"zh": TEXT, "en": "Event 7 is due"}, NOW, uuid4(), {"number": "7"})
    given = {"recipient": "person:1", "name": "张三", "synthetic": False, **values}
    return Delivery(uuid4(), notice, Addressee(address=address, **given), carrier, 1, NOW)


def told(tmp_path: Path, name="message", **values) -> CarrierSettings:
    return CarrierSettings(name, values, tmp_path, environ={"GEOGRID_SECRET_KEY": "s3cret"})


@contextmanager
def gateway(script) -> Iterator[tuple[str, list]]:
    """A gateway that keeps what it was sent and answers with ``script(n)``: status, body, seconds to wait, further headers."""
    heard: list = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard.append((self.path, dict(self.headers), body))
            status, answer, wait_s, headers = script(len(heard))
            time.sleep(wait_s)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ok(_):
    return 200, b'{"code": 0}', 0.0, {}


@contextmanager
def listening(handler) -> Iterator[int]:
    server = ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def mail_server(answer_to_recipient: bytes = b"250 ok") -> Iterator[tuple[int, list]]:
    heard: list = []

    class Server(StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 here\r\n")
            data, lines = False, []
            for line in self.rfile:
                if data:
                    lines.append(line)
                    if line == b".\r\n":
                        heard.append(b"".join(lines))
                        data = False
                        self.wfile.write(b"250 ok\r\n")
                    continue
                word = line[:4].upper()
                if word == b"DATA":
                    data = True
                    self.wfile.write(b"354 go on\r\n")
                elif word == b"RCPT":
                    self.wfile.write(answer_to_recipient + b"\r\n")
                elif word == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 ok\r\n")

    with listening(Server) as port:
        yield port, heard
