"""How often one address may ask: a bucket of tokens for reads and one for writes, so that a loop gone wild hurts nobody else."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, request

from geogrid.errors import TooManyRequests

MOST_ADDRESSES = 10_000
WRITES_A_SECOND, WRITES_AT_ONCE = 200.0, 1_000.0
READS_A_SECOND, READS_AT_ONCE = 500.0, 5_000.0


@dataclass
class Buckets:
    """Token buckets by key: ``rate`` tokens a second flow in, up to ``most``; the keys used longest ago are forgotten."""

    rate: float
    most: float
    clock: Callable[[], float] = time.monotonic
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> float:
        """Take one token of ``key``; return 0, or the seconds until there is one again."""
        now = self.clock()
        with self._lock:
            level, then = self._levels.pop(key, (self.most, now))
            level = min(self.most, level + (now - then) * self.rate)
            wait_s = 0.0 if level >= 1 else (1 - level) / self.rate
            self._levels[key] = (level - 1 if level >= 1 else level, now)
            while len(self._levels) > MOST_ADDRESSES:
                self._levels.popitem(last=False)
        return wait_s


def install_limits(
    app: Flask,
    reads: Buckets | None = None,
    writes: Buckets | None = None,
) -> None:
    """Answer 429 with Retry-After to an address that asks more often than its bucket allows."""
    reads = reads or Buckets(READS_A_SECOND, READS_AT_ONCE)
    writes = writes or Buckets(WRITES_A_SECOND, WRITES_AT_ONCE)

    @app.before_request
    def count() -> None:
        buckets = reads if request.method in {"GET", "HEAD", "OPTIONS"} else writes
        wait_s = buckets.take(request.remote_addr or "")
        if wait_s:
            raise TooManyRequests(wait_s=max(1, math.ceil(wait_s)))
