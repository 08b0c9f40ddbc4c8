"""Profiles: those that are shipped are sound, and one that a district writes itself is refused by the field that is wrong."""

from __future__ import annotations

from datetime import date

import pytest

from geogrid.domain.profiles import parse_profile
from geogrid.domain.speeds import Season, Speeds
from geogrid.domain.stations import TravelMode
from geogrid.errors import SetupError
from geogrid.settings import ROOT
from geogrid.space.crs import measures_true

FILES = sorted((ROOT / "data" / "profiles").glob("*.toml"))
GOOD = (ROOT / "data" / "profiles" / "999901.toml").read_text("utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_profile_loads_and_its_metric_zone_covers_it(path):
    profile = parse_profile(path.read_text("utf-8"), path.name)
    assert profile.code == path.stem
    assert measures_true(profile.metric_srid, *profile.centre_lonlat)


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("metric_srid = 4551", 'metric_srid = "4551"'),
        ("metric_srid = 4551", "metric_srid = 4551.0"),
        ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Peking"'),
        ('timezone = "Asia/Shanghai"', 'timezone = "../etc/passwd"'),
        ("synthetic = true", 'synthetic = "no"'),
        ("centre_lonlat = [126.6, 45.9]", "centre_lonlat = [45.9, 126.6]"),
        ("centre_lonlat = [126.6, 45.9]", "centre_lonlat = [126.6]"),
        ("grid_code_pattern = '999901\\d{9}'", "grid_code_pattern = '999901(\\d{9}'"),
        ("gap_tolerance_m = 15.0", "gap_tolerance_m = -1.0"),
        ("gap_tolerance_m = 15.0", "gap_tolerance_m = nan"),
        ("accuracy_share = 0.95", "accuracy_share = 95"),
        ("far_m = 50000.0", "far_m = true"),
        ("households_band = [100, 500]", "households_band = [500, 100]"),
        ('travel_mode_town = "walk"', 'travel_mode_town = "bus"'),
        ('name_en = "Simulated District"', ""),
        ('name_en = "Simulated District"', 'name_en = "Simulated District"\nnames = 1'),
    ],
)
def test_a_broken_field_is_named(line, instead):
    field = (instead.splitlines() or [line])[-1].partition(" ")[0]
    changed = GOOD.replace(f"\n{line}", f"\n{instead}", 1)
    assert changed != GOOD
    with pytest.raises(SetupError, match=rf"mine\.toml: {field} is"):
        parse_profile(changed, "mine.toml")


def test_whole_numbers_serve_as_metres():
    assert parse_profile(GOOD.replace("far_m = 50000.0", "far_m = 50000")).far_m == 50_000


def test_speeds_are_read_by_mode_class_and_season():
    speeds = parse_profile(GOOD).speeds
    assert speeds.season_on(date(2025, 1, 31)) is Season.WINTER and speeds.season_on(date(2025, 4, 1)) is Season.SUMMER
    assert speeds.speed_kmh(TravelMode.WALK, "steps", 30.0, Season.SUMMER) == 2.4
    assert speeds.speed_kmh(TravelMode.EBIKE, "residential", 30.0, Season.WINTER) == pytest.approx(10.5)
    assert speeds.speed_kmh(TravelMode.CAR, "primary", 60.0, Season.SUMMER) == 60.0
    assert speeds.speed_kmh(TravelMode.CAR, "service", 30.0, Season.WINTER) == pytest.approx(12.0)


def test_without_a_table_of_travel_the_usual_speeds_hold_and_there_is_no_winter():
    plain = parse_profile(GOOD[: GOOD.index("[travel]")]).speeds
    assert plain == Speeds() and plain.season_on(date(2025, 1, 1)) is Season.SUMMER


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("winter_months = [11, 12, 1, 2, 3]", "winter_months = [11, 13]", r"travel\.winter_months \(line \d+\) is \[11, 13\]"),
        ("steps = 2.4", "steps = 0", r"travel\.kmh\.walk\.steps \(line \d+\) is 0"),
        ("steps = 0.7", "steps = 1.2", r"travel\.winter\.walk\.steps \(line \d+\) is 1\.2"),
        ("other = 4.8", "others = 4.8", r"travel\.kmh\.walk \(line \d+\) is .* with the class other"),
        ("[travel.kmh.ebike]", "[travel.kmh.bus]", r"travel\.kmh\.bus \(line \d+\) .* one of walk, ebike, car"),
        ("[travel.kmh.ebike]", "[travel.speed.ebike]", r"travel\.speed .* one of winter_months, kmh, winter"),
    ],
)
def test_a_broken_speed_is_named_by_key_and_line(line, instead, said):
    changed = GOOD.replace(line, instead, 1)
    assert changed != GOOD
    with pytest.raises(SetupError, match=rf"mine\.toml: {said}"):
        parse_profile(changed, "mine.toml")
