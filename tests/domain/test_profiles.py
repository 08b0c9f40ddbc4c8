"""Profiles: those that are shipped are sound, and one that a district writes itself is refused by the field that is wrong."""

from __future__ import annotations

import pytest

from geogrid.domain.profiles import parse_profile
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
