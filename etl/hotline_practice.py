"""A hotline to practise with: it takes what it is told, by key, and has the faults that real ones have.

It listens on this machine alone. What it was told is listed at ``GET /told``; each key counts once, however often it came.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HERE = "127.0.0.1"
KEY_HEADERS = ("X-Request-Id", "Idempotency-Key")
SLOW_S = 3.0
TAKEN, KNOWN, REFUSED = (
    {"code": "0", "msg": "成功"},
    {"code": "1001", "msg": "重复提交"},
    {"code": "2001", "msg": "退单理由不充分"},
)


class PracticeFault(StrEnum):
    """What is wrong with the hotline just now."""

    NONE = "none"
    DOWN = "down"  # hangs up without an answer
    SLOW = "slow"  # answers after seconds
    TWICE = "twice"  # says taken to what it has already
    FAIL_AFTER = "fail_after_accepting"  # takes what it is told, then answers 500
    REFUSE = "refuse"  # refuses with a reason


@dataclass(frozen=True)
class Told:
    """One request as it came: method, path, key, token, and its body."""

    method: str
    path: str
    key: str
    token: str
    body: Any


@dataclass
class PracticeHotline:
    """What the hotline was told, in order, and by key what it took; ``fault`` may be changed while it runs."""

    fault: PracticeFault = PracticeFault.NONE
    heard: list[Told] = field(default_factory=list)
    taken: dict[str, Told] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, told: Told) -> tuple[int, dict[str, str]] | None:
        """Return status and answer to a request; None: hang up."""
        fault = self.fault
        with self._lock:
            self.heard.append(told)
            if fault is PracticeFault.DOWN:
                return None
            if fault is PracticeFault.REFUSE:
                return 200, REFUSED
            known = told.key in self.taken
            self.taken.setdefault(told.key, told)
        if fault is PracticeFault.SLOW:
            time.sleep(SLOW_S)
        if fault is PracticeFault.FAIL_AFTER:
            return 500, {"code": "9999", "msg": "系统繁忙"}
        return 200, KNOWN if known and fault is not PracticeFault.TWICE else TAKEN

    def as_json(self) -> list[dict[str, Any]]:
        """Return what it took, in the order in which it was told."""
        return [{"method": one.method, "path": one.path, "key": one.key, "body": one.body} for one in self.taken.values()]


@contextmanager
def listening(hotline: PracticeHotline, port: int = 0) -> Iterator[str]:
    """Serve a practice hotline while the block lasts, and give its URL; ``port`` 0 takes a free one."""
    server = ThreadingHTTPServer((HERE, port), _handler_for(hotline))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{HERE}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler_for(hotline: PracticeHotline) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            key = next((self.headers[name] for name in KEY_HEADERS if self.headers[name]), "")
            token = self.headers.get("X-Access-Token") or self.headers.get("Authorization") or ""
            told = Told(self.command, self.path, key, token, _body(self.rfile.read(length)))
            found = hotline.answer(told)
            if found is None:
                self.close_connection = True
                return
            self._send(*found)

        do_PUT = do_POST  # noqa: N815 the name that the server asks for

        def do_GET(self) -> None:
            self._send(200, hotline.as_json())

        def _send(self, status: int, told: Any) -> None:
            data = json.dumps(told, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked has gone
                self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Keep quiet: the command says what came."""

    return Handler


def _body(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")
