"""The part of the jobs that empties the outbox: claim a few deliveries under a lease, send each, write down what became of it.

A delivery is sent outside any transaction. Where this process dies in between, its lease ends and the delivery is sent again,
with the same key: told at least once, and at most once more a death.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from etl.analyses import note, told

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from etl.carriers.config import CarriersTold
    from etl.carriers.registry import Sender
    from geogrid.settings import Settings

EVERY_S = 2.0
MOST = 4  # claimed at once: all of them end within the lease
LEASE = timedelta(seconds=180)
SPARE = timedelta(seconds=60)  # what one try may take: with less of the lease left it is not begun


def sender_name() -> str:
    """Return a name that no other sender has, of this machine or another."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


def send_once(
    settings: Settings,
    engine: Engine,
    carriers: CarriersTold,
    *,
    by: str,
    senders: Mapping[str, Sender] | None = None,
    lease: timedelta = LEASE,
    stopped: threading.Event | None = None,
) -> int:
    """Give back what leases left behind, send what is due now, and return how many tries were made.

    No try is begun that might outlast its lease, and none once ``stopped`` is set: what was claimed for it is given back.
    """
    from etl.carriers.registry import SENDERS, tried
    from geogrid.domain.notices import DeliveryState
    from geogrid.store import outbox
    from geogrid.store.session import session_scope

    total, dead = 0, Counter[str]()
    while stopped is None or not stopped.is_set():
        with session_scope(engine) as session:
            outbox.sweep(session, settings.now())
            claimed_at = settings.now()
            claimed = outbox.claim(session, claimed_at, MOST, lease, by=by)
        latest = claimed_at + lease - min(SPARE, lease / 2)
        for number, delivery in enumerate(claimed):
            if settings.now() > latest or (stopped is not None and stopped.is_set()):
                with session_scope(engine) as session:
                    outbox.give_back(session, claimed[number:], settings.now(), by=by)
                break
            result = tried(delivery, carriers, dict(senders or SENDERS))
            with session_scope(engine) as session:
                state = outbox.settle(session, delivery, result, settings.now(), by=by)
            total += 1
            if state in {DeliveryState.FAILED, DeliveryState.REFUSED}:
                dead[f"{state.value}: {result.error}"] += 1
        if not claimed:
            break
    for reason, count in dead.items():  # a line a reason: a carrier that is not set up fills no log
        note(f"jobs: outbox: {count} deliveries {reason}")
    return total


def send_all(settings: Settings, engine: Engine, *, by: str = "", stopped: threading.Event | None = None) -> int:
    """Send what is due with the carriers as their file has them now; return how many tries were made."""
    from etl.carriers.config import OUTSIDE, read_carriers
    from etl.carriers.registry import senders_with
    from etl.hotline_told import outside_sender
    from geogrid.actions.district import read_profile
    from geogrid.actions.webhooks import secrets_with
    from geogrid.store.session import session_scope

    carriers = read_carriers(settings, synthetic=read_profile(settings).synthetic)
    senders = senders_with(secrets_with(partial(session_scope, engine), settings.var_dir))
    senders[OUTSIDE] = outside_sender(settings, engine)
    return send_once(settings, engine, carriers, by=by or sender_name(), senders=senders, stopped=stopped)


def keep_sending(settings: Settings, engine: Engine, stopped: threading.Event, *, every_s: float = EVERY_S) -> None:
    """Send until ``stopped`` is set; the file of carriers is read anew each time, so that a mended one counts at once."""
    from psycopg import Error
    from sqlalchemy.exc import SQLAlchemyError

    from geogrid.errors import GeogridError

    by = sender_name()
    while not stopped.is_set():
        wait_s = every_s
        try:
            send_all(settings, engine, by=by, stopped=stopped)
        except (GeogridError, SQLAlchemyError, Error, OSError) as error:
            wait_s = every_s * 5
            note(f"jobs: outbox: {told(error)}; again in {wait_s:.0f} s")
        stopped.wait(wait_s)
