"""Durations as they are written: ``"2wd"``, ``"15min"``, ``"12h"``."""

from __future__ import annotations

import re
from typing import Any

from geogrid.domain.clocks import Duration, DurationUnit
from geogrid.errors.family import Label, Reason, Reasons
from geogrid.rules.reading import OddValue

UNITS = Reasons((Reason("{code} ({label})", code=unit.value, label=Label(unit)) for unit in DurationUnit), ", ")
DURATION = re.compile(rf"(\d{{1,5}})({'|'.join(unit.value for unit in DurationUnit)})")


def duration(value: Any) -> Duration:
    """Return the duration that ``"2wd"`` says; raises OddValue."""
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise OddValue("{value} is no duration such as 15min, 12h, 30d, 4wh, 2wd; units: {units}", value=repr(value), units=UNITS)
    return Duration(int(found.group(1)), DurationUnit(found.group(2)))
