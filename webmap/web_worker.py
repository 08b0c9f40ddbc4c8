"""gunicorn's worker of threads, with patience that ends: slow callers cost neither a thread for long nor other readers."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from gunicorn.workers import gthread

from webmap.warm import MOST_S, WARMTH

HEADERS_S = 8.0  # from the first byte to the end of the headers
WHOLE_S = 90.0  # from the first byte to the end of the answer: a photo of 500 kB at 64 kbit/s
LOOK_S = 0.2  # how soon a worker that is told to stop while it warms hears of it


class Worker(gthread.ThreadWorker):
    """A connection waits for its first byte without a thread; one that dribbles is cut off at its deadline."""

    def init_process(self) -> None:
        """Prepare the table of deadlines before the loop begins."""
        self._deadlines: dict[Any, float] = {}
        self._deadlines_lock = threading.Lock()
        super().init_process()

    def run(self) -> None:
        """Serve, once what the first reader would wait for is done (``webmap.warm``); callers meanwhile wait in the queue."""
        self._await_warmth()
        super().run()

    def _await_warmth(self) -> None:
        through, until = self.wsgi.extensions[WARMTH], time.monotonic() + MOST_S
        while self.alive and not through.wait(LOOK_S):
            self.notify()
            if time.monotonic() > until:
                self.log.warning("not warm after %g s: requests are taken all the same", MOST_S)
                return

    def handle(self, conn: Any) -> Any:
        """Serve one connection in a thread, or hand it back at once where nothing was sent yet."""
        if not conn.initialized and not conn.data_ready and not conn.wait_for_data(0.0):
            return gthread._DEFER
        self._set_deadline(conn, HEADERS_S)
        try:
            return super().handle(conn)
        finally:
            with self._deadlines_lock:
                self._deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Serve a request whose headers are complete: from here on it has the longer time."""
        self._set_deadline(conn, WHOLE_S)
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Close what waits too long; called in every round of the loop."""
        super().murder_pending()
        now = time.monotonic()
        with self._deadlines_lock:
            late = [conn for conn, deadline in self._deadlines.items() if deadline < now]
        for conn in late:
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)

    def _set_deadline(self, conn: Any, seconds: float) -> None:
        with self._deadlines_lock:
            self._deadlines[conn] = time.monotonic() + seconds
