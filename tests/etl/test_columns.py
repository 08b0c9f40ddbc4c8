"""No column vanishes unseen: cut names are read as ours, the rest is named, and what a new edition loses is a warning."""

from __future__ import annotations

import warnings

from etl.check import check_table
from etl.columns import cut_names
from etl.compare import difference
from etl.kinds import KINDS
from etl.recipe import Recipe, parse_columns
from etl.sources import open_table
from tests.etl.samples import grids_frame, shapefile_zip
from tests.etl.test_check import NOW, PROFILE

GRIDS = KINDS["base_grids"].names


def checked(path, **recipe):
    return check_table(open_table(path), KINDS["base_grids"], PROFILE, Recipe(**recipe), latest=NOW)


def full_frame():
    village = "999901001001"
    return grids_frame().assign(
        kind=["ordinary", "exclusive"], exclusive_kind=[None, "school"], village_code=village, households=[5, 6], remark="x"
    )


def test_names_that_a_shapefile_cuts_are_read_as_ours_and_said(tmp_path):
    frame = full_frame()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the names are cut is what this is about
        path = shapefile_zip(tmp_path / "grids.zip", frame)
    found = checked(path)
    assert found.frame["village_code"].tolist() == frame["village_code"].tolist()
    assert found.frame["exclusive_kind"].tolist() == [None, "school"]
    said = [note.words("en") for note in found.notes]
    assert "Column village_co is read as village_code" in said
    assert "Columns of the file that are not used: remark" in said
    assert "Columns that the file does not have: leader" in said


def test_a_cut_name_is_not_read_where_it_could_mean_two_things():
    assert cut_names(["village_co"], GRIDS) == {"village_code": "village_co"}
    assert cut_names(["VILLAGE_CO"], GRIDS) == {"village_code": "VILLAGE_CO"}
    assert cut_names(["village_co", "VILLAGE_CO"], GRIDS) == {}
    assert cut_names(["village_co", "village_code"], GRIDS) == {}
    assert cut_names(["village_co"], ("village_code", "village_count")) == {}
    assert cut_names(["village_c"], GRIDS) == {}


def test_the_user_counts_before_a_cut_name(tmp_path):
    frame = grids_frame().assign(village_co="a", home="b")
    frame.to_file(tmp_path / "a.gpkg")
    found = checked(tmp_path / "a.gpkg", columns=parse_columns(["home=village_code"]))
    assert found.frame["village_code"].tolist() == ["b", "b"]
    assert found.columns.unused == ("village_co",)
    found = checked(tmp_path / "a.gpkg", constants={"leader": "王"})
    assert found.frame["village_code"].tolist() == ["a", "a"]
    assert found.columns.absent == ("kind", "exclusive_kind", "households")


def test_a_field_that_no_row_has_any_more_is_a_warning(tmp_path):
    full_frame().to_file(tmp_path / "a.gpkg")
    old = checked(tmp_path / "a.gpkg").frame
    less = old.assign(village_code=None, households=0, name=["", old["name"][1]])
    found = difference("base_grids", old, less, "2025")
    assert found.fields == {"households": 2, "name": 1, "village_code": 2}
    assert found.lost == ("village_code", "households")
    notes = found.notes()
    assert [note.warning for note in notes] == [False, True, True]
    assert "village_code 2" in notes[0].words("en")
    assert "no row has village_code any more" in notes[1].words("en")
    assert difference("base_grids", old, old, "2025").notes() == ()
