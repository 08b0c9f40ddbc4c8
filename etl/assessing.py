"""The part of the jobs that keeps the assessment up to date: every hour the lines of this month and of the one before.

A month that was closed is looked at for as long as it is the month before: what changed in its record is written as corrections.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from etl.analyses import note, told

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geogrid.settings import Settings

EVERY_S = 3600.0
FIRST_AFTER_S = 60.0  # a start has better things to do first
SYSTEM = "system:geogrid"


def assess_once(settings: Settings, engine: Engine) -> int:
    """Write the lines that this month and the one before lack, each in a transaction of its own; return how many.

    An installation without a sheet assesses nobody.
    """
    from geogrid.actions.assessment import SHEET, assess, read_sheet
    from geogrid.actions.district import read_profile
    from geogrid.rules.assessment import month_bounds, month_of
    from geogrid.store.session import session_scope

    if not (settings.data_dir / SHEET).is_file():
        return 0
    sheet, zone, now = read_sheet(settings.data_dir), read_profile(settings).timezone, settings.now()
    this = month_of(now, zone)
    before = month_of(month_bounds(this, zone)[0] - timedelta(days=1), zone)
    added = 0
    for month in (before, this):
        with session_scope(engine) as session:
            added += assess(session, month, sheet=sheet, timezone=zone, by=SYSTEM, now=now)
    return added


def keep_assessing(settings: Settings, engine: Engine, stopped: threading.Event, *, first_after_s: float = FIRST_AFTER_S) -> None:
    """Assess every hour until ``stopped`` is set; a failure is said, and tried again the next hour."""
    from psycopg import Error
    from sqlalchemy.exc import SQLAlchemyError

    from geogrid.errors import GeogridError

    wait_s = first_after_s
    while not stopped.wait(wait_s):
        wait_s = EVERY_S
        try:
            assess_once(settings, engine)
        except (GeogridError, SQLAlchemyError, Error, OSError) as error:
            note(f"jobs: assessment: {told(error)}; again in an hour")
