"""``geogrid load`` into a database: all or nothing, refused rows put aside, mended and loaded again."""

from __future__ import annotations

import json
import os
import shutil

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import text

from etl.errors import EditionTakesNoRows, NothingAccepted
from etl.load_command import load
from geogrid.errors import EditionFaulty, EditionNotInForce, EditionSuspicious, GeogridError
from geogrid.store.session import engine_of
from tests.etl.samples import EAST, SQUARE, feature, geojson, point, polygon

CODE = "99990100100100"
BOW = [[126.5, 46.0], [126.6, 46.1], [126.6, 46.0], [126.5, 46.1], [126.5, 46.0]]
MENDED = [[126.5, 46.0], [126.6, 46.0], [126.6, 46.1], [126.5, 46.1], [126.5, 46.0]]


@pytest.fixture
def run(fresh_database, tmp_path, monkeypatch):
    """Run ``geogrid load`` with these words against a database of this test; the report, or the error raised."""
    monkeypatch.setenv("GEOGRID_DATABASE_URL", fresh_database)
    monkeypatch.setenv("GEOGRID_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("GEOGRID_LANGUAGE", "en")
    monkeypatch.setenv("GEOGRID_AS_OF", "")

    def call(*words: object) -> dict:
        done = CliRunner().invoke(load, [str(word) for word in words], env=dict(os.environ))
        if isinstance(done.exception, GeogridError):
            raise done.exception
        assert done.exit_code == 0, done.output
        folders = sorted((tmp_path / "var" / "imports").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
        report = json.loads((folders[-1] / "report.json").read_text("utf-8"))
        return {**report, "folder": folders[-1], "said": done.output}

    return call


@pytest.fixture
def ask(fresh_database):
    """Ask the database of this test."""
    engine = engine_of(fresh_database)

    def call(query: str):
        with engine.connect() as connection:
            return connection.execute(text(query)).all()

    yield call
    engine.dispose()


def grids_file(tmp_path, name="grids", *, west=0.0, third=BOW):
    rings = [SQUARE, EAST, third]
    rows = [feature(polygon([[x + west, y] for x, y in ring]), code=f"{CODE}{i}") for i, ring in enumerate(rings, 1)]
    return geojson(tmp_path / f"{name}.geojson", *rows)


def events_file(tmp_path, count=5):
    rows = [
        feature(
            point(126.52 + i / 100, 45.95) if i else None,
            id=f"e{i}",
            channel="patrol",
            kind="other",
            text="路灯不亮",
            reported_at="2025-06-01T08:00:00+08:00",
            closed_at="2025-06-02T08:00:00+08:00" if i % 2 else None,
        )
        for i in range(count)
    ]
    return geojson(tmp_path / "events.geojson", *rows)


def test_grids_then_events_with_the_refused_put_aside(run, ask, tmp_path):
    report = run("grids", grids_file(tmp_path), "--edition", "2025", "--activate")
    part = report["parts"][0]
    assert part["rows"] == {"read": 3, "accepted": 2, "mended": 0, "refused": 1, "known": 0, "later": 0}
    assert part["refused"][0]["code"] == "geom.self_intersection"
    assert part["refused"][0]["lonlat"] == pytest.approx([126.55, 46.05])
    assert "crosses itself" in part["refused"][0]["en"]
    assert "自相交" in part["refused"][0]["zh"]
    assert "refused 1" in report["said"]
    shown = json.loads((report["folder"] / "refused.geojson").read_text("utf-8"))
    assert shown["features"][0]["properties"]["code"] == "geom.self_intersection"
    assert shown["features"][0]["geometry"]["type"] == "Polygon"

    report = run("events", events_file(tmp_path))
    rows = report["parts"][0]["rows"]
    assert (rows["accepted"], rows["refused"]) == (4, 1)
    assert ask("select count(*), count(grid_code), count(closed_at) from events")[0] == (4, 4, 2)
    again = run("events", events_file(tmp_path))["parts"][0]["rows"]
    assert (again["accepted"], again["known"]) == (0, 4), "sent twice, stored once"


def test_an_edition_is_compiled_once_where_it_is_put_in_force(run, tmp_path, monkeypatch):
    """What it was compiled to is kept: neither the events loaded after it nor the web server compile it again."""
    index = tmp_path / "var" / "index"
    run("grids", grids_file(tmp_path), "--edition", "2025", "--activate", "--dry-run")
    assert not list(index.glob("*.index"))
    run("grids", grids_file(tmp_path), "--edition", "2025", "--activate")
    assert len(list(index.glob("*.index"))) == 1
    monkeypatch.setattr("geogrid.actions.district.compile_geography", lambda *_: pytest.fail("compiled again"))
    assert run("events", events_file(tmp_path))["parts"][0]["rows"]["accepted"] == 4


def test_refused_rows_are_mended_in_the_geopackage_and_loaded_again(run, ask, tmp_path):
    folder = run("grids", grids_file(tmp_path), "--edition", "2025")["folder"]
    refused = gpd.read_file(folder / "refused.gpkg")
    assert refused["refused_code"].tolist() == ["geom.self_intersection"]
    assert refused["code"].tolist() == [CODE + "3"]
    refused.geometry = [shapely.Polygon(MENDED)]
    refused.to_file(folder / "refused.gpkg", layer="base_grids", driver="GPKG")
    report = run("grids", folder / "refused.gpkg", "--edition", "2025", "--activate")
    assert report["parts"][0]["rows"]["accepted"] == 1
    assert [row.code for row in ask("select code from base_grids where not isempty(valid) order by code")] == [
        CODE + "1",
        CODE + "2",
        CODE + "3",
    ]


def test_events_mended_by_their_columns_are_added(run, ask, tmp_path):
    run("grids", grids_file(tmp_path), "--edition", "2025", "--activate")
    path = tmp_path / "events.csv"
    path.write_text(
        "id,kind,reported_at,X,Y\n1,other,2025-06-01T08:00:00+08:00,,\n2,other,2025-06-01T08:00:00+08:00,126.55,45.95\n"
    )
    options = ["--datum", "wgs84", "--lon", "X", "--lat", "Y", "--set", "channel=hotline"]
    report = run("events", path, *options)
    assert report["parts"][0]["refused"][0]["code"] == "coord.missing"
    refused = gpd.read_file(report["folder"] / "refused.gpkg")
    refused["X"], refused["Y"] = "126.65", "45.95"
    refused.set_crs("EPSG:4490").to_file(report["folder"] / "refused.gpkg", layer="events", driver="GPKG")
    words = report["parts"][0]["again"].split()
    assert words[:4] == ["geogrid", "load", "events", str(report["folder"] / "refused.gpkg")]
    assert run(*words[2:])["parts"][0]["rows"]["accepted"] == 1
    assert [row[0] for row in ask("select grid_code from events order by original_lon")] == [CODE + "1", CODE + "2"]


def test_a_dry_run_says_all_and_stores_nothing(run, ask, tmp_path):
    run("grids", grids_file(tmp_path, third=MENDED), "--edition", "2025", "--activate")
    moved = run("grids", grids_file(tmp_path, "new", west=1.0), "--edition", "2026", "--dry-run")
    difference = moved["parts"][0]["difference"]
    assert (difference["against"], difference["removed"], len(difference["moved"])) == ("2025", [CODE + "3"], 2)
    assert "2 share no area with their old selves" in moved["said"]
    assert moved["state"] == "dry_run"
    events = run("events", events_file(tmp_path), "--dry-run")
    assert events["parts"][0]["rows"]["accepted"] == 4
    assert "storing" not in moved["said"] + events["said"]
    assert ask("select count(*) from editions")[0][0] == 1
    assert ask("select count(*) from events")[0][0] == 0


def test_grids_that_all_moved_are_not_activated_and_nothing_is_half_loaded(run, ask, tmp_path):
    run("grids", grids_file(tmp_path), "--edition", "2025", "--activate")
    with pytest.raises(EditionSuspicious, match=r"nothing was loaded.*load with --accept-moved"):
        run("grids", grids_file(tmp_path, "new", west=1.0), "--edition", "2026", "--activate")
    assert [row.name for row in ask("select name from editions")] == ["2025"]
    assert ask("select count(*) from base_grids")[0][0] == 2


def test_grids_that_overlap_are_not_activated_unless_that_is_accepted(run, ask, tmp_path):
    words = ["grids", grids_file(tmp_path, third=EAST), "--edition", "2025", "--activate"]
    with pytest.raises(EditionFaulty, match="1 overlaps, 0 gaps"):
        run(*words)
    assert ask("select count(*) from editions")[0][0] == 0
    run(*words, "--accept-faults")
    assert [row.state for row in ask("select state from editions")] == ["in_force"]


def test_strict_loads_nothing_when_a_row_is_refused(run, ask, tmp_path):
    with pytest.raises(GeogridError) as caught:
        run("grids", grids_file(tmp_path), "--edition", "2025", "--strict")
    assert caught.value.code == "rows.refused"
    assert ask("select count(*) from editions")[0][0] == 0
    (folder,) = (tmp_path / "var" / "imports").iterdir()
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert report["state"] == "failed"
    assert report["error"]
    assert (folder / "refused.gpkg").is_file(), "what was found is there to be mended"


def test_an_error_of_the_last_file_takes_back_the_first_ones(run, ask, tmp_path):
    folder = tmp_path / "district"
    folder.mkdir()
    grids_file(tmp_path).rename(folder / "base_grids.geojson")
    (folder / "events.csv").write_text("id,channel\n1,patrol\n")
    with pytest.raises(GeogridError):
        run("all", folder, "--edition", "2025", "--activate")
    assert ask("select count(*) from editions")[0][0] == 0


def test_events_before_any_edition_are_refused_as_a_whole(run, tmp_path):
    with pytest.raises(EditionNotInForce):
        run("events", events_file(tmp_path))


def test_far_places_and_other_bodies_are_refused_by_row(run, tmp_path):
    run("grids", grids_file(tmp_path), "--edition", "2025", "--activate")
    row = {"id": "1", "channel": "patrol", "kind": "other", "reported_at": "2025-06-01T08:00:00+08:00"}
    path = geojson(
        tmp_path / "e.geojson", feature(point(126.55, 45.95), **row), feature(point(120.0, 45.95), **(row | {"id": "2"}))
    )
    report = run("events", path)
    assert [(refusal["row"], refusal["code"]) for refusal in report["parts"][0]["refused"]] == [(2, "coord.far")]
    changed = feature(point(126.55, 45.95), **row, text="changed")
    geojson(path, changed, feature(point(126.55, 45.95), **(row | {"id": "3"})))
    assert run("events", path)["parts"][0]["refused_by_code"] == {"report.id_conflict": 1}
    geojson(path, changed)
    with pytest.raises(NothingAccepted, match=r"report\.id_conflict 1"):
        run("events", path)


def test_as_of_leaves_out_what_has_not_happened_yet(run, ask, tmp_path):
    run("grids", grids_file(tmp_path), "--edition", "2025", "--activate", "--as-of", "2025-05-01T00:00:00+08:00")
    rows = run("events", events_file(tmp_path), "--as-of", "2025-06-01T12:00:00+08:00")["parts"][0]["rows"]
    assert rows["accepted"] == 4
    assert ask("select count(*) from events where is_open")[0][0] == 4, "the closing lies after --as-of"
    rows = run("events", events_file(tmp_path), "--as-of", "2025-05-02T00:00:00+08:00")["parts"][0]["rows"]
    assert rows["later"] == 4
    with pytest.raises(GeogridError, match="offset"):
        run("events", events_file(tmp_path), "--as-of", "2025-05-02")


@pytest.mark.parametrize("form", ["folder", "geopackage"])
def test_the_twin_loads_through_the_same_door(run, ask, small_twin, tmp_path, form):
    folder = tmp_path / "twin"
    folder.mkdir()
    for path in small_twin.glob("*.parquet"):
        shutil.copy(path, folder)
    source = folder if form == "folder" else small_twin / "district.gpkg"
    report = run("all", source, "--edition", "twin", "--activate", "--as-of", "2025-12-31T23:59:59+08:00")
    assert report["state"] == "loaded"
    refused = {part["kind"]: part["refused_by_code"] for part in report["parts"] if part["refused_by_code"]}
    assert refused == {}
    faults = {part["kind"]: [fault["kind"] for fault in part["coverage"]] for part in report["parts"] if part["coverage"]}
    assert faults == {}
    events = gpd.read_parquet(small_twin / "events.parquet")
    assert ask("select count(*) from events")[0][0] == len(events)
    assert ask("select count(*) from events where closed_at is not null")[0][0] == events["closed_at"].notna().sum()
    for kind in ("units", "base_grids", "department_grids", "stations", "roads", "households", "places"):
        assert ask(f"select count(*) from {kind} where synthetic")[0][0] == len(gpd.read_parquet(small_twin / f"{kind}.parquet"))


def test_the_same_events_from_another_format_are_known(run, small_twin):
    run("all", small_twin / "district.gpkg", "--edition", "twin", "--activate")
    events = gpd.read_parquet(small_twin / "events.parquet")
    rows = run("events", small_twin / "events.parquet")["parts"][0]["rows"]
    assert (rows["accepted"], rows["known"], rows["refused"]) == (0, len(events), 0)


def test_a_dry_run_needs_no_database(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOGRID_DATABASE_URL", "postgresql://127.0.0.1:8599/none")
    monkeypatch.setenv("GEOGRID_VAR", str(tmp_path / "var"))
    done = CliRunner().invoke(
        load, ["grids", str(grids_file(tmp_path)), "--dry-run"], env={**os.environ, "GEOGRID_LANGUAGE": "zh"}
    )
    assert done.exit_code == 0, done.output
    assert "读取行数 3 · 接受 2 · 拒绝 1" in done.output
    assert "自相交" in done.output


def test_mended_rows_of_any_columns_load_by_the_command_that_is_told(run, ask, tmp_path, monkeypatch):
    monkeypatch.setenv("GEOGRID_PROFILE", "230111")  # the command must name the profile that was used
    frame = gpd.GeoDataFrame(
        {"fid_": [1, 2], "编号": [None, 7.0], "Fid": [float(CODE + "1"), float(CODE + "2")]},
        geometry=[shapely.Polygon(SQUARE), shapely.Polygon([(x, y) for x, y in BOW])],
        crs="EPSG:4490",
    )
    frame.to_parquet(tmp_path / "grids.parquet")
    report = run("grids", tmp_path / "grids.parquet", "--map", "Fid=code", "--edition", "2025", "--profile", "999901")
    refused = gpd.read_file(report["folder"] / "refused.gpkg")
    assert CODE + "2" in refused.iloc[0].tolist(), "a whole number is not written with a point"
    refused.geometry = [shapely.Polygon(MENDED)]
    refused.to_file(report["folder"] / "refused.gpkg", layer="base_grids", driver="GPKG")
    words = report["parts"][0]["again"].split()
    run(*words[2:])
    assert [row.code for row in ask("select code from base_grids order by code")] == [CODE + "1", CODE + "2"]


def test_after_an_error_the_user_is_told_where_the_report_is(run, tmp_path):
    done = CliRunner().invoke(load, ["grids", str(grids_file(tmp_path)), "--edition", "2025", "--strict"], env=dict(os.environ))
    (folder,) = (tmp_path / "var" / "imports").iterdir()
    assert done.exit_code != 0
    assert str(folder) in done.output


def test_a_column_that_is_lost_is_a_warning_wherever_the_report_is_read(run, tmp_path):
    rows = [feature(polygon(ring), code=f"{CODE}{i}", leader="王") for i, ring in enumerate((SQUARE, EAST), 1)]
    run("grids", geojson(tmp_path / "a.geojson", *rows), "--edition", "2025", "--activate")
    report = run("grids", grids_file(tmp_path, third=MENDED), "--edition", "2026")
    part = report["parts"][0]
    assert part["difference"]["fields"] == {"leader": 2}
    assert part["difference"]["lost"] == ["leader"]
    assert "leader" in part["columns"]["absent"]
    (warning,) = [note for note in part["notes"] if note.get("warning")]
    assert warning["zh"].startswith("警告")
    assert warning["en"] in report["said"]


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_file_of_which_every_row_is_refused_is_an_error_and_makes_no_edition(run, ask, tmp_path, more):
    path = geojson(tmp_path / "bow.geojson", feature(polygon(BOW), code=f"{CODE}1"))
    with pytest.raises(NothingAccepted, match=r"geom\.self_intersection 1"):
        run("grids", path, "--edition", "2025", *more)
    assert ask("select count(*) from editions")[0][0] == 0
    (folder,) = (tmp_path / "var" / "imports").iterdir()
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert (report["state"], report["error"]["code"]) == ("failed", "rows.none")
    assert report["parts"][0]["refused_by_code"] == {"geom.self_intersection": 1}


def test_an_edition_that_is_in_force_takes_no_rows_and_another_name_is_asked_for(run, tmp_path):
    run("grids", grids_file(tmp_path), "--edition", "2025", "--activate")
    with pytest.raises(EditionTakesNoRows, match="another name with --edition"):
        run("grids", grids_file(tmp_path), "--edition", "2025")


def test_of_many_layers_the_one_called_like_the_kind_is_read_and_kinds_that_are_not_there_are_named(run, small_twin, tmp_path):
    part = run("grids", small_twin / "district.gpkg", "--edition", "2025", "--activate")["parts"][0]
    assert part["rows"]["accepted"] == len(gpd.read_parquet(small_twin / "base_grids.parquet"))
    (tmp_path / "two").mkdir()
    for kind in ("base_grids", "stations"):
        shutil.copy(small_twin / f"{kind}.parquet", tmp_path / "two")
    said = run("all", tmp_path / "two", "--edition", "2026")["said"]
    assert "two holds no units, department_grids, roads, households, places, events" in said


def test_a_confidence_that_is_no_number_is_refused(tmp_path):
    done = CliRunner().invoke(load, ["events", str(events_file(tmp_path)), "--locate-above", "nan", "--dry-run"])
    assert done.exit_code == 2 and "nan is no number" in done.output
