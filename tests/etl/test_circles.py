"""``geogrid circles`` on files: what is counted, what is written, what is refused."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner

from etl.circles_command import circles
from etl.errors import (
    CodeDuplicate,
    CodeMissing,
    ColumnMissing,
    FileEmpty,
    NoCircles,
    OutFolderMissing,
    ValueRange,
    ValueUnknown,
)
from geogrid.errors import GeometryType
from geogrid.space.crs import SRID_STORED
from tests.space.lattice import frame, lonlat, road


@pytest.fixture
def files(tmp_path):
    """A street of 2 km with a station at each end and the centre in its middle, and homes at 0, 700, 1000, 1300 and 2000 m."""
    roads = frame([road((0, 0), (2000, 0), 1, 2)])
    roads.drop(columns=["walk", "bridge", "name"]).to_file(tmp_path / "roads.gpkg", driver="GPKG")
    named = {"code": ["S0", "S1", "S2"], "level": ["centre", "point", "station"]}
    stations = gpd.GeoDataFrame(named, geometry=shapely.points(lonlat([1000, 0, 2000], [0, 0, 0])), crs=SRID_STORED)
    stations.to_parquet(tmp_path / "stations.parquet")
    lines = [f"{lon:.9f},{lat:.9f}" for lon, lat in lonlat([0, 700, 1000, 1300, 2000], [0] * 5)]
    (tmp_path / "homes.csv").write_text("lon,lat\n" + "\n".join(lines) + "\n", "utf-8")
    return tmp_path


def run(files, *more, out="out.geojson", **replaced):
    options = {"stations": "stations.parquet", "roads": "roads.gpkg", "households": "homes.csv"} | replaced
    words = [word for name, file in options.items() for word in (f"--{name}", str(files / file))]
    return CliRunner().invoke(circles, [*words, "--out", str(files / out), *more], env={"GEOGRID_LANGUAGE": "en"})


def test_households_are_counted_and_the_area_written(files):
    done = run(files, "--datum", "cgcs2000")
    assert done.exit_code == 0, done.output
    assert "On foot, 10 minutes: 4 of 5 households (80.00 %)" in done.output
    written = json.loads((files / "out.geojson").read_text("utf-8"))
    (feature,) = written["features"]
    assert set(written) == {"type", "features"} and feature["properties"] == {"mode": "walk", "minutes": 10.0, "households": 4}
    area = shapely.geometry.shape(feature["geometry"])
    assert area.covers(shapely.Point(lonlat([700], [0])[0])) and not area.covers(shapely.Point(lonlat([1000], [0])[0]))


def test_each_station_has_its_own_area_and_households(files):
    assert run(files, "--datum", "cgcs2000", "--each", "--mode", "ebike", out="out.gpkg").exit_code == 0
    areas = gpd.read_file(files / "out.gpkg").set_index("code")
    assert areas["households"].tolist() == [3, 2]  # the one in the middle has two ways alike: the first station
    assert areas.geometry["S1"].covers(shapely.Point(lonlat([1900], [0])[0]))


def test_a_station_file_without_codes_is_refused(files):
    done = run(files, "--datum", "cgcs2000", stations="homes.csv")
    assert isinstance(done.exception, ColumnMissing)


def test_stations_that_are_no_points_and_folders_that_are_not_there_are_told(files):
    areas = gpd.read_parquet(files / "stations.parquet")
    areas.set_geometry(shapely.buffer(areas.geometry.to_numpy(), 0.001), crs=SRID_STORED).to_parquet(files / "areas.parquet")
    done = run(files, "--datum", "cgcs2000", stations="areas.parquet")
    assert isinstance(done.exception, GeometryType) and done.exception.where["row"] == 1
    done = run(files, "--datum", "cgcs2000", out="nowhere/out.geojson")
    assert isinstance(done.exception, OutFolderMissing)


def test_files_without_rows_and_the_centre_alone_are_told(files):
    stations, roads = gpd.read_parquet(files / "stations.parquet"), gpd.read_file(files / "roads.gpkg")
    for name, rows in (("none", stations.iloc[:0]), ("centre", stations.iloc[:1]), ("no_roads", roads.iloc[:0])):
        rows.to_parquet(files / f"{name}.parquet")
    assert isinstance(run(files, "--datum", "cgcs2000", stations="none.parquet").exception, FileEmpty)
    assert isinstance(run(files, "--datum", "cgcs2000", stations="centre.parquet").exception, NoCircles)
    assert isinstance(run(files, "--datum", "cgcs2000", roads="no_roads.parquet").exception, FileEmpty)


def test_a_road_with_a_value_that_cannot_be_is_told_with_its_row(files):
    gpd.read_file(files / "roads.gpkg").assign(length_m=-1.0).to_parquet(files / "minus.parquet")
    done = run(files, "--datum", "cgcs2000", roads="minus.parquet")
    assert isinstance(done.exception, ValueRange)
    assert done.exception.where["row"] == 1 and done.exception.where["path"].endswith("minus.parquet")


def test_minutes_that_are_no_number_and_a_list_without_households_are_refused_before_anything_is_written(files):
    assert run(files, "--datum", "cgcs2000", "--minutes", "nan").exit_code == 2
    words = ["--stations", files / "stations.parquet", "--roads", files / "roads.gpkg", "--out", files / "out.geojson"]
    done = CliRunner().invoke(circles, [*map(str, words), "--uncovered", str(files / "left.csv")])
    assert done.exit_code == 2 and not (files / "out.geojson").exists()


def test_events_are_counted_like_households(files):
    """The middle of the street is at 12.5 minutes of both, as is the exact end at 10 minutes (800 m); one row has no place."""
    places = lonlat([1, 799.9, 800.1, 1000, 1300], [0] * 5)
    rows = [f"{lon:.9f},{lat:.9f},cgcs2000,a" for lon, lat in places] + [",,,nowhere"]
    (files / "events.csv").write_text("lon,lat,datum,words\n" + "\n".join(rows) + "\n", "utf-8")
    done = run(files, "--datum", "cgcs2000", events="events.csv")
    assert "On foot, 10 minutes: 3 of 5 events (60.00 %)" in done.output
    assert "1 rows of events.csv have no place and are not counted; the first is row 7" in done.output
    done = run(files, "--datum", "cgcs2000", "--each", out="out.gpkg", events="events.csv")
    assert gpd.read_file(files / "out.gpkg")[["code", "events"]].to_numpy().tolist() == [["S1", 2], ["S2", 1]]


@pytest.mark.parametrize(
    ("column", "values", "error"),
    [
        ("level", ["centre", "village", "station"], ValueUnknown),
        ("code", ["S0", "S1", "S1"], CodeDuplicate),
        ("code", ["S0", "", "S1"], CodeMissing),
    ],
)
def test_levels_and_codes_that_cannot_be_are_told_with_their_row(files, column, values, error):
    gpd.read_parquet(files / "stations.parquet").assign(**{column: values}).to_parquet(files / "odd.parquet")
    done = run(files, "--datum", "cgcs2000", stations="odd.parquet")
    assert isinstance(done.exception, error), done.output
    assert done.exception.where["row"] == (3 if error is CodeDuplicate else 2)
    assert not (files / "out.geojson").exists()
