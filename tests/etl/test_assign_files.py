"""``geogrid assign``: files in, a file out; every row, in order, untouched, with its answers or why there are none."""

from __future__ import annotations

import csv
import errno
import json
import os

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

from etl import errors, export
from etl.assign_command import assign
from etl.assign_files import ADDED
from etl.sources import open_table
from geogrid.errors import DatumUnknown, GeogridError
from geogrid.space.crs import from_record
from tests.etl.samples import EAST, SQUARE, collection, feature, geojson, point, polygon

EVENTS = ["id,lon,lat,accuracy_m,note"]
ROWS = [
    "1,126.55,45.95,,in the west",
    "2,126.6,45.95,,on the border",
    "3,,,,nowhere",
    "4,126.601,45.95,500,near the border",
    "5,126.8,45.95,,outside",
    "6,x,45.95,,broken",
    "7,45.95,126.55,,swapped",
    "8,126.55,45.95,-1,bad accuracy",
    '9,126.65,45.95,,"=HYPERLINK(""http://x"")"',
]


@pytest.fixture
def files(tmp_path):
    """Two grids that share a border, a station in each, a department over both, and a list of events."""
    geojson(tmp_path / "grids.geojson", feature(polygon(SQUARE), nr="B"), feature(polygon(EAST), nr="A"))
    geojson(tmp_path / "stations.geojson", feature(point(126.51, 45.95), code="w"), feature(point(126.69, 45.95), code="e"))
    whole = [[126.5, 45.9], [126.7, 45.9], [126.7, 46.0], [126.5, 46.0], [126.5, 45.9]]
    geojson(tmp_path / "departments.geojson", feature(polygon(whole), code="d1"), feature(polygon(EAST), code="d2"))
    (tmp_path / "events.csv").write_text("\n".join([*EVENTS, *ROWS]) + "\n", encoding="utf-8")
    return tmp_path


def run(folder, out: str, *more: str, events: str = "events.csv", datum: str | None = "cgcs2000"):
    names = {
        "--grids": "grids.geojson",
        "--stations": "stations.geojson",
        "--departments": "departments.geojson",
        "--events": events,
    }
    words = [word for option, name in names.items() for word in (option, str(folder / name))]
    words += ["--grid-code", "nr", "--out", str(folder / out), *(["--datum", datum] if datum else []), *more]
    done = CliRunner().invoke(assign, words, env={**os.environ, "GEOGRID_LANGUAGE": "en"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return folder / out


def rows_of(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_kept_in_order_with_its_answer(files):
    rows = rows_of(run(files, "out.csv"))
    assert [row["id"] for row in rows] == list("123456789")
    assert list(rows[0]) == [*EVENTS[0].split(","), *(name for name in ADDED if name != "minutes")]
    assert [row["rule"] for row in rows] == [
        "inside",
        "border",
        "unlocated",
        "inside",
        "outside",
        "coord.type",
        "coord.swapped",
        "coord.accuracy",
        "inside",
    ]
    assert [row["grid_code"] for row in rows] == ["B", "A", "", "A", "", "", "", "", "A"]
    assert rows[0]["department_codes"] == "d1"
    assert rows[1]["department_codes"] == "d1;d2"
    assert (rows[0]["station_code"], rows[8]["station_code"]) == ("w", "e")
    assert float(rows[0]["distance_m"]) == pytest.approx(3104, rel=0.01)
    assert rows[2]["confidence"] == rows[2]["candidates"] == rows[2]["station_code"] == ""
    shares = dict(part.split(":") for part in rows[3]["candidates"].split(";"))
    assert shares.keys() == {"A", "B"}
    assert 0.5 < float(rows[3]["confidence"]) < 0.7


def test_original_cells_are_untouched_but_formulas_are_quoted(files):
    rows = rows_of(run(files, "out.csv"))
    assert [row["note"] for row in rows[:-1]] == [line.split(",")[4] for line in ROWS[:-1]]
    assert rows[-1]["note"] == '\'=HYPERLINK("http://x")'


def test_a_table_without_datum_is_asked_for_it(files):
    with pytest.raises(DatumUnknown, match="--datum"):
        run(files, "out.csv", datum=None)
    assert not (files / "out.csv").exists()


def test_gcj02_events_find_the_grid_of_their_true_place(files):
    lon, lat = (float(value) for value in from_record(126.5995, 45.95, "gcj02"))
    assert lon > 126.6, "as stated it would lie in the other grid"
    (files / "events.csv").write_text(f"id,X,Y\n1,{lon!r},{lat!r}\n")
    (row,) = rows_of(run(files, "out.csv", "--lon", "X", "--lat", "Y", datum="gcj02"))
    assert row["grid_code"] == "B"
    assert row["X"] == repr(lon), "the original stays"


@pytest.mark.parametrize("name", ["out.xlsx", "out.gpkg", "out.parquet", "out.geojson"])
def test_other_formats_say_the_same(files, name):
    expected = [row["grid_code"] for row in rows_of(run(files, "out.csv"))]
    path = run(files, name)
    if name.endswith("xlsx"):
        frame = pd.read_excel(path, dtype=str)
    else:
        frame = gpd.read_parquet(path) if name.endswith("parquet") else gpd.read_file(path)
        places = frame.geometry.tolist()
        assert places[0].equals(shapely.Point(126.55, 45.95))
        assert places[2] is None
        assert frame.crs.to_epsg() == (4326 if name.endswith("geojson") else 4490)
    assert frame["grid_code"].fillna("").tolist() == expected
    assert frame["rule"].tolist()[2] == "unlocated"


@pytest.mark.parametrize("name", ["again.xlsx", "again.gpkg", "again.parquet", "again.geojson"])
def test_other_formats_come_in_as_well(files, name):
    frame = pd.read_csv(files / "events.csv").iloc[:5]
    points = [None if pd.isna(x) else shapely.Point(x, y) for x, y in zip(frame["lon"], frame["lat"], strict=True)]
    spatial = gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=points, crs="EPSG:4490")
    match name.rsplit(".", 1)[1]:
        case "xlsx":
            frame.to_excel(files / name, index=False)
        case "parquet":
            spatial.to_parquet(files / name)
        case _:
            spatial.to_file(files / name)
    rows = rows_of(run(files, "out.csv", events=name, datum="cgcs2000" if name.endswith("xlsx") else None))
    assert [row["grid_code"] for row in rows] == ["B", "A", "", "A", ""]
    assert [row["id"] for row in rows] == list("12345")
    assert [row["rule"] for row in rows][2] == "unlocated"


def test_a_column_of_the_same_name_is_kept_beside(files):
    (files / "events.csv").write_text("id,lon,lat,grid_code\n1,126.55,45.95,old\n")
    (row,) = rows_of(run(files, "out.csv"))
    assert (row["grid_code_before"], row["grid_code"]) == ("old", "B")


def test_unusable_grids_are_told_and_left_out(files):
    bow = [[126.5, 45.9], [126.6, 46.0], [126.6, 45.9], [126.5, 46.0], [126.5, 45.9]]
    geojson(files / "grids.geojson", feature(polygon(bow), nr="B"), feature(polygon(EAST), nr="A"))
    rows = rows_of(run(files, "out.csv"))
    assert (rows[0]["rule"], rows[8]["grid_code"]) == ("outside", "A")
    geojson(files / "grids.geojson", feature(polygon(bow), nr="B"))
    with pytest.raises(GeogridError):
        run(files, "out.csv")


def test_stations_are_optional(files):
    words = ["--grids", str(files / "grids.geojson"), "--events", str(files / "events.csv"), "--grid-code", "nr"]
    done = CliRunner().invoke(assign, [*words, "--datum", "wgs84", "--out", str(files / "out.csv")])
    assert done.exit_code == 0, done.output
    assert rows_of(files / "out.csv")[0]["station_code"] == ""


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        ("out.shp", errors.OutEndingUnknown, r"\.csv, "),
        ("out", errors.OutEndingUnknown, r"\.gpkg"),
        ("no/such/out.csv", errors.OutFolderMissing, "there is no folder .*no/such"),
    ],
)
def test_endings_and_folders_that_cannot_be_written_are_told(files, out, error, message):
    with pytest.raises(error, match=message):
        run(files, out)


@pytest.mark.parametrize(("option", "value"), [("--lat", "Y"), ("--grid-code", "nummer")])
def test_a_column_that_is_not_there_is_told_by_the_option_that_names_it(files, option, value):
    with pytest.raises(errors.OptionInvalid, match=f"option {option} cannot"):
        run(files, "out.csv", option, value)


def test_of_many_layers_those_called_like_the_kinds_are_read(small_twin, tmp_path):
    district = str(small_twin / "district.gpkg")
    words = ["--grids", district, "--stations", district, "--departments", district, "--events", district]
    done = CliRunner().invoke(assign, [*words, "--profile", "999901", "--out", str(tmp_path / "out.csv")])
    assert done.exit_code == 0, (done.output, done.exception)
    assert len(rows_of(tmp_path / "out.csv")) == len(gpd.read_parquet(small_twin / "events.parquet"))


def test_many_layers_without_the_usual_one_are_named(files, small_twin):
    with pytest.raises(errors.LayerNotNamed, match=r"several layers: .*events"):
        open_table(small_twin / "district.gpkg")


def test_assign_on_the_twin_needs_no_options(small_twin, tmp_path):
    words = [f"--{kind}={small_twin / name}.parquet" for kind, name in {
        "grids": "base_grids", "stations": "stations", "departments": "department_grids", "roads": "roads", "events": "events"
    }.items()]  # fmt: skip
    done = CliRunner().invoke(assign, [*words, "--profile", "999901", "--out", str(tmp_path / "out.parquet")])
    assert done.exit_code == 0, (done.output, done.exception)
    before, after = gpd.read_parquet(small_twin / "events.parquet"), gpd.read_parquet(tmp_path / "out.parquet")
    assert after["id"].tolist() == before["id"].tolist()
    assert after.geometry.to_wkb().tolist() == before.geometry.to_wkb().tolist()
    assert (after["rule"] != "").all()
    assert after["grid_code"].notna().mean() > 0.95
    assert after.loc[after["grid_code"].notna(), "minutes"].notna().mean() > 0.9


# -- S34 --------------------------------------------------------------------------------------------------------------

DANGEROUS = ["=1+1", "+1", "-1+1", "@x", "\tx", "\rx", "=HYPERLINK(1)", "-", "+86138", "\n=1", "＝1+1", "＠x"]
HARMLESS = ["-73.99", "5", "-1", "1.5E-7", "a=1", "网格", ""]


@pytest.mark.parametrize("text", DANGEROUS)
def test_cells_that_a_spreadsheet_would_run_are_quoted(text):
    assert export.escaped(text) == "'" + text


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_and_plain_words_stay(text):
    assert export.escaped(text) == text


def test_workbooks_hold_no_formula_and_numbers_stay_numbers(tmp_path):
    frame = pd.DataFrame({"=name": DANGEROUS, "n": ["-1.5"] * len(DANGEROUS), "code": ["007"] * len(DANGEROUS)})
    export.write(frame, tmp_path / "a.xlsx")
    export.write(frame, tmp_path / "a.csv")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert not [cell.value for cell in cells if isinstance(cell.value, str) and cell.value.startswith(export.FORMULA_STARTS)]
    assert sheet["B2"].value == -1.5
    assert sheet["C2"].value == "007"
    with (tmp_path / "a.csv").open(newline="") as file:
        written = list(csv.reader(file))
    assert not [cell for row in written for cell in row if cell.startswith(export.FORMULA_STARTS) and cell != "-1.5"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    (tmp_path / "a.xlsx").write_text("old")
    with pytest.raises(errors.FileTooLarge):
        export.write(pd.DataFrame({"a": ["x" * 40_000]}), tmp_path / "a.xlsx")
    assert (tmp_path / "a.xlsx").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_two_writers_of_one_file_leave_it_whole(tmp_path):
    with export.whole(tmp_path / "a.csv") as later:
        with export.whole(tmp_path / "a.csv") as sooner:
            later.write_text("half")
            sooner.write_text("sooner")
        assert (tmp_path / "a.csv").read_text() == "sooner"
        later.write_text("later")
    assert (tmp_path / "a.csv").read_text() == "later"


def test_a_full_disk_is_told_and_drafts_of_ended_processes_are_removed(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / ".a.part-999999999-0.csv").write_text("of a process that was ended")
    (tmp_path / ".a.part-1-0.csv").write_text("of one that lives")
    with pytest.raises(errors.OutNotWritten, match="No space left"), export.whole(tmp_path / "a.csv"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert (tmp_path / "a.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.part-1-0.csv", "a.csv"]


def test_missing_columns_of_coordinates_are_an_error_not_two_thousand_empty_rows(files):
    (files / "events.csv").write_text("id,X,Y\n1,126.55,45.95\n")
    with pytest.raises(errors.ColumnMissing, match="lon, lat"):
        run(files, "out.csv")


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx", "out.gpkg", "out.parquet", "out.geojson"])
def test_odd_texts_and_mixed_cells_are_written_in_every_format(files, name):
    rows = [feature(point(126.55, 45.95), id=1, text="\ud800 a\0b 𠀀 ᠮᠣᠩᠭᠣᠯ", fid="x", FID="y"), feature(None, id="2", text=None)]
    (files / "odd.geojson").write_text(json.dumps(collection(*rows)))
    path = run(files, name, events="odd.geojson", datum=None)
    frame = {"csv": pd.read_csv, "xlsx": pd.read_excel, "parquet": gpd.read_parquet}.get(name[4:], gpd.read_file)(path)
    assert len(frame) == 2
    assert "𠀀 ᠮᠣᠩᠭᠣᠯ" in frame["text"][0]
    assert [str(cell) for cell in frame["id"]] == ["1", "2"]


def test_times_of_a_workbook_stay_times(tmp_path):
    at = pd.Timestamp("2025-06-01 10:30")
    columns = {"id": [1, 2], "at": [at.to_pydatetime(), None], "zone": [at.tz_localize("Asia/Shanghai"), pd.NaT]}
    frame = pd.DataFrame(columns, dtype=object)
    export.write(frame, tmp_path / "out.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "out.xlsx").active.values)
    assert rows[1:] == [(1, at, "2025-06-01T10:30:00+08:00"), (2, None, None)]


def test_times_of_a_geopackage_are_as_the_format_wants_them(tmp_path):
    at = pd.Series(pd.to_datetime(["2025-06-01T10:30:00+08:00"]).tz_convert("Asia/Shanghai"))
    export.write(gpd.GeoDataFrame({"at": at}, geometry=[shapely.Point(126.5, 45.9)], crs=4490), tmp_path / "out.gpkg")
    assert gpd.read_file(tmp_path / "out.gpkg")["at"].tolist() == at.tolist()  # a warning of another form is an error here


def test_places_that_the_platform_would_refuse_are_refused_here_too(files):
    lines = ["1,0,0", "2,126.8,45.95", "3,127.6,45.95", "4,12.5,41.9", "5,-53.4,-45.95", "6,126.55,45.95"]
    (files / "events.csv").write_text("\n".join(["id,lon,lat", *lines]) + "\n")
    rows = rows_of(run(files, "out.csv"))
    rules = [row["rule"] for row in rows]
    assert rules == ["coord.null_island", "outside", "coord.far", "coord.far", "coord.far", "inside"]
    assert [bool(row["station_code"]) for row in rows] == [False, True, False, False, False, True]


def test_what_a_row_says_of_its_datum_counts_before_the_option(files):
    lon, lat = (float(value) for value in from_record(126.5995, 45.95, "gcj02"))
    lines = [f"1,{lon!r},{lat!r},gcj02", f"2,{lon!r},{lat!r},", f"3,{lon!r},{lat!r},wgs84"]
    (files / "events.csv").write_text("\n".join(["id,lon,lat,datum", *lines]) + "\n")
    assert [row["grid_code"] for row in rows_of(run(files, "out.csv", datum="wgs84"))] == ["B", "A", "A"]
    assert [row["grid_code"] for row in rows_of(run(files, "out.csv", datum="gcj02"))] == ["B", "B", "A"]
    (files / "events.csv").write_text(f"id,lon,lat,Datum\n1,{lon!r},{lat!r},24.12.2024\n")
    assert [row["grid_code"] for row in rows_of(run(files, "out.csv", datum="gcj02"))] == ["B"], "a date is no coordinate system"
