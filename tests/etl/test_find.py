"""``geogrid find`` on files: what is found, what is told, what is refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from etl.errors import ColumnMissing, OptionInvalid
from etl.find_command import find
from tests.space.test_gazetteer import places, roads, units


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places")
    units().to_parquet(folder / "units.parquet")
    places(old_name={"柳荫第二小学": "红旗小学"}).to_file(folder / "places.gpkg", driver="GPKG")
    roads().to_parquet(folder / "roads.parquet")
    return folder


def run(files, text, *more, language="en", without=()):
    given = {"units": "units.parquet", "places": "places.gpkg", "roads": "roads.parquet"}
    words = [word for name, file in given.items() if name not in without for word in (f"--{name}", str(files / file))]
    return CliRunner().invoke(find, [text, *words, *more], env={"GEOGRID_LANGUAGE": language})


def test_the_place_is_told_with_precision_and_reason(files):
    done = run(files, "清泉社区清河路12号", "--most", "1")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        "河东街道清泉社区清河路12号: House number, within 42 m, 100 % sure, at 126.002833, 45.859776",
        "  Village or community 清泉社区: as named",
        "  Street 清河路: as named",
        "  House number 12: as named",
    ]


def test_the_same_as_json_a_line(files):
    lines = run(files, "红旗小学", "--json", language="zh").output.splitlines()
    (found,) = map(json.loads, lines)
    assert (found["name"], found["precision"]) == ("河东街道柳荫社区柳荫第二小学", "landmark")
    assert found["reason"] == ["标志性地点柳荫第二小学，原称“红旗小学”"]
    assert found["lon"] == pytest.approx(126.0193, abs=1e-3) and found["village_code"] == "999901001002"


def test_words_without_a_place_are_said_to_be_so(files):
    assert run(files, "谢谢").output.strip() == "No place is named in these words."
    assert run(files, "谢谢", "--json").output == ""


def test_what_cannot_be_read_is_refused(files):
    swapped = CliRunner().invoke(find, ["清河路", "--units", str(files / "roads.parquet")])
    assert isinstance(swapped.exception, ColumnMissing)
    assert isinstance(run(files, "清河路", "--near", "126").exception, OptionInvalid)
    assert isinstance(run(files, "清河路", "--near", "999,45").exception, OptionInvalid)
