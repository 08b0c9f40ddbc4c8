"""A district's profile: the rules of geography and language that a place sets."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geogrid.domain.speed_tables import TABLE, parse_speeds
from geogrid.domain.speeds import USUAL_SPEEDS, Speeds
from geogrid.domain.stations import TravelMode
from geogrid.errors import SetupError


@dataclass(frozen=True)
class Profile:
    """What ``data/profiles/<code>.toml`` states.

    Parameters
    ----------
    code : county code of six digits
    name, name_en : the district's name
    synthetic : True for the made-up district; every page then carries 模拟数据 / SIMULATED
    metric_srid : EPSG code of the metric zone in which this district measures
    timezone, language : IANA zone and default language
    centre_lonlat : degrees
    grid_code_pattern, department_grid_code_pattern, unit_code_pattern : regular expressions of whole codes
    gap_tolerance_m : how far from a grid a point in a gap inside the district may lie and still belong to it
    coverage_tolerance_m2 : gaps and overlaps up to this area are not reported
    accuracy_share : the share of true places said to lie within the reported accuracy (0.95: an assumption)
    most_accuracy_m : a larger reported accuracy is refused
    far_m : a point farther than this from the district is refused instead of queued
    words_confidence : below this (0 to 1) a place found for words is confirmed by a person before it counts
    households_band : (least, most) households a grid, a warning only
    programme : code of the programme under which events are opened that nobody gives to another
    travel_mode_town, travel_mode_country : mode of service circles by kind of unit
    speeds : by mode, class of road and season: the table ``[travel]``; where it is left out the usual ones, and no winter
    """

    code: str
    name: str
    name_en: str
    synthetic: bool
    metric_srid: int
    timezone: str
    language: str
    centre_lonlat: tuple[float, float]
    grid_code_pattern: str
    department_grid_code_pattern: str
    unit_code_pattern: str
    station_code_pattern: str
    gap_tolerance_m: float
    coverage_tolerance_m2: float
    accuracy_share: float
    most_accuracy_m: float
    far_m: float
    words_confidence: float
    households_band: tuple[int, int]
    programme: str
    travel_mode_town: str
    travel_mode_country: str
    speeds: Speeds = USUAL_SPEEDS

    def is_grid_code(self, code: str) -> bool:
        """Whether ``code`` is, whole, a base grid's code in this district."""
        return re.fullmatch(self.grid_code_pattern, code) is not None


def parse_profile(text: str, name: str = "profile") -> Profile:
    """Parse the TOML ``text`` of a profile; raises SetupError that names the missing, unknown or broken field."""
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupError(reason=f"{name}: {error}", mend="Mend the file.") from error
    speeds = parse_speeds(values.pop(TABLE, None), text, name)
    known = {field.name: str(field.type) for field in fields(Profile) if field.name != "speeds"}
    for field in sorted(known.keys() ^ values.keys()):
        problem = "is missing" if field in known else "is unknown"
        raise SetupError(reason=f"{name}: {field} {problem}", mend=COMPARE)
    for field, kind in known.items():
        means, fits = RULES.get(field, (kind, _anything))
        if not (_is(values[field], kind) and fits(values[field])):
            raise SetupError(reason=f"{name}: {field} is {values[field]!r}, not {means}", mend=COMPARE)
    typed: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Profile(**typed, speeds=speeds)


# -- what a field may hold --------------------------------------------------------------------------------------------

COMPARE = "Compare it with data/profiles/999901.toml."


def _is(value: Any, kind: str) -> bool:
    """Whether a TOML value is of an annotated kind; a whole number serves as a float, a list of two as a pair."""
    if kind.startswith("tuple"):
        of = kind[len("tuple[") :].partition(",")[0]
        return isinstance(value, list) and len(value) == 2 and all(_is(part, of) for part in value)
    if isinstance(value, bool) or kind == "bool":
        return isinstance(value, bool) and kind == "bool"
    if kind == "float":
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, {"str": str, "int": int}[kind])


def _anything(_: Any) -> bool:
    return True


def _compiles(value: str) -> bool:
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _is_zone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return False
    return True


def _positive(value: float) -> bool:
    return value > 0


def _not_negative(value: float) -> bool:
    return value >= 0


PATTERN = ("a regular expression", _compiles)
MODE = (f"one of {', '.join(TravelMode.codes())}", TravelMode.codes().__contains__)
RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "metric_srid": ("an EPSG code", _positive),
    "timezone": ("a zone of the IANA list, such as Asia/Shanghai", _is_zone),
    "centre_lonlat": ("longitude and latitude in degrees", lambda pair: abs(pair[0]) <= 180.0 and abs(pair[1]) <= 90.0),
    "grid_code_pattern": PATTERN,
    "department_grid_code_pattern": PATTERN,
    "unit_code_pattern": PATTERN,
    "station_code_pattern": PATTERN,
    "gap_tolerance_m": ("metres from 0", _not_negative),
    "coverage_tolerance_m2": ("square metres from 0", _not_negative),
    "accuracy_share": ("a share between 0 and 1", lambda share: 0.0 < share < 1.0),
    "most_accuracy_m": ("metres above 0", _positive),
    "far_m": ("metres above 0", _positive),
    "words_confidence": ("a share between 0 and 1", lambda share: 0.0 < share < 1.0),
    "households_band": ("two whole numbers, the least first", lambda band: 0 <= band[0] <= band[1]),
    "travel_mode_town": MODE,
    "travel_mode_country": MODE,
}
