"""``geogrid jobs``: the process that does what no request should wait for: counts, analyses, alarms, notices, seals."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import click

from etl.analyses import note, told

if TYPE_CHECKING:
    from sqlalchemy import Engine

EVERY_S = 2.0
WAIT_AFTER_FAILURE_S = 10.0
LAST_TRY_S = 8.0  # whoever stops this process waits ten seconds


@click.command("jobs")
@click.option("--once", is_flag=True, help="Do what there is to do, then end.")
def jobs(once: bool) -> None:
    """Fold counts, tell alarms of clocks, send notices, draw circles and hotspots when they are old, until SIGTERM or Ctrl-C."""
    from etl.analyses import draw_once, keep_drawn
    from etl.assessing import assess_once, keep_assessing
    from etl.sealing import keep_sealing, seal_all
    from etl.sending import keep_sending, send_all
    from etl.ticking import keep_ticking, tick_once
    from geogrid.settings import read_settings
    from geogrid.store.session import make_engine

    settings = read_settings(os.environ)
    engine = make_engine(settings)
    stopped = threading.Event()
    if once:
        tick_once(settings, engine)
        send_all(settings, engine)
        fold_all(engine)
        draw_once(settings, engine)
        assess_once(settings, engine)
        seal_all(settings, engine)
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    kept = (("analyses", keep_drawn), ("tick", keep_ticking), ("audit", keep_sealing), ("assessment", keep_assessing))
    for name, keep in kept:
        threading.Thread(target=keep, args=(settings, engine, stopped), name=name, daemon=True).start()
    sending = threading.Thread(target=keep_sending, args=(settings, engine, stopped), name="outbox", daemon=True)
    sending.start()
    work(engine, stopped)
    sending.join(LAST_TRY_S)  # a try that was begun is written down, so that it is not made again


def work(engine: Engine, stopped: threading.Event, *, every_s: float = EVERY_S) -> None:
    """Fold until ``stopped`` is set; a database that does not answer, or a full disk, is waited for, not given up."""
    from psycopg import Error
    from sqlalchemy.exc import SQLAlchemyError

    from geogrid.errors import GeogridError

    while not stopped.is_set():
        wait_s = every_s
        try:
            fold_all(engine)
        except (SQLAlchemyError, Error, GeogridError, OSError) as error:
            note(f"jobs: {told(error)}; again in {WAIT_AFTER_FAILURE_S:.0f} s")
            wait_s = WAIT_AFTER_FAILURE_S
        stopped.wait(wait_s)


def fold_all(engine: Engine) -> int:
    """Fold all deltas that are there, a transaction a portion, and return how many."""
    from geogrid.store import cells
    from geogrid.store.session import session_scope

    total = 0
    while True:
        with session_scope(engine) as session:
            folded = cells.fold(session)
        total += folded
        if not folded:
            return total
