"""``geogrid circles-effect`` and ``geogrid circles --uncovered`` on files: who gains, who loses, who is left."""

from __future__ import annotations

import csv
import json

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner

from etl.circles_command import circles
from etl.effect_command import circles_effect
from etl.errors import StationUnknown
from geogrid.space.crs import SRID_STORED
from tests.space.lattice import frame, lonlat, road


@pytest.fixture
def files(tmp_path):
    """A street of 2 km, a station at each end (the second open in the mornings), homes at 0, 700, 1000, 1300 and 2000 m."""
    frame([road((0, 0), (2000, 0), 1, 2)]).drop(columns=["walk", "bridge", "name"]).to_file(
        tmp_path / "roads.gpkg", driver="GPKG"
    )
    named = {"code": ["S1", "S2"], "level": ["point", "point"], "hours": ["24/7", "Mo-Fr 08:00-12:00"]}
    stations = gpd.GeoDataFrame(named, geometry=shapely.points(lonlat([0, 2000], [0, 0])), crs=SRID_STORED)
    stations.to_parquet(tmp_path / "stations.parquet")
    lines = [f"{lon:.9f},{lat:.9f}" for lon, lat in lonlat([0, 700, 1000, 1300, 2000], [0] * 5)]
    (tmp_path / "homes.csv").write_text("lon,lat\n" + "\n".join(lines) + "\n", "utf-8")
    corners = [lonlat([x, x, x + 1000, x + 1000], [-500, 500, 500, -500]) for x in (-100, 900)]
    grids = {"code": ["G1", "G2"], "geometry": [shapely.Polygon(corner) for corner in corners]}
    gpd.GeoDataFrame(grids, crs=SRID_STORED).to_parquet(tmp_path / "grids.parquet")
    return tmp_path


def run(command, files, *more, language="en"):
    named = {"stations": "stations.parquet", "roads": "roads.gpkg", "households": "homes.csv"}
    words = [word for name, file in named.items() for word in (f"--{name}", str(files / file))]
    return CliRunner().invoke(command, [*words, "--datum", "cgcs2000", *more], env={"GEOGRID_LANGUAGE": language})


def test_closing_a_station_loses_who_went_there(files):
    done = run(circles_effect, files, "--without", "S2", "--out", str(files / "out.csv"))
    assert done.exit_code == 0, done.output
    assert "On foot, 10 minutes: 4 of 5 households (80.00 %) before, 2 (40.00 %) after" in done.output
    assert "Gained: 0 households. Lost: 2" in done.output and "station S2: 2 -> 0 households" in done.output
    rows = list(csv.DictReader((files / "out.csv").read_text("utf-8-sig").splitlines()))
    assert [row["change"] for row in rows] == ["lost", "lost"] and rows[0]["station_before"] == "S2"


def test_opening_and_moving_are_told_in_chinese_and_by_grid(files):
    place = ",".join(map(str, lonlat([1000], [0])[0]))
    out = files / "out.geojson"
    more = ("--with", place, "--grids", str(files / "grids.parquet"), "--out", str(out))
    done = run(circles_effect, files, *more, language="zh")
    assert done.exit_code == 0, done.output
    assert "新增覆盖 1 户，失去覆盖 0 户" in done.output
    (grid,) = json.loads(out.read_text("utf-8"))["features"]
    assert grid["properties"]["code"] == "G2" and grid["properties"]["gained"] == 1
    moved = run(circles_effect, files, "--move", f"S2={place}")
    assert "Gained: 1 households. Lost: 1" in moved.output


def test_winter_and_opening_hours_count(files):
    winter = run(circles_effect, files, "--season", "winter")
    assert "4 of 5 households (80.00 %) before, 2 (40.00 %) after" in winter.output  # 680 m in ten minutes
    evening = run(circles_effect, files, "--at", "2026-01-05T19:30+08:00")
    assert "Lost: 2" in evening.output
    morning = run(circles_effect, files, "--at", "2026-01-05T09:30+08:00")
    assert "Lost: 0" in morning.output
    assert run(circles_effect, files, "--at", "2026-01-05T09:30").exit_code == 2


def test_a_station_that_is_not_there_is_named(files):
    assert isinstance(run(circles_effect, files, "--without", "S9").exception, StationUnknown)


def test_who_is_not_covered_is_listed_by_household_or_grid(files):
    homes, grids = files / "left.csv", files / "left.geojson"
    done = run(circles, files, "--out", str(files / "areas.geojson"), "--uncovered", str(homes))
    assert done.exit_code == 0, done.output
    assert len(homes.read_text("utf-8-sig").splitlines()) == 2
    more = ("--grids", str(files / "grids.parquet"), "--uncovered", str(grids))
    assert run(circles, files, "--out", str(files / "areas.geojson"), *more).exit_code == 0
    (grid,) = json.loads(grids.read_text("utf-8"))["features"]
    assert grid["properties"] == {"code": "G2", "households": 2, "without": 1}
