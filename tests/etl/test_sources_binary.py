"""Archives, GeoPackage, GeoParquet: opened in the child, by content, within bounds."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import struct
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pandas as pd
import pytest

from etl import errors
from etl.sources import ReadOptions, geopackage, open_table, sandbox
from etl.sources.limits import Limits
from geogrid.settings import ROOT
from tests.etl.samples import feature, geojson, grids_frame, point, shapefile_zip, zip_of

NAMES = ["幸福社区网格", "胜利村网格"]


def test_geopackage_and_geoparquet_give_rows_and_crs(tmp_path):
    frame = grids_frame()
    frame.to_file(tmp_path / "a.gpkg", layer="grids")
    frame.to_parquet(tmp_path / "a.parquet")
    for path in (tmp_path / "a.gpkg", tmp_path / "a.parquet"):
        table = open_table(path)
        assert table.frame.columns.tolist() == ["code", "name"]
        assert table.frame["name"].tolist() == NAMES
        assert table.geometry[0].equals(frame.geometry[0])
        assert "4490" in table.crs or "China Geodetic" in table.crs


def test_a_geopackage_with_several_layers_asks_which(tmp_path):
    grids_frame().to_file(tmp_path / "a.gpkg", layer="one")
    grids_frame().to_file(tmp_path / "a.gpkg", layer="two")
    assert geopackage.layers(tmp_path / "a.gpkg") == ["one", "two"]
    with pytest.raises(errors.LayerUnknown, match="one, two"):
        open_table(tmp_path / "a.gpkg")
    assert len(open_table(tmp_path / "a.gpkg", ReadOptions("two"))) == 2


def test_sqlite_that_is_no_geopackage_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "a.gpkg") as database:
        database.execute("create table t (a int)")
    database.close()
    with pytest.raises(errors.FileFormatRefused):
        open_table(tmp_path / "a.gpkg")


def test_truncated_binary_files_are_damaged(tmp_path):
    grids_frame().to_file(tmp_path / "a.gpkg")
    grids_frame().to_parquet(tmp_path / "a.parquet")
    for name in ("a.gpkg", "a.parquet"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(errors.FileDamaged):
            open_table(path)


# -- what a file is, and whether it is one ----------------------------------------------------------------------------

VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1/x</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.csv", "a.zip", "a.xlsx", "a.vrt", "a.kml"])
def test_a_vrt_is_refused_under_every_name(tmp_path, name):
    (tmp_path / name).write_text(VRT)
    with pytest.raises(errors.FileFormatRefused):
        open_table(tmp_path / name)


def test_content_and_name_must_agree(tmp_path):
    path = geojson(tmp_path / "a.csv", feature(point(1, 2)))
    with pytest.raises(errors.FileFormatRefused, match="holds geojson"):
        open_table(path)


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1:8000/a.geojson",
        "https://[::1]/a.geojson",
        "http://2130706433/",
        "/vsicurl/http://127.0.0.1/a.geojson",
        "/vsizip//tmp/a.zip/a.shp",
        "/VSIMEM/a",
        "file:///etc/passwd",
        "PG:dbname=x",
        "WFS:http://x",
        "/dev/zero",
        "/no/such/file",
        "/tmp",
        "a\x00b",
    ],
)
def test_only_regular_local_files_are_opened(path):
    with pytest.raises(errors.FilePathRefused):
        open_table(path)


def test_the_child_knows_no_other_driver_than_the_two(tmp_path):
    """Even a VRT handed to the child directly is not opened: the allow-list holds behind the look at the content."""
    from etl.sources.sandbox import read_in_child

    path = tmp_path / "a.gpkg"
    path.write_text(VRT)
    with pytest.raises(errors.FileDamaged), read_in_child(path, "gdal", ReadOptions()):
        pytest.fail("opened")


def test_the_child_has_no_network():
    code = (
        "from etl.sources.child import leave_network\nimport socket\n"
        "alone = leave_network()\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), 2)\nexcept OSError as error:\n    print(alone, error.errno)"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    # 101: network unreachable, since not even the loopback is up; where the system forbids namespaces, the driver list holds
    assert said[0] == "False" or said[1] == "101"


# -- archives ---------------------------------------------------------------------------------------------------------


def test_a_zipped_shapefile_gives_rows_words_and_crs(tmp_path):
    table = open_table(shapefile_zip(tmp_path / "a.zip", grids_frame()))
    assert table.frame["name"].tolist() == NAMES
    assert table.frame.columns.tolist() == ["code", "name"]
    assert table.crs.endswith("4490")


def test_gbk_names_without_cpg_are_found_and_shown(tmp_path):
    table = open_table(shapefile_zip(tmp_path / "a.zip", grids_frame(), encoding="GBK", without=(".cpg",)))
    assert table.frame["name"].tolist() == NAMES
    assert any("幸福社区网格" in str(note.values.get("preview")) for note in table.notes)


def test_gbk_names_with_cpg_are_read_by_it(tmp_path):
    table = open_table(shapefile_zip(tmp_path / "a.zip", grids_frame(), encoding="GBK"))
    assert table.frame["name"].tolist() == NAMES


def test_without_prj_the_crs_stays_unknown(tmp_path):
    assert open_table(shapefile_zip(tmp_path / "a.zip", grids_frame(), without=(".prj",))).crs is None


@pytest.mark.parametrize("part", [".shx", ".dbf", ".shp"])
def test_a_shapefile_with_a_part_missing_is_refused(tmp_path, part):
    with pytest.raises(errors.ArchiveRefused, match=f"no {part}"):
        open_table(shapefile_zip(tmp_path / "a.zip", grids_frame(), without=(part,)))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = zip_of(tmp_path / "a.zip", {"a.shp": b"\0" * 100_000_000, "a.shx": b"", "a.dbf": b""})
    assert path.stat().st_size < 110_000
    with pytest.raises(errors.FileTooLarge, match="packed size"):
        open_table(path)


def test_an_entry_that_lies_about_its_size_is_cut_off(tmp_path):
    path = zip_of(tmp_path / "a.zip", {"a.shp": b"\0" * 3_000_000, "a.shx": b"x", "a.dbf": b"x" * 64})
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<I", 3_000_000), struct.pack("<I", 1000)))
    with pytest.raises((errors.FileTooLarge, errors.FileDamaged)):
        open_table(path)


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ({"../../etc/passwd.shp": b""}, errors.ArchiveRefused),
        ({"/etc/x.shp": b""}, errors.ArchiveRefused),
        ({"..\\x.shp": b""}, errors.ArchiveRefused),
        ({"C:\\x.shp": b""}, errors.ArchiveRefused),
        ({"a.shp": b"", "inner.zip": b"PK"}, errors.ArchiveRefused),
        ({"readme.txt": b"x"}, errors.FileFormatRefused),
    ],
)
def test_archives_with_tricks_are_refused(tmp_path, entries, error):
    with pytest.raises(error):
        open_table(zip_of(tmp_path / "a.zip", entries))


def test_too_many_entries_are_refused(tmp_path):
    with pytest.raises(errors.FileTooLarge, match="entries"):
        open_table(zip_of(tmp_path / "a.zip", {f"{i}.shp": b"" for i in range(2001)}))


def test_an_encrypted_archive_is_refused(tmp_path):
    path = zip_of(tmp_path / "a.zip", {"a.shp": b"x"})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        data[archive.infolist()[0].header_offset + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(errors.ArchiveRefused, match="encrypted"):
        open_table(path)


def test_a_cut_archive_is_damaged(tmp_path):
    path = shapefile_zip(tmp_path / "a.zip", grids_frame())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(errors.FileDamaged):
        open_table(path)


def test_limits_of_rows_hold_in_the_child(tmp_path):
    grids_frame().to_file(tmp_path / "a.gpkg")
    with pytest.raises(errors.FileTooLarge):
        open_table(tmp_path / "a.gpkg", ReadOptions(limits=Limits(rows=1)))


def test_entities_in_a_workbook_are_refused(tmp_path):
    import openpyxl

    openpyxl.Workbook().save(tmp_path / "good.xlsx")
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as bad:
        for entry in good.namelist():
            bad.writestr(entry, bomb if "sheet1" in entry else good.read(entry))
    with pytest.raises(errors.FileDamaged):
        open_table(tmp_path / "a.xlsx")


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    open_table(shapefile_zip(tmp_path / "a.zip", grids_frame()))
    assert list(folder.iterdir()) == []


def test_a_geopackage_may_lie_in_a_folder_with_a_colon(tmp_path):
    folder = tmp_path / "of 12:30"
    folder.mkdir()
    grids_frame().to_file(tmp_path / "网格.gpkg", driver="GPKG")
    path = (tmp_path / "网格.gpkg").rename(folder / "网格.gpkg")
    assert len(open_table(path)) == 2


def test_a_full_folder_of_temporary_files_is_not_laid_on_the_file(tmp_path, monkeypatch):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    answer = json.dumps({"error": f"OSError: {os.strerror(errno.ENOSPC)}"})
    monkeypatch.setattr(sandbox.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=answer, returncode=0))
    with pytest.raises(errors.TemporaryFull):
        open_table(tmp_path / "a.parquet")
