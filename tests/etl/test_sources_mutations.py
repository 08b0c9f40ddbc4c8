"""Bytes changed, cut and doubled at random: a reader gives a table or an error of the house, never anything else."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from etl.sources import FORMATS, open_table
from geogrid.errors import GeogridError
from tests.etl.samples import SQUARE, feature, geojson, grids_frame, point, polygon, shapefile_zip


def _gpkg(path: Path) -> None:
    grids_frame().to_file(path, layer="grids")


def _xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["code", "lon", "lat"], ["001", 126.5, 45.9], ["002", 126.6, 45.8]):
        book.active.append(row)
    book.save(path)


def _csv(path: Path) -> None:
    path.write_text('编号,地址,lon,lat\n1,"哈尔滨市,呼兰区",126.5,45.9\n2,利民街,126.6,45.8\n', encoding="utf-8")


def _geojson(path: Path) -> None:
    geojson(path, feature(polygon(SQUARE), code="甲"), feature(point(126.5, 45.9), code="b", note=None))


def _shp(path: Path) -> None:
    shapefile_zip(path, grids_frame())


# Binary formats cost a process a try, so that fewer are tried.
GOOD: dict[str, tuple[Callable[[Path], None], int]] = {
    "a.geojson": (_geojson, 300),
    "a.csv": (_csv, 300),
    "a.xlsx": (_xlsx, 60),
    "a.gpkg": (_gpkg, 8),
    "a.parquet": (lambda path: grids_frame().to_parquet(path), 12),
    "a.zip": (_shp, 12),
}


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with a few bytes changed, a piece cut out or doubled, or the end missing."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        at = chance.randrange(len(out))
        match chance.randrange(4):
            case 0:
                out[at] = chance.randrange(256)
            case 1:
                out[at] ^= 1 << chance.randrange(8)
            case 2:
                del out[at : at + chance.randrange(1, 20)]
            case 3:
                out[at:at] = out[at : at + chance.randrange(1, 20)]
        out = out or bytearray(b" ")
    return bytes(out if chance.random() < 0.8 else out[: chance.randrange(1, len(out) + 1)])


@pytest.mark.parametrize("name", GOOD)
def test_mutated_files_give_a_table_or_an_error_of_the_house(tmp_path, name):
    make, rounds = GOOD[name]
    path = tmp_path / name
    make(path)
    data = path.read_bytes()
    chance = random.Random(f"{name} 1")
    refused = 0
    for _ in range(rounds):
        path.write_bytes(mutated(data, chance))
        try:
            table = open_table(path)
        except GeogridError as error:
            refused += bool(error.message("zh"))
        else:
            assert table.format in FORMATS
            assert len(table.rows) == len(table.frame)
    assert refused > 0, "the mutations must reach what the reader checks"
