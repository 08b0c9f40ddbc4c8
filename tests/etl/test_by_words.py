"""``geogrid load events --locate-above``: rows without a location take the place that their words name, if it is sure."""

from __future__ import annotations

import pytest

from etl.errors import OptionInvalid
from etl.load import Order
from tests.etl.test_load import ask, grids_file, run
from tests.space.test_gazetteer import places, roads, units

__all__ = ["ask", "run"]  # fixtures

HEAD = "id,kind,channel,reported_at,text,address"
ROWS = (
    ("a", "路灯不亮", "河东街道清泉社区清河路12号"),
    ("b", "清泉社区清河路8号：路灯不亮", ""),
    ("c", "路灯不亮", "山北镇清泉社区清河路12号"),
    ("d", "路灯不亮", "不详"),
)


def events_file(tmp_path, *, coordinates=False):
    lines = [f"{key},facility,hotline,2025-06-01T08:00:00+08:00,{text},{address}" for key, text, address in ROWS]
    if coordinates:
        lines = [*(f"{line},," for line in lines), lines[0].replace("a,", "e,", 1) + ",126.0100,45.8600"]
    path = tmp_path / f"events{coordinates}.csv"
    path.write_text("\n".join([HEAD + (",lon,lat" if coordinates else ""), *lines]) + "\n", "utf-8")
    return path


@pytest.fixture
def town(run, tmp_path):
    """The edition in force has the town of the gazetteer's tests; its grids lie elsewhere, so that events stay unplaced."""
    for name, frame in (("units", units()), ("places", places()), ("roads", roads())):
        path = tmp_path / f"{name}.gpkg"
        coded = frame if "code" in frame else frame.assign(code=[f"P{i}" for i in range(len(frame))])
        kinds = {"district": "district", "township": "street", "village": "community"}
        typed = coded.assign(kind=coded["level"].map(kinds)) if name == "units" else coded
        typed.to_file(path, layer=name, driver="GPKG")
        assert run(name, path, "--edition", "2025")["parts"][0]["refused"] == []
    run("grids", grids_file(tmp_path), "--edition", "2025", "--activate", "--accept-faults", "--accept-moved")
    return run


def test_sure_words_place_a_row_and_unsure_ones_name_the_likeliest_place(town, ask, tmp_path):
    report = town("events", events_file(tmp_path), "--locate-above", "0.9")
    part = report["parts"][0]
    assert (part["rows"]["accepted"], part["rows"]["mended"], part["rows"]["refused"]) == (2, 2, 2)
    assert [one["code"] for one in part["mended"]] == ["placed_by_words"]
    unsure, nowhere = part["refused"]
    assert (unsure["code"], nowhere["code"]) == ("coord.uncertain", "coord.missing")
    assert "清河路12号" in unsure["zh"] and unsure["lonlat"] == pytest.approx([126.002833, 45.859776], abs=1e-5)
    assert "--locate-above 0.9" in part["again"]
    rows = ask("select address, words, accuracy_m, ST_X(point) as lon, ST_Y(point) as lat from events order by address desc")
    assert [row.address for row in rows] == [ROWS[0][2], ""] and rows[1].words == ROWS[1][1]
    assert rows[0].lon == pytest.approx(126.002833, abs=1e-6) and rows[0].lat == pytest.approx(45.859776, abs=1e-6)
    assert rows[0].accuracy_m == pytest.approx(42.0) and rows[1].accuracy_m > rows[0].accuracy_m
    again = town("events", events_file(tmp_path), "--locate-above", "0.9")["parts"][0]["rows"]
    assert (again["accepted"], again["known"]) == (0, 2), "sent twice, stored once"


def test_a_stated_location_is_never_changed_by_words(town, ask, tmp_path):
    town("events", events_file(tmp_path, coordinates=True), "--locate-above", "0.9", "--datum", "wgs84")
    (row,) = ask("select ST_X(point) as lon, accuracy_m from events where ST_X(point) > 126.009")
    assert row.lon == pytest.approx(126.01) and row.accuracy_m is None


def test_without_the_option_words_place_nothing(town, tmp_path):
    part = town("events", events_file(tmp_path, coordinates=True), "--datum", "wgs84")["parts"][0]
    assert part["refused_by_code"] == {"coord.missing": 4} and part["mended"] == []
    assert Order.__dataclass_fields__["locate_above"].default is None


def test_only_events_are_placed_by_words(run, tmp_path):
    with pytest.raises(OptionInvalid):
        run("grids", grids_file(tmp_path), "--locate-above", "0.9")


def test_words_that_are_not_sure_are_kept_for_a_person(town, ask, tmp_path):
    part = town("events", events_file(tmp_path), "--locate")["parts"][0]
    assert (part["rows"]["accepted"], part["rows"]["refused"]) == (4, 0)
    assert {one["code"] for one in part["mended"]} == {"placed_by_words", "left_to_place"}
    rows = ask("select address, point IS NULL AS nowhere, datum, rule from events order by address")
    assert {row.address: row.nowhere for row in rows}[ROWS[2][2]] and {row.address: row.nowhere for row in rows}["不详"]
    assert [row.rule for row in rows if row.nowhere] == ["unlocated", "unlocated"]
    again = town("events", events_file(tmp_path), "--locate")["parts"][0]["rows"]
    assert (again["accepted"], again["known"]) == (0, 4)
