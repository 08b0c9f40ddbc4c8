"""Durations as they are written: ``"2wd"``, ``"15min"``, ``"12h"``."""

from __future__ import annotations

import re
from typing import Any

from geogrid.domain.clocks import Duration, DurationUnit

DURATION = re.compile(rf"(\d{{1,5}})({'|'.join(unit.value for unit in DurationUnit)})")


def duration(value: Any) -> Duration:
    """Return the duration that ``"2wd"`` says; raises ValueError."""
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        units = ", ".join(f"{unit.value} ({unit.label})" for unit in DurationUnit)
        raise ValueError(f"{value!r} is no duration such as 15min, 12h, 30d, 4wh, 2wd; units: {units}")
    return Duration(int(found.group(1)), DurationUnit(found.group(2)))
