"""Cells that a store cannot hold, or that a spreadsheet has changed, cost one row and say why; words of any language count."""

from __future__ import annotations

from datetime import UTC, datetime

import openpyxl
import pandas as pd
import pytest
import shapely

from etl.check import check_table
from etl.kinds import KINDS
from etl.recipe import Recipe
from etl.sources import open_table
from geogrid.domain.profiles import parse_profile
from geogrid.settings import ROOT
from tests.etl.samples import EAST, SQUARE, feature, geojson, grids_frame, point, polygon

PROFILE = parse_profile((ROOT / "data/profiles/999901.toml").read_text("utf-8"))
NOW = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
CODE = "99990100100100"
EVENT = {"channel": "patrol", "kind": "other", "reported_at": "2025-06-01T08:00:00+08:00"}


def check(path, kind="base_grids", **recipe):
    recipe = Recipe(**recipe)
    return check_table(open_table(path, recipe.read_options), KINDS[kind], PROFILE, recipe, latest=NOW)


def refused(checked) -> dict[int, str]:
    return {refusal.row: refusal.error.code for refusal in checked.refused}


def workbook(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("households", [-1, 10**10, 10**17, -(10**30)])
def test_counts_that_no_column_holds_are_refused_by_row(tmp_path, households):
    rows = [
        feature(polygon(SQUARE), code=CODE + "1", households=households),
        feature(polygon(EAST), code=CODE + "2", households=7),
    ]
    checked = check(geojson(tmp_path / "a.geojson", *rows))
    assert refused(checked) == {1: "value.range"}
    assert checked.frame["code"].tolist() == [CODE + "2"]


@pytest.mark.parametrize(("column", "value"), [("length_m", -3), ("speed_car_kmh", 0), ("from_node", 2**63)])
def test_roads_that_cannot_be_travelled_are_refused_by_row(tmp_path, column, value):
    road = {"road_class": "residential", "from_node": 1, "to_node": 2, "speed_car_kmh": 30, "length_m": 10}
    line = {"type": "LineString", "coordinates": SQUARE[:2]}
    rows = [feature(line, code="1", **(road | {column: value})), feature(line, code="2", **road)]
    checked = check(geojson(tmp_path / "a.geojson", *rows), "roads")
    assert refused(checked) == {1: "value.range"}


def test_an_accuracy_that_cannot_be_costs_one_row_not_the_file(tmp_path):
    cells = [-1, 0, 1e6, "many", 12.5, None]
    rows = [feature(point(126.55, 45.95), id=str(i), accuracy_m=cell, **EVENT) for i, cell in enumerate(cells)]
    checked = check(geojson(tmp_path / "e.geojson", *rows), "events")
    assert refused(checked) == dict.fromkeys([1, 2, 3, 4], "coord.accuracy")
    assert checked.frame["accuracy_m"].tolist() == [12.5, None]


def test_ids_that_a_spreadsheet_shortened_are_not_taken_for_the_real_ones(tmp_path):
    header = ["id", *EVENT, "lon", "lat"]
    rest = [*EVENT.values(), 126.55, 45.95]
    rows = [[1.5e17, *rest], [123456789012345678, *rest], ["123456789012345678", *rest], [42, *rest]]
    checked = check(workbook(tmp_path / "e.xlsx", header, *rows), "events", datum="wgs84")
    assert refused(checked) == {2: "value.precision", 3: "value.precision"}
    assert checked.frame["id"].tolist() == ["123456789012345678", "42"]


def test_long_numbers_of_a_geopackage_keep_every_digit_beside_an_empty_cell(tmp_path):
    rows = pd.DataFrame(
        {"id": pd.array([123456789012345678, None], "Int64"), **{name: [text] * 2 for name, text in EVENT.items()}}
    )
    frame = grids_frame().assign(geometry=shapely.points([[126.55, 45.95], [126.65, 45.95]]))[["geometry"]].join(rows)
    frame.to_file(tmp_path / "e.gpkg", driver="GPKG")
    checked = check(tmp_path / "e.gpkg", "events")
    assert checked.frame["id"].tolist() == ["123456789012345678"]
    assert refused(checked) == {2: "value.missing"}


def test_days_of_a_spreadsheet_that_lost_their_format_are_read_when_said_so(tmp_path):
    day = datetime(2025, 6, 1, 10, 30)  # noqa: DTZ001 as a sheet has it
    rows = [[str(i), "patrol", "other", cell, 126.55, 45.95] for i, cell in enumerate([45809.4375, day])]
    rows = [["id", "channel", "kind", "reported_at", "lon", "lat"], *rows]
    path = workbook(tmp_path / "e.xlsx", *rows)
    unsaid = check(path, "events", datum="wgs84")
    assert refused(unsaid) == {2: "time.invalid"}
    assert "--time-format excel" in str(unsaid.refused[0].error)
    read = check(path, "events", datum="wgs84", time_format="excel")
    assert [at.isoformat() for at in read.frame["reported_at"]] == ["2025-06-01T10:30:00+08:00"] * 2


def test_reasons_are_said_in_the_readers_language(tmp_path):
    checked = check(geojson(tmp_path / "a.geojson", feature(polygon(SQUARE), code=CODE + "1", households="many")))
    (refusal,) = checked.refused
    assert refusal.error.message("zh") == "households 的值为 'many'，不是 数字。"
    assert refusal.error.message("en") == "households is 'many', not a number."


@pytest.mark.parametrize("word", ["patrol", "Patrol", "巡查上报"])
def test_words_count_as_code_or_as_what_any_language_calls_it(tmp_path, word):
    checked = check(
        geojson(tmp_path / "e.geojson", feature(point(126.55, 45.95), id="1", **(EVENT | {"channel": word}))), "events"
    )
    assert checked.frame["channel"].tolist() == ["patrol"]


# -- areas and lines in tables ----------------------------------------------------------------------------------------


def test_areas_come_in_csv_as_well_known_text(tmp_path):
    east, bow = shapely.Polygon(EAST), "POLYGON ((126.5 45.9, 126.6 46, 126.6 45.9, 126.5 46, 126.5 45.9))"
    lines = ["code,WKT", f'{CODE}1,"{shapely.Polygon(SQUARE).wkt}"', f'{CODE}2,"{bow}"', f"{CODE}3,", f"{CODE}4,a field"]
    lines += [
        f'{CODE}5,"POLYGON ((126 45, 127 45, 127 46))"',
        f'{CODE}6,"GEOMETRYCOLLECTION ({east.wkt})"',
        f'{CODE}7,"{east.wkt}"',
    ]
    path = tmp_path / "grids.csv"
    path.write_text("\n".join(lines))
    checked = check(path, datum="cgcs2000")
    assert checked.frame["code"].tolist() == [CODE + "1", CODE + "7"]
    assert shapely.equals(checked.frame.geometry.iloc[1], east)
    faults = {3: "geom.self_intersection", 4: "geom.missing", 5: "geom.invalid", 6: "geom.invalid", 7: "geom.invalid"}
    assert refused(checked) == faults


def test_the_column_of_areas_can_be_named_and_its_datum_is_asked_for(tmp_path):
    path = workbook(tmp_path / "grids.xlsx", ["code", "边界"], [CODE + "1", shapely.Polygon(SQUARE).wkt])
    assert check(path, columns={"geometry": "边界"}, datum="cgcs2000").frame["code"].tolist() == [CODE + "1"]
    with pytest.raises(Exception, match="--datum"):
        check(path, columns={"geometry": "边界"})
    with pytest.raises(Exception, match="has no column"):
        check(path, columns={"geometry": "界"}, datum="cgcs2000")


def test_a_deeply_nested_text_is_refused_and_not_followed(tmp_path):
    path = tmp_path / "grids.csv"
    deep = "GEOMETRYCOLLECTION(" * 6000 + "POINT(1 1)" + ")" * 6000
    path.write_text(f'code,wkt\n{CODE}1,"{shapely.Polygon(SQUARE).wkt}"\n{CODE}2,"{deep}"\n')
    assert refused(check(path, datum="cgcs2000")) == {3: "geom.invalid"}


# -- datums of other times and lands ----------------------------------------------------------------------------------


def test_a_datum_with_a_published_shift_is_shifted_and_not_relabelled(tmp_path):
    """Tokyo's old datum lies some 400 m from WGS 84: 139.75, 35.65 there is about 139.7468, 35.6532 here."""
    frame = grids_frame().iloc[:1].assign(geometry=[shapely.Point(139.75, 35.65)]).set_crs("EPSG:4301", allow_override=True)
    frame.to_file(tmp_path / "s.gpkg", driver="GPKG")
    checked = check(tmp_path / "s.gpkg", "households")
    assert checked.frame.geometry.iloc[0].coords[0] == pytest.approx((139.7468, 35.6532), abs=2e-4)
    assert not any("No shift" in note.message for note in checked.notes)


@pytest.mark.parametrize(
    ("system", "said"), [("EPSG:4551", False), ("EPSG:32652", False), ("EPSG:2437", True), ("EPSG:4610", True)]
)
def test_where_no_shift_is_published_the_user_is_told(tmp_path, system, said):
    grids_frame().to_crs(system).to_parquet(tmp_path / "a.parquet")
    checked = check(tmp_path / "a.parquet")
    assert len(checked.frame) == 2
    assert any("100 m" in note.words("en") for note in checked.notes) is said
