"""Programmes from their files: ``data/programmes/<code>.toml`` to :class:`~geogrid.domain.programmes.Programme`.

Every fault is named with its line. What the parts say of one another (does this step's state exist?) is checked by
``programme_links``; what the whole amounts to (can every matter be closed?) by ``programme_check``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geogrid.domain.clocks import Duration, WorkingTime
from geogrid.domain.conditions import When
from geogrid.domain.programmes import Category, Programme, StepRule
from geogrid.errors import ProgrammeInvalid
from geogrid.errors.family import Reason, Reasons
from geogrid.rules.durations import duration
from geogrid.rules.programme_links import broken_links
from geogrid.rules.reading import BROKEN, OddValue, Reader
from geogrid.rules.toml_lines import Path, line_of, lines_of

CLOCK_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
MIDNIGHT = 24 * 60
NAMES: dict[tuple[type, str], str] = {(StepRule, "from_states"): "from", (Category, "category_class"): "class"}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a programme's file: the line, the path of the value from the top, the reason."""

    line: int
    path: str
    reason: Reason | str

    def __str__(self) -> str:
        return self.words("en")

    def words(self, language: str) -> str:
        """Return line, place and reason in a language."""
        said = self.reason.words(language) if isinstance(self.reason, Reason) else self.reason
        return f"{self.line}: {self.path}: {said}"


def parse_programme(text: str, name: str = "programme") -> Programme:
    """Parse the TOML ``text`` of a programme; raises ProgrammeInvalid with every fault, each with its line."""
    programme, found = read(text, name)
    if programme is None or found:
        raise ProgrammeInvalid(name=name, faults=Reasons(found), where={"path": name, "line": found[0].line})
    return programme


def read(text: str, name: str = "programme") -> tuple[Programme | None, tuple[Fault, ...]]:
    """Return the programme (None where it cannot be built) and what is wrong with its file, in the order of lines."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        return None, (Fault(int(line.group(1)) if line else 1, name, Reason("this is no TOML: {error}", error=str(error))),)
    settings = values.get("settings", {})
    reader = Reader(NAMES, {Duration: duration, WorkingTime: working_time, When: lambda value: _when(value, settings)})
    built = reader.build(Programme, values, ())
    faults = [*reader.faults]
    programme = None if built is BROKEN else built
    if programme is not None:
        if not _is_zone(programme.timezone):
            faults.append((("timezone",), Reason("{value} is no time zone", value=repr(programme.timezone))))
        faults += broken_links(programme)
    lines = lines_of(text)
    found = {Fault(line_of(lines, path), _shown(path), reason) for path, reason in faults}
    return programme, tuple(sorted(found, key=lambda fault: (fault.line, fault.path, fault.reason)))


def _shown(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "file"


# -- how values are written -------------------------------------------------------------------------------------------


def clock_minutes(value: Any) -> int:
    """Return the minutes after midnight that ``"08:30"`` says, up to ``"24:00"``; raises OddValue."""
    found = CLOCK_TIME.fullmatch(value) if isinstance(value, str) else None
    minutes = int(found.group(1)) * 60 + int(found.group(2)) if found else MIDNIGHT + 1
    if minutes > MIDNIGHT:
        raise OddValue("{value} is no time of day such as {example}", value=repr(value), example="08:30")
    return minutes


def working_time(value: Any) -> WorkingTime:
    """Return working hours written as ``{hours = ["08:30-12:00", ...], day_ends = "17:00"}``; raises OddValue."""
    if not isinstance(value, dict) or value.keys() != {"hours", "day_ends"} or not isinstance(value["hours"], list):
        raise OddValue("hours (a list such as 08:30-12:00) and day_ends belong here, and nothing else")
    hours = []
    for span in value["hours"]:
        begin, dash, end = str(span).partition("-")
        if not dash:
            raise OddValue("{value} is no span such as {example}", value=repr(span), example="08:30-12:00")
        hours.append((clock_minutes(begin.strip()), clock_minutes(end.strip())))
    edges = [minute for span in hours for minute in span]
    if not hours or edges != sorted(set(edges)):
        raise OddValue("the spans of working hours must follow one another and not be empty")
    return WorkingTime(tuple(hours), clock_minutes(value["day_ends"]))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, TypeError, ZoneInfoNotFoundError):
        return False
    return True


def _when(value: Any, settings: Any) -> When:
    """Return a condition; raises OddValue.

    The amount is written ``[50000, 100000]``, ``"inf"`` for no upper bound; a bound may be the name of one of the programme's
    settings, so that a figure that changes stands in one place.
    """
    if not isinstance(value, dict):
        raise OddValue("{value} is no table of conditions", value=repr(value))
    amount = value.get("amount_yuan")
    bounds = _amount(amount, settings) if amount is not None else (None, None)
    reader = Reader()
    built = reader.build(When, {key: part for key, part in value.items() if key != "amount_yuan"}, ())
    if reader.faults:
        told = (Reason("{path}: {reason}", path=_shown(path), reason=reason) for path, reason in reader.faults)
        raise OddValue("{reasons}", reasons=Reasons(told))
    return When(built.handling, built.categories, built.levels, built.complexities, built.channels, bounds)


def _amount(value: Any, settings: Any) -> tuple[float | None, float | None]:
    if not isinstance(value, list) or len(value) != 2:
        raise OddValue("amount_yuan is a list of two: least and most, the most excluded")
    least, most = (None if part == "inf" else _yuan(part, settings) for part in value)
    if least is None or least < 0 or (most is not None and most <= least):
        raise OddValue("amount_yuan: the least from 0, then a larger most or inf")
    return least, most


def _yuan(value: Any, settings: Any) -> float:
    found = settings.get(value) if isinstance(value, str) and isinstance(settings, dict) else value
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise OddValue("{value} is no amount, and no setting of this programme that is one", value=repr(value))
    return float(found)
