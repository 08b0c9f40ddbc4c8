"""Files of enterprises and visits: codes checked, places converted, rows named, the same file again changes nothing; the twin."""

from __future__ import annotations

import csv
import shutil
from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import text

from etl.beside import beside
from etl.enterprises import check_enterprises, load_enterprises, load_enterprises_of, read_visits, store_visits
from etl.recipe import Recipe
from etl.synthesise.enterprises import LEGAL_CHECKS, OPEN, SOLVED, VISITS, YEAR_BEFORE, write_enterprises
from etl.synthesise.ground import Ground
from geogrid.actions.district import district_of
from geogrid.actions.enterprises import place_all, read_rules
from geogrid.domain.enterprises import VisitKind
from geogrid.errors import EnterpriseValue, NotFoundError
from geogrid.rules.credit_code import fault_of
from geogrid.store import enterprises
from geogrid.store.session import session_scope
from tests.actions.conftest import live  # noqa: F401 a fixture
from tests.actions.test_enterprises import code
from tests.build_district import A1, NOW, profile

RULES = read_rules()
TODAY = date(2025, 6, 18)
FIRMS = [
    {"code": code(1), "name": "甲食品厂", "class": "key", "lon": 126.605, "lat": 45.905},
    {"code": code(2)[:-1] + "0", "name": "乙机械厂", "class": "small", "lon": 126.605, "lat": 45.905},
    {"code": code(3), "name": "丙商贸", "class": "huge", "lon": 126.605, "lat": 45.905},
    {"code": code(4).lower(), "name": "丁建材", "class": "small", "lon": 126.615, "lat": 45.905},
    {"code": code(5), "name": "戊物流", "class": "small", "lon": 45.905, "lat": 126.615},
]
VISITED = [
    {"code": code(1), "date": "2025-03-01", "kind": "visit", "body": "department:market", "visitors": "李某", "seen": "正常"},
    {"code": code(4), "date": "2025-04-01", "kind": "legal_check", "body": "department:justice", "visitors": "", "seen": "齐全"},
    {"code": code(4), "date": "2025-12-01", "kind": "visit", "body": "department:justice", "visitors": "", "seen": "还没到"},
]


def as_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def load(engine, path, tmp_path, **more):
    with session_scope(engine) as session:
        told = {"rules": RULES, "now": NOW, "imports": tmp_path / "imports"}
        return load_enterprises(path, Recipe(datum="wgs84"), district_of(profile(), session), engine, **told, **more)[0]


def one(engine, statement):
    with session_scope(engine) as session:
        return session.scalar(text(statement))


def test_good_rows_are_kept_and_placed_and_each_bad_one_named(live, tmp_path):  # noqa: F811
    path = as_csv(tmp_path / "firms.csv", FIRMS)
    report = load(live, path, tmp_path)
    (part,) = report.parts
    assert [(refusal.row, refusal.error.code) for refusal in part.refused] == [
        (3, "enterprise.code"), (4, "enterprise.value"), (6, "coord.swapped"),
    ]  # fmt: skip
    assert one(live, "SELECT string_agg(name, ' ' ORDER BY name) FROM enterprises") == "丁建材 甲食品厂"
    assert one(live, f"SELECT grid_code FROM enterprises WHERE code = '{code(1)}'") == A1
    assert (tmp_path / "imports" / report.id / "refused.gpkg").is_file()
    before = one(live, "SELECT max(loaded_at) FROM enterprises")
    load(live, path, tmp_path)
    assert one(live, "SELECT max(loaded_at) FROM enterprises") == before


def test_one_code_twice_is_refused_in_small_letters_too(live, tmp_path):  # noqa: F811
    """Not the last one wins: two rows of one code are two enterprises, or a slip, and a person says which."""
    again = {**FIRMS[0], "code": code(1).lower(), "name": "另一家"}
    report = load(live, as_csv(tmp_path / "firms.csv", [FIRMS[0], FIRMS[3], again]), tmp_path)
    assert [(refusal.row, refusal.error.code) for refusal in report.parts[0].refused] == [(4, "code.duplicate")]
    assert one(live, f"SELECT name FROM enterprises WHERE code = '{code(1)}'") == "甲食品厂"


def test_a_dry_run_keeps_nothing(live, tmp_path):  # noqa: F811
    report = load(live, as_csv(tmp_path / "firms.csv", FIRMS), tmp_path, dry_run=True)
    assert (report.state, report.parts[0].accepted) == ("dry_run", 2)
    assert one(live, "SELECT count(*) FROM enterprises") == 0


def test_visits_are_kept_once_and_those_to_come_left_out(live, tmp_path):  # noqa: F811
    load(live, as_csv(tmp_path / "firms.csv", FIRMS), tmp_path)
    rows = read_visits(as_csv(tmp_path / "visits.csv", VISITED))
    for made in (2, 0):
        with session_scope(live) as session:
            found = store_visits(session, rows, profile(), now=NOW, today=TODAY)
        assert (found.rows, found.made, found.later) == (3, made, 1)
    assert one(live, f"SELECT bodies[1] FROM enterprises WHERE code = '{code(1)}'") == "department:market"


@pytest.mark.parametrize(
    ("wrong", "row"), [({"date": "gestern"}, 2), ({"code": ""}, 2), ({"kind": "chat"}, 2)], ids=["day", "code", "kind"]
)
def test_a_bad_visit_stops_the_file_and_is_named(tmp_path, wrong, row):
    from geogrid.errors import GeogridError

    with pytest.raises(GeogridError) as caught:
        read_visits(as_csv(tmp_path / "visits.csv", [VISITED[0] | wrong]))
    assert caught.value.where["row"] == row


def test_a_visit_to_an_unknown_enterprise_is_refused(live, tmp_path):  # noqa: F811
    rows = read_visits(as_csv(tmp_path / "visits.csv", VISITED))
    with pytest.raises(NotFoundError, match=VISITED[0]["code"]) as told, session_scope(live) as session:
        store_visits(session, rows, profile(), now=NOW, today=TODAY)
    assert told.value.where["row"] == 2


def test_a_visit_of_nobody_is_refused_with_its_row(live, tmp_path):  # noqa: F811
    load(live, as_csv(tmp_path / "firms.csv", FIRMS), tmp_path)
    wrong = {**VISITED[0], "body": "department:nope"}
    rows = read_visits(as_csv(tmp_path / "visits.csv", [VISITED[0], wrong]))
    with pytest.raises(EnterpriseValue) as told, session_scope(live) as session:
        store_visits(session, rows, profile(), now=NOW, today=TODAY)
    assert told.value.where == {"row": 3, "path": "body"}


def test_days_are_read_as_spreadsheets_write_them(tmp_path):
    days = ["2025-3-1", "2025/3/1", "2025.03.01", "2025-03-01 00:00:00"]
    rows = read_visits(as_csv(tmp_path / "visits.csv", [{**VISITED[0], "date": day} for day in days]))
    assert {row.visit.on_date.isoformat() for row in rows} == {"2025-03-01"}


def test_what_lies_outside_every_grid_is_not_counted_as_placed(live, tmp_path):  # noqa: F811
    report = load(live, as_csv(tmp_path / "firms.csv", [FIRMS[0], {**FIRMS[3], "lon": 127.9, "lat": 45.1}]), tmp_path)
    told = [note.words("en") for note in report.parts[0].notes]
    assert "2 new, 0 changed, 1 placed in grids" in told
    assert "1 lie outside every grid: check their places" in told


# -- the twin ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin(small_twin, tmp_path_factory):
    """The small twin's enterprises and visits, as files and as frames, with its households and events."""
    folder = tmp_path_factory.mktemp("firms")
    shutil.copy(small_twin / "events.parquet", folder / "events.parquet")
    world = {name: gpd.read_parquet(small_twin / f"{name}.parquet") for name in ("households", "events")}
    counts = write_enterprises(folder, Ground.of(profile(), 1), world["households"], 90, 2025)
    made = {name: gpd.read_parquet(folder / f"{name}.parquet") for name in counts}
    return folder, made, world


def test_the_twins_enterprises_have_good_codes_of_nobody_and_lie_at_homes(twin):
    _, made, world = twin
    firms = made["enterprises"]
    assert all(fault_of(one) == "" for one in firms["code"])
    assert set(firms["code"].str[2:8]) == {"999901"}
    assert firms["code"].is_unique
    assert firms["synthetic"].all()
    homes = set(map(tuple, np.column_stack([world["households"].geometry.x, world["households"].geometry.y])))
    assert set(zip(firms.geometry.x, firms.geometry.y, strict=True)) <= homes


def test_the_twins_year_has_the_published_number_of_visits_and_at_most_so_many_problems(twin):
    _, made, world = twin
    visits = made["enterprise_visits"]
    this_year = visits["date"].str.startswith("2025")
    assert ((visits["kind"] == VisitKind.VISIT.value) & this_year).sum() == VISITS
    assert ((visits["kind"] == VisitKind.LEGAL_CHECK.value) & this_year).sum() == LEGAL_CHECKS
    assert (~this_year).sum() == YEAR_BEFORE
    kinds = dict(zip(world["events"]["id"], world["events"]["kind"], strict=True))
    named = visits[visits["event"] != ""]
    assert {(kinds[one], concern) for one, concern in zip(named["event"], named["concern"], strict=True)} <= {
        ("enterprise", "problem"), ("dispute", "dispute"),
    }  # fmt: skip
    assert (named["concern"] == "problem").sum() <= SOLVED + OPEN
    assert set(visits["code"]) <= set(made["enterprises"]["code"])


def test_the_twins_files_are_loaded_and_placed(twin, live):  # noqa: F811
    folder, made, _ = twin
    found = load_enterprises_of(beside(folder), profile(), live, RULES, now=NOW)
    whole = VISITS + LEGAL_CHECKS + YEAR_BEFORE
    assert (found.taken, found.refused) == (len(made["enterprises"]), 0)
    assert (found.visits.rows, found.visits.made + found.visits.later) == (whole, whole)
    assert one(live, "SELECT bool_and(synthetic) FROM enterprises")
    with session_scope(live) as session:
        inside = place_all(session, district=district_of(profile(), session))
        assert (
            enterprises.outside(session, list(session.scalars(text("SELECT id FROM enterprises"))))
            == len(made["enterprises"]) - inside
        )
    assert one(live, "SELECT count(*) FROM enterprises WHERE grid_code IS NOT NULL") == inside
    assert load_enterprises_of({}, profile(), live, RULES, now=NOW) is None


def test_a_sheet_in_another_datum_is_converted(tmp_path):
    frame = gpd.GeoDataFrame(
        [{"code": code(1), "name": "甲", "class": "key"}], geometry=[shapely.Point(126.6113, 45.9074)], crs=4490
    )
    path = as_csv(tmp_path / "gcj.csv", [{"code": code(1), "name": "甲", "class": "key", "lon": 126.6113, "lat": 45.9074}])
    _, (found,) = check_enterprises(path, Recipe(datum="gcj02"), profile(), RULES)
    assert found.point_lonlat != (frame.geometry.x[0], frame.geometry.y[0])
    assert abs(found.point_lonlat[0] - 126.605) < 0.001
