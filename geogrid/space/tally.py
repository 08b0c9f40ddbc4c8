"""Counting many events by many things at once: whole numbers in, counts by combination out. Local days of periods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from geogrid.domain.readings import Period

Ints = NDArray[np.int64]
DENSE = 4  # a table of all combinations is counted into directly while it is at most this many times the rows


def tally(into: Counter[tuple[int, ...]], columns: Sequence[NDArray[np.integer]]) -> None:
    """Add the number of rows of each combination of ``columns`` (each (n,), whole numbers) to ``into``."""
    if not len(columns[0]):
        return
    least = [int(column.min()) for column in columns]
    sizes = [int(column.max()) - low + 1 for column, low in zip(columns, least, strict=True)]
    if prod(sizes) >= 2**62:
        raise OverflowError(f"too many combinations: {sizes}")
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column, low, size in zip(columns, least, sizes, strict=True):
        code *= size
        code += column
        code -= low
    found, counts = _counted(code, prod(sizes))
    decoded = []
    for low, size in zip(reversed(least), reversed(sizes), strict=True):
        found, value = np.divmod(found, size)
        decoded.append((value + low).tolist())
    for combination, count in zip(zip(*reversed(decoded), strict=True), counts.tolist(), strict=True):
        into[combination] += count


def _counted(code: Ints, size: int) -> tuple[Ints, Ints]:
    if size <= DENSE * len(code):
        every = np.bincount(code, minlength=size)
        found = np.flatnonzero(every)
        return found, every[found]
    return np.unique(code, return_counts=True)


def period_starts(utc_us: Ints, period: Period, timezone: str) -> Ints:
    """Return the first day of each instant's period, in days since 1970-01-01 of local time.

    Parameters
    ----------
    utc_us : (n,) microseconds since 1970-01-01 UTC
    timezone : name of the IANA zone whose clocks decide which day it is; a week begins on Monday
    """
    import pandas as pd

    instants = pd.DatetimeIndex(utc_us.astype("datetime64[us]"), tz="UTC")
    local = instants.tz_convert(timezone).tz_localize(None).to_numpy()
    days = local.astype("datetime64[D]")
    if period is Period.WEEK:
        number = days.astype(np.int64)
        return number - (number + 3) % 7  # 1970-01-01 was a Thursday
    if period is Period.QUARTER:
        months = days.astype("datetime64[M]").astype(np.int64)
        days = (months - months % 3).astype("datetime64[M]").astype("datetime64[D]")
    elif period is not Period.DAY:
        days = days.astype(f"datetime64[{'M' if period is Period.MONTH else 'Y'}]").astype("datetime64[D]")
    return days.astype(np.int64)


def day_text(day: int) -> str:
    """Return a day since 1970-01-01 as ISO 8601."""
    return str(np.datetime64(day, "D"))
