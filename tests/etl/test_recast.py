"""``geogrid recast``: the register and files, in the terminal and as a file; sums are shown, and what cannot be is said."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

from etl.recast_command import recast
from geogrid.actions.accept import accept_report
from geogrid.actions.district import open_district
from geogrid.actions.editions import load_edition
from geogrid.actions.place import place_event
from geogrid.domain.grids import GeographyKind
from geogrid.domain.places import Datum
from geogrid.errors import CoordSwapped, DatumUnknown
from geogrid.settings import read_settings
from geogrid.space.crs import from_record
from geogrid.store.session import engine_of, session_scope
from tests.build_district import A1, A2, B2, IN_A1, IN_A2, NOW, TOWNSHIP_A, grids, publish, report


@pytest.fixture
def register(fresh_database, monkeypatch, tmp_path):
    """Three events and a draft edition in which A reaches farther north."""
    environ = {"GEOGRID_DATABASE_URL": fresh_database, "GEOGRID_VAR": str(tmp_path), "GEOGRID_AS_OF": NOW.isoformat()}
    for name, value in {**environ, "GEOGRID_LANGUAGE": "en"}.items():
        monkeypatch.setenv(name, value)
    engine = engine_of(fresh_database)
    with session_scope(engine) as session:
        publish(session)
    district = open_district(read_settings(environ), engine)
    with session_scope(engine) as session:
        for lonlat in ((126.605, 45.9101), IN_A2, IN_A1):
            accept_report(session, report(lonlat), now=NOW, district=district, actor="test")
        lost = accept_report(session, report(None), now=NOW, district=district, actor="test").event
        place_event(session, lost.id, A2, now=NOW, district=district, actor="desk")
        load_edition(session, "draft", {GeographyKind.BASE_GRIDS: grids(split_m=0.001)}, now=NOW, district=district)
    yield
    engine.dispose()


def run(*options: str, code: int = 0) -> str:
    done = CliRunner().invoke(recast, list(map(str, options)), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def test_the_terminal_shows_rows_flow_and_lines_that_reconcile(register):
    said = run("--edition", "draft", "--flow")
    assert "As recorded: Inside 3 + Placed by hand 1 = 4, of 4 events" in said
    assert "Recast to an edition draft: Inside 3 + Cannot be recast 1 = 4, of 4 events" in said
    assert f"placed by hand in {A2} of first: The grid went to several grids {A1} {A2}" in said
    lines = [line.split() for line in said.splitlines()]
    assert [A1, "网格1001", "1", "2", "+1"] in lines
    assert any(line[:1] == [A2] and line[-1] == "1" and A1 in line for line in lines)


def test_units_periods_and_parts(register):
    said = run("--by", "township", "--period", "month", "--split", "state")
    assert [TOWNSHIP_A, "甲街道", "2025-06-01", "Reported", "4", "4", "0"] in [line.split() for line in said.splitlines()]


def test_chinese_is_the_other_language(register, monkeypatch):
    monkeypatch.setenv("GEOGRID_LANGUAGE", "zh")
    said = run("--edition", "draft")
    assert "按登记：网格内 3 + 人工归格 1 = 4，共 4 件" in said
    assert "无法重算" in said


def test_times_are_of_the_district_unless_they_say_otherwise(register):
    assert "of 4 events" in run("--from", "2025-06-18", "--to", "2025-06-19")
    assert "of 0 events" in run("--to", "2025-06-18T14:59:00")
    assert "of 4 events" in run("--from", "2025-06-18T07:00:00+00:00")
    assert "Not in the register then 4 = 4" in run("--as-of", "2025-06-18")


@pytest.mark.parametrize(
    "options",
    [
        ("--from", "yesterday"),
        ("--reading", "recorded", "--edition", "draft"),
        ("--reading", "recast", "--as-of", "2025-06-18"),
        ("--from", "2025-06-01", "--to", "2025-05-01"),
        ("--events", "a.csv"),
    ],
)
def test_what_cannot_be_meant_is_said(options):
    assert "Error" in run(*options, code=2)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "geojson"])
def test_files_hold_every_row_and_the_flow_beside(register, tmp_path, ending):
    out = tmp_path / f"counts.{ending}"
    run("--edition", "draft", "--flow", "--out", out)
    read = {"csv": pd.read_csv, "xlsx": pd.read_excel, "parquet": gpd.read_parquet, "geojson": gpd.read_file}[ending]
    assert read(out)["counted"].sum() == 4
    assert (tmp_path / f"counts-flow.{ending}").is_file()
    if ending == "geojson":
        shapes = {row["properties"]["code"]: row["geometry"] for row in json.loads(out.read_text())["features"]}
        assert shapely.area(shapely.from_geojson(json.dumps(shapes[A1]))) == pytest.approx(0.01 * 0.011)
        assert shapes[None] is None


def test_files_are_recast_without_a_database(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOGRID_LANGUAGE", "en")
    rows = {"grid_code": [A2, A2, None], "geometry": [shapely.Point(126.605, 45.9101), shapely.Point(IN_A2), shapely.Point(1, 1)]}
    gpd.GeoDataFrame(rows, crs=4490).to_file(tmp_path / "events.gpkg", engine="pyogrio")
    grids(split_m=0.001).to_file(tmp_path / "grids.gpkg", engine="pyogrio")
    said = run("--events", tmp_path / "events.gpkg", "--grids", tmp_path / "grids.gpkg", "--flow")
    assert "Inside 2 + Outside 1 = 3, of 3 events" in said
    assert [A1, "0", "1", "+1"] in [line.split() for line in said.splitlines()]
    assert B2 not in said


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Runs on the draft's grids and a CSV of events."""
    monkeypatch.setenv("GEOGRID_LANGUAGE", "en")
    grids(split_m=0.001).to_file(tmp_path / "grids.gpkg", engine="pyogrio")

    def written(*rows, header="grid_code,lon,lat", datum="cgcs2000"):
        (tmp_path / "events.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
        return ("--events", tmp_path / "events.csv", "--grids", tmp_path / "grids.gpkg", *(["--datum", datum] if datum else []))

    return written


def test_a_row_without_a_place_counts_as_unlocated_and_is_told(beside):
    said = run(*beside(f"{A1},126.605,45.9101", f"{A2},,"))
    assert "Inside 1 + Without a position 1 = 2, of 2 events" in said
    assert "1 rows of events.csv have no place and cannot be recast; the first is row 3" in said
    assert [A2, "1", "0", "-1"] in [line.split() for line in said.splitlines()]


def test_no_row_has_a_place(beside):
    assert "Without a position 2 = 2, of 2 events" in run(*beside(f"{A1},,", f"{A2},,"))


@pytest.mark.parametrize("datum", [None, "cgcs2000"])
def test_each_row_is_read_in_its_own_datum(beside, datum):
    """450 m lie between the datums: read alike, one of the two would be in another grid."""
    east, north = (float(value[0]) for value in from_record(np.array([126.605]), np.array([45.9101]), Datum.GCJ02))
    rows = ("126.605,45.9101,cgcs2000", f"{east:.7f},{north:.7f},gcj02")
    said = run(*beside(*rows, header="lon,lat,datum", datum=datum), "--flow")
    assert [A1, "0", "2", "+2"] in [line.split() for line in said.splitlines()]
    assert ("in 1 rows the column datum states another coordinate system than --datum cgcs2000" in said) is (datum is not None)


def test_a_row_whose_datum_is_unknown_is_named(beside):
    with pytest.raises(DatumUnknown) as found:
        run(*beside("126.605,45.9101,cgcs2000", "126.605,45.9101,", header="lon,lat,datum", datum=None))
    assert found.value.where["row"] == 3


def test_swapped_columns_name_file_and_row(beside):
    with pytest.raises(CoordSwapped) as found:
        run(*beside("45.9101,126.605", header="lon,lat"))
    assert found.value.where["row"] == 2 and found.value.where["path"].endswith("events.csv")
