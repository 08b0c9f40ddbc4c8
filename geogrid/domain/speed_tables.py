"""The tables of speeds in a district's profile: what they may hold, and what is wrong with them in which line.

```toml
[travel]
winter_months = [11, 12, 1, 2, 3]
[travel.kmh.walk]        # or ebike, car: km/h by class of road; "other" is every class not named
other = 4.8
[travel.winter.walk]     # the share of the speed that is left in winter
other = 0.85
```
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from geogrid.domain.speeds import FASTEST_KMH, OTHER, SLOWEST_KMH, USUAL_KMH, USUAL_WINTER, ByClass, Speeds
from geogrid.domain.stations import TravelMode
from geogrid.errors import SetupError

TABLE = "travel"
NAMES = ("winter_months", "kmh", "winter")


def parse_speeds(table: Any, text: str, name: str) -> Speeds:
    """Return the speeds that the table ``[travel]`` of a profile states; modes that it leaves out have the usual ones.

    Raises SetupError that names the key, its line in ``text`` and what it may hold.
    """
    if table is None:
        return Speeds()
    check = _Checks(text, name)
    check.known(table, NAMES, TABLE)
    months = table.get("winter_months", [])
    if not (isinstance(months, list) and all(type(month) is int and 1 <= month <= 12 for month in months)):
        raise check.error(f"{TABLE}.winter_months", months, "a list of months from 1 to 12")
    kmh = check.by_class(table.get("kmh", {}), "kmh", (SLOWEST_KMH, FASTEST_KMH), "km/h from 0.1 to 300")
    winter = check.by_class(table.get("winter", {}), "winter", (0.01, 1.0), "a share from 0.01 to 1")
    for mode in (TravelMode.WALK, TravelMode.EBIKE):
        if mode in kmh and OTHER not in kmh[mode]:
            raise check.error(f"{TABLE}.kmh.{mode.value}", dict(kmh[mode]), f"a table with the class {OTHER}")
    return Speeds({**USUAL_KMH, **kmh}, {**USUAL_WINTER, **winter}, tuple(sorted(set(months))))


class _Checks:
    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    def error(self, key: str, value: Any, means: str) -> SetupError:
        reason = f"{self.name}: {key}{self._line(key)} is {value!r}, not {means}"
        return SetupError(reason=reason, mend="Compare it with data/profiles/999901.toml.")

    def known(self, table: Any, names: tuple[str, ...], key: str) -> None:
        if not isinstance(table, Mapping):
            raise self.error(key, table, "a table")
        for found in table:
            if found not in names:
                raise self.error(f"{key}.{found}", table[found], f"one of {', '.join(names)}")

    def by_class(self, table: Any, what: str, bounds: tuple[float, float], means: str) -> ByClass:
        self.known(table, TravelMode.codes(), f"{TABLE}.{what}")
        for mode, classes in table.items():
            if not isinstance(classes, Mapping):
                raise self.error(f"{TABLE}.{what}.{mode}", classes, "a table")
            for road_class, value in classes.items():
                number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
                if not (number and bounds[0] <= value <= bounds[1]):
                    raise self.error(f"{TABLE}.{what}.{mode}.{road_class}", value, means)
        return {TravelMode(mode): {key: float(value) for key, value in classes.items()} for mode, classes in table.items()}

    def _line(self, key: str) -> str:
        """Return where the key stands, as words; nothing where it is written in another way than the usual."""
        table, _, last = key.rpartition(".")
        header = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            if opened := re.fullmatch(r"\s*\[([\w.\-]+)\]\s*(#.*)?", line):
                header = opened[1]
            if header == key or (header == table and re.match(rf"\s*\"?{re.escape(last)}\"?\s*=", line)):
                return f" (line {number})"
        return ""
