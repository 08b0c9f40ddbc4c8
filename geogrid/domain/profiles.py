"""A district's profile: the rules of geography and language that a place sets."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from typing import Any

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
    households_band : (least, most) households a grid, a warning only
    travel_mode_town, travel_mode_country : mode of service circles by kind of unit
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
    households_band: tuple[int, int]
    travel_mode_town: str
    travel_mode_country: str

    def is_grid_code(self, code: str) -> bool:
        """Whether ``code`` is, whole, a base grid's code in this district."""
        return re.fullmatch(self.grid_code_pattern, code) is not None


def parse_profile(text: str, name: str = "profile") -> Profile:
    """Parse the TOML ``text`` of a profile; raises SetupError that names the missing, unknown or broken field."""
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupError(reason=f"{name}: {error}", mend="Mend the file.") from error
    known = {field.name for field in fields(Profile)}
    for field in sorted(known ^ values.keys()):
        problem = "is missing" if field in known else "is unknown"
        raise SetupError(reason=f"{name}: {field} {problem}", mend="Compare it with data/profiles/999901.toml.")
    typed: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Profile(**typed)
