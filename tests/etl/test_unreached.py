"""Who reaches no station, by command: listed with the reason and the grid; where none is open no answer is guessed."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner

from etl.errors import ColumnMissing, NoStationOpen, OptionInvalid
from etl.unreached_command import unreached
from tests.space.lattice import frame, lonlat, road


@pytest.fixture
def town(tmp_path):
    """A street eastward from the station; its last piece is one-way outward, its middle is called R00001."""
    rows = [road((400 * i, 0), (400 * i + 400, 0), i, i + 1, oneway=i == 2) for i in range(3)]
    frame(rows).to_parquet(tmp_path / "roads.parquet")

    def points(name, x, y, **columns):
        gpd.GeoDataFrame(columns, geometry=shapely.points(lonlat(x, y)), crs=4490).to_parquet(tmp_path / f"{name}.parquet")

    points("stations", [0, 10], [0, 0], code=["S1", "S0"], level=["point", "centre"], hours=["Mo-Fr 08:30-17:00", "24/7"])
    points("homes", [100, 600, 1100, 100], [0, 0, 0, 900], code=["A", "B", "C", "D"])
    corners = lonlat([-50, 700, 700, -50], [-50, -50, 950, 950])
    gpd.GeoDataFrame({"code": ["G1"]}, geometry=[shapely.Polygon(corners)], crs=4490).to_parquet(tmp_path / "grids.parquet")
    (tmp_path / "closures.csv").write_text("code,road_code,from_date,to_date\nC,R00001,2025-07-01,2025-07-31\n", "utf-8")
    return tmp_path


def run(town, *options, **env):
    files = ["--stations", str(town / "stations.parquet"), "--roads", str(town / "roads.parquet")]
    language = {"LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8", "GEOGRID_LANGUAGE": "en"}
    return CliRunner().invoke(unreached, [*files, *options], catch_exceptions=False, env=language | env)


def test_households_are_listed_with_reason_and_grid(town):
    out = town / "lost.csv"
    options = ["--places", str(town / "homes.parquet"), "--grids", str(town / "grids.parquet"), "--mode", "car"]
    closures = ["--closures", str(town / "closures.csv"), "--on", "2025-07-10"]
    result = run(town, *options, *closures, "--out", str(out))
    assert result.exit_code == 0
    lines = out.read_text("utf-8-sig").splitlines()
    assert [line.split(",")[:4] for line in lines[1:]] == [
        ["B", "car", "closed", "G1"],
        ["C", "car", "one_way", ""],
        ["D", "car", "no_road", "G1"],
    ]
    assert run(town, *options, "--out", str(out)).exit_code == 0
    assert [line.split(",")[0] for line in out.read_text("utf-8-sig").splitlines()[1:]] == ["C", "D"]


def test_without_places_the_ends_of_roads_are_asked(town):
    out = town / "lost.geojson"
    assert run(town, "--mode", "car", "--out", str(out)).exit_code == 0
    assert gpd.read_file(out)[["node", "reason"]].to_numpy().tolist() == [[3, "one_way"]]
    run(town, "--mode", "walk", "--out", str(out))
    assert gpd.read_file(out).empty


def test_where_all_are_closed_the_next_opening_is_said(town):
    with pytest.raises(NoStationOpen) as caught:
        run(town, "--open-at", "2025-07-12T10:00:00+08:00")
    assert caught.value.values["next"] == "2025-07-14T08:30+08:00"
    assert (caught.value.values["closed"], caught.value.values["other"]) == (1, 1)
    assert run(town, "--open-at", "2025-07-12T10:00:00+08:00", "--level", "centre").exit_code == 0


def test_who_is_open_is_not_guessed_where_the_file_has_no_hours(town):
    stations = gpd.read_parquet(town / "stations.parquet").drop(columns="hours")
    stations.to_parquet(town / "stations.parquet")
    with pytest.raises(ColumnMissing, match="hours"):
        run(town, "--open-at", "2025-07-12T10:00:00+08:00")
    assert run(town).exit_code == 0


@pytest.mark.parametrize("options", [["--open-at", "noon"], ["--open-at", "2025-07-12T10:00:00"], ["--closures", "c.csv"]])
def test_half_a_question_is_refused(town, options):
    with pytest.raises(OptionInvalid):
        run(town, *options)
