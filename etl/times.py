"""Times in strangers' tables: read by a stated form, made aware by a stated zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl.errors import OptionInvalid, TimeStandIn
from geogrid.errors import TimeInvalid
from geogrid.errors.family import Reason

EPOCH_FORMATS = {"epoch_s": 1, "epoch_ms": 1000}
NO_ZONE = "{name!r} is no IANA time zone such as Asia/Shanghai"
EXCEL = "excel"  # days since its day 0, as a date cell shows that lost its format
EXCEL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 the zone is applied by the caller
BARE_NUMBER = re.compile(r"\d+(\.\d*)?")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # older ones are stand-ins for "none" (1900-01-01, 1970-01-01)


def zone_named(name: str) -> ZoneInfo:
    """Return the IANA zone; raises OptionInvalid."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise OptionInvalid(option="--tz", reason=Reason(NO_ZONE, name=name)) from error


def time_reader(time_format: str | None, zone: ZoneInfo, *, latest: datetime | None) -> Callable[[Any], datetime]:
    """Return the function that reads a cell as an aware time.

    Parameters
    ----------
    time_format : strptime's form, ``epoch_s``, ``epoch_ms``, ``excel`` (days of a spreadsheet), or None for ISO 8601
    zone : where a time without an offset was written
    latest : a later time is refused; None: none is

    The function raises TimeInvalid: not of the form, not in the calendar, skipped by summer time, or too
    late; TimeStandIn: before 1990.
    Of an hour that summer time repeats, the first is taken.
    """

    def read(value: Any) -> datetime:
        found = _parse(value, time_format)
        if found.tzinfo is None:
            found = _localise(found, zone, value)
        if found < EARLIEST:
            raise TimeStandIn(value=str(value))
        if latest is not None and found > latest:
            raise TimeInvalid(value=str(value), reason="it is in the future")
        return found

    return read


def _parse(value: Any, time_format: str | None) -> datetime:
    if isinstance(value, datetime):  # a date cell of a spreadsheet, a typed column
        return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
    text = str(value).strip()
    try:
        if time_format in EPOCH_FORMATS:
            return datetime.fromtimestamp(float(text) / EPOCH_FORMATS[time_format], UTC)
        if time_format == EXCEL:
            return EXCEL_DAY_0 + timedelta(seconds=round(float(text) * 86_400, 3))
        if time_format is not None:
            return datetime.strptime(text, time_format)  # noqa: DTZ007 the zone is applied by the caller
        if BARE_NUMBER.fullmatch(text):
            reason = "it is a bare number; state --time-format excel, epoch_s or epoch_ms, or its form"
            raise TimeInvalid(value=text, reason=reason)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise TimeInvalid(value=text, reason=str(error)) from error


def _localise(found: datetime, zone: ZoneInfo, value: Any) -> datetime:
    aware = found.replace(tzinfo=zone)
    back = aware.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None) - found >= timedelta(minutes=1):
        raise TimeInvalid(value=str(value), reason=f"the clock in {zone.key} skipped it")
    return aware
