"""``geogrid hotspots`` on the files of the small twin: its three planted hotspots are found and named, in both languages."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner

from etl.commands import COMMANDS
from etl.errors import FileEmpty
from geogrid.errors import CoordSwapped

HOTSPOTS = next(command for command in COMMANDS if command.name == "hotspots")


def run(*options, language="en"):
    return CliRunner(env={"GEOGRID_LANGUAGE": language, "LANG": language}).invoke(HOTSPOTS, list(map(str, options)))


@pytest.fixture
def files(small_twin):
    names = {"--events": "events", "--grids": "base_grids", "--places": "places", "--units": "units"}
    return [part for option, name in names.items() for part in (option, small_twin / f"{name}.parquet")]


def test_the_planted_hotspots_are_found_and_named(files, small_twin, tmp_path):
    """Of each of the three: a cluster called by its name, holding most of its events; no other cluster."""
    out = tmp_path / "spots.geojson"
    result = run(*files, "--out", out, "--rate-per", "households")
    assert result.exit_code == 0, result.output
    spots = gpd.read_file(out)
    truth = gpd.read_parquet(small_twin / "truth.parquet").dropna(subset="hotspot")
    assert len(spots) == truth["hotspot"].nunique()
    for _, planted in truth.groupby("hotspot"):
        stem = planted["hotspot_name"].iloc[0].removesuffix("周边")
        (mine,) = spots.index[[stem in name for name in spots["name"]]]
        assert planted.within(spots.geometry[mine].buffer(0)).mean() > 0.5
    rates = gpd.read_file(tmp_path / "spots-rates.geojson")
    assert rates["per_1000"].isna().sum() == (rates["households"] == 0).sum()
    assert "times the usual" in result.output and "at most 5.0 %" in result.output


def test_a_period_is_compared_in_chinese(files):
    result = run(*files, "--from", "2025-04-01", "--to", "2025-10-01", "--against", "previous", language="zh")
    assert result.exit_code == 0, result.output
    assert "是平常的" in result.output and "此前" in result.output and "对比时段" in result.output


def test_nothing_of_last_year_is_said_once(files):
    result = run(*files, "--from", "2025-04-01", "--to", "2025-10-01", "--against", "last-year")
    said = "Nothing is recorded from 2024-04-03 to 2024-10-03: changes cannot be told."
    assert result.output.count(said[:20]) == 1 and "before" not in result.output, result.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--against", "previous"], "--against needs --from"),
        (["--from", "2025-04-01"], "--from needs --to"),
        (["--from", "2025-04-01", "--to", "2025-03-01"], "--from must lie before --to"),
        (["--from", "2025-04-01", "--to", "2025-05-01", "--against", "june"], "FROM/TO"),
        (["--from", "2025-04-01", "--to", "2025-05-01", "--against", "2025-03-01/2025-02-01"], "FROM must lie before TO"),
        (["--from", "april", "--to", "2025-05-01"], "ISO 8601"),
    ],
)
def test_what_cannot_be_meant_is_said(files, options, words):
    result = run(*files, *options)
    assert result.exit_code == 2 and words in result.output


def test_events_and_grids_go_together(files):
    assert "go together" in run(*files[:2]).output


def test_no_event_of_a_kind_is_no_hotspot(files, tmp_path):
    result = run(*files, "--from", "1999-01-01", "--to", "2000-01-01", "--out", tmp_path / "none.csv")
    assert result.exit_code == 0 and "No place stands out." in result.output
    assert (tmp_path / "none.csv").read_text().startswith("rank,stands,name,grids,events")


def test_a_share_of_false_alarms_that_is_no_number_is_refused(files):
    result = run(*files, "--fdr", "nan")
    assert result.exit_code == 2 and "nan is no number" in result.output


@pytest.fixture
def square(tmp_path):
    """Two grids, and a file of events written by each test."""
    shapes = [shapely.box(126.6, 45.9, 126.61, 45.91), shapely.box(126.61, 45.9, 126.62, 45.91)]
    gpd.GeoDataFrame({"code": ["G1", "G2"]}, geometry=shapes, crs=4490).to_file(tmp_path / "grids.gpkg")

    def written(*rows, header="lon,lat"):
        (tmp_path / "events.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
        return ["--events", tmp_path / "events.csv", "--grids", tmp_path / "grids.gpkg", "--datum", "cgcs2000"]

    return written


def test_swapped_columns_name_file_and_row(square):
    found = run(*square("126.605,45.905", "45.905,126.605")).exception
    assert isinstance(found, CoordSwapped)
    assert found.where["row"] == 3 and found.where["path"].endswith("events.csv")


def test_a_row_without_a_place_is_in_no_grid(square):
    assert "In no grid, so in no hotspot: 1 events." in run(*square("126.605,45.905,x", ",,y", header="lon,lat,address")).output


@pytest.mark.parametrize(
    ("name", "text"), [("none.geojson", '{"type": "FeatureCollection", "features": []}'), ("none.csv", "name,wkt\n")]
)
def test_grids_without_rows_are_said(square, tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    found = run(*square("126.605,45.905"), "--grids", tmp_path / name).exception
    assert isinstance(found, FileEmpty) and f"{name} has no rows" in str(found)
