"""Times as devices state them: with an offset, and at a moment that can be meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from geogrid.channels.words import shown
from geogrid.errors import TimeAbsurd, TimeForm, TimeFuture, TimeWithoutOffset

FORM = re.compile(
    r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):\d\d(:\d\d([.,]\d{1,9})?)?(?P<offset>Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD_MIN = 10


def checked_time(value: Any, path: str, *, now: datetime) -> datetime:
    """Return the aware time that ``value`` (ISO 8601 text with an offset) states.

    Numbers are refused, because seconds and milliseconds cannot be told apart; so are 24:00, days that do not exist, times
    before 2000 (a device that lost its clock), and times more than 10 minutes ahead of ``now``.

    Raises
    ------
    TimeForm, TimeWithoutOffset, TimeAbsurd, TimeFuture
    """
    where = {"path": path}
    match = FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise TimeForm(value=shown(value), where=where)
    if match["offset"] is None:
        raise TimeWithoutOffset(value=value, where=where)
    try:
        time = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise TimeForm(value=value, where=where) from error
    if time < EARLIEST:
        raise TimeAbsurd(value=value, earliest=f"{EARLIEST:%Y-%m-%d}", where=where)
    if time > now + timedelta(minutes=AHEAD_MIN):
        raise TimeFuture(value=value, most_min=AHEAD_MIN, where=where)
    return time
