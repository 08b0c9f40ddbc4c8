"""How often one may ask, so that a loop gone wild hurts nobody else.

An address has buckets of tokens in every process, for all that it asks: tiles and static files too. A person, a key and a
screen have allowances a minute that all processes share; exports and reveals have lower ones of their own.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask, request

from geogrid.domain.doors import Allowance
from geogrid.errors import TooManyRequests
from geogrid.settings import Settings
from geogrid.store import allowances
from geogrid.store.session import session_scope
from webmap.installation import installation
from webmap.login import current_caller, real_now
from webmap.roles import PUBLIC

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


# -- what a person, a key or a screen may ask a minute ----------------------------------------------------------------

PORTIONS_A_MINUTE = 50  # a process takes so many portions of a minute's allowance: one request in so many asks the database
PORTION_LASTS = timedelta(minutes=1)
UNCOUNTED = frozenset({"tiles.tile"})  # a map asks for dozens at once; the address' bucket holds them
REVEALED = ("/reveal", "/callback")
EXPORTED = (".csv", ".xlsx", ".pdf", ".docx", ".gpkg", ".zip")

Take = Callable[[str, Allowance, int, int, datetime], float]


@dataclass
class Portions:
    """Spends allowances in portions: ``take(who, allowance, count, a_minute, now)`` asks what all processes share.

    What is left of a portion is spent without asking, and so is a refusal until its wait is over.
    """

    take: Take
    _held: OrderedDict[tuple[str, Allowance], tuple[int, datetime]] = field(default_factory=OrderedDict)
    _shut: dict[tuple[str, Allowance], datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, who: str, allowance: Allowance, a_minute: int, now: datetime) -> float:
        """Spend one request; return 0, or the seconds to wait."""
        key = (who, allowance)
        with self._lock:
            if (wait_s := (self._shut.get(key, now) - now).total_seconds()) > 0:
                return wait_s
            left, until = self._held.get(key, (0, now))
            if left and now < until:
                self._held[key] = (left - 1, until)
                return 0.0
        portion = max(1, a_minute // PORTIONS_A_MINUTE)
        wait_s = self.take(who, allowance, portion, a_minute, now)
        if wait_s and portion > 1:
            portion = 1
            wait_s = self.take(who, allowance, portion, a_minute, now)
        self._keep(key, portion - 1, now, wait_s)
        return wait_s

    def _keep(self, key: tuple[str, Allowance], left: int, now: datetime, wait_s: float) -> None:
        with self._lock:
            self._shut.pop(key, None)
            if wait_s:
                self._shut[key] = now + timedelta(seconds=wait_s)
            else:
                self._held[key] = (left, now + PORTION_LASTS)
                self._held.move_to_end(key)
            while len(self._held) > MOST_ADDRESSES:
                self._held.popitem(last=False)
            if len(self._shut) > MOST_ADDRESSES:
                self._shut = {one: until for one, until in self._shut.items() if until > now}


def install_allowances(app: Flask) -> None:
    """Answer 429 with Retry-After to a person, a key or a screen that asks more often than the settings allow."""
    portions = Portions(_take)

    @app.before_request
    def count() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if view is None or request.endpoint in UNCOUNTED or getattr(view, "roles", PUBLIC) == PUBLIC:
            return
        caller = current_caller()
        if not caller.is_known:
            return
        allowance = allowance_of(request.url_rule.rule if request.url_rule else "", view)
        a_minute = _a_minute(installation().settings, allowance, is_person=caller.login is not None)
        wait_s = portions.spend(caller.actor.id, allowance, a_minute, real_now())
        if wait_s:
            raise TooManyRequests(wait_s=max(1, math.ceil(wait_s)), where={"path": request.path})


def allowance_of(rule: str, view: Callable) -> Allowance:
    """Return what a route is counted as: what its view says in ``allowance``, else what its address ends in."""
    said: Allowance | None = getattr(view, "allowance", None)
    if said is not None:
        return said
    if rule.endswith(REVEALED):
        return Allowance.REVEAL
    return Allowance.EXPORT if rule.endswith(EXPORTED) else Allowance.ASK


def _a_minute(settings: Settings, allowance: Allowance, *, is_person: bool) -> int:
    if allowance is Allowance.EXPORT:
        return settings.exports_a_minute
    if allowance is Allowance.REVEAL:
        return settings.reveals_a_minute
    return settings.person_a_minute if is_person else settings.key_a_minute


def _take(who: str, allowance: Allowance, count: int, a_minute: int, now: datetime) -> float:
    with session_scope(installation().engine) as session:
        return allowances.take(session, who, allowance, count=count, a_minute=a_minute, now=now)
