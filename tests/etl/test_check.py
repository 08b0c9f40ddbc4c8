"""Rows are accepted, mended with a note, or refused with code, row and place."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import shapely

from etl import errors
from etl.check import check_table
from etl.compare import coverage_faults, difference
from etl.event_rows import event_id, reports_of
from etl.kinds import KINDS, kind_named
from etl.recipe import Recipe, parse_columns, parse_constants, parse_values
from etl.sources import open_table
from geogrid import errors as core
from geogrid.domain.profiles import parse_profile
from geogrid.settings import ROOT
from geogrid.space.crs import from_record
from tests.etl.samples import EAST, SQUARE, feature, geojson, point, polygon, shapefile_zip
from tests.etl.samples import grids_frame as good_grids

PROFILE = parse_profile((ROOT / "data/profiles/999901.toml").read_text("utf-8"))
NOW = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
CODE = "99990100100100"


def check(path, kind="base_grids", latest=NOW, **recipe):
    recipe = Recipe(**recipe)
    return check_table(open_table(path, recipe.read_options), KINDS[kind], PROFILE, recipe, latest=latest)


def refused(checked) -> dict[int, str]:
    return {refusal.row: refusal.error.code for refusal in checked.refused}


def grid_fault(tmp_path, geometry, code=CODE + "1"):
    checked = check(geojson(tmp_path / "one.geojson", feature(geometry, code=code), feature(polygon(EAST), code=CODE + "9")))
    assert checked.frame["code"].tolist() == [CODE + "9"], "the good row beside it stays"
    return checked.refused[0]


BOW = [[126.5, 45.9], [126.6, 46.0], [126.6, 45.9], [126.5, 46.0], [126.5, 45.9]]
FLAT = [[126.5, 45.9], [126.6, 45.9], [126.55, 45.9], [126.5, 45.9]]
OUTSIDE_HOLE = [[127.5, 45.9], [127.6, 45.9], [127.6, 46.0], [127.5, 45.9]]


@pytest.mark.parametrize(
    ("geometry", "code", "lonlat"),
    [
        (polygon(BOW), "geom.self_intersection", (126.55, 45.95)),
        (polygon(SQUARE[:-1]), "geom.ring_open", (126.5, 46.0)),
        (polygon(SQUARE, OUTSIDE_HOLE), "geom.rings", None),
        (polygon([[x, y] for y, x in SQUARE]), "coord.swapped", None),
        (polygon([[x * 1e5, y * 1e5] for x, y in SQUARE]), "coord.looks_projected", None),
        (polygon([[x, 95.0 + y] for x, y in SQUARE]), "coord.range", None),
        (point(126.5, 45.9), "geom.type", (126.5, 45.9)),
        (None, "geom.missing", None),
    ],
)
def test_a_bad_grid_is_refused_with_its_place(tmp_path, geometry, code, lonlat):
    refusal = grid_fault(tmp_path, geometry)
    assert refusal.error.code == code
    assert refusal.row == 1
    if lonlat is not None:
        assert refusal.lonlat == pytest.approx(lonlat)


def test_a_flat_polygon_is_refused(tmp_path):
    assert grid_fault(tmp_path, polygon(FLAT)).error.code in {"geom.empty", "geom.ring_open", "geom.self_intersection"}


def test_a_random_polygon_of_800_vertices_is_refused_at_once(tmp_path):
    chance = np.random.default_rng(1)
    ring = np.column_stack([chance.uniform(126, 127, 800), chance.uniform(45, 46, 800)]).tolist()
    path = geojson(tmp_path / "a.geojson", feature(polygon([*ring, ring[0]]), code=CODE + "1"))
    table = open_table(path)
    began = datetime.now(UTC)
    checked = check_table(table, KINDS["base_grids"], PROFILE, Recipe(), latest=NOW)
    assert refused(checked) == {1: "geom.self_intersection"}
    assert (datetime.now(UTC) - began).total_seconds() < 2.5  # the budget of 0.5 s, five times


def test_repeated_vertices_and_winding_are_mended_and_said(tmp_path):
    twice = [SQUARE[0], *SQUARE][::-1]
    checked = check(geojson(tmp_path / "a.geojson", feature(polygon(twice), code=CODE + "1")))
    assert {(mending.row, mending.code) for mending in checked.mended} == {(1, "repeated_vertices"), (1, "winding")}
    assert shapely.get_num_coordinates(checked.frame.geometry[0]) == 5


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("230111001001001", "code.pattern"),
        ("999901-", "code.pattern"),
        ("", "code.missing"),
        (None, "code.missing"),
        ("a\0b", "text.invalid"),
    ],
)
def test_codes_must_fit_the_profile(tmp_path, code, fault):
    assert grid_fault(tmp_path, polygon(SQUARE), code).error.code == fault


def test_the_second_row_of_a_code_is_refused_and_names_the_first(tmp_path):
    checked = check(geojson(tmp_path / "a.geojson", *[feature(polygon(ring), code=CODE + "1") for ring in (SQUARE, EAST)]))
    assert refused(checked) == {2: "code.duplicate"}
    assert checked.refused[0].error.values["first"] == 1


def test_unknown_words_and_numbers_are_refused_or_translated(tmp_path):
    rows = [
        feature(polygon(SQUARE), code=CODE + "1", type="专属"),
        feature(polygon(EAST), code=CODE + "2", type="?", households="多"),
    ]
    path = geojson(tmp_path / "a.geojson", *rows)
    checked = check(path, columns=parse_columns(["type=kind"]), values=parse_values(["kind:专属=exclusive"]))
    assert refused(checked) == {2: "value.unknown"}
    assert checked.frame["kind"].tolist() == ["exclusive"]
    checked = check(path, columns={"kind": "type"}, values=parse_values(["kind:*=ordinary"]))
    assert refused(checked) == {2: "value.type"}


def test_a_missing_column_is_an_error_of_the_file_that_names_the_option(tmp_path):
    with pytest.raises(errors.ColumnMissing, match="--map"):
        check(geojson(tmp_path / "a.geojson", feature(polygon(SQUARE), number=CODE + "1")))


def test_spreadsheet_numbers_become_codes_only_where_no_digit_was_lost(tmp_path):
    pd.DataFrame({"code": [99990100000001, 9.99901e17, "１２"], "lon": 126.5, "lat": 45.9}).to_excel(
        tmp_path / "a.xlsx", index=False
    )
    checked = check(tmp_path / "a.xlsx", "stations", datum="cgcs2000")
    assert refused(checked) == {3: "value.precision", 4: "code.pattern"}
    assert checked.refused[1].error.values["value"] == "12", "full-width digits are digits"
    assert checked.frame["code"].tolist() == ["99990100000001"]


# -- datums -----------------------------------------------------------------------------------------------------------


def stations_csv(tmp_path, *rows: str, header="code,lon,lat"):
    path = tmp_path / "stations.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_table_without_datum_is_asked_for_it(tmp_path):
    path = stations_csv(tmp_path, "99990100000001,126.5,45.9")
    with pytest.raises(core.DatumUnknown, match="--datum"):
        check(path, "stations")
    with pytest.raises(core.DatumUnknown):
        check(path, "stations", datum="mars")


def test_the_crs_of_a_geometry_says_nothing_of_columns(tmp_path):
    places = [feature(point(126.5, 45.9), code="99990100000001", lon=None, lat=None)]
    places += [feature(None, code="99990100000002", lon=126.6, lat=45.9)]
    path = geojson(tmp_path / "a.geojson", *places)
    assert refused(check(path, "stations")) == {2: "coord.datum"}
    assert refused(check(path, "stations", datum="wgs84")) == {}
    with pytest.raises(core.DatumUnknown):
        check(geojson(tmp_path / "b.geojson", places[1]), "stations")
    pd.DataFrame({"code": ["99990100000001"], "lon": 126.5, "lat": 45.9}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(core.DatumUnknown):
        check(tmp_path / "a.parquet", "stations")


def test_a_shapefile_without_prj_is_asked_for_it(tmp_path):
    path = shapefile_zip(tmp_path / "a.zip", good_grids(), without=(".prj",))
    with pytest.raises(core.DatumUnknown, match="--datum"):
        check(path)
    assert len(check(path, datum="cgcs2000").frame) == 2


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_shifted_datums_are_converted(tmp_path, datum):
    lon, lat = (float(value) for value in from_record(126.6, 45.9, datum))
    checked = check(stations_csv(tmp_path, f"99990100000001,{lon!r},{lat!r}"), "stations", datum=datum)
    assert checked.frame.geometry[0].coords[0] == pytest.approx((126.6, 45.9), abs=2e-9)
    assert any("CGCS2000" in note.message for note in checked.notes)


@pytest.mark.parametrize("system", ["EPSG:4551", "EPSG:2437"])
def test_projected_files_are_converted_and_said(tmp_path, system):
    """CGCS2000 and Beijing 1954, 3-degree Gauss-Krüger, central meridian 126 E."""
    checked = check(shapefile_zip(tmp_path / "a.zip", good_grids().to_crs(system)))
    assert checked.frame.geometry[0].centroid.coords[0] == pytest.approx((126.55, 45.95), abs=2e-3)
    assert any("converted" in note.message for note in checked.notes)


def test_what_the_user_states_overrules_the_file_and_is_said(tmp_path):
    checked = check(geojson(tmp_path / "a.geojson", feature(polygon(SQUARE), code=CODE + "1")), datum="gcj02")
    assert checked.frame.geometry[0].centroid.x != pytest.approx(126.55, abs=1e-4)
    assert any("--datum" in note.message for note in checked.notes)


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        ("", "", "coord.missing"),
        ("126.5", "", "coord.type"),
        ("126,5", "45.9", "coord.type"),
        ("126°30′", "45.9", "coord.type"),
        ("nan", "45.9", "coord.not_finite"),
        ("1e999", "45.9", "coord.not_finite"),
        ("999", "45.9", "coord.range"),
        ("126.5", "90.0001", "coord.range"),
        ("45.9", "126.5", "coord.swapped"),
        ("0", "0", "coord.null_island"),
        ("531234.5", "5083456.1", "coord.looks_projected"),
    ],
)
def test_bad_coordinates_have_their_codes(tmp_path, lon, lat, code):
    path = stations_csv(tmp_path, f'99990100000001,"{lon}","{lat}"', "99990100000002,１２６.5,45.9")
    checked = check(path, "stations", datum="wgs84")
    assert refused(checked) == {2: code}
    assert checked.frame.geometry[0].coords[0] == (126.5, 45.9), "full-width digits are read"


# -- events -----------------------------------------------------------------------------------------------------------

EVENTS = "id,channel,kind,text,lon,lat,datum,accuracy_m,reported_at,closed_at"


def events_csv(tmp_path, *rows: str):
    return stations_csv(tmp_path, *rows, header=EVENTS)


def test_events_keep_what_was_stated_row_by_row(tmp_path):
    path = events_csv(
        tmp_path,
        "a,patrol,other,=SUM(1),126.5,45.9,wgs84,12,2025-06-01T08:00:00+08:00,",
        "b,online,other,x,126.5,45.9,gcj02,,2025-06-01 08:00,2025-06-02 08:00",
        "c,online,other,x,126.5,45.9,,,2025-06-01 08:00,",
    )
    checked = check(path, "events")
    assert refused(checked) == {4: "coord.datum"}
    reports, histories, mended = reports_of(checked, PROFILE)
    assert [report.point.datum.value for report in reports] == ["wgs84", "gcj02"]
    stated = check(path, "events", datum="bd09")
    assert stated.frame["stated_datum"].tolist()[:2] == ["wgs84", "gcj02"], "the column counts before --datum"
    (warning,) = [note for note in stated.notes if note.warning]
    assert "in 2 rows" in warning.words("en") and "--datum bd09" in warning.words("zh")
    assert [report.point.lon for report in reports] == [126.5, 126.5]
    assert reports[0].point.accuracy_m == 12.0
    assert reports[0].words == "=SUM(1)", "words are kept as they are; they are escaped on the way out"
    assert checked.frame.geometry[1].x != pytest.approx(126.5, abs=1e-4)
    assert reports[0].observed_at == reports[1].observed_at == datetime(2025, 6, 1, tzinfo=UTC)
    assert [kind.value for kind, _ in histories[1]] == ["report", "open", "dispatch", "handle", "verify", "close"]
    assert {mending.code for mending in mended} == {"steps_implied"}


def test_ids_of_other_systems_become_the_same_uuid_every_time():
    assert event_id("19937896", PROFILE) == event_id("19937896", PROFILE)
    assert event_id("19937896", PROFILE) != event_id("19937897", PROFILE)
    assert str(event_id("0b6c3d2e-3f0a-4a5e-9a57-6a2f9f0b1c2d", PROFILE)) == "0b6c3d2e-3f0a-4a5e-9a57-6a2f9f0b1c2d"


@pytest.mark.parametrize(
    ("text", "time_format"),
    [
        ("2025-06-01T24:61:00+08:00", None),
        ("2025-02-29 08:00", None),
        ("2099-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("1717200000000", None),
        ("1717200000000", "epoch_s"),
        ("06/01/2025", "%Y-%m-%d"),
        ("", None),
    ],
)
def test_times_that_cannot_be_are_refused(tmp_path, text, time_format):
    checked = check(events_csv(tmp_path, f"a,patrol,other,x,126.5,45.9,wgs84,,{text},"), "events", time_format=time_format)
    assert refused(checked)[2] in {"time.invalid", "value.missing"}


def test_zones_summer_time_and_epochs(tmp_path):
    rows = ["a,patrol,other,x,126.5,45.9,wgs84,,03/13/2011 02:30,", "b,patrol,other,x,126.5,45.9,wgs84,,03/13/2011 03:30,"]
    checked = check(events_csv(tmp_path, *rows), "events", time_format="%m/%d/%Y %H:%M", tz="America/New_York")
    assert refused(checked) == {2: "time.invalid"}, "the clock skipped 02:30"
    assert checked.frame["reported_at"][0].astimezone(UTC) == datetime(2011, 3, 13, 7, 30, tzinfo=UTC)
    path = events_csv(tmp_path, "a,patrol,other,x,126.5,45.9,wgs84,,1717200000000,")
    checked = check(path, "events", time_format="epoch_ms")
    assert checked.frame["reported_at"][0] == datetime(2024, 6, 1, tzinfo=UTC)


def test_stand_ins_for_no_time_are_dropped_where_a_time_may_be_missing(tmp_path):
    rows = [
        "a,patrol,other,x,126.5,45.9,wgs84,,2025-06-01T08:00:00+08:00,1900-01-01",
        "b,patrol,other,x,126.5,45.9,wgs84,,2025-06-01T08:00:00+08:00,2025-05-01",
    ]
    checked = check(events_csv(tmp_path, *rows), "events")
    _, histories, mended = reports_of(checked, PROFILE)
    assert [len(history) for history in histories] == [1, 1]
    assert [(m.row, m.code) for m in (*checked.mended, *mended)] == [(2, "time_dropped"), (3, "time_before_report")]


# -- recipes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call", [lambda: parse_columns(["x"]), lambda: parse_constants(["=a"]), lambda: parse_values(["kind=a"])]
)
def test_options_of_another_form_say_their_form(call):
    with pytest.raises(errors.OptionInvalid, match="form"):
        call()


def test_unknown_columns_kinds_and_zones_are_told(tmp_path):
    path = stations_csv(tmp_path, "99990100000001,126.5,45.9")
    with pytest.raises(errors.OptionInvalid, match="no column"):
        check(path, "stations", columns={"code": "Code"}, datum="wgs84")
    with pytest.raises(errors.OptionInvalid):
        check(path, "stations", datum="wgs84", tz="Mars/Olympus")
    with pytest.raises(errors.OptionInvalid):
        kind_named("rivers")
    assert kind_named("grids") is KINDS["base_grids"]


def test_constants_fill_only_what_is_empty(tmp_path):
    path = stations_csv(tmp_path, "99990100000001,126.5,45.9,", "99990100000002,126.5,45.9,centre", header="code,lon,lat,level")
    checked = check(path, "stations", datum="wgs84", constants=parse_constants(["level=station"]))
    assert checked.frame["level"].tolist() == ["station", "centre"]


# -- coverage and difference ------------------------------------------------------------------------------------------


def accepted(tmp_path, *rings, name="a"):
    rows = [feature(polygon(ring), code=f"{CODE}{i}") for i, ring in enumerate(rings, 1)]
    return check(geojson(tmp_path / f"{name}.geojson", *rows)).frame


def test_overlaps_gaps_and_uncovered_ground_are_listed_with_area_and_place(tmp_path):
    wide = [[126.59, 45.9], *EAST[1:3], [126.59, 46.0], [126.59, 45.9]]
    (overlap,) = coverage_faults("base_grids", accepted(tmp_path, SQUARE, wide), PROFILE, territory=None, villages=None)
    assert overlap.kind == "overlap"
    assert overlap.codes == (CODE + "1", CODE + "2")
    assert overlap.area_m2 == pytest.approx(0.01 * 0.1 * 111_100 * 77_600, rel=0.02)
    assert 126.59 < overlap.lonlat[0] < 126.6
    territory = shapely.box(126.5, 45.9, 126.7, 46.0)
    (gap,) = coverage_faults("base_grids", accepted(tmp_path, SQUARE), PROFILE, territory=territory, villages=None)
    assert gap.kind == "gap"
    assert 126.6 < gap.lonlat[0] < 126.7
    assert coverage_faults("base_grids", accepted(tmp_path, SQUARE, EAST), PROFILE, territory=territory, villages=None) == []


def test_a_grid_outside_the_village_it_names_is_a_fault(tmp_path):
    import geopandas as gpd

    grids = accepted(tmp_path, SQUARE, EAST)
    grids["village_code"] = ["v", "v"]
    villages = gpd.GeoDataFrame({"code": ["v"]}, geometry=[shapely.Polygon(SQUARE)], crs=grids.crs)
    (fault,) = coverage_faults("base_grids", grids, PROFILE, territory=None, villages=villages)
    assert (fault.kind, fault.codes) == ("not_nested", (CODE + "2", "v"))


def test_the_difference_names_added_removed_changed_and_moved(tmp_path):
    far = [[x + 1, y] for x, y in SQUARE]
    old = accepted(tmp_path, SQUARE, EAST, [[x, y + 0.1] for x, y in SQUARE])
    new = accepted(tmp_path, far, EAST, name="b")
    new.loc[2] = [CODE + "7", *new.loc[1].tolist()[1:]]
    found = difference("base_grids", old, new, "2024")
    assert (found.added, found.removed, found.changed) == ((CODE + "7",), (CODE + "3",), (CODE + "1",))
    assert (found.moved, found.unchanged) == ((CODE + "1",), 1)


@pytest.mark.parametrize("datum", [None, "gcj02"])
def test_an_area_that_only_rounding_breaks_is_mended_and_said(tmp_path, datum):
    ring = [[126.5, 45.9], [126.6, 45.9], [126.6, 46.0], [126.55, 46.0], [126.55, 45.95], [126.5499999997, 46.0], [126.5, 46.0]]
    checked = check(geojson(tmp_path / "a.geojson", feature(polygon([*ring, ring[0]]), code=CODE + "1")), datum=datum)
    assert not checked.refused
    assert {mending.code for mending in checked.mended} >= {"laid_on_grid"}


def test_a_row_is_called_a_row(tmp_path):
    error = grid_fault(tmp_path, polygon(BOW)).error
    assert "row 1 " in error.message("en")
    assert "第 1 行" in error.message("zh")
