"""``geogrid load names``: former names from files, and those of editions gone by, are found and said to be old."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from etl.errors import ColumnMissing, DateForm, NameOfNothing, ValueUnknown
from etl.former_names import load_names, read_names
from etl.recipe import Recipe
from geogrid.actions.district import district_of
from geogrid.actions.find import find_places
from geogrid.domain.grids import GeographyKind
from geogrid.domain.places import FormerName, NamedKind
from geogrid.space.place_reasons import reason_words
from geogrid.store import names
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope
from tests.build_district import A1, A2, NOW, VILLAGE_A, grids, profile, publish, units

HEAD = "kind,old_name,code,name,from_date,to_date,source\n"


def file(tmp_path, *rows, head=HEAD):
    path = tmp_path / "names.csv"
    path.write_text(head + "".join(row + "\n" for row in rows), "utf-8")
    return path


def test_names_are_read_with_dates_and_years(tmp_path):
    path = file(tmp_path, f"unit,红旗公社,{VILLAGE_A},,1958,1984-03-01,县志", "道路,解放路,,甲路,,,")
    assert read_names(path, Recipe()) == [
        FormerName(NamedKind.UNIT, "红旗公社", VILLAGE_A, "", date(1958, 1, 1), date(1984, 3, 1), "县志"),
        FormerName(NamedKind.ROAD, "解放路", "", "甲路"),
    ]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("unit,红旗公社,,,,,", NameOfNothing),
        ("unit,,1,,,,", NameOfNothing),
        ("river,甲,1,,,,", ValueUnknown),
        ("unit,甲,1,,soon,,", DateForm),
    ],
)
def test_a_row_that_says_nothing_is_named_with_its_place(tmp_path, row, error):
    with pytest.raises(error) as caught:
        read_names(file(tmp_path, f"unit,红旗公社,{VILLAGE_A},,,,", row), Recipe())
    assert caught.value.where["row"] == 3


def test_a_file_without_old_names_is_no_file_of_them(tmp_path):
    with pytest.raises(ColumnMissing):
        read_names(file(tmp_path, "unit,甲", head="kind,name\n"), Recipe())


def test_loaded_names_are_found_at_once_and_loaded_twice_they_are_one(fresh_database, tmp_path):
    engine = engine_of(fresh_database)
    migrate(engine)
    with session_scope(engine) as session:
        publish(session)
    with session_scope(engine) as session:
        here = district_of(profile(), session)
        assert find_places(session, "红旗公社", district=here) == ()
        path = file(tmp_path, f"unit,红旗公社,{VILLAGE_A},,1958,1984,县志")
        assert load_names(path, Recipe(), engine, now=NOW, dry_run=True).known is None
        assert [load_names(path, Recipe(), engine, now=NOW).known for _ in range(2)] == [1, 1]
    with session_scope(engine) as session:
        found = find_places(session, "红旗公社", district=district_of(profile(), session))[0]
        assert found.village_code == VILLAGE_A
        assert reason_words(found, "en") == ["Village or community 甲社区, formerly 红旗公社 (1958–1984)"]
    engine.dispose()


def test_a_gazetteer_is_compiled_anew_when_names_were_loaded(session):
    publish(session)
    here = district_of(profile(), session)
    assert find_places(session, "红旗公社", district=here) == ()
    names.add(session, [FormerName(NamedKind.UNIT, "红旗公社", VILLAGE_A)], now=NOW)
    assert find_places(session, "红旗公社", district=here)[0].village_code == VILLAGE_A


def test_names_of_editions_gone_by_lead_to_their_heirs(session):
    """Renamed once, then renamed again; two grids merged into one: each old name and old code leads to what is there today."""
    publish(session)
    renamed = units()
    renamed["name"] = renamed["name"].replace({"甲社区": "新甲社区"})
    publish(session, "second", {GeographyKind.UNITS: renamed}, now=NOW + timedelta(days=1))
    again = units()
    again["name"] = again["name"].replace({"甲社区": "丙社区"})
    merged = grids().dissolve(by="village_code", as_index=False, aggfunc="first")
    publish(session, "third", {GeographyKind.UNITS: again, GeographyKind.BASE_GRIDS: merged}, now=NOW + timedelta(days=2))
    former = {(one.kind.value, one.old_name, one.code) for one in names.retired(session)}
    assert {("unit", "甲社区", VILLAGE_A), ("unit", "新甲社区", VILLAGE_A), ("grid", A2, A1)} <= former
    assert all(kind != "unit" or code == VILLAGE_A for kind, _, code in former), "what kept its name has no old one"
    found = find_places(session, "新甲社区", district=district_of(profile(), session))[0]
    assert found.name.endswith("丙社区")
    assert "formerly 新甲社区" in reason_words(found, "en")[0]
    grid = find_places(session, A2, district=district_of(profile(), session))[0]
    assert SimpleNamespace(precision=grid.precision.value, village=grid.village_code) == SimpleNamespace(
        precision="grid", village=VILLAGE_A
    )
