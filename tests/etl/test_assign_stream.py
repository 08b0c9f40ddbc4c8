"""From Parquet to Parquet as a stream: the same file as from the whole table, whatever the rows and however they are cut."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from etl import assign_files as whole_way
from etl import assign_stream
from etl.assign_batch import wkb_points
from etl.assign_stream import free_names, points_wkb
from etl.errors import FileDamaged
from etl.sources import open_table
from geogrid.errors import DatumUnknown
from geogrid.space.crs import from_record
from tests.etl.test_assign_files import files, run

__all__ = ["files"]
PLACES = [
    shapely.Point(126.55, 45.95),
    shapely.Point(126.6, 45.95),
    None,
    shapely.Point(0, 0),
    shapely.Point(126.8, 45.95),
    shapely.Point(45.95, 126.55),
    shapely.Point(12.5, 41.9),
    shapely.Point(126.601, 45.95, 3.0),
    shapely.Point(),
    shapely.LineString([(126.5, 45.9), (126.6, 45.95)]),
    shapely.Point(126.65, 45.95),
    shapely.Point(126.55, 45.95),
]
ACCURACY_M = [None, 5.0, None, None, 10.0, None, None, 500.0, None, None, -1.0, float("nan")]


def events(crs="EPSG:4490", **more) -> gpd.GeoDataFrame:
    count = len(PLACES)
    columns = {"id": range(count), "grid_code": [f"old{i}" for i in range(count)], "accuracy_m": ACCURACY_M}
    columns |= {"at": pd.date_range("2025-01-01", periods=count, tz="Asia/Shanghai"), "note": ["=1+1", None] * (count // 2)}
    return gpd.GeoDataFrame({**columns, **more}, geometry=PLACES, crs=crs)


def both(folder, monkeypatch, source: str, **named):
    """The file that the stream writes, and the one that the whole table gives."""
    monkeypatch.setattr(assign_stream, "ROWS_AT_ONCE", 5)
    streamed = run(folder, "streamed.parquet", events=source, datum=None, **named)
    with monkeypatch.context() as plain:
        plain.setattr(whole_way, "is_streamed", lambda events, out: False)
        return streamed, run(folder, "whole.parquet", events=source, datum=None, **named)


def same(streamed, whole) -> pd.DataFrame:
    one, other = gpd.read_parquet(streamed), gpd.read_parquet(whole)
    assert list(one.columns) == list(other.columns)
    assert one.crs == other.crs
    assert one.geometry.force_2d().to_wkb().tolist() == other.geometry.to_wkb().tolist()  # heights stay in a stream
    for name in one.columns.drop("geometry"):
        pd.testing.assert_series_equal(one[name].astype(object), other[name].astype(object), check_dtype=False)
    return one


def test_every_kind_of_row_is_told_as_from_the_whole_table(files, monkeypatch):
    events().to_parquet(files / "events.parquet")
    found = same(*both(files, monkeypatch, "events.parquet"))
    assert found["rule"].tolist()[:7] == [
        "inside",
        "border",
        "unlocated",
        "coord.null_island",
        "outside",
        "coord.swapped",
        "coord.far",
    ]
    assert found["rule"].tolist()[-2:] == ["coord.accuracy", "inside"]
    assert found["grid_code_before"].tolist() == [f"old{i}" for i in range(len(PLACES))]


def test_an_accuracy_in_every_row_is_read_as_well(files, monkeypatch):
    events(accuracy_m=[5.0, 20.0, *[10.0] * 10]).to_parquet(files / "all.parquet")
    found = same(*both(files, monkeypatch, "all.parquet"))
    assert found["candidates"][1]  # on the border of two grids: both are told with their shares


def test_a_datum_row_by_row_counts(files, monkeypatch):
    lon, lat = (float(value) for value in from_record(126.5995, 45.95, "gcj02"))
    named = pd.DataFrame({"lon": [lon] * 6, "lat": [lat] * 6, "Datum": ["gcj02", "wgs84", None, "moon", "bd09", "gcj02"]})
    named.to_parquet(files / "events.parquet", index=False)
    found = same(*both(files, monkeypatch, "events.parquet"))
    assert found["grid_code"].tolist()[:2] == ["B", "A"]
    assert found["rule"].tolist()[2] == found["rule"].tolist()[3] == DatumUnknown.code


def test_rows_without_a_geometry_say_the_same_whatever_batch_they_are_in(files, monkeypatch):
    beside = {"lon": [126.55] * len(PLACES), "lat": [None, 45.95] * (len(PLACES) // 2)}
    events(**beside).to_parquet(files / "events.parquet")
    same(*both(files, monkeypatch, "events.parquet"))


def test_other_coordinate_systems_and_words_for_numbers_go_the_whole_way(files, monkeypatch):
    events().iloc[:2].to_crs(32652).to_parquet(files / "events.parquet")
    assert same(*both(files, monkeypatch, "events.parquet"))["grid_code"].tolist() == ["B", "A"]


def test_columns_keep_their_types_and_texts_of_answers_are_plain_texts(files):
    events().to_parquet(files / "events.parquet", row_group_size=4)
    out = pq.read_table(run(files, "out.parquet", events="events.parquet", datum=None))
    assert out.schema.field("grid_code").type == pa.string()
    assert out.schema.field("at").type == pq.read_table(files / "events.parquet").schema.field("at").type
    assert out.column("geometry").to_pylist() == pq.read_table(files / "events.parquet").column("geometry").to_pylist()
    assert out.column("id").to_pylist() == list(range(len(PLACES)))


def test_what_was_written_is_read_again_with_its_geometry_and_crs(files, monkeypatch):
    events().to_parquet(files / "geo.parquet")
    streamed, whole = both(files, monkeypatch, "geo.parquet")
    assert pq.read_schema(streamed).metadata[b"geo"]
    found = open_table(streamed)
    assert found.crs == open_table(whole).crs and found.crs
    assert found.geometry is not None and found.geometry[0].equals(PLACES[0])


def test_a_geometry_that_the_stored_arrow_schema_leaves_out_is_read_as_well(files):
    events().to_parquet(files / "geo.parquet")
    table = pq.read_table(files / "geo.parquet")
    geo = table.schema.metadata[b"geo"]
    bare = table.replace_schema_metadata(None)
    with pq.ParquetWriter(files / "bare.parquet", bare.schema) as writer:
        writer.write_table(bare)
        writer.add_key_value_metadata({"geo": geo})
    assert open_table(files / "bare.parquet").crs == open_table(files / "geo.parquet").crs


def test_the_mode_that_streams_is_taken_and_tells_how_far_it_is(files, monkeypatch):
    told = []
    monkeypatch.setattr(assign_stream, "ROWS_AT_ONCE", 5)
    events().to_parquet(files / "events.parquet")
    wanted = whole_way.Wanted(
        files / "grids.geojson", None, files / "events.parquet", files / "out.parquet", grid_code="nr", datum=None
    )
    counts = whole_way.assign_files(wanted, None, lambda note: None, lambda done, rows: told.append((done, rows)))
    assert told == [(5, 12), (10, 12), (12, 12)]
    assert counts.total() == 12


def test_a_file_cut_short_and_a_fault_midway_leave_nothing(files, monkeypatch):
    events().to_parquet(files / "events.parquet")
    raw = (files / "events.parquet").read_bytes()
    (files / "cut.parquet").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(FileDamaged):
        run(files, "out.parquet", events="cut.parquet", datum=None)
    (files / "out.parquet").write_text("old")
    monkeypatch.setattr(assign_stream, "_count", lambda counts, rule: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(files, "out.parquet", events="events.parquet", datum=None)
    assert (files / "out.parquet").read_text() == "old"
    assert not [path for path in files.iterdir() if ".part" in path.name]


def test_points_of_well_known_bytes_go_there_and_back():
    lon, lat = np.array([1.0, np.nan, 3.0, -4.5]), np.array([2.0, np.nan, 9.0, 5.5])
    column = points_wkb(lon, lat)
    assert column.null_count == 1
    assert [None if one is None else shapely.from_wkb(one).x for one in column.to_pylist()] == [1.0, None, 3.0, -4.5]
    for part in (column, column.slice(1), column.slice(2, 1), column.cast(pa.large_binary())):
        x, y = wkb_points(part)
        assert np.isnan(x).tolist() == [one is None for one in part.to_pylist()]
        assert np.nanmax(y) == max(shapely.from_wkb(one).y for one in part.to_pylist() if one)
    mixed = pa.array([shapely.to_wkb(shape) for shape in (PLACES[9], PLACES[0])] + [b"", None, b"x" * 21])
    assert np.isnan(wkb_points(mixed)[0]).tolist() == [True, False, True, True, True]


def test_names_of_answers_make_room_without_a_clash():
    assert free_names(["grid_code", "grid_code_before", "a"]) == ["grid_code_before_before", "grid_code_before", "a"]
